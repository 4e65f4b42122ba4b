#!/usr/bin/env bash
# Builds the program with its planted faults compiled in and runs the tests labelled `plant`: each
# switches one fault on and passes only if the checkers find it. It is the test of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
. tools/ctest.sh
tools/build.sh plants
run_ctest "planted faults" build/plants -L '^plant$'
