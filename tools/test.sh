#!/usr/bin/env bash
# What `make test` and CI do, after the packages: format, tidy, all tests under the address and
# undefined-behaviour sanitizers, then the end-to-end tests on the release program. A finding does
# not stop the rest; a failed build does. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
. tools/ctest.sh
begin=$SECONDS
findings=()

step "format" tools/format.sh --check || findings+=("format")
step "tidy" tools/tidy.py || findings+=("tidy")
step "tests of the tools" python3 -m unittest discover -q -s tests/tools -p '*_test.py' ||
  findings+=("tests of the tools")

tools/build.sh asan
run_ctest "tests" build/asan -LE '^(long|e2e|plant)$' || findings+=("tests")

tools/build_program.sh
export BB_PROGRAM=$PWD/build/bubble-buster
tools/node_modules.sh tests/clients
tools/node_modules.sh tests/dashboard/browser
tools/node_modules.sh tests/runners
run_ctest "end-to-end tests" build/asan -L '^e2e$' || findings+=("end-to-end tests")

say "all: $((SECONDS - begin)) s"
for finding in "${findings[@]}"; do say "FAILED: $finding"; done
echo "$passed passed, $failed failed"
((${#findings[@]} == 0))
