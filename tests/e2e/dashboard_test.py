"""The dashboard of the program: service inside or beside, sign-in, actions, health.

Usage: dashboard_test.py PROGRAM DATA   (BB_PROGRAM in the environment wins over PROGRAM)
"""

import http.client
import json
import pathlib
import signal
import subprocess
import tempfile
import unittest
import urllib.parse

from programs import (DATA, PROGRAM, PaperProcess, clean_environment, config_text, end, run, start,
                      wait_for, write_private)

WORD = "a word for tests only"


class Browser:
    """Asks as the page does, and keeps its cookie and token."""

    def __init__(self, url):
        self.netloc = urllib.parse.urlsplit(url).netloc
        self.cookie = self.token = ""

    def ask(self, path, body=None):
        connection = http.client.HTTPConnection(self.netloc, timeout=60)
        headers = {"Sec-Fetch-Site": "same-origin", "Cookie": self.cookie,
                   "X-CSRF-Token": self.token}
        if body is not None:
            headers |= {"Origin": "http://" + self.netloc, "Content-Type": "application/json"}
        connection.request("GET" if body is None else "POST", path,
                           None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.getheader("Set-Cookie"):
            self.cookie = answer.getheader("Set-Cookie").split(";")[0]
        connection.close()
        return answer.status, json.loads(text)

    def sign_in(self, word=WORD):
        status, body = self.ask("/api/v1/sign-in", {"password": word})
        self.token = body.get("csrf", "")
        return status

    def act(self, **wish):
        status, prepared = self.ask("/api/v1/actions/prepare", wish)
        assert status == 200, prepared
        return self.ask("/api/v1/actions/confirm", {"confirm": prepared["confirm"]})


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.paper = PaperProcess(["page:page-key:page-word:1000"], "--no-limits")
        self.folder = tempfile.TemporaryDirectory(prefix="bb-page-")
        self.started = []

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                end(process)
        self.paper.close()
        self.folder.cleanup()

    def config(self, name="one", service="true", more=""):
        files = f"""state_dir = state
lock_file = {name}.lock
lock_wait_sec = 0.3
db_path = page.db
log_dir = logs_{name}
manager_interval_sec = 1
dashboard_port = 0
run_service_with_dashboard = {service}
"""
        text = config_text(self.paper.url, "page-key", "page-word", "top_n = 3\n", files) + more
        return write_private(pathlib.Path(self.folder.name) / f"{name}.ini", text)

    def launch(self, *arguments):
        process = start(*arguments)
        self.started.append(process)
        return process

    def open(self, config):
        process = self.launch("dashboard", "--json", "--config", config)
        line = process.stdout.readline()
        self.assertTrue(line, process.poll() is not None and process.stderr.read())
        return process, Browser(json.loads(line)["url"])

    def hashed(self):
        made = subprocess.run([PROGRAM, "dashboard", "--hash-password"], input=WORD + "\n",
                              env=clean_environment(), capture_output=True, text=True, timeout=60)
        self.assertTrue(made.stdout.startswith("$argon2id$"), made.stderr)
        return f"[dashboard]\npassword_hash = {made.stdout.strip()}\nlive_interval_sec = 5\n"

    def test_service_inside_trades_and_takes_actions_from_the_page(self):
        config = self.config(more=self.hashed())
        process, page = self.open(config)
        self.assertEqual(page.ask("/api/v1/state")[0], 401)
        self.assertEqual(page.sign_in("not the word"), 401)
        self.assertEqual(page.sign_in(), 200)
        self.assertTrue(wait_for(lambda: page.ask("/healthz")[0] == 200), "the service runs")
        # On a machine with its hands full the holder may be silent for two seconds: again.
        entered = []

        def enters():
            entered.append(run("entry", "--config", config, "--json"))
            return entered[-1].returncode == 0
        self.assertTrue(wait_for(enters, 60), entered)

        def protected():
            page.ask("/api/v1/state")
            rows = page.ask("/api/v1/positions")[1]["positions"]
            return len(rows) == 3 and all(row["stop_order"] and row["target_order"]
                                          for row in rows) and rows
        rows = None
        self.assertTrue(wait_for(lambda: protected(), 40), page.ask("/api/v1/positions"))
        rows = protected()
        status, body = page.act(action="flatten", symbol=rows[0]["symbol"], percent="100")
        self.assertEqual((status, body["report"]["exit_code"]), (200, 0), body)
        self.assertEqual(page.ask("/api/v1/state")[1]["latch"]["kind"], "paused")
        closed = page.ask("/api/v1/closed")[1]["positions"]
        self.assertEqual([row["status"] for row in closed], ["CLOSED_FLATTEN"])
        self.assertIsNotNone(closed[0]["net_pnl"])
        self.assertEqual(page.act(action="resume")[1]["report"]["exit_code"], 0)
        self.assertIsNone(page.ask("/api/v1/state")[1]["latch"])
        audit = page.ask("/api/v1/audit")[1]["commands"]
        self.assertIn("dashboard, owner at 127.0.0.1", [row["who"] for row in audit])
        candles = page.ask("/api/v1/candles?symbol=" + urllib.parse.quote(rows[1]["symbol"]))
        self.assertEqual(candles[0], 200, candles)
        self.assertTrue(wait_for(lambda: page.ask("/api/v1/equity?window=1H")[1]["points"]))
        for secret in ("page-key", "page-word", "argon2id"):
            for path in ("/api/v1/state", "/api/v1/logs", "/api/dashboard", "/api/v1/audit"):
                self.assertNotIn(secret, json.dumps(page.ask(path)[1]), path)
        self.check_catch_up(page, config)
        code, seconds = end(process)
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5)

    def check_catch_up(self, page, config):
        text = config.read_text()
        config.write_text("# a comment of mine\n" + text)
        self.assertTrue(page.ask("/api/runtime/settings")[1]["entry_catchup_enabled"])
        status, body = page.act(action="catch-up", reason="off")
        self.assertEqual((status, body["report"]["exit_code"]), (200, 0), body)
        self.assertFalse(page.ask("/api/runtime/settings")[1]["entry_catchup_enabled"])
        self.assertIn("# a comment of mine\n", config.read_text())
        self.assertIn("entry_catchup_enabled = false\n", config.read_text())
        status, body = page.ask("/api/runtime/settings/entry-catchup?enabled=true", {})
        self.assertEqual((status, body["applied_runtime"], body["persisted"]), (200, True, True))
        self.assertEqual(config.read_text().count("entry_catchup_enabled"), 1)
        kinds = [row["kind"] for row in page.ask("/api/v1/audit")[1]["commands"]]
        self.assertEqual(kinds.count("catch-up"), 2)
        runs = page.ask("/api/v1/runs")[1]["runs"]
        board = page.ask("/api/v1/runs/" + runs[0]["run_id"])[1]["ranking"]
        verdicts = [row["verdict"] for row in board["contracts"]]
        self.assertEqual(verdicts.count("picked"), 3)
        self.assertIn("below", verdicts)

    def test_run_goes_on_when_its_bot_cannot(self):
        more = "[telegram]\ntoken = 1:abcdefghijklmnopqrstuvwxyzabcdefghi\n" \
               "api_url = http://127.0.0.1:9\n[bot]\nusers = 1\nops_db = /nowhere/ops.db\n"
        process = self.launch("run", "--json", "--config", self.config(more=more))
        line = process.stdout.readline()
        self.assertTrue(line, process.poll() is not None and process.stderr.read())
        page = Browser(json.loads(line)["url"])
        self.assertTrue(wait_for(lambda: page.ask("/healthz")[0] == 200), "the service runs")

        def told():
            log = "".join(path.read_text() for path in
                          (pathlib.Path(self.folder.name) / "logs_one").glob("*.log"))
            return "the bot ended, the service goes on" in log
        self.assertTrue(wait_for(told))
        self.assertIsNone(process.poll())
        self.assertEqual(end(process)[0], 0)

    def test_the_demo_ends_at_a_page_whose_time_is_the_replays(self):
        process = self.launch("demo", "--days", "1", "--port", "0", "--json", "--data", DATA,
                              "--speed", "3600")
        page = Browser(json.loads(process.stdout.readline())["url"])
        self.assertEqual(page.ask("/healthz")[0], 200)
        first = page.ask("/api/v1/state")[1]
        begin, day = first["replay"]["begin"], 86_400_000
        self.assertTrue(begin <= first["now"] <= begin + day, first)
        self.assertEqual(first["replay"]["speed"], 3600)
        status, body = page.ask("/api/v1/replay", {"paused": True})
        self.assertEqual((status, body["replay"]["paused"]), (200, True))
        self.assertEqual(page.ask("/api/v1/replay", {"speed": 0})[0], 422)
        stood = page.ask("/api/v1/state")[1]["now"]
        self.assertLess(page.ask("/api/v1/state")[1]["now"] - stood, 3_600_000)
        page.ask("/api/v1/replay", {"paused": False, "speed": 100_000})
        self.assertTrue(wait_for(lambda: page.ask("/api/v1/state")[1]["replay"]["ended"], 240))
        self.assertTrue(page.ask("/api/v1/runs")[1]["runs"])
        self.assertTrue(page.ask("/api/v1/equity?window=1D")[1]["points"])
        report = json.loads(process.stdout.readline())
        self.assertTrue(report["audit"]["ok"], report)
        self.assertIsNone(process.poll())
        self.assertEqual(end(process)[0], 0)

    def test_beside_a_service_health_tells_within_five_seconds_that_it_died(self):
        service = self.launch("service", "--config", self.config())
        _, page = self.open(self.config("two", service="false"))
        self.assertTrue(wait_for(lambda: page.ask("/healthz")[0] == 200), page.ask("/healthz"))
        self.assertTrue(wait_for(lambda: page.ask("/api/v1/state")[1]["holder"].get("pid") ==
                                 service.pid))
        service.send_signal(signal.SIGKILL)
        service.communicate(timeout=10)
        self.assertTrue(wait_for(lambda: page.ask("/healthz")[0] == 503, 5), "down within 5 s")
        self.assertEqual(page.ask("/api/v1/state")[1]["holder"]["state"], "absent")

    def test_a_lock_that_a_service_holds_is_explained_and_the_page_goes_on(self):
        service = self.launch("service", "--config", self.config())
        _, before = self.open(self.config("looker", service="false"))
        self.assertTrue(wait_for(lambda: before.ask("/healthz")[0] == 200))
        process, page = self.open(self.config("two"))

        def explained():
            log = "".join(path.read_text() for path in
                          (pathlib.Path(self.folder.name) / "logs_two").glob("*.log"))
            return "the dashboard goes on beside it" in log and f"pid {service.pid}" in log
        self.assertTrue(wait_for(explained))
        self.assertTrue(wait_for(lambda: page.ask("/api/v1/state")[1]["holder"].get("pid") ==
                                 service.pid))
        self.assertIsNone(process.poll())

    def test_it_listens_elsewhere_only_with_password_and_tls(self):
        done = run("dashboard", "--host", "0.0.0.0", "--config", self.config())
        self.assertEqual(done.returncode, 78, done.stdout + done.stderr)
        self.assertIn("--hash-password", done.stderr)
        self.assertIn("TLS", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=["dashboard_test"], verbosity=2)
