#!/usr/bin/env bash
# Builds the dashboard's page from web/ and writes it as one C++ source: tools/build_page.sh OUT.cpp
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh

out=$1
if ! command -v npm >/dev/null; then
  say "npm is missing; run tools/install_packages.sh page"
  exit 1
fi
mkdir -p build
exec 8>build/page.lock
flock 8
tools/node_modules.sh web
step "the page" npm --prefix web run --silent build
node web/pack.mjs build/page "$out"
