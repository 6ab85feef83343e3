#!/bin/sh
# Fuzzes the RESP scanners, one after the other: Tests/Fuzz/run.sh [seconds for each, default 60].
# New inputs and binaries go to .build/fuzz; a crash leaves its input there too. What it found becomes a test.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
# A trap would otherwise hang in swift-backtrace; leaks are not what is looked for.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0
for name in RequestScanner ReplyScanner; do
  out=.build/fuzz/$name
  mkdir -p "$out/corpus"
  swiftc -O -swift-version 6 -sanitize=fuzzer,address -parse-as-library -module-name "${name}Fuzz" \
    -o "$out/fuzz" Sources/RESP/*.swift "Tests/Fuzz/${name}Fuzz.swift"
  "$out/fuzz" -max_total_time="$seconds" -max_len=4096 -timeout=10 -dict=Tests/Fuzz/resp.dict \
    -artifact_prefix="$out/" -print_final_stats=1 "$out/corpus" "Tests/Fuzz/seeds/$name"
done
