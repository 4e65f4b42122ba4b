#!/usr/bin/env bash
# The program as users run it: build/bubble-buster.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
tools/build.sh release
if [[ ! -x build/release/bin/bubble-buster ]]; then
  say "the release build made no program bubble-buster"
  exit 1
fi
ln -sfn release/bin/bubble-buster build/bubble-buster
