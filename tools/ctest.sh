# shellcheck shell=bash
# Sourced by scripts that run tests: run_ctest adds up $passed and $failed.

passed=0
failed=0
export UBSAN_OPTIONS=print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}
export ASAN_SYMBOLIZER_PATH=${ASAN_SYMBOLIZER_PATH:-/usr/bin/llvm-symbolizer-19}
export UBSAN_SYMBOLIZER_PATH=$ASAN_SYMBOLIZER_PATH

# run_ctest "what" BUILD_FOLDER ctest arguments..: fails if a test failed, or if there is none.
run_ctest() {
  local what=$1 folder=$2 begin=$SECONDS code=0 log bad total
  shift 2
  mkdir -p build/logs
  log=$(mktemp build/logs/ctest.XXXXXX)
  ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "$(cores)" "$@" \
    >"$log" 2>&1 </dev/null || code=$?
  read -r bad total < <(sed -nE \
    's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+)$/\1 \2/p' "$log"
    echo "0 0")
  passed=$((passed + total - bad))
  failed=$((failed + bad))
  if ((code == 0)); then
    say "$what: $((total - bad)) passed, $((SECONDS - begin)) s"
  elif ((total == 0)); then
    say "$what: FAILED, none were run (the whole output: $log)"
    return 1
  else
    grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test .* Passed )' "$log" | tail -n 400 >&2
    say "$what: $bad of $total FAILED, $((SECONDS - begin)) s (the whole output: $log)"
    return 1
  fi
  rm -f "$log"
}
