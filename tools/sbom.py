#!/usr/bin/env python3
"""What the program is made of, as a CycloneDX 1.5 document on standard output.

    tools/sbom.py PROGRAM [PACKAGE-LOCK.json..]

The shared libraries that PROGRAM loads, by their Debian packages, and what the page's lock file
names. Nothing is asked from a network; the same tree and machine give the same bytes.
"""

import json
import pathlib
import re
import subprocess
import sys


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def debian_packages(program):
    found = set()
    for path in re.findall(r"=> (/\S+)", said("ldd", program)):
        for name in {path, str(pathlib.Path(path).resolve())} | (
                {path.removeprefix("/usr")} if path.startswith("/usr/") else {"/usr" + path}):
            done = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
            if done.returncode == 0:
                found.add(done.stdout.split(": ")[0].split(",")[0])
                break
        else:
            raise SystemExit(f"sbom: no Debian package has {path}")
    for package in sorted(found):
        name, version, architecture, source = said(
            "dpkg-query", "-W", "-f", "${Package}\t${Version}\t${Architecture}\t${source:Package}",
            package).split("\t")
        yield {"type": "library", "name": name, "version": version,
               "purl": f"pkg:deb/debian/{name}@{version}?arch={architecture}",
               "properties": [{"name": "debian:source", "value": source}]}


def npm_packages(lock):
    for path, entry in sorted(json.loads(pathlib.Path(lock).read_text())["packages"].items()):
        if not path or entry.get("dev"):
            continue
        name = path.split("node_modules/")[-1]
        yield {"type": "library", "name": name, "version": entry["version"],
               "purl": f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}",
               **({"licenses": [{"license": {"name": entry["license"]}}]}
                  if "license" in entry else {})}


def main(program, *locks):
    version = said(program, "--version").split()[1]
    components = list(debian_packages(program))
    for lock in locks:
        components += npm_packages(lock)
    print(json.dumps({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {"type": "application", "name": "bubble-buster",
                                   "version": version}},
        "components": components}, indent=1))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
