"""The outside auditor sees each thing that must never happen, on a real paper exchange.

Usage: auditor_test.py PROGRAM DATA   (BB_PROGRAM in the environment wins over PROGRAM)
"""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

import auditor
import programs
from client_ids import ClientIds
from exchange_reader import ExchangeReader

DAY = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
TOOL = pathlib.Path(auditor.__file__)
SYMBOL = "ETHUSDT"
OTHER = "BTCUSDT"


class Hand:
    """Somebody with the account's key: a person, another program, or ours with a mistake."""

    def __init__(self, paper, name):
        self.reader = ExchangeReader(paper.url, f"{name}-key", f"{name}-word")
        self.ids = ClientIds(self.reader.alias(), "paper")

    def send(self, path, **params):
        status, text = self.reader.request("POST", path, self.reader.signed(params))
        if status != 200:
            raise RuntimeError(text)
        return json.loads(text)

    def id(self, kind, attempt=0, symbol=SYMBOL, job="patrol"):
        return self.ids.make(DAY, job, symbol, kind, attempt)

    def market(self, side, qty, client_id, symbol=SYMBOL, **more):
        return self.send("/fapi/v1/order", symbol=symbol, side=side, type="MARKET", quantity=qty,
                         newClientOrderId=client_id, newOrderRespType="RESULT", **more)

    def enter(self, qty="0.5", attempt=0):
        return self.market("SELL", qty, self.id("entry", attempt, job="entry"))

    def stop(self, client_id, trigger="9000", symbol=SYMBOL, kind="STOP_MARKET", **more):
        return self.send("/fapi/v1/algoOrder", algoType="CONDITIONAL", symbol=symbol, side="BUY",
                         type=kind, triggerPrice=trigger, clientAlgoId=client_id,
                         **(more or {"closePosition": "true"}))


class Seen(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        names = [name for name in dir(cls) if name.startswith("test_")]
        cls.paper = programs.PaperProcess([f"{n}:{n}-key:{n}-word:100000" for n in names],
                                          "--no-limits")
        cls.paper.control("switch", stop_without_position="accepted")

    @classmethod
    def tearDownClass(cls):
        code, _ = cls.paper.close()
        assert code == 0, code

    def setUp(self):
        self.name = self._testMethodName
        self.hand = Hand(self.paper, self.name)

    def audit(self, **options):
        options = {"journal": True, "patience": 0, **options}
        report = auditor.audit(self.hand.reader, **options)
        return {finding.statement for finding in report.findings}, report

    def test_a_guarded_short_is_no_finding(self):
        self.hand.enter()
        self.hand.stop(self.hand.id("stop"))
        self.hand.stop(self.hand.id("take_profit"), "12", kind="TAKE_PROFIT_MARKET")
        failed, report = self.audit()
        self.assertEqual(failed, set(), list(report.sentences()))
        self.assertEqual(report.figures["entries"], 1)
        self.assertEqual(report.figures["positions"], 1)
        self.assertLess(report.figures["longest_naked_ms"], 3000)

    def test_two_entries_of_a_slot(self):
        self.hand.enter()
        self.hand.enter(attempt=1)
        self.hand.stop(self.hand.id("stop"))
        self.assertEqual(self.audit()[0], {"one entry"})

    def test_a_naked_short(self):
        self.hand.enter()
        time.sleep(0.3)
        self.assertEqual(self.audit(naked_ms=250)[0], {"protected", "never naked"})

    def test_what_was_naked_and_is_not_any_more(self):
        self.hand.enter()
        time.sleep(0.3)
        self.hand.stop(self.hand.id("stop"))
        self.assertEqual(self.audit(naked_ms=250)[0], {"never naked"})

    def test_naked_while_the_service_was_dead(self):
        begun = self.hand.reader.now_ms()
        self.hand.enter()
        time.sleep(0.4)
        self.hand.stop(self.hand.id("stop"))
        dead = [(begun - 5, self.hand.reader.now_ms() + 5)]
        failed, report = self.audit(naked_ms=150, dead=dead)
        self.assertEqual(failed, set(), list(report.sentences()))
        self.assertEqual(self.audit(naked_ms=150)[0], {"never naked"})

    def test_a_stop_that_covers_a_part(self):
        self.hand.enter()
        self.hand.stop(self.hand.id("moving_stop"), quantity="0.2", reduceOnly="true")
        failed, _ = self.audit()
        self.assertIn("protected", failed)

    def test_a_close_that_turns_the_position(self):
        self.hand.enter()
        self.hand.stop(self.hand.id("stop"))
        self.hand.market("BUY", "0.8", self.hand.id("close"))
        self.assertIn("only reducing", self.audit()[0])

    def test_a_covering_stop_that_opened_a_position(self):
        self.hand.enter()
        self.hand.stop(self.hand.id("stop"))
        self.hand.stop(self.hand.id("moving_stop"), quantity="0.9")
        self.assertIn("only reducing", self.audit()[0])

    def test_an_orphan(self):
        self.hand.stop(self.hand.id("moving_stop"), quantity="0.2", reduceOnly="true")
        self.assertEqual(self.audit()[0], {"no orphan"})

    def test_two_covering_stops(self):
        self.hand.enter()
        self.hand.stop(self.hand.id("stop"))
        for attempt in (0, 1):
            self.hand.stop(self.hand.id("moving_stop", attempt), quantity="0.5", reduceOnly="true")
        self.assertEqual(self.audit()[0], {"no orphan"})

    def test_too_many_conditional_orders(self):
        for number in range(181):
            self.hand.stop(f"by-hand-{number}", quantity="0.1", reduceOnly="true")
        self.assertEqual(self.audit()[0], {"few enough"})

    def test_what_others_do_is_no_finding(self):
        self.hand.market("SELL", "1", "by-hand")
        self.hand.market("BUY", "3", "by-hand-too")
        self.hand.stop("somebodys-stop", "500000", OTHER, quantity="0.1", reduceOnly="true")
        failed, report = self.audit(naked_ms=0)
        self.assertEqual(failed, set(), list(report.sentences()))

    def test_ids_of_another_environment_are_others(self):
        self.hand.enter()
        failed, report = self.audit(environment="live", naked_ms=0)
        self.assertEqual(failed, set(), list(report.sentences()))
        self.assertEqual(report.figures["entries"], 0)

    def tool(self, *arguments, url=None):
        environment = {**os.environ, "BB_AUDIT_KEY": f"{self.name}-key",
                       "BB_AUDIT_SECRET": f"{self.name}-word"}
        return subprocess.run(
            [sys.executable, TOOL, "--url", url or self.paper.url, *arguments],
            env=environment, capture_output=True, text=True, timeout=60)

    def test_the_tool_tells_by_exit_code_json_and_sentences(self):
        good = self.tool("--journal", "--json")
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        self.assertTrue(json.loads(good.stdout)["ok"])
        self.hand.enter()
        self.hand.enter(attempt=1)
        bad = self.tool("--patience", "0")
        self.assertEqual(bad.returncode, 1, bad.stdout + bad.stderr)
        self.assertIn("one entry: DOES NOT HOLD", bad.stdout)
        self.assertIn("no orphan: holds", bad.stdout)
        self.assertNotIn("word", bad.stdout + bad.stderr)

    def test_an_exchange_that_does_not_answer_concludes_nothing(self):
        silent = self.tool(url="http://127.0.0.1:9")
        self.assertEqual(silent.returncode, 2, silent.stdout + silent.stderr)
        self.assertIn("nothing is concluded", silent.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
