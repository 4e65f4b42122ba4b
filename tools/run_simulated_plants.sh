#!/usr/bin/env bash
# Switches on each planted bug of tests/simulation/plants.txt and lets the simulation look for it.
# One row per bug: name, seed and invariant that found it, seconds. Fails if one is not found.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
tools/build.sh simulate-plants bubble-buster-simulate >&2
program=build/simulate-plants/bin/bubble-buster-simulate
usual="--short --seeds 300 --first --seconds 120 --twice 0"
missed=0
while IFS='|' read -r name options; do
  [[ $name == \#* || -z $name ]] && continue
  begin=$(date +%s.%N)
  # shellcheck disable=SC2086
  out=$(BB_PLANT=$name $program ${options:-$usual}) || true
  took=$(echo "$(date +%s.%N) - $begin" | bc)
  found=$(grep -m1 -E '^(seed [0-9]+|[a-z-]+) (I[0-9]+|crash) ' <<<"$out" | cut -c1-110) || true
  [[ -n $found ]] || { found='NOT FOUND'; missed=$((missed + 1)); }
  printf '%s | %s | %.1f s\n' "$name" "$found" "$took"
done <tests/simulation/plants.txt
say "not found: $missed"
((missed == 0))
