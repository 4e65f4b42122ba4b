#!/usr/bin/env bash
# Configures a preset if needed and builds it on all cores.
#   tools/build.sh [--configure-only] PRESET [TARGET..]
# A TARGET may be a pattern such as 'bench_*'; without any, everything is built.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh

configure_only=""
if [[ $1 == --configure-only ]]; then configure_only=1; shift; fi
preset=$1
shift
folder=build/$preset

# Objects in the compiler cache serve every checkout of the tree. Not for coverage, whose data
# names the sources by their place.
if [[ $preset != coverage ]]; then
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
fi

mkdir -p build
exec 9>"build/$preset.lock"
flock 9

if [[ ! -e $folder/build.ninja || CMakePresets.json -nt $folder/build.ninja ]]; then
  step "configure $preset" cmake --preset "$preset"
fi
[[ -z $configure_only ]] || exit 0

# Patterns mean the targets that there are now, not when it was configured.
if [[ "$*" == *'*'* ]]; then step "configure $preset" ninja -C "$folder" build.ninja; fi

targets=()
for wanted in "$@"; do
  if [[ $wanted == *'*'* ]]; then
    mapfile -t found < <(ninja -C "$folder" -t targets all |
      sed -n 's/^\([^/: ]*\): phony$/\1/p' | while read -r name; do
        # shellcheck disable=SC2053
        if [[ $name == $wanted ]]; then echo "$name"; fi
      done)
    if ((${#found[@]} == 0)); then
      say "preset $preset has no target that matches '$wanted'"
      exit 1
    fi
    targets+=("${found[@]}")
  else
    targets+=("$wanted")
  fi
done

build() { ninja -C "$folder" -j "$(cores)" "${targets[@]}"; }

if [[ -t 2 && -z ${CI-} ]]; then  # a person watches: ninja's own one-line progress
  begin=$SECONDS
  build >&2
  say "build $preset: $((SECONDS - begin)) s"
else
  step "build $preset" build
fi
