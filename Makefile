# Two commands do everything: `make demo` and `make test`. Both install what is missing from Debian.
SHELL := /bin/bash
SWIFT_FLAGS := --static-swift-stdlib
RELEASE := .build/release/redis-amb
VENV := .build/test-venv
ifdef CI
STRICT := -Xswiftc -warnings-as-errors
endif

.PHONY: help build demo image test differential redis-py-tests check format lint fuzz bench bench-quick failover-report reload-report packages test-packages redis-py-packages bench-packages install clean

help: ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: packages ## Build the release binary, .build/release/redis-amb
	swift build -c release --product redis-amb $(SWIFT_FLAGS)

demo: build ## Run a throw-away primary, two replicas and the ambassador on localhost
	$(RELEASE) demo

test: packages test-packages lint check ## Run all tests against real redis-server processes
	swift build --build-tests $(STRICT)
	@set -o pipefail; swift test --skip-build $(STRICT) 2>&1 | tee .build/test.log || { \
	  echo; echo "What failed (all of it: .build/test.log):"; grep -aE '✘|error:|Fatal|↳' .build/test.log | tail -n 100; exit 1; }

SEEDS ?= 2000
FIRST ?= 1
differential: packages test-packages ## Compare random sessions with a redis-server's, from seed FIRST on: SEEDS=2000 FIRST=1
	swift build --build-tests
	REDIS_AMB_DIFFERENTIAL_SEEDS=$(SEEDS) REDIS_AMB_DIFFERENTIAL_FIRST=$(FIRST) \
	  swift test --skip-build --filter IntegrationTests.DifferentialTests

redis-py-tests: build redis-py-packages ## Run redis-py's own tests with and without the ambassador; some ten minutes
	$(VENV)/bin/python Tests/RedisPyTests/run.py --binary $(RELEASE)

check: ## Check that generated files are what their generators give
	python3 Sources/Commands/Generate/generate-command-table.py --check

lint: ## Check the format
	swift format lint --strict --recursive Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

format: ## Put everything into the format
	swift format --in-place --recursive Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

image: ## Carry out config/Dockerfile in a chroot, where there is no Docker (as root; some ten minutes)
	$(call apt,debootstrap)
	Tests/Image/image.py build $(or $(IMAGE_DIRECTORY),.build/image)

fuzz: packages ## Fuzz both scanners (FUZZ_SECONDS each)
	Tests/Fuzz/run.sh $(or $(FUZZ_SECONDS),180)

BENCH ?= all
bench: build bench-packages ## Measure beside direct, HAProxy and twemproxy: make bench BENCH="loads --rounds 5 --markdown"
	swift build -c release --package-path Benchmarks
	Benchmarks/.build/release/amb-bench $(BENCH) --amb $(RELEASE)

bench-quick: ## The same as a smoke run of a few minutes
	$(MAKE) bench BENCH="all --quick"

# In a network namespace of its own, because some of its faults cut networks.
IN_NAMESPACE := unshare --map-root-user --net --mount sh -c \
  'mount -t tmpfs tmpfs /run && mkdir -p /run/netns && touch /run/netns/.failover-laboratory && ip link set lo up && exec "$$@"' sh

failover-report: build test-packages ## Inject every fault under load and write what clients saw into README.md
	swift build -c release --product failover-report $(SWIFT_FLAGS)
	$(IN_NAMESPACE) .build/release/failover-report --readme README.md $(FAULTS)

reload-report: build ## Reload in every way under load and write what clients saw into README.md
	swift build -c release --product reload-report $(SWIFT_FLAGS)
	.build/release/reload-report --readme README.md --storm $(or $(STORM),20)

install: build ## Install to $(DESTDIR)$(PREFIX)/bin
	install -D -m 755 $(RELEASE) $(DESTDIR)$(or $(PREFIX),/usr/local)/bin/redis-amb

clean: ## Remove everything that was built
	rm -rf .build Benchmarks/.build

# Debian packages, installed only when missing; as root, or through sudo.
define apt
	@missing=(); for package in $(1); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'install ok' || missing+=($$package); done; \
	if [ $${#missing[@]} -gt 0 ]; then \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  echo "installing $${missing[*]}"; \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $${missing[*]} >/dev/null; fi
endef

# Python packages of a pinned version, installed only when the list has changed.
define pip
	@test -x $(VENV)/bin/python || python3 -m venv $(VENV)
	@cmp -s $(1) $(VENV)/$(2).txt || { $(VENV)/bin/pip install --quiet --disable-pip-version-check -r $(1) && cp $(1) $(VENV)/$(2).txt; }
endef

packages:
	$(call apt,libev-dev libhiredis-dev libyaml-dev redis-server redis-tools python3)

test-packages:
	$(call apt,python3-venv nodejs node-redis php-cli php-redis ruby-redis ruby-sidekiq libredis-perl util-linux iproute2)
	$(call pip,Tests/ClientPrograms/requirements.txt,programs)
	$(call pip,Tests/Manifests/requirements.txt,manifests)
	@test -x .build/promtool || { cd .build && sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  { apt-get download -qq prometheus 2>/dev/null || { $$sudo apt-get update -qq && apt-get download -qq prometheus; }; } && \
	  dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x --strip-components=3 ./usr/bin/promtool && rm prometheus_*.deb; }

redis-py-packages: test-packages
	$(call pip,Tests/RedisPyTests/requirements.txt,redis-py-tests)

bench-packages:
	$(call apt,haproxy nutcracker strace)
