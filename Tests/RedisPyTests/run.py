"""Runs redis-py's own tests twice, against a redis-server and against the ambassador in front of such a one, and compares.

Both servers are a primary with two replicas, so that all there can be between the two runs is the ambassador. A test whose
outcome differs is an error unless known-differences.txt names it with the reason. The tests come from redis-py's source
distribution, of the version that the test environment has installed.

    run.py --binary .build/release/redis-amb [--protocol 2] [test_commands.py ...]
"""

import argparse
import concurrent.futures
import importlib.metadata
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree

HERE = pathlib.Path(__file__).parent
# Just these: whatever else is installed beside them may bring others, and lack what those need.
PLUGINS = ["-p", "pytest_asyncio.plugin", "-p", "pytest_timeout"]
KNOWN = HERE / "known-differences.txt"

# What asks a single server for something; the other files are about Cluster, Sentinel, TLS, modules or no server at all.
FILES = [
    "test_commands.py", "test_pipeline.py", "test_pubsub.py", "test_lock.py", "test_monitor.py", "test_scripting.py",
    "test_function.py", "test_hash.py", "test_encoding.py", "test_client.py", "test_connection.py",
    "test_connection_pool.py", "test_multiprocessing.py", "test_cache.py", "test_keyspace_notifications.py",
    "test_max_connections_error.py", "test_retry.py",
    "test_asyncio/test_commands.py", "test_asyncio/test_pipeline.py", "test_asyncio/test_pubsub.py",
    "test_asyncio/test_lock.py", "test_asyncio/test_monitor.py", "test_asyncio/test_scripting.py",
    "test_asyncio/test_hash.py", "test_asyncio/test_encoding.py", "test_asyncio/test_connection.py",
    "test_asyncio/test_connection_pool.py", "test_asyncio/test_retry.py", "test_asyncio/test_cwe_404.py",
]


# What needs Cluster, modules or TLS, or connects to port 6379 whatever it is told.
MARKED = "not (onlycluster or redismod or ssl or fixed_client)"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ask(port, *words):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall((" ".join(words) + "\r\n").encode())
        return connection.recv(65536)


def until(condition, what):
    end = time.monotonic() + 30
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            sys.exit(f"not within 30 s: {what}")
        time.sleep(0.05)


class Servers:
    """A primary and two replicas, with the ambassador in front if there is one; ended with the block."""

    def __init__(self, directory, binary=None):
        self.directory, self.binary, self.processes = directory, binary, []

    def start(self, name, *line):
        log = open(self.directory / f"{name}.log", "w")
        self.processes.append(subprocess.Popen(line, stdout=log, stderr=subprocess.STDOUT))

    def __enter__(self):
        ports = [free_port() for _ in range(3)]
        for index, port in enumerate(ports):
            folder = self.directory / f"node-{index}"
            folder.mkdir(parents=True)
            link = [] if index == 0 else ["--replicaof", "127.0.0.1", str(ports[0])]
            self.start(
                f"redis-{index}", "redis-server", "--port", str(port), "--dir", str(folder),
                "--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0", *link)
            until(lambda: b"PONG" in ask(port, "PING"), f"redis-server on {port} answers")
        self.port = ports[0]
        until(
            lambda: ask(self.port, "INFO", "replication").count(b"state=online") == 2, "both replicas are linked")
        if self.binary:
            self.port = free_port()
            self.start(
                "redis-amb", self.binary, "run", "--listen", f"127.0.0.1:{self.port}", "--primary",
                f"127.0.0.1:{ports[0]}")
            until(lambda: b"PONG" in ask(self.port, "PING"), "the ambassador answers")
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def sources(cache):
    """The folder of redis-py's source distribution, fetched when it is not there yet."""
    version = importlib.metadata.version("redis")
    folder = cache / f"redis-{version}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest",
             str(cache), f"redis=={version}"], check=True)
        with tarfile.open(cache / f"redis-{version}.tar.gz") as archive:
            archive.extractall(cache, filter="data")
    return folder


def outcome(case):
    """How one test ended: a word, and what it complained of without what differs from run to run."""
    for kind in ("failure", "error", "skipped"):
        found = case.find(kind)
        if found is not None:
            text = (found.get("message") or "").splitlines()
            return kind, re.sub(r"0x[0-9a-f]+|\d+", "N", text[0] if text else "")
    return "passed", ""


def run(folder, files, protocol, directory, binary):
    """All outcomes, by test."""
    tests = directory / "tests"
    shutil.copytree(folder / "tests", tests)
    shutil.copy(HERE / "pytest.ini", directory / "pytest.ini")
    report = directory / "report.xml"
    with Servers(directory, binary) as servers, open(directory / "pytest.log", "w") as log:
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGINS, f"--junit-xml={report}",
             f"--redis-url=redis://127.0.0.1:{servers.port}/0?socket_timeout=10", "--tb=native", f"--protocol={protocol}",
             "--redis-mod-url=redis://127.0.0.1:1", "-m", MARKED, *[f"tests/{file}" for file in files]],
            cwd=directory, stdout=log, stderr=subprocess.STDOUT,
            env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    if not report.exists():
        sys.exit(f"pytest did not run:\n{(directory / 'pytest.log').read_text()[-3000:]}")
    cases = xml.etree.ElementTree.parse(report).iter("testcase")
    found = {}
    for case in cases:
        name = f"{(case.get('classname') or '').removeprefix('tests.')}.{case.get('name')}"
        # A test that fails and then also fails to clean up is there twice.
        found[name] = min(found.get(name, ("passed", "")), outcome(case), key=lambda it: it[0] == "passed")
    return found


def known_differences():
    """Patterns of names, each with its reason."""
    rules = []
    for line in KNOWN.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, reason = line.split(":", 1)
            rules.append((re.compile(pattern.strip()), reason.strip()))
    return rules


def compare(direct, through, protocol):
    counts = {word: sum(kind == word for kind, _ in through.values()) for word in ("passed", "failure", "error", "skipped")}
    print(f"RESP{protocol}: {len(through)} tests, {counts['passed']} passed, {counts['skipped']} skipped, "
          f"{counts['failure'] + counts['error']} fail also against redis-server or are known")
    bad = 0
    rules = known_differences()
    for name in sorted(direct.keys() | through.keys()):
        one, other = direct.get(name, ("missing", "")), through.get(name, ("missing", ""))
        if one == other:
            continue
        reason = next((reason for pattern, reason in rules if pattern.fullmatch(name)), None)
        if reason is None:
            bad += 1
        print(f"  {name}\n    redis-server: {' '.join(one)[:300]}\n    ambassador:   {' '.join(other)[:300]}")
        print(f"    {'known: ' + reason if reason else 'NOT EXPLAINED'}")
    return bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--protocol", action="append", choices=["2", "3"])
    parser.add_argument("--cache", default=str(HERE.parent.parent / ".build" / "redis-py"))
    parser.add_argument("--keep", help="a folder for the logs")
    parser.add_argument("files", nargs="*", default=FILES)
    options = parser.parse_args()
    folder = sources(pathlib.Path(options.cache))
    bad = 0
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor() as pool:
        place = pathlib.Path(options.keep or temporary)
        for protocol in options.protocol or ["2", "3"]:
            jobs = []
            for name, binary in [("direct", None), ("ambassador", str(pathlib.Path(options.binary).resolve()))]:
                directory = place / f"{name}-{protocol}"
                directory.mkdir(parents=True)
                jobs.append(pool.submit(run, folder, options.files, protocol, directory, binary))
            bad += compare(*[job.result() for job in jobs], protocol)
    print(f"{bad} differences are not explained")
    sys.exit(bad > 0)


main()
