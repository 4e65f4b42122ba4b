#!/usr/bin/env bash
# What takes too long for every change: the long tests, lint of the whole tree, planted faults.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
. tools/ctest.sh
findings=()

tools/build.sh asan
tools/build_program.sh
export BB_PROGRAM=$PWD/build/bubble-buster
run_ctest "long tests" build/asan -L '^long$' || findings+=("long tests")
tools/lint.sh || findings+=("lint")
tools/run_plants.sh || findings+=("planted faults")

for finding in "${findings[@]}"; do say "FAILED: $finding"; done
echo "$passed passed, $failed failed"
((${#findings[@]} == 0))
