#!/usr/bin/env bash
# The container image, built and run by a real engine of Debian's packages. The base is a root made
# by debootstrap and imported, where no registry can be reached: the Dockerfile's runtime stage with
# that base, and the package that tools/package.sh made.
#   tests/deploy/container_test.sh [PACKAGE.deb]
# Needs root, docker.io and a network for apt; 77 = skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ $EUID == 0 ]] || { echo "needs root"; exit 77; }
for program in dockerd docker debootstrap; do
  command -v "$program" >/dev/null || { echo "needs $program"; exit 77; }
done
package=${1-}
if [[ -z $package ]]; then package=$(tools/package.sh | tail -1); fi

work=$(mktemp -d /var/tmp/bb-container.XXXXXX)
export DOCKER_HOST=unix://$work/docker.sock
dockerd --host "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/exec" \
  --pidfile "$work/pid" --containerd-namespace bb-container --storage-driver vfs \
  --iptables=false --bridge=none >"$work/dockerd.log" 2>&1 &
engine=$!
cleanup() {
  docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1 || true
  kill "$engine" 2>/dev/null || true
  wait "$engine" 2>/dev/null || true
  rm -rf "$work" 2>/dev/null || true
}
trap cleanup EXIT
for _ in $(seq 100); do docker info >/dev/null 2>&1 && break; sleep 0.2; done
docker info >/dev/null 2>&1 ||
  { tail -5 "$work/dockerd.log"; echo "no engine can run here"; exit 77; }

step() { echo "== $*"; }

step "a base without a registry"
if [[ -n ${BB_BARE_ROOT:-} ]]; then root=$BB_BARE_ROOT; else
  root=$work/root
  mirror=${BB_MIRROR:-http://deb.debian.org/debian}
  debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/log" 2>&1 ||
    { tail -5 "$work/log"; echo "no Debian mirror"; exit 77; }
fi
tar -C "$root" -c . | docker import - bb-base >/dev/null

step "the image: the Dockerfile's second stage"
mkdir -p "$work/context/build"
cp "$package" "$work/context/build/"
sed -n '1,/^ARG BASE/p' deploy/docker/Dockerfile >"$work/context/Dockerfile"
awk '/^FROM/{n++} n==2' deploy/docker/Dockerfile |
  sed 's/COPY --from=build \/src\/build/COPY build/' >>"$work/context/Dockerfile"
DOCKER_BUILDKIT=0 docker build --network host --build-arg BASE=bb-base -t bubble-buster \
  "$work/context" >"$work/log" 2>&1 ||
  { tail -20 "$work/log"; exit 1; }
docker image inspect bubble-buster --format 'image: {{.Size}} bytes, user {{.Config.User}}'
[[ $(docker image inspect bubble-buster --format '{{.Config.User}}') == bubble-buster ]]

run() {
  docker run --network host --read-only --tmpfs /tmp --cap-drop ALL \
    --security-opt no-new-privileges "$@"
}

step "a paper exchange and a service, each a container with a read-only root"
run -d --name paper bubble-buster paper --port 8790 --account paper:key:secret:10000 \
  --no-limits >/dev/null
docker volume create state >/dev/null
mkdir "$work/secrets"
printf key >"$work/secrets/binance.api_key"
printf secret >"$work/secrets/binance.api_secret"
chmod 755 "$work/secrets"; chmod 644 "$work"/secrets/*
service() {
  run -d --name service -v state:/var/lib/bubble-buster -v "$work/secrets:/run/secrets:ro" \
    -e BUBBLE_BUSTER_BINANCE_BASE_URL=http://127.0.0.1:8790 -e TZ=Asia/Shanghai \
    -e BUBBLE_BUSTER_CONFIG=/var/lib/bubble-buster/config.ini bubble-buster service >/dev/null
}
run --rm -v state:/var/lib/bubble-buster --entrypoint sh bubble-buster -c \
  'umask 077; printf "[notify]\nenabled = false\n" >/var/lib/bubble-buster/config.ini'
service
tell() { docker exec service bubble-buster "$@"; }
answers() {
  for _ in $(seq 150); do
    tell status --json 2>/dev/null | grep -q '"holder_state":"answers"' && return
    sleep 0.3
  done
  docker logs service; exit 1
}
answers
tell entry
open=$(tell status | sed -n 's/^positions: //p')
[[ $open -ge 1 ]]
[[ $(tell status | grep -c 'NO STOP' || true) == 0 ]]
echo "open positions: $open, each with a stop"

step "restart and replacement with open positions"
begun=$(date +%s%N)
docker restart service >/dev/null
echo "restart: $(( ($(date +%s%N) - begun) / 1000000 )) ms"
answers
[[ $(tell status | sed -n 's/^positions: //p') == "$open" ]]
docker stop service >/dev/null
[[ $(docker inspect service --format '{{.State.ExitCode}}') == 0 ]]
docker rm service >/dev/null
service   # a new container on the old volume: what an upgrade is
answers
[[ $(tell status | sed -n 's/^positions: //p') == "$open" ]]
[[ $(tell status | grep -c 'NO STOP' || true) == 0 ]]
tell audit
echo "container: all as it should be"
