#!/usr/bin/env bash
# Builds every fuzz target (fuzz_*) and runs each for $1 seconds. New inputs are kept in
# build/fuzz/corpus/<target>; seeds come from tests/fuzz/corpus/<target> where it exists.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
seconds=${1:-60}
tools/build.sh fuzz 'fuzz_*'
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
for program in build/fuzz/bin/fuzz_*; do
  name=${program##*/}
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  folders=("$corpus")
  [[ ! -d tests/fuzz/corpus/$name ]] || folders+=("tests/fuzz/corpus/$name")
  step "$name" "$program" -max_total_time="$seconds" -artifact_prefix="$corpus/crash-" \
    "${folders[@]}"
done
