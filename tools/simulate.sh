#!/usr/bin/env bash
# Plays $1 seeds (100 without) against the whole program in virtual time. Prints what was violated,
# by seed, how often each fault fired, and the sums as one line of JSON. Fails if anything was.
#   build/bench/bin/bubble-buster-simulate --seed N --trace    # what happened in that seed
#   build/bench/bin/bubble-buster-simulate --seed N --shrink   # the fewest faults it takes
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
tools/build.sh bench bubble-buster-simulate >&2
say "simulating"
exec build/bench/bin/bubble-buster-simulate --seeds "${1:-100}" --table
