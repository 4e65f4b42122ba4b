"""Fifty processes under each of PM2, Docker and systemd, for benchmarks.

Usage: fifty.py [COUNT]

Prints one line of JSON with their addresses when all run, and takes them down when its standard
input ends.
"""

import json
import sys

from docker_test import Engine
from pm2_test import Home
from runners import scratch, wait_for
from systemd_test import Manager

SLEEP = "#!/bin/sh\nexec sleep 86400\n"


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    names = [f"s{i:03}" for i in range(count)]
    ends = []
    try:
        home = Home(scratch(), "pm2")
        ends.append(home.end)
        script = home.script("sleep", SLEEP)
        apps = [{"name": name, "script": script, "namespace": "live"} for name in names]
        ecosystem = home.folder / "apps.config.js"
        ecosystem.write_text(f"module.exports = {{apps: {json.dumps(apps)}}}")
        home("start", str(ecosystem))
        engine = Engine(scratch())
        ends.append(engine.end)
        for name in names:
            engine.start(name, "exec sleep 86400")
        manager = Manager(scratch())
        ends.append(manager.end)
        for name in names:
            manager.unit(name, "exec sleep 86400", reload=False)
        manager.control("daemon-reload")
        manager.control("start", *names)
        wait_for(lambda: len(home.list()) == count, "PM2")
        print(json.dumps({"pm2": str(home.pm2_home), "docker": f"unix://{engine.socket}",
                          "systemd": f"{manager.folder}/run/bus"}), flush=True)
        sys.stdin.read()
    finally:
        for end in ends:
            end()


main()
