#!/usr/bin/env bash
# Installs the Debian packages that are missing, and says which and why. Silent and instant when
# nothing is missing.
#   tools/install_packages.sh GROUP..    (compiler build libraries page sanitizers tests clients
#                                      browser runners package lint)
# As root it calls apt-get itself, otherwise through sudo. Every package has its reason in
# docs/dependencies.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh

declare -A packages=(
  [compiler]="clang-19 lld-19"
  [build]="cmake ninja-build ccache pkg-config ca-certificates"
  [libraries]="libboost1.81-dev libssl-dev zlib1g-dev libzstd-dev libzip-dev zstd libsqlite3-dev
    libsimdjson-dev libfmt-dev libspdlog-dev libhowardhinnant-date-dev libcli11-dev tzdata
    libcairo2-dev libpango1.0-dev fonts-noto-cjk libsodium-dev"
  [page]="nodejs npm"
  [sanitizers]="libclang-rt-19-dev llvm-19"
  [tests]="doctest-dev librapidcheck-dev libbenchmark-dev nlohmann-json3-dev sqlite3 python3"
  [clients]="nodejs npm"
  [browser]="chromium"
  [runners]="docker.io busybox-static dbus systemd openssl util-linux iproute2"
  [package]="dpkg-dev gzip debootstrap"
  [lint]="clang-tidy-19 clang-format-19 python3"
)
declare -A reasons=(
  [compiler]="the compiler and linker (g++ 12 miscompiles coroutines)"
  [build]="the build tools"
  [libraries]="the libraries the program is made of"
  [page]="the dashboard's page"
  [sanitizers]="address and undefined-behaviour checks, coverage, readable stack traces"
  [tests]="the tests and benchmarks"
  [clients]="real clients that trade on the paper exchange"
  [browser]="a real browser that opens the dashboard"
  [runners]="real runners of strategy processes: a Docker engine, a user manager of systemd"
  [package]="the Debian package and what it depends on"
  [lint]="format and lint checks"
)
# What may be there without its Debian package.
declare -A commands=([nodejs]=node [npm]=npm)

# missing_of GROUP: the packages of the group that are not installed, on one line.
missing_of() {
  local installed package absent=()
  # shellcheck disable=SC2086
  installed=" $(dpkg-query -W -f='${db:Status-Status}=${Package}\n' ${packages[$1]} 2>/dev/null |
    sed -n 's/^installed=//p' | tr '\n' ' ') " || true
  for package in ${packages[$1]}; do
    [[ $installed == *" $package "* ]] && continue
    [[ -n ${commands[$package]-} ]] && command -v "${commands[$package]}" >/dev/null && continue
    absent+=("$package")
  done
  printf '%s' "${absent[*]-}"
}

missing_of_all() {
  local group
  for group in "$@"; do missing_of "$group"; printf ' '; done
}

as_root() {
  if ((EUID == 0)); then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo ${CI:+-n} env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

# apt_once: one update and install of what is missing now (another run may have installed a part).
apt_once() {
  local todo
  todo=$(missing_of_all "$@")
  [[ -n ${todo// /} ]] || return 0
  as_root apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 -qq update || return
  # shellcheck disable=SC2086
  as_root apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -qq -y \
    --no-install-recommends install $todo
}

apt_with_retries() {
  local wait
  for wait in 5 15 0; do
    if apt_once "$@"; then return 0; fi
    echo "apt-get failed; waiting $wait s"
    sleep "$wait"
  done
  return 1
}

for group in "$@"; do
  if [[ -z ${packages[$group]-} ]]; then
    say "unknown package group '$group'; known: ${!packages[*]}"
    exit 2
  fi
done

all=$(missing_of_all "$@")
[[ -n ${all// /} ]] || exit 0

if ! command -v apt-get >/dev/null; then
  say "This needs Debian 12 (no apt-get here). Please install: ${all}"
  exit 1
fi
if ((EUID != 0)) && ! command -v sudo >/dev/null; then
  say "Packages are missing and there is no sudo. As root, run: apt-get install ${all}"
  exit 1
fi
for group in "$@"; do
  missing=$(missing_of "$group")
  [[ -z $missing ]] || say "installing for ${reasons[$group]}: $missing"
done

mkdir -p build/logs
exec 9>build/packages.lock
flock 9
step "packages" apt_with_retries "$@"
all=$(missing_of_all "$@")
if [[ -n ${all// /} ]]; then
  say "still missing: ${all}"
  exit 1
fi
