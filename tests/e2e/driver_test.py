"""The program as its user meets it: real processes, real sockets, its own paper exchange.

Usage: driver_test.py PROGRAM DATA   (BB_PROGRAM in the environment wins over PROGRAM)
"""

import json
import os
import pathlib
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

PROGRAM = os.environ.get("BB_PROGRAM", sys.argv[1] if len(sys.argv) > 1 else "")
DATA = sys.argv[2] if len(sys.argv) > 2 else "data"
TIMEOUT = 120


def run(*arguments, cwd=None, env=None):
    """Runs a command to its end."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BUBBLE_BUSTER")}
    environment.update(env or {})
    return subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd, env=environment,
                          capture_output=True, text=True, timeout=TIMEOUT)


def start(*arguments):
    return subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def end(process):
    """SIGTERM; returns the exit code and the seconds it took."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    return process.returncode, time.monotonic() - begun


def wait_for(condition, seconds=30):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.05)
    return False


class Paper(unittest.TestCase):
    """A paper exchange with two accounts, and a config for each."""

    paper_options = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.paper = start("paper", "--port", 0, "--data", DATA, "--json", "--expose-journal",
                          *cls.paper_options,
                          "--account", "alice:alice-key:alice-word:10000",
                          "--account", "bob:bob-key:bob-word:5000")
        cls.announcement = json.loads(cls.paper.stdout.readline())
        cls.url = cls.announcement["base_url"]

    @classmethod
    def tearDownClass(cls):
        code, seconds = end(cls.paper)
        cls.folder.cleanup()
        assert code == 0, code
        assert seconds < 5, seconds

    def config(self, name, key="alice", runtime="", strategy="", **changes):
        path = pathlib.Path(self.folder.name) / f"{name}.ini"
        url = changes.get("url", self.url)
        path.write_text(f"""[binance]
api_key = {key}-key
api_secret = {key}-word
base_url = {url}
timeout_sec = {changes.get("timeout", 10)}
retry_count = 2
retry_delay_sec = 0.1
[strategy]
top_n = 3
allocation_splits = 3
{strategy}
[runtime]
state_dir = state
lock_file = {changes.get("lock", name)}.lock
lock_wait_sec = 0.3
db_path = {changes.get("db", key)}.db
log_dir = logs_{name}
{runtime}
[notify]
enabled = false
""")
        path.chmod(0o600)
        return path

    def journal(self):
        with urllib.request.urlopen(self.url + "/paper/journal", timeout=10) as answer:
            return [json.loads(line) for line in answer.read().splitlines()]


class Test1Commands(Paper):
    def test_a_day_by_hand(self):
        config = self.config("a")
        entry = run("entry", "--config", config, "--json")
        self.assertEqual(entry.returncode, 0, entry.stdout + entry.stderr)
        result = json.loads(entry.stdout)
        self.assertEqual(result["status"], "SUCCESS")
        self.assertEqual(result["opened"], 3)

        again = run("--config", config, "entry", "--json")
        self.assertEqual(again.returncode, 0)
        self.assertEqual(json.loads(again.stdout)["status"], "SKIPPED")

        named = run("entry", "--trade-day-utc", result["trade_day_utc"], "--json",
                    "--config", config)
        self.assertEqual(json.loads(named.stdout)["status"], "SKIPPED")

        patrol = run("manage", "--config", config, "--json")
        self.assertEqual(patrol.returncode, 0, patrol.stdout + patrol.stderr)
        self.assertEqual(json.loads(patrol.stdout)["total"], 3)

        cut = run("loss-cut", "--config", config, "--json")
        self.assertEqual(cut.returncode, 0, cut.stdout + cut.stderr)
        self.assertEqual(json.loads(cut.stdout)["errors"], 0)
        self.assertEqual(json.loads(cut.stdout)["total"], 3)

        audit = run("audit", "--config", config, "--json")
        self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)
        report = json.loads(audit.stdout)
        self.assertTrue(report["ok"])
        self.assertGreaterEqual(report["fills"], 3)
        self.assertGreaterEqual(report["orders"], 9)

        log = pathlib.Path(self.folder.name) / "logs_a"
        self.assertTrue(any(log.iterdir()))
        for file in log.iterdir():
            self.assertNotIn("alice-word", file.read_text())
            for line in file.read_text().splitlines():
                self.assertTrue(line.endswith(" env=paper"), line)

    def test_board_needs_no_key(self):
        path = pathlib.Path(self.folder.name) / "board.ini"
        path.write_text(f"[binance]\nbase_url = {self.url}\n")
        board = run("board", "--json", env={"BUBBLE_BUSTER_CONFIG": str(path)})
        self.assertEqual(board.returncode, 0, board.stderr)
        gainers = json.loads(board.stdout)["gainers"]
        self.assertEqual(len(gainers), 10)
        changes = [float(each["change_pct"]) for each in gainers]
        self.assertEqual(changes, sorted(changes, reverse=True))

    def test_an_audit_sees_what_the_store_does_not_know(self):
        config = self.config("audited", key="bob", db="audited")
        self.assertEqual(run("entry", "--config", config).returncode, 0)
        self.assertEqual(run("audit", "--config", config).returncode, 0)
        database = pathlib.Path(self.folder.name) / "audited.db"
        with sqlite3.connect(database) as connection:
            connection.execute("DELETE FROM fills WHERE (symbol, trade_id) = "
                               "(SELECT symbol, trade_id FROM fills LIMIT 1)")
        connection.close()
        audit = run("audit", "--config", config, "--json")
        self.assertEqual(audit.returncode, 1, audit.stdout + audit.stderr)
        self.assertEqual(len(json.loads(audit.stdout)["differences"]), 1)


    def test_doctor(self):
        config = self.config("doctor")
        result = run("doctor", "--config", config, "--json")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        report = json.loads(result.stdout)
        self.assertTrue(report["ok"])
        self.assertEqual((report["environment"], report["account"]), ("paper", "alice"))
        marks = {each["check"]: each["mark"] for each in report["checks"]}
        for check in ("config", "environment", "exchange", "clock", "key", "modes", "contracts",
                      "user stream", "lock", "latch", "database"):
            self.assertEqual(marks[check], "ok", result.stdout)
        self.assertEqual(marks["notifier"], "warning")
        text = run("doctor", "--config", config)
        self.assertIn("[ ok ]  user stream", text.stdout)
        self.assertNotIn("alice-word", text.stdout + result.stdout)
        self.assertNotIn("\033", text.stdout)

        wrong = run("doctor", "--config", self.config("doctor_wrong", key="mallory"), "--json")
        self.assertEqual(wrong.returncode, 1, wrong.stdout + wrong.stderr)
        config.chmod(0o644)
        unread = run("doctor", "--config", config)
        self.assertEqual(unread.returncode, 1, unread.stdout + unread.stderr)
        self.assertIn("chmod 600", unread.stdout)


class Test2Service(Paper):
    def service(self, config):
        logs = pathlib.Path(self.folder.name) / ("logs_" + config.stem)

        def starts():
            return sum(file.read_text().count("service started") for file in logs.glob("*.log"))

        before = starts()
        process = start("service", "--config", config)
        self.assertTrue(wait_for(lambda: starts() > before), "the service did not start")
        return process

    def test_a_and_b_side_by_side(self):
        soon = time.gmtime(time.time() + 3)
        a = self.config("a", runtime=f"timezone = UTC\nentry_hour = {soon.tm_hour}\n"
                                     f"entry_minute = {soon.tm_min}\n"
                                     "entry_misfire_grace_min = 5\nmanager_interval_sec = 1\n"
                                     "daily_loss_cut_enabled = false\n")
        b = self.config("b", key="bob", runtime="entry_enabled = false\nmanager_interval_sec = 1\n"
                                               "daily_loss_cut_scope = exchange\n"
                                               "run_manage_on_startup = false\n"
                                               "sync_cashflows = false\n")
        service_a, service_b = self.service(a), self.service(b)
        try:
            opened = wait_for(lambda: sum(each["kind"] == "position_opened" and
                                          each["account"] == "alice"
                                          for each in self.journal()) == 3, 90)
            self.assertTrue(opened, "A opened nothing")
            time.sleep(2)  # two patrols
            entries = self.journal()
            self.assertFalse([each for each in entries
                              if each["account"] == "bob" and "orderId" in each])

            busy = run("manage", "--config", a)
            self.assertEqual(busy.returncode, 4, busy.stderr)
            self.assertIn("lock_file", busy.stderr)
            other = self.config("other", lock="elsewhere", db="elsewhere")
            held = run("manage", "--config", other)
            self.assertEqual(held.returncode, 4, held.stderr)
            doctor = json.loads(run("doctor", "--config", a, "--json").stdout)
            self.assertTrue(doctor["ok"], doctor)
            self.assertIn("(service on paper)", json.dumps(doctor))
            beside = run("audit", "--config", a, "--json")
            self.assertEqual(beside.returncode, 0, beside.stdout + beside.stderr)
            self.assertEqual(json.loads(beside.stdout)["positions"], 3)
        finally:
            results = [end(service_a), end(service_b)]
        for code, seconds in results:
            self.assertEqual(code, 0)
            self.assertLess(seconds, 5)
        audit = run("audit", "--config", a, "--json")
        self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)
        self.assertEqual(json.loads(audit.stdout)["positions"], 3)

    def test_a_killed_service_starts_again(self):
        config = self.config("killed", key="bob", runtime="entry_enabled = false\n"
                                                          "manager_interval_sec = 1\n")
        first = self.service(config)
        first.kill()
        first.communicate()
        second = self.service(config)
        self.assertEqual(end(second)[0], 0)


class Test3SlowExchange(Paper):
    paper_options = ("--delay-ms", 3000)

    def test_a_stop_in_the_middle_of_an_entry_ends_within_five_seconds(self):
        process = start("entry", "--config", self.config("slow", timeout=30))
        time.sleep(4)
        self.assertIsNone(process.poll())
        code, seconds = end(process)
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5)


class Test4Faults(Paper):
    def expect(self, code, *arguments, text=None, **options):
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        if text:
            self.assertIn(text, result.stdout + result.stderr)
        return result

    def test_usage(self):
        self.expect(2)
        self.expect(2, "fly")
        self.expect(2, "entry", "--fast")
        self.expect(2, "entry", "--trade-day-utc", "yesterday", "--config", self.config("usage"),
                    text="YYYY-MM-DD")

    def test_configuration(self):
        self.expect(78, "service", "--config", "/nowhere/config.ini", text="--config")
        self.expect(78, "service", "--config", self.config("typo", strategy="leverge = 2"),
                    text="did you mean 'leverage'?")
        open_config = self.config("open")
        open_config.chmod(0o644)
        self.assertEqual(stat.S_IMODE(open_config.stat().st_mode), 0o644)
        self.expect(78, "manage", "--config", open_config, text="chmod 600")
        self.expect(78, "manage", "--config", self.config("example", key="YOUR_BINANCE"),
                    text="api_key")
        self.expect(78, "entry", "--config",
                    self.config("no_entry", runtime="entry_enabled = false"), text="entry_enabled")
        self.expect(78, "manage", "--config", self.config("wrong", key="mallory"))

    def test_live_needs_a_word(self):
        live = self.config("live", url="https://fapi.binance.com")
        for command in ("entry", "manage", "loss-cut", "service"):
            self.expect(78, command, "--config", live, text="    environment = live\n")
        live.write_text(live.read_text().replace("[binance]", "[binance]\nenvironment = testnet"))
        self.expect(78, "audit", "--config", live, text="it says testnet")

    def test_environment_names_the_config(self):
        config = self.config("environment")
        result = self.expect(0, "--print-config", env={"BUBBLE_BUSTER_CONFIG": str(config)})
        self.assertIn("top_n = 3", result.stdout)
        self.assertNotIn("alice-word", result.stdout)
        other = self.config("environment2", strategy="leverage = 4")
        result = self.expect(0, "--print-config", "service", "--config", other,
                             env={"BUBBLE_BUSTER_CONFIG": str(config)})
        self.assertIn("leverage = 4", result.stdout)

    def test_unreachable(self):
        config = self.config("unreachable", url="http://127.0.0.1:9", timeout=2)
        self.expect(5, "manage", "--config", config)
        result = self.expect(5, "manage", "--config", config, "--json")
        self.assertEqual(json.loads(result.stdout)["exit_code"], 5)

    def test_help_and_version(self):
        self.expect(0, "--version", text="bubble-buster")
        for command in ("entry", "manage", "loss-cut", "service", "board", "audit", "doctor",
                        "paper", "demo"):
            self.expect(0, command, "--help", text="Examples:")


class Test5Demo(unittest.TestCase):
    def test_two_days_twice_are_the_same(self):
        reports = []
        for _ in range(2):
            result = run("demo", "--days", 2, "--data", DATA, "--json", "--exit")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            report = json.loads(result.stdout.splitlines()[-1])
            report.pop("wall_s")
            reports.append(report)
        self.assertEqual(reports[0], reports[1])
        self.assertEqual(reports[0]["days"], 2)
        self.assertEqual(reports[0]["runs"], 2)
        self.assertTrue(reports[0]["audit"]["ok"])
        self.assertGreater(reports[0]["opened"], 0)
        self.assertLess(reports[0]["max_unprotected_ms"], 1000)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
