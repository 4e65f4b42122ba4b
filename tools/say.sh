# shellcheck shell=bash
# Sourced by the other scripts: one way to say what is being done and how long it took.
# Progress goes to standard error, so that standard output holds results only.

say() { printf '%s\n' "$*" >&2; }

# step "what is done" command...: runs it quietly and says how long it took. If it fails, its
# output is shown and step fails with its exit code.
step() {
  local what=$1 begin=$SECONDS log code=0
  shift
  mkdir -p build/logs
  log=$(mktemp "build/logs/${what//[^A-Za-z0-9]/-}.XXXXXX")
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if ((code == 0)); then
    say "$what: $((SECONDS - begin)) s"
    rm -f "$log"
  else
    tail -n 300 "$log" >&2
    say "$what: FAILED after $((SECONDS - begin)) s (the whole output: $log)"
  fi
  return "$code"
}

cores() { nproc 2>/dev/null || echo 2; }
