#!/usr/bin/env bash
# Builds and runs the benchmarks whose name contains $1 (all without). JSON lines on standard
# output, everything else on standard error.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
pattern="bench_*${1-}*"
tools/build.sh bench "$pattern" >&2
for program in build/bench/bin/bench_*; do
  # shellcheck disable=SC2053
  if [[ -x $program && ${program##*/} == $pattern ]]; then
    say "running ${program##*/}"
    "$program"
  fi
done
