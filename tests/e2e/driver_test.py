"""The program as its user meets it: real processes, real sockets, its own paper exchange.

Usage: driver_test.py PROGRAM DATA   (BB_PROGRAM in the environment wins over PROGRAM)
"""

import hashlib
import hmac
import json
import pathlib
import signal
import sqlite3
import stat
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from programs import DATA, config_text, end, run, start, wait_for, write_private


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
        files = f"""state_dir = state
lock_file = {changes.get("lock", name)}.lock
lock_wait_sec = 0.3
db_path = {changes.get("db", key)}.db
log_dir = logs_{name}
"""
        text = config_text(changes.get("url", self.url), f"{key}-key", f"{key}-word",
                           "top_n = 3\nallocation_splits = 3\n" + strategy, files + runtime,
                           changes.get("timeout", 10))
        return write_private(pathlib.Path(self.folder.name) / f"{name}.ini", text)

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

            other = self.config("other", lock="elsewhere", db="elsewhere")
            for config in (a, other):  # whatever the config: one account, one holder
                patrol = run("manage", "--config", config, "--json")
                self.assertEqual(patrol.returncode, 0, patrol.stdout + patrol.stderr)
                self.assertEqual(json.loads(patrol.stdout)["by"]["pid"], service_a.pid)
            busy = run("service", "--config", a)
            self.assertEqual(busy.returncode, 4, busy.stderr)
            self.assertIn("lock_file", busy.stderr)
            held = run("service", "--config", other)
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
        for command in ("entry", "manage", "loss-cut", "flatten", "pause", "resume", "status",
                        "service", "board", "audit", "doctor", "paper", "demo"):
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


class Test5Live(unittest.TestCase):
    """A paper exchange that follows another one live."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        token = pathlib.Path(self.folder.name) / "token"
        token.write_text("a-token-of-some-length\n")
        token.chmod(0o600)
        self.source = start("paper", "--port", 0, "--data", DATA, "--json", "--control-port", 0,
                            "--control-token-file", token)
        told = json.loads(self.source.stdout.readline())
        self.source_url = told["base_url"]
        self.control = f"http://127.0.0.1:{told['control_port']}/control/price"
        self.paper = start("paper", "--port", 0, "--live", self.source_url, "--json",
                           "--account", "alice:alice-key:alice-word:10000")
        self.announcement = json.loads(self.paper.stdout.readline())

    def tearDown(self):
        for process in (self.paper, self.source):
            code, seconds = end(process)
            self.assertEqual(code, 0)
            self.assertLess(seconds, 5)
        self.folder.cleanup()

    def get(self, path, url=None):
        with urllib.request.urlopen((url or self.announcement["base_url"]) + path,
                                    timeout=10) as answer:
            return json.loads(answer.read())

    def signed(self, method, path, query):
        query += f"&timestamp={self.get('/fapi/v1/time')['serverTime']}"
        word = hmac.new(b"alice-word", query.encode(), hashlib.sha256).hexdigest()
        request = urllib.request.Request(
            f"{self.announcement['base_url']}{path}?{query}&signature={word}", method=method,
            headers={"X-MBX-APIKEY": "alice-key"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def price(self, url=None):
        return self.get("/fapi/v2/ticker/price?symbol=BTCUSDT", url)["price"]

    def order(self, side):
        return self.signed("POST", "/fapi/v1/order",
                           f"symbol=BTCUSDT&side={side}&type=MARKET&quantity=0.002")

    def test_prices_follow_and_silence_refuses_orders(self):
        self.assertEqual(self.announcement["live"], self.source_url)
        status, answer = self.order("SELL")
        self.assertEqual(status, 200, answer)
        request = urllib.request.Request(
            self.control, data=json.dumps({"symbol": "BTCUSDT", "price": "77777"}).encode(),
            headers={"Authorization": "Bearer a-token-of-some-length"})
        urllib.request.urlopen(request, timeout=10).close()
        self.assertTrue(wait_for(lambda: float(self.price()) == 77777), self.price())

        # a long beside the short: a small position in a large account
        self.assertEqual(self.order("BUY")[0], 200)
        self.assertEqual(self.order("BUY")[0], 200)
        self.source.send_signal(signal.SIGSTOP)
        try:
            self.assertTrue(wait_for(lambda: self.order("BUY")[0] == 503))
        finally:
            self.source.send_signal(signal.SIGCONT)
        self.assertTrue(wait_for(lambda: self.order("BUY")[0] == 200, seconds=60))

    def test_without_a_source_it_says_so(self):
        result = run("paper", "--port", 0, "--live", "http://127.0.0.1:1")
        self.assertEqual(result.returncode, 5, result.stderr)
        self.assertIn("127.0.0.1:1", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
