#!/usr/bin/env bash
# Line and branch coverage of src by all tests that are not long. The page:
# build/coverage/html/index.html
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
. tools/ctest.sh
tools/build.sh coverage
tools/build_program.sh
export BB_PROGRAM=$PWD/build/bubble-buster
rm -rf build/coverage/profiles
export LLVM_PROFILE_FILE=$PWD/build/coverage/profiles/%m-%p.profraw
run_ctest "tests" build/coverage -LE '^(long|plant)$'

objects=()
for program in build/coverage/bin/test_*; do objects+=(-object "$program"); done
data=build/coverage/all.profdata
llvm-profdata-19 merge -sparse build/coverage/profiles/*.profraw -o "$data"
llvm-cov-19 show "${objects[@]}" -instr-profile="$data" -format=html \
  -output-dir=build/coverage/html -ignore-filename-regex='^(/usr/|.*/tests/)' >/dev/null
llvm-cov-19 report "${objects[@]}" -instr-profile="$data" \
  -ignore-filename-regex='^(/usr/|.*/tests/)'
say "page: build/coverage/html/index.html"
