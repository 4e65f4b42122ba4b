#!/usr/bin/env bash
# Formats the tracked C++ files; with --check it only says which ones differ, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
[[ ${1-} != --check ]] || mode=(--dry-run -Werror)
git ls-files -z -- '*.cpp' '*.h' |
  xargs -0 -r -n 16 -P "$(nproc)" clang-format-19 "${mode[@]}"
