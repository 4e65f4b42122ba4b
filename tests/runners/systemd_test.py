"""Strategies as units of a real systemd: a user manager of the test's own.

Usage: systemd_test.py PROGRAM

The manager runs in a private mount namespace, because it insists on /run/systemd/system; that needs
root and unshare.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

from phone import Phone, journey
from runners import (CANARY, EXIT_FAILED, EXIT_UNREACHABLE, EXIT_USAGE, HOSTILE, Shell, Watcher,
                     environment, kill, needs, remove, scratch, wait_for)

INNER = """mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/system
dbus-daemon --session --address=$DBUS_SESSION_BUS_ADDRESS --nofork --nopidfile &
echo $! >{folder}/dbus.pid
while [ ! -S {folder}/run/bus ]; do sleep 0.05; done
exec /lib/systemd/systemd --user --log-target=console
"""
UNIT = """[Service]
ExecStart=/bin/sh -c '{command}'
Environment=STRATEGY_KEY={canary}
StandardOutput=append:{folder}/{name}.log
{more}
"""
TICK = "echo tick password=hush-hush-hush; while :; do sleep 0.2; done"


class Manager:
    def __init__(self, folder):
        needs(os.geteuid() == 0, "a private mount namespace needs root")
        for program in ("unshare", "dbus-daemon", "systemctl", "/lib/systemd/systemd"):
            needs(shutil.which(program),
                  f"{program} is missing: tools/install_packages.sh runners installs it")
        self.folder = folder
        self.units = folder / "home/.config/systemd/user"
        self.units.mkdir(parents=True)
        (folder / "run").mkdir(mode=0o700)
        self.env = environment(HOME=str(folder / "home"), XDG_RUNTIME_DIR=str(folder / "run"),
                               DBUS_SESSION_BUS_ADDRESS=f"unix:path={folder}/run/bus")
        pathlib.Path("/run/systemd").mkdir(exist_ok=True)
        inner = folder / "inner.sh"
        inner.write_text(INNER.format(folder=folder))
        self.log = open(folder / "systemd.log", "wb")
        self.process = subprocess.Popen(["unshare", "-m", "sh", str(inner)], env=self.env,
                                        stdout=self.log, stderr=self.log)
        try:
            wait_for(lambda: self.process.poll() is not None or
                     (folder / "run/systemd/private").exists(), "the manager", 30)
            failed = self.process.poll() is not None
        except AssertionError:
            failed = True
        if failed:
            tail = (folder / "systemd.log").read_bytes()[-1500:].decode(errors="replace")
            self.end()
            needs(False, "a user manager of systemd does not start here:\n" + tail)

    def control(self, *arguments):
        return subprocess.run(["systemctl", "--user", *arguments], env=self.env, text=True,
                              capture_output=True, timeout=60)

    def unit(self, name, command=TICK, more="", reload=True):
        (self.units / f"{name}.service").write_text(
            UNIT.format(command=command, canary=CANARY, folder=self.folder, name=name, more=more))
        if reload:
            self.control("daemon-reload")

    def show(self, name, key):
        return self.control("show", name, "-p", key, "--value").stdout.strip()

    def end(self):
        self.control("exit")
        kill(self.process)
        self.log.close()
        pid = self.folder / "dbus.pid"
        if pid.exists():
            subprocess.run(["kill", pid.read_text().strip()], capture_output=True)
        remove(self.folder)


class Systemd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = scratch()
        try:
            cls.manager = Manager(cls.folder)
        except BaseException:
            remove(cls.folder)
            raise
        for name in ("live-1", "live-2", "other"):
            cls.manager.unit(name)
            cls.manager.control("start", name)
        cls.shell = cls.shell_of("live-1, live-2.service, dies, loops, missing")

    @classmethod
    def tearDownClass(cls):
        cls.manager.end()

    @classmethod
    def shell_of(cls, strategies):
        return Shell(cls.folder, CTRL_MODE="systemd-USER", STRATEGIES=strategies,
                     XDG_RUNTIME_DIR=str(cls.folder / "run"))

    def test_a_stop_a_start_and_a_restart_answer_with_what_is(self):
        row = self.shell.rows()["live-1.service"]
        self.assertEqual(("running", True), (row["state"], row["touchable"]))
        self.assertEqual(int(self.manager.show("live-1", "MainPID")), row["processes"][0]["pid"])
        code, result = self.shell.result("stop", "live-1.service")
        self.assertEqual((0, "done", "stopped"), (code, result["verdict"], result["now"]["state"]))
        self.assertEqual("inactive", self.manager.show("live-1", "ActiveState"))
        self.assertEqual("already", self.shell.result("stop", "live-1.service")[1]["verdict"])
        code, result = self.shell.result("start", "live-1.service")
        self.assertEqual((0, "done", "running"), (code, result["verdict"], result["now"]["state"]))
        first = result["now"]["pid"]
        code, result = self.shell.result("restart", "live-1.service")
        self.assertEqual((0, "done"), (code, result["verdict"]))
        self.assertNotEqual(first, result["now"]["pid"])
        self.assertEqual(int(self.manager.show("live-1", "MainPID")), result["now"]["pid"])

    def test_a_strategy_that_dies_at_once_is_not_called_started(self):
        self.manager.unit("dies", "exit 3")
        code, result = self.shell.result("start", "dies.service")
        self.assertEqual((EXIT_FAILED, "not_reached"), (code, result["verdict"]), result)
        self.assertIn("code 3", result["text"])

    def test_a_unit_at_its_start_limit_can_be_started_again(self):
        flag = self.folder / "flag"
        self.manager.unit("loops", f"test -e {flag} || exit 5; while :; do sleep 0.2; done",
                          "Restart=on-failure\nRestartSec=50ms\n[Unit]\nStartLimitBurst=2\n"
                          "StartLimitIntervalSec=1000")
        self.manager.control("start", "loops")
        wait_for(lambda: self.manager.show("loops", "ActiveState") == "failed", "the limit")
        self.assertEqual("failed", self.shell.rows()["loops.service"]["state"])
        flag.write_text("")
        code, result = self.shell.result("start", "loops.service")
        self.assertEqual((0, "done"), (code, result["verdict"]), result)

    def test_a_unit_that_is_not_named_is_refused(self):
        before = self.manager.show("other", "MainPID")
        code, result = self.shell.result("restart", "other.service")
        self.assertEqual((EXIT_USAGE, "refused"), (code, result["verdict"]))
        self.assertEqual(before, self.manager.show("other", "MainPID"))

    def test_a_declared_unit_that_does_not_exist_is_missing(self):
        config = f"""[runner.mine]
kind = systemd-user
address = {self.folder}/run/bus
[process.ghost]
runner = mine
[process.grid]
runner = mine
target = live-2.service
log_file = {self.folder}/live-2.log
"""
        shell = Shell(self.folder, config)
        rows = shell.rows()
        self.assertEqual({"ghost": "missing", "grid": "running"},
                         {name: row["state"] for name, row in rows.items()})
        code, result = shell.result("start", "ghost")
        self.assertEqual((EXIT_FAILED, "refused"), (code, result["verdict"]))
        answer = shell("logs", "grid")
        self.assertEqual("tick password=***\n", answer.json["log"])

    def test_no_word_reaches_what_it_does_not_name(self):
        names = ("live-1", "live-2", "other")
        before = [self.manager.show(name, "MainPID") for name in names]
        for word in [*HOSTILE, "live-*.service", "live-1.service -f"]:
            answer = self.shell("stop", "--", word)
            self.assertNotEqual(0, answer.code, (word, answer.out))
        self.assertEqual(before, [self.manager.show(name, "MainPID") for name in names])

    def test_the_watch_tells_what_changes(self):
        self.manager.unit("night", more="Restart=always\nRestartSec=100ms")
        self.manager.unit("once")
        for name in ("night", "once"):
            self.manager.control("start", name)
        watcher = Watcher(self.shell_of("night, once"))
        try:
            os.kill(int(self.manager.show("night", "MainPID")), signal.SIGKILL)
            watcher.hears("crashed", "night")
            os.kill(int(self.manager.show("once", "MainPID")), signal.SIGKILL)
            self.assertIn("signal 9", watcher.hears("failed", "once"))
            self.manager.control("reset-failed", "once")
            self.manager.control("start", "once")
            watcher.hears("recovered", "once")
        finally:
            watcher.end()

    def test_from_telegram(self):
        self.manager.unit("phoned")
        self.manager.control("start", "phoned")
        config = f"""[runner.here]
kind = systemd-user
address = {self.folder}/run/bus
strategies = live-1
[process.phoned]
runner = here
log_file = {self.folder}/phoned.log
"""
        phone = Phone(self.folder, config)
        try:
            journey(self, phone, "phoned", "other.service",
                    lambda: self.manager.show("phoned", "ActiveState") == "active")
        finally:
            phone.end()

    def test_a_bus_that_is_gone_is_a_clear_message(self):
        shell = Shell(self.folder, CTRL_MODE="systemd-user", STRATEGIES="a",
                      XDG_RUNTIME_DIR=str(self.folder / "nowhere"))
        answer = shell("list")
        self.assertEqual(EXIT_UNREACHABLE, answer.code, answer)
        self.assertIn("does not answer", answer.json["troubles"][0]["error"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
