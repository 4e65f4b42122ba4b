#!/usr/bin/env bash
# clang-tidy with .clang-tidy over every source of src, tests and bench that the build knows.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
tools/build.sh --configure-only asan

sources=(src tests)
[[ ! -d bench ]] || sources+=(bench)

lint() {
  git ls-files -z -- "${sources[@]/%//*.cpp}" |
    xargs -0 -r -n 1 -P "$(cores)" clang-tidy-19 -p build/asan --quiet
}
clean=1
step "tidy" tools/tidy.py || clean=0
step "lint" lint || clean=0
((clean))
