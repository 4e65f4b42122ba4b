"""Strategies under a real PM2, of the versions in use.

Usage: pm2_test.py PROGRAM
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

from runners import (CANARY, EXIT_CONFIGURATION, EXIT_FAILED, EXIT_UNREACHABLE, EXIT_USAGE, HERE,
                     HOSTILE, Shell, Watcher, environment, needs, remove, scratch, wait_for)
from phone import OTHER, Phone

TICK = """#!/bin/sh
trap 'exit 0' INT TERM
echo "tick api_secret=hush-hush-hush"
while :; do sleep 0.2; done
"""
CRASH = "#!/bin/sh\necho dying >&2\nexit 3\n"
STUBBORN = "#!/bin/sh\ntrap '' INT\nwhile :; do sleep 0.2; done\n"


class Home:
    """A PM2 home with a daemon of its own."""

    def __init__(self, folder, package):
        self.pm2_home = folder / "pm2"
        self.pm2_home.mkdir(mode=0o755)
        self.folder = folder
        self.program = HERE / "node_modules" / package / "bin" / "pm2"
        needs(self.program.exists(), f"npm packages of tests/runners: {self.program} is missing")
        needs(shutil.which("node"), "node")

    def __call__(self, *arguments):
        return subprocess.run(
            ["node", str(self.program), *arguments], cwd=self.folder, text=True,
            env=environment(HOME=str(self.folder), PM2_HOME=str(self.pm2_home),
                            STRATEGY_KEY=CANARY),
            capture_output=True, timeout=60)

    def script(self, name, text):
        path = self.folder / f"{name}.sh"
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def start(self, name, text=TICK, *options):
        done = self("start", self.script(name.replace("/", "_"), text), "--name", name, *options)
        assert done.returncode == 0, done
        return done

    def list(self):
        entries = json.loads(self("jlist").stdout)
        return {entry["name"]: {"id": entry["pm_id"], "pid": entry["pid"],
                                "status": entry["pm2_env"]["status"],
                                "restarts": entry["pm2_env"]["restart_time"]}
                for entry in entries}

    def daemon(self):
        return int((self.pm2_home / "pm2.pid").read_text())

    def end(self):
        self("kill")


class Pm2(unittest.TestCase):
    package = "pm2"

    @classmethod
    def setUpClass(cls):
        cls.folder = scratch()
        cls.home = Home(cls.folder, cls.package)
        cls.home.start("live-1", TICK, "--namespace", "live")
        cls.home.start("live-2", TICK, "--namespace", "live")
        cls.home.start("other")
        cls.home.start("dies", CRASH, "--max-restarts", "2")
        cls.home.start("stubborn", STUBBORN, "--kill-timeout", "600")
        cls.shell = cls.shell_of("namespace:live, dies, stubborn")

    @classmethod
    def tearDownClass(cls):
        cls.home.end()
        remove(cls.folder)

    @classmethod
    def shell_of(cls, strategies, **env):
        return Shell(cls.folder, CTRL_MODE="Pm2", PM2_HOME=str(cls.home.pm2_home),
                     STRATEGIES=strategies, **env)

    def test_all_is_shown_and_only_what_is_named_may_be_touched(self):
        rows = self.shell.rows()
        self.assertEqual({"live-1", "live-2", "other", "dies", "stubborn"}, set(rows))
        self.assertEqual({"live-1", "live-2", "dies", "stubborn"},
                         {name for name, row in rows.items() if row["touchable"]})
        row = rows["live-1"]["processes"][0]
        self.assertEqual("running", row["state"])
        self.assertGreater(row["pid"], 0)
        self.assertGreater(row["memory_bytes"], 0)

    def test_a_stop_a_start_and_a_restart_answer_with_what_is(self):
        code, result = self.shell.result("stop", "live-1")
        self.assertEqual((0, "done", "stopped"), (code, result["verdict"], result["now"]["state"]))
        self.assertEqual("stopped", self.home.list()["live-1"]["status"])
        code, result = self.shell.result("stop", "live-1")
        self.assertEqual((0, "already"), (code, result["verdict"]))
        code, result = self.shell.result("start", "live-1")
        self.assertEqual((0, "done", "running"), (code, result["verdict"], result["now"]["state"]))
        first = result["now"]["pid"]
        code, result = self.shell.result("start", "live-1")
        self.assertEqual((0, "already"), (code, result["verdict"]))
        self.assertEqual(first, self.home.list()["live-1"]["pid"], "a start restarted it")
        code, result = self.shell.result("restart", "live-1")
        self.assertEqual((0, "done"), (code, result["verdict"]))
        self.assertEqual(result["now"]["pid"], self.home.list()["live-1"]["pid"])
        self.assertNotEqual(first, result["now"]["pid"])

    def test_a_strategy_that_dies_at_once_is_not_called_started(self):
        wait_for(lambda: self.home.list()["dies"]["status"] == "errored", "the restarts to end")
        self.assertEqual("failed", self.shell.rows()["dies"]["state"])
        code, result = self.shell.result("start", "dies")
        self.assertEqual((EXIT_FAILED, "not_reached"), (code, result["verdict"]), result)
        self.assertIn("code 3", result["text"])

    def test_a_process_that_ignores_the_signal_is_down_when_that_is_said(self):
        code, result = self.shell.result("stop", "stubborn")
        self.assertEqual((0, "done"), (code, result["verdict"]))
        self.assertEqual(0, self.home.list()["stubborn"]["pid"])
        self.shell.result("start", "stubborn")

    def test_a_group_is_acted_on_as_one_and_told_one_by_one(self):
        answer = self.shell("restart", "--group", "live")
        self.assertEqual(0, answer.code, answer)
        self.assertEqual({"live-1", "live-2"}, {each["name"] for each in answer.json["results"]})

    def test_what_is_not_declared_is_refused_with_the_way_to_declare_it(self):
        before = self.home.list()["other"]
        code, result = self.shell.result("restart", "other")
        self.assertEqual((EXIT_USAGE, "refused"), (code, result["verdict"]))
        self.assertIn("[process.other]", result["text"])
        self.assertEqual(before, self.home.list()["other"])

    def test_logs_are_shown_without_secrets(self):
        answer = self.shell("logs", "live-1", "--lines", "3")
        self.assertEqual(0, answer.code, answer)
        self.assertIn("tick api_secret=***", answer.json["log"])
        self.assertNotIn("hush", answer.out)

    def test_no_word_reaches_what_it_does_not_name(self):
        wait_for(lambda: self.home.list()["dies"]["status"] == "errored", "the restarts to end")
        before = self.home.list()
        for word in HOSTILE:
            for verb in ("stop", "restart"):
                answer = self.shell(verb, "--", word)
                self.assertNotEqual(0, answer.code, (word, answer.out))
        self.assertEqual(before, self.home.list())

    def test_an_id_is_as_good_as_a_name(self):
        number = self.home.list()["live-2"]["id"]
        code, result = self.shell.result("restart", str(number))
        self.assertEqual((0, "live-2"), (code, result["name"]))

    def test_a_cluster_is_one_strategy_of_many_processes(self):
        script = self.folder / "cluster.js"
        script.write_text("setInterval(() => {}, 1000)")
        self.home("start", str(script), "--name", "twins", "-i", "2")
        answer = self.shell_of("twins")("stop", "twins")
        self.assertEqual(0, answer.code, answer)
        self.assertEqual(["done", "done"], [each["verdict"] for each in answer.json["results"]])
        self.home("delete", "twins")

    def test_a_declared_strategy_has_its_own_name(self):
        config = f"""[runner.first]
kind = pm2
home = {self.home.pm2_home}
host = box1
[process.grid]
runner = first
target = live-1
account = alice
group = money
"""
        shell = Shell(self.folder, config)
        rows = shell.rows()
        self.assertEqual({"grid"}, set(rows))
        self.assertEqual(("alice", "money", "box1"),
                         tuple(rows["grid"][key] for key in ("account", "group", "host")))
        self.assertIn("live-2", shell.rows("--all"))
        code, result = shell.result("restart", "first:grid")
        self.assertEqual((0, "done"), (code, result["verdict"]))
        self.assertEqual(EXIT_USAGE, shell("restart", "live-1").code)

    def test_a_daemon_that_hangs_is_a_clear_message_and_delays_nobody_else(self):
        config = f"""[supervise]
answer_limit_ms = 700
[runner.hung]
kind = pm2
home = {self.home.pm2_home}
[runner.absent]
kind = pm2
home = {self.folder}/nowhere
[process.grid]
runner = hung
target = live-1
"""
        shell = Shell(self.folder, config)
        daemon = self.home.daemon()
        os.kill(daemon, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            answer = shell("list")
            took = time.monotonic() - begun
            refused = shell("stop", "grid")
        finally:
            os.kill(daemon, signal.SIGCONT)
        self.assertLess(took, 3)
        troubles = {each["runner"]: each["error"] for each in answer.json["troubles"]}
        self.assertIn("does not answer", troubles["hung"])
        self.assertIn("does not run", troubles["absent"])
        self.assertEqual(EXIT_UNREACHABLE, refused.code, refused)
        self.assertEqual("online", self.home.list()["live-1"]["status"])

    def test_the_watch_tells_what_changes_and_what_is_well_again(self):
        self.home.start("watched", TICK, "--namespace", "night")
        watcher = Watcher(self.shell_of("namespace:night", BUBBLE_BUSTER_SUPERVISE_SAMPLE_MS="500",
                                        BUBBLE_BUSTER_SUPERVISE_ANSWER_LIMIT_MS="400"))
        try:
            os.kill(self.home.list()["watched"]["pid"], signal.SIGKILL)
            text = watcher.hears("crashed", "watched")
            self.assertIn("tick api_secret=***", text)
            self.home("stop", "watched")
            watcher.hears("stopped", "watched")
            self.home("start", "watched")
            watcher.hears("recovered", "watched")
            for _ in range(5):
                os.kill(wait_for(lambda: self.home.list()["watched"]["pid"], "a pid"),
                        signal.SIGKILL)
                time.sleep(0.7)
            watcher.hears("crash_loop", "watched")
            self.home.start("late", CRASH, "--namespace", "night", "--max-restarts", "1")
            watcher.hears("failed", "late")
            os.kill(self.home.daemon(), signal.SIGSTOP)
            try:
                watcher.hears("runner_down", "does not answer")
            finally:
                os.kill(self.home.daemon(), signal.SIGCONT)
            watcher.hears("recovered", "reached again")
            self.home("delete", "watched")
            watcher.hears("vanished", "watched")
        finally:
            self.home("delete", "late")
            watcher.end()

    def test_a_user_without_rights_is_told_so(self):
        needs(os.geteuid() == 0 and shutil.which("setpriv"), "root and setpriv")
        shell = self.shell_of("live-1")
        shell.prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        os.chmod(self.home.pm2_home / "rpc.sock", 0o700)
        answer = shell("list")
        self.assertEqual(EXIT_CONFIGURATION, answer.code, answer)
        self.assertIn("not allowed", answer.json["troubles"][0]["error"])


class Pm2Version5(Pm2):
    package = "pm2-5"


class Pm2FromTelegram(unittest.TestCase):
    """No configuration file: CTRL_MODE and STRATEGIES alone, as TgQuantRobot had it."""
    package = "pm2"

    @classmethod
    def setUpClass(cls):
        cls.folder = scratch()
        cls.home = Home(cls.folder, cls.package)
        cls.home.start("live-1", TICK, "--namespace", "live")
        cls.home.start("live-2", TICK, "--namespace", "live")
        cls.home.start("other")
        cls.phone = Phone(cls.folder, CTRL_MODE="PM2", STRATEGIES="namespace:live",
                          PM2_HOME=str(cls.home.pm2_home), BUBBLE_BUSTER_SUPERVISE_SAMPLE_MS="500",
                          BUBBLE_BUSTER_SUPERVISE_ANSWER_LIMIT_MS="1500")

    @classmethod
    def tearDownClass(cls):
        try:
            cls.phone.end()
        finally:
            cls.home.end()
            remove(cls.folder)

    def test_the_list_shows_all_and_a_card_has_buttons_for_what_may_be_touched(self):
        shown = self.phone.type("/list_strategy", "Strategies")
        for name in ("live-1 · running", "live-2 · running", "other · running"):
            self.assertIn(name, shown)
        self.phone.press("live-2", "under pm2")
        for button in ("Stop", "Restart", "Logs", "Last exit"):
            self.assertTrue(any(button in each for each in self.phone.buttons()), button)
        self.phone.type("/strategy other", "not declared")
        self.assertFalse(any("Stop" in each for each in self.phone.buttons()))

    def test_a_stop_a_start_and_a_restart_answer_with_what_is(self):
        self.phone.type("/stop_strategy live-1", "Shall I?")
        self.assertEqual("online", self.home.list()["live-1"]["status"])
        self.phone.press("Yes", "live-1 is stopped")
        self.assertEqual("stopped", self.home.list()["live-1"]["status"])
        self.phone.type("/start_strategy live-1", "Shall I?")
        told = self.phone.press("Yes", "live-1 is running")
        first = self.home.list()["live-1"]
        self.assertEqual("online", first["status"])
        self.assertIn(f"pid {first['pid']}", told)
        self.phone.type(f"/restart_strategy {first['id']}", "Restart live-1")
        told = self.phone.press("Yes", "live-1 is running")
        self.assertNotEqual(first["pid"], self.home.list()["live-1"]["pid"])
        self.assertIn(f"pid {self.home.list()['live-1']['pid']}", told)

    def test_all_of_a_group_after_one_confirmation(self):
        before = self.home.list()
        self.phone.type("/restart_strategy group:live", "Restart all of live")
        self.phone.press("Yes", "2 of 2 as asked")
        after = self.home.list()
        for name in ("live-1", "live-2"):
            self.assertNotEqual(before[name]["pid"], after[name]["pid"])
        self.assertEqual(before["other"], after["other"])

    def test_a_strategy_that_dies_at_once_is_not_called_started(self):
        self.home.start("dies", CRASH, "--max-restarts", "1", "--namespace", "live")
        try:
            wait_for(lambda: self.home.list()["dies"]["status"] == "errored", "the restarts to end")
            self.phone.hears("strategy failed", "dies")
            self.phone.type("/start_strategy dies", "Shall I?")
            self.assertIn("code 3", self.phone.press("Yes", "not as asked"))
            self.assertIn("dying", self.phone.type("/last_exit dies", "Last exit"))
        finally:
            self.home("delete", "dies")

    def test_logs_come_without_secrets_inline_and_as_a_file(self):
        self.assertIn("tick api_secret=***", self.phone.type("/strategy_logs live-2 5", "Log"))
        self.phone.press("as a file", "1000 lines")
        self.assertIn("tick api_secret=***", self.phone.file())
        self.assertNotIn("hush", self.phone.file())

    def test_what_is_unknown_or_undeclared_is_refused_with_the_way_to_declare_it(self):
        before = self.home.list()
        self.assertIn("live-1, live-2", self.phone.type("/stop_strategy nobody", "no strategy"))
        self.phone.type("/stop_strategy other", "[process.other]")
        self.assertEqual(before, self.home.list())

    def test_no_word_reaches_what_it_does_not_name(self):
        before = self.home.list()
        for i, word in enumerate(HOSTILE):
            if i % 30 == 0:  # below the limit of commands in a minute
                self.phone.end()
                type(self).phone = Phone(
                    self.folder, CTRL_MODE="pm2", STRATEGIES="namespace:live",
                    PM2_HOME=str(self.home.pm2_home))
            mark = len(self.phone.shows())
            self.phone.telegram.message(4001, 4001, "/stop_strategy " + word[:4000], "en")
            self.phone.after(mark, "", 40)
            # Blanks around a word are Telegram's, not the word's.
            if word.strip().strip('"') != "live-1":
                self.assertNotIn("✅ Yes", "".join(self.phone.buttons()), word)
        self.assertEqual(before, self.home.list())

    def test_somebody_who_is_not_listed_gets_no_answer(self):
        self.phone.telegram.message(OTHER, OTHER, "/stop_strategy live-1", "en")
        self.phone.type("/version", "Bubble Buster")
        self.assertEqual([], self.phone.shows(OTHER))
        self.assertEqual("online", self.home.list()["live-1"]["status"])

    def test_a_crash_is_told_in_the_chat_of_alerts_with_its_last_lines(self):
        os.kill(self.home.list()["live-2"]["pid"], signal.SIGKILL)
        self.assertIn("tick api_secret=***", self.phone.hears("crashed", "live-2"))
        self.home("stop", "other")
        self.home("start", "other")

    def test_a_hung_daemon_delays_nothing_else_and_is_told(self):
        daemon = self.home.daemon()
        os.kill(daemon, signal.SIGSTOP)
        try:
            self.phone.hears("runner does not answer")
            mark = len(self.phone.shows())
            self.phone.telegram.message(4001, 4001, "/strategies", "en")
            begun = time.monotonic()
            for _ in range(5):
                self.phone.type("/version", "Bubble Buster")
            took = time.monotonic() - begun
            self.phone.after(mark, "does not answer", 20)
            self.phone.type("/stop_strategy live-1", "could not be asked")
        finally:
            os.kill(daemon, signal.SIGCONT)
        self.assertLess(took, 1.5)
        self.phone.hears("reached again")
        self.assertEqual("online", self.home.list()["live-1"]["status"])

    def test_a_user_without_rights_is_told_so(self):
        needs(os.geteuid() == 0 and shutil.which("setpriv"), "root and setpriv")
        os.chmod(self.home.pm2_home / "rpc.sock", 0o700)
        phone = Phone(self.folder, CTRL_MODE="pm2", STRATEGIES="live-1",
                      PM2_HOME=str(self.home.pm2_home), prefix=(
                          "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"))
        try:
            phone.type("/strategies", "not allowed")
            phone.type("/stop_strategy live-1", "not allowed")
        finally:
            phone.end()
            os.chmod(self.home.pm2_home / "rpc.sock", 0o755)


class NoDaemon(unittest.TestCase):
    def test_asking_a_home_without_a_daemon_starts_none(self):
        folder = scratch()
        try:
            shell = Shell(folder, CTRL_MODE="pm2", PM2_HOME=str(folder / "pm2"), STRATEGIES="a")
            answer = shell("list")
            self.assertEqual(EXIT_UNREACHABLE, answer.code, answer)
            self.assertIn("does not run", answer.json["troubles"][0]["error"])
            self.assertFalse((folder / "pm2").exists())
        finally:
            remove(folder)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
