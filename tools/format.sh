#!/usr/bin/env bash
# Formats the tracked C++ files; with --check it only names those that differ, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${1-} == --check ]]; then
  differing=$(git ls-files -z -- '*.cpp' '*.h' |
    xargs -0 -r -n 16 -P "$(nproc)" clang-format-19 --dry-run 2>&1 |
    sed -nE 's/^([^ :]+):[0-9]+:[0-9]+: .*clang-format.*/\1/p' | sort -u)
  [[ -n $differing ]] || exit 0
  echo "these files are not formatted; run make format:"
  printf '%s\n' "$differing"
  exit 1
fi
git ls-files -z -- '*.cpp' '*.h' | xargs -0 -r -n 16 -P "$(nproc)" clang-format-19 -i
