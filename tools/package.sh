#!/usr/bin/env bash
# Builds the Debian package: build/bubble-buster_VERSION_ARCH.deb.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/say.sh
tools/install_packages.sh compiler build libraries page package
tools/build_program.sh
tools/build.sh release manual sbom
rm -f build/*.deb
(cd build/release && step "package" cpack -G DEB -B "$PWD/..")
rm -rf build/_CPack_Packages
ls build/*.deb
