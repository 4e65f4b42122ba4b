#!/usr/bin/env bash
# The Debian package in a bare Debian 12 root, with Debian's own tools: installed, configured by a
# script against the paper exchange, run as the package's user, upgraded with an open position,
# removed, purged.
#   tests/deploy/package_test.sh [FIRST.deb] [NEWER.deb]
# Without arguments tools/package.sh makes the one package, and the upgrade is to the same with a
# higher version. Needs root and a network; 77 = skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ $EUID == 0 ]] || { echo "needs root"; exit 77; }
command -v debootstrap >/dev/null || { echo "needs debootstrap"; exit 77; }

first=${1-}
if [[ -z $first ]]; then first=$(tools/package.sh | tail -1); fi
newer=${2-}
base=${BB_BARE_ROOT:-}  # a root made earlier, to save the minutes of debootstrap
work=$(mktemp -d /var/tmp/bb-package.XXXXXX)
root=$work/root
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  umount "$root/proc" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

step() { echo "== $*"; }
inside() { chroot "$root" "$@"; }
as_user() {
  chroot --userspec=bubble-buster:bubble-buster "$root" env HOME=/var/lib/bubble-buster "$@"
}
config=/etc/bubble-buster/config.ini
tell() { as_user bubble-buster "$@" --config "$config"; }
answers() {
  for _ in $(seq 150); do
    tell status --json 2>/dev/null | grep -q '"holder_state":"answers"' && return
    sleep 0.3
  done
  cat "$work/service.log"; exit 1
}
serve() {
  as_user bubble-buster service --config "$config" >>"$work/service.log" 2>&1 &
  service=$!
}

step "a bare root"
if [[ -n $base ]]; then cp -a "$base" "$root"; else
  mirror=${BB_MIRROR:-http://deb.debian.org/debian}
  debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/log" 2>&1 ||
    { tail -5 "$work/log"; echo "no Debian mirror"; exit 77; }
fi
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/" 2>/dev/null || true

step "install"
cp "$first" "$root/first.deb"
inside apt-get update -qq
inside env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends /first.deb >"$work/log" 2>&1 ||
  { tail -20 "$work/log"; exit 1; }
[[ $(inside stat -c '%U %a' /var/lib/bubble-buster) == 'bubble-buster 700' ]]
[[ $(inside stat -c '%U %a' /etc/bubble-buster) == 'bubble-buster 750' ]]
inside bubble-buster --version
inside test -e /usr/lib/systemd/system/bubble_buster.service
inside test -e /usr/share/bash-completion/completions/bubble-buster
inside gzip -t /usr/share/man/man1/bubble-buster.1.gz 2>/dev/null ||
  echo "(the man page was left out by the root's own dpkg settings)"

step "a paper exchange, and init by script"
inside bubble-buster paper --port 8790 --account paper:key:secret:10000 --no-limits \
  >"$work/paper.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do
  inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/8790' 2>/dev/null && break
  sleep 0.2
done
printf 'key\nsecret\n' | inside bubble-buster init --no-input --no-telegram --exchange paper \
  --api-key-file - --api-secret-file - --config "$config"
[[ $(inside stat -c '%U %a' "$config") == 'bubble-buster 600' ]]
tell doctor

step "the service as the package's user, and an entry"
serve
answers
tell entry
naked() {  # positions that the exchange holds and no stop covers
  tell status | grep -c 'NO STOP' || true
}
[[ $(naked) == 0 ]]
open=$(tell status | sed -n 's/^positions: //p')
[[ $open -ge 1 ]]
echo "open positions: $open"

step "upgrade with open positions"
if [[ -z $newer ]]; then
  newer=$work/newer.deb
  dpkg-deb -R "$first" "$work/tree"
  sed -i 's/^Version: \(.*\)$/Version: \1+next/' "$work/tree/DEBIAN/control"
  dpkg-deb --root-owner-group -b "$work/tree" "$newer" >/dev/null
fi
cp "$newer" "$root/newer.deb"
before=$(date +%s%N)
( while [[ ! -e $work/upgraded ]]; do naked >>"$work/naked"; sleep 0.2; done ) &
watcher=$!
inside env DEBIAN_FRONTEND=noninteractive dpkg -i /newer.deb >/dev/null
# No systemd in a chroot: what postinst's try-restart does.
kill -TERM "$service"
wait "$service" || { echo "the service did not stop well"; exit 1; }
stopped=$(( ($(date +%s%N) - before) / 1000000 ))
serve
pids+=("$service")
answers
touch "$work/upgraded"
wait "$watcher"
[[ $(sort -u "$work/naked") == 0 ]] || { echo "a position stood without a stop"; exit 1; }
[[ $(tell status | sed -n 's/^positions: //p') == "$open" ]]
echo "looked $(wc -l <"$work/naked") times during the upgrade: never a position without a stop"
echo "the service stopped within $stopped ms"
tell audit
tell backup --keep 3
tell restore --drill

step "remove and purge"
kill -TERM "$service"
wait "$service" || true
inside dpkg -r bubble-buster >/dev/null
inside test -e /etc/bubble-buster/config.ini      # a removal keeps what is the owner's
inside dpkg -P bubble-buster >/dev/null
for left in /etc /var/lib /usr/bin /usr/share; do
  left=$left/bubble-buster
  if inside test -e "$left"; then echo "purge left $left"; exit 1; fi
done
if inside getent passwd bubble-buster >/dev/null; then echo "purge left the user"; exit 1; fi
echo "package: all as it should be"
