"""The bot as its owner meets it: the real program, Telegram's fake, the paper exchange behind it.

Usage: bot_test.py PROGRAM DATA   (BB_PROGRAM in the environment wins over PROGRAM)
BB_TRANSCRIPT=1 prints the chats as people read them.
"""

import hashlib
import hmac
import json
import sys
import time
import unittest
import urllib.parse
import urllib.request

from bot_chat import BOB, ELSEWHERE, GROUP, OWNER, PARTNER, SHOWING, STRANGER, TOTP, VIEWER
from bot_chat import BotProcess, Chat, WithBot, code_of, plain, tell
from programs import end, run, start, wait_for, write_private


class Test1Environment(WithBot):
    accounts = ("alice",)

    def environment(self, **more):
        return {"TELEGRAM_TOKEN": self.telegram.token, "TELEGRAM_CHAT_ID": str(GROUP),
                "ENABLED_USERS": f"{OWNER}, {VIEWER}",
                "BINANCE_API_CONFIGS": json.dumps(
                    {"alice@mail.example": {"apiKey": "alice-key", "secret": "alice-word"}}),
                "BUBBLE_BUSTER_BINANCE_BASE_URL": self.paper.url,
                "BUBBLE_BUSTER_TELEGRAM_API_URL": self.telegram.url,
                "BUBBLE_BUSTER_RUNTIME_STATE_DIR": str(self.home / "state"), **more}

    def test_the_variables_alone_make_a_bot(self):
        place = self.home / "empty"
        place.mkdir()
        bot = BotProcess(cwd=place, env=self.environment())
        try:
            owner = Chat(self.telegram, OWNER)
            owner.type("/list_account", "alice@mail.example")
            owner.type("/balance", "10,000.00")
            group = Chat(self.telegram, OWNER, chat=GROUP)
            group.type("/status@bubble_test_bot", "alice@mail.example")
        finally:
            self.assertEqual(bot.close()[0], 0)
        for file in place.rglob("*"):
            if file.is_file():
                body = file.read_bytes()
                self.assertNotIn(b"alice-word", body, file)
                self.assertNotIn(self.telegram.token.split(":")[1].encode(), body, file)

    def test_what_is_wrong_is_told_at_once_and_without_secrets(self):
        place = self.home / "wrong"
        place.mkdir()
        bad = run("bot", cwd=place, env=self.environment(
            ENABLED_USERS="1;2", PROXY_URL="nonsense/", BINANCE_API_CONFIGS=json.dumps(
                {"all": {"apiKey": "xk1", "secret": "xs1"}, "b": {"apiKey": "xk1"},
                 "c": {"key": "xk3", "secret": "xs3"}})))
        self.assertEqual(bad.returncode, 78, bad.stderr)
        for part in ("ENABLED_USERS", "PROXY_URL", "'all' means every account", "no api_secret",
                     "unknown key", "the same api_key"):
            self.assertIn(part, bad.stderr)
        for secret in ("xk1", "xs1", "xs3"):
            self.assertNotIn(secret, bad.stderr)
        nothing = run("bot", cwd=place, env={"HOME": str(place)})
        self.assertEqual(nothing.returncode, 78, nothing.stderr)
        for part in ("no account", "TELEGRAM_TOKEN", "ENABLED_USERS"):
            self.assertIn(part, nothing.stderr)

    def test_a_secret_for_an_authenticator(self):
        made = run("bot", "--new-totp", OWNER, cwd=self.home)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn(f"[user.{OWNER}]", made.stdout)
        self.assertIn("otpauth://totp/", made.stdout)
        self.assertEqual(run("bot", "--new-totp", "777000", cwd=self.home).returncode, 2)


class Test2Journeys(WithBot):
    """alice has a service, bob has nobody; both hold three shorts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice = cls.config("alice", runtime=cls.quiet_day())
        cls.bob = cls.config("bob", runtime=cls.quiet_day())
        cls.service = None
        cls.bot = BotProcess("--config", cls.bot_config())

    @classmethod
    def tearDownClass(cls):
        try:
            assert cls.bot.close()[0] == 0
        finally:
            if cls.service and cls.service.poll() is None:
                end(cls.service)
            super().tearDownClass()

    def setUp(self):
        for config in (self.alice, self.bob):
            run("resume", "--config", config)
        if self.service is None:
            type(self).service = start("service", "--config", self.alice)
            self.assertTrue(wait_for(lambda: json.loads(run(
                "status", "--config", self.alice, "--json").stdout)["holder_state"] == "answers"))
        for name, config in (("alice", self.alice), ("bob", self.bob)):
            if self.positions(config):
                continue
            if name in self.entered:  # one slot a day: the others are opened by hand
                self.short_by_hand(name)
                continue
            self.entered.add(name)
            entered = run("entry", "--config", config, "--json")
            self.assertEqual(entered.returncode, 0, entered.stdout + entered.stderr)

    entered = set()

    def ask(self, method, path, name=None, **parameters):
        """One request to the exchange, signed with that account's key."""
        text = urllib.parse.urlencode(parameters)
        headers = {}
        if name:
            text += f"&timestamp={int(time.time() * 1000)}&recvWindow=30000"
            mac = hmac.new(f"{name}-word".encode(), text.lstrip("&").encode(), hashlib.sha256)
            text = f"{text.lstrip('&')}&signature={mac.hexdigest()}"
            headers["X-MBX-APIKEY"] = f"{name}-key"
        request = urllib.request.Request(f"{self.paper.url}{path}?{text}", method=method,
                                         headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def short_by_hand(self, name):
        prices = {each["symbol"]: float(each["price"])
                  for each in self.ask("GET", "/fapi/v2/ticker/price")}
        def lot(contract):
            return next(f["stepSize"] for f in contract["filters"] if f["filterType"] == "LOT_SIZE")
        cheap = [each["symbol"] for each in self.ask("GET", "/fapi/v1/exchangeInfo")["symbols"]
                 if each["status"] == "TRADING" and each["quoteAsset"] == "USDT"
                 and float(lot(each)) == 1 and 0.1 < prices.get(each["symbol"], 0) < 5]
        for symbol in cheap[:3]:
            self.ask("POST", "/fapi/v1/order", name, symbol=symbol, side="SELL", type="MARKET",
                     quantity=100)

    def every_command(self, language, words):
        owner = Chat(self.telegram, OWNER, language)
        owner.type(f"/language {language}", words["language"])
        for line, part in (
                ("/start", words["menu"]), ("/help", "/flatten"), ("/status", "alice"),
                ("/accounts", BOB), ("/list_account", BOB), ("/positions", "USDT"),
                ("/positions alice", "USDT"), ("/balance", "USDT"),
                ("/orders alice", "STOP_MARKET"),
                ("/pnl", "alice"), ("/pnl week", "alice"), ("/pnl month alice", "alice"),
                ("/equity alice", "alice"), ("/lastrun alice", words["why"]), ("/next", "alice"),
                ("/alerts alice", "alice"), ("/mute 1h alice", "alice"),
                ("/mute off alice", "alice"),
                ("/logs 5 alice", "account=alice"), ("/doctor alice", "alice"),
                ("/version", "Bubble Buster"), ("/audit", words["audit"]),
                ("/flatten", words["which"]), ("/flatten alice 50", "alice"),
                ("/clear alice 50", "alice"), ("/clearpos", BOB), ("/pause bob@mail.example", BOB),
                ("/losscut alice", "alice"), ("/cancel alice", "alice"),
                ("/resume alice", "alice"), ("/lock", words["lock"]), ("/unlock", "🔓"),
                ("/nonsense", "/help"),
                ("/clearpos alice 50 extra", words["nothing"])):
            with self.subTest(line=line, language=language):
                owner.type(line, part)

    def every_button(self, language, words):
        """Every button of the menu, and every button of what it opens, once."""
        owner = Chat(self.telegram, OWNER, language)
        owner.type("/start", words["menu"])
        labels = self.telegram.buttons(owner.newest())
        self.assertGreaterEqual(len(labels), 20)
        skip = ("✅", "👥", "🌐")
        for label in labels:
            if label.startswith("🌐"):
                continue
            with self.subTest(button=label, language=language):
                owner.type("/start", words["menu"])
                owner.press(label)
                time.sleep(0.3)
                inner = self.telegram.buttons(owner.newest())
                self.assertTrue(inner, label)
                for each in inner[:6]:
                    if each.startswith(skip) or each == inner[-1]:
                        continue
                    owner.type("/start", words["menu"])
                    owner.press(label)
                    self.assertIn(each, self.telegram.buttons(owner.newest()), label)
                    owner.press(each)
                back = next((each for each in self.telegram.buttons(owner.newest())
                             if each.startswith(("‹", "✖"))), None)
                self.assertTrue(back, f"no way back from {label}: {owner.text()}")

    ENGLISH = {"language": "English", "menu": "What would you like", "why": "gainers",
               "audit": "chain is whole", "which": "Which account", "nothing": "Nothing was done",
               "lock": "Lock the bot"}
    CHINESE = {"language": "中文", "menu": "请选择", "why": "涨幅", "audit": "校验完整",
               "which": "选择账户", "nothing": "未执行任何操作",
               "lock": "锁定机器人"}

    def test_1_every_command_in_english(self):
        self.every_command("en", self.ENGLISH)

    def test_2_every_command_in_chinese(self):
        self.every_command("zh", self.CHINESE)

    def test_3_every_button_in_english(self):
        Chat(self.telegram, OWNER).type("/language en", "English")
        self.every_button("en", self.ENGLISH)

    def test_4_every_button_in_chinese(self):
        Chat(self.telegram, OWNER).type("/language zh", "中文")
        self.every_button("zh", self.CHINESE)
        Chat(self.telegram, OWNER).type("/language en", "English")

    def percent_and_symbols(self, language, words):
        owner = Chat(self.telegram, OWNER, language)
        owner.type(f"/language {language}", words["language"])
        if len(self.positions(self.alice)) < 3:
            self.short_by_hand("alice")
        before = {each["symbol"]: float(each["qty"]) for each in self.positions(self.alice)}
        first, second = sorted(before)[:2]
        owner.type("/start", words["menu"])
        owner.press(words["flatten"], words["which"])
        owner.press("alice")
        owner.press("33 %", "33 %")
        owner.press("−1 %", "32 %")
        owner.press(words["symbols"], words["choose"])
        owner.press(first, words["choose"])
        owner.press(second, words["choose"])
        self.assertIn(f"☑ {first}", self.telegram.buttons(owner.newest()))
        owner.press(words["on"], "32 %")
        owner.press("✅")
        self.assertIn(words["reduced"], self.done(owner, words["working"]))
        for symbol, qty in before.items():
            now = next(float(each["qty"]) for each in self.positions(self.alice)
                       if each["symbol"] == symbol)
            if symbol in (first, second):
                self.assertAlmostEqual(now / qty, 0.68, delta=0.02)
            else:
                self.assertEqual(now, qty)

    def test_4b_percent_and_symbols_by_buttons(self):
        self.percent_and_symbols("en", self.ENGLISH | {
            "flatten": "⏹ Flatten", "symbols": "Symbols…", "choose": "Which symbols",
            "on": "Go on with 2 symbols", "reduced": "2 reduced", "working": "working"})

    def test_4c_percent_and_symbols_by_buttons_in_chinese(self):
        self.percent_and_symbols("zh", self.CHINESE | {
            "flatten": "⏹ 平仓", "symbols": "选择合约", "choose": "点击选中",
            "on": "已选 2 个合约", "reduced": "2 个持仓已减仓", "working": "执行中"})
        Chat(self.telegram, OWNER).type("/language en", "English")

    def limit_order(self, name, contract, price):
        tick = next(f["tickSize"] for f in contract["filters"]
                    if f["filterType"] == "PRICE_FILTER").rstrip("0")
        places = len(tick.split(".")[1]) if "." in tick else 0
        self.ask("POST", "/fapi/v1/order", name, symbol=contract["symbol"], side="SELL",
                 type="LIMIT", timeInForce="GTC", quantity=100, price=f"{price * 1.03:.{places}f}")

    def test_4d_opening_orders_of_one_symbol_are_canceled_by_buttons(self):
        prices = {each["symbol"]: float(each["price"])
                  for each in self.ask("GET", "/fapi/v2/ticker/price")}
        found = [each for each in self.ask("GET", "/fapi/v1/exchangeInfo")["symbols"]
                 if each["status"] == "TRADING" and each["quoteAsset"] == "USDT"
                 and 0.1 < prices.get(each["symbol"], 0) < 5 and float(next(
                     f["stepSize"] for f in each["filters"] if f["filterType"] == "LOT_SIZE")) == 1]
        one, other = found[:2]
        def resting():
            return sorted(order["symbol"] for order in self.ask("GET", "/fapi/v1/openOrders", "bob")
                          if order["type"] == "LIMIT")
        for language, words in (("en", ("Cancel orders", "Symbols…", "Which symbols", "Go on",
                                        "1 order canceled", "English")),
                                ("zh", ("撤开仓单", "选择合约", "点击选中", "继续", "已撤 1 笔",
                                        "中文"))):
            with self.subTest(language=language):
                for contract in (one, other):
                    if contract["symbol"] not in resting():
                        self.limit_order("bob", contract, prices[contract["symbol"]])
                owner = Chat(self.telegram, OWNER, language)
                owner.type(f"/language {language}", words[5])
                owner.type("/start")
                owner.press(words[0])
                owner.press(BOB, BOB)
                owner.press(words[1], words[2])
                owner.press(one["symbol"], words[2])
                owner.press(words[3], one["symbol"])
                owner.press("✅", words[4])
                self.assertEqual(resting(), [other["symbol"]])
        Chat(self.telegram, OWNER).type("/language en", "English")
        self.ask("DELETE", "/fapi/v1/allOpenOrders", "bob", symbol=other["symbol"])

    def test_5_flatten_by_buttons_is_flat_at_the_exchange(self):
        owner = Chat(self.telegram, OWNER)
        owner.type("/start", "What would you like")
        owner.press("Flatten", "Which account")
        owner.press("All accounts", "positions")
        owner.press("Yes", "working")
        self.telegram.wait(lambda: "working" not in owner.text(), 130, "the end of the flatten")
        tell("bot", owner.text())
        self.assertEqual(owner.text().count("FLAT"), 2, owner.text())
        for config in (self.alice, self.bob):
            status = json.loads(run("status", "--config", config, "--json").stdout)
            self.assertEqual(status["positions"], [])
            self.assertEqual(status["entries"], "paused")
            self.assertIn(f"user {OWNER}", status["latch"]["who"])
        # nothing is left to press but the way back
        self.assertEqual(self.telegram.buttons(owner.newest()), ["‹ Menu"])

    def done(self, owner, working):
        """What stands there when nothing is at work any more."""
        self.telegram.wait(lambda: working not in owner.text(), 130, "the end of it")
        tell("bot", owner.text())
        return owner.text()

    def test_5b_every_deed_in_chinese(self):
        owner = Chat(self.telegram, OWNER, "zh")
        partner = Chat(self.telegram, PARTNER, "zh")
        owner.type("/language zh", "中文")
        partner.type("/language zh", "中文")
        for line, part in (("/clear alice 50", "减仓"), ("/cancel alice", "已撤"),
                           ("/losscut alice", "个持仓"), ("/flatten alice losers", "已平"),
                           (f"/pause {BOB}", "已暂停开仓"), ("/clearpos alice", "已平")):
            with self.subTest(line=line):
                owner.type(line, "是否执行")
                owner.press("✅")
                self.assertIn(part, self.done(owner, "执行中"))
        self.assertEqual(self.positions(self.alice), [])
        self.assertEqual(len(self.positions(self.bob)), 3)
        partner.type("/resume alice", "身份验证器")
        for digit in code_of(TOTP, time.time() - 30):
            partner.press(digit)
        self.telegram.wait(lambda: "已允许开仓" in partner.text(), 130, "the resume")
        tell("bot", partner.text())
        for chat in (owner, partner):
            chat.type("/language en", "English")

    def test_5c_a_storm_delays_the_words_and_not_the_closes(self):
        owner = Chat(self.telegram, OWNER)
        owner.type("/flatten all", "positions")
        message = owner.newest()
        self.telegram.storm(3, chat=OWNER, times=6)
        self.telegram.press(OWNER, message["message_id"], "Yes", OWNER, "en")
        self.assertTrue(wait_for(lambda: not self.positions(self.alice)
                                 and not self.positions(self.bob)))
        self.telegram.wait(lambda: owner.text().count("FLAT") == 2, 130, "the result")

    def test_5d_who_blocks_the_bot_silences_nobody_else(self):
        owner = Chat(self.telegram, OWNER)
        self.telegram.block(VIEWER)
        self.telegram.message(VIEWER, VIEWER, "/status", "en")
        owner.type("/status", "alice")
        self.telegram.know(VIEWER)
        Chat(self.telegram, VIEWER).type("/positions", "USDT")

    def test_6_pause_and_resume_with_both_factors(self):
        owner = Chat(self.telegram, OWNER)
        partner = Chat(self.telegram, PARTNER)
        owner.type("/pause alice", "alice")
        owner.press("Yes", "entries are paused")
        owner.type("/resume alice", "another admin")
        mark = len(partner.shows())
        owner.press("Ask another admin", "Asked: partner")
        partner.after(mark, "Do you agree?")
        partner.press("Agree", "Agreed")
        self.telegram.wait(lambda: "entries are allowed" in owner.text(), 130, "the resume")
        status = json.loads(run("status", "--config", self.alice, "--json").stdout)
        self.assertEqual(status["entries"], "allowed")
        owner.type("/pause alice", "alice")
        owner.press("Yes", "entries are paused")
        partner.type("/resume alice", "authenticator")
        partner.type(code_of(TOTP), "entries are allowed")
        self.assertTrue(self.telegram.sent("deleteMessage", PARTNER))

    def test_6b_a_lock_leaves_what_closes_and_ends_with_a_second_word(self):
        owner = Chat(self.telegram, OWNER)
        owner.type("/start", "What would you like")
        owner.press("🔒 Lock", "nobody can do anything here but")
        owner.press("Yes", "Locked by")
        owner.type("/resume alice", "only what takes risk away")
        owner.type("/status", "alice")
        owner.type("/pause alice", "alice")
        owner.press("Yes", "entries are paused")
        ended = run("bot", "--unlock", "--config", self.home / "bot.ini")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        owner.type("/losscut alice", "alice")
        partner = Chat(self.telegram, PARTNER, "zh")
        owner.type("/language zh", "中文")
        partner.type("/language zh", "中文")
        owner.type("/lock", "锁定机器人")
        owner.press("✅", "已由")
        owner.type("/positions", "仅可平仓")
        owner.type("/start", "仅以下功能可用")
        owner.press("🔓", "锁定")
        mark = len(partner.shows())
        owner.press("👥", "已请求")
        partner.after(mark, "解锁机器人")
        partner.press("同意")
        self.telegram.wait(lambda: "解锁" in owner.text() and "🔓" in owner.text(), 130, "the end")
        for chat in (owner, partner):
            chat.type("/language en", "English")

    def test_7_strangers_viewers_and_old_commands_change_nothing(self):
        before = len([e for e in self.paper.journal() if e["kind"] == "order_accepted"])
        viewer = Chat(self.telegram, VIEWER)
        viewer.type("/flatten alice", "may not")
        viewer.type("/positions " + BOB, "no account")
        mark = len(self.telegram.sent())
        for sender, chat in ((STRANGER, STRANGER), (STRANGER, GROUP), (OWNER, ELSEWHERE)):
            self.telegram.know(chat)
            self.telegram.message(chat, sender, "/flatten all")
        self.telegram.forwarded(OWNER, OWNER, "/clearpos")
        self.telegram.via_bot(OWNER, OWNER, "/clearpos")
        self.telegram.edited_message(OWNER, OWNER, "/clearpos")
        self.telegram.anonymous_admin(GROUP, "/clearpos")
        self.telegram.as_channel(GROUP, "/clearpos")
        self.telegram.caption(OWNER, OWNER, "/clearpos")
        owner = Chat(self.telegram, OWNER)
        owner.type("/clearpos", "expired", age=3600)
        answers = [call for call in self.telegram.sent()[mark:] if call["method"] in SHOWING]
        self.assertEqual(len(answers), 1, answers)
        after = len([e for e in self.paper.journal() if e["kind"] == "order_accepted"])
        self.assertEqual(before, after)

    def test_8_a_restart_repeats_nothing(self):
        owner = Chat(self.telegram, OWNER)
        owner.type("/pause " + BOB, "bob")
        message = owner.newest()
        data = self.telegram.data_of(message, "Yes")
        owner.press("Yes", "entries are paused")
        self.assertEqual(self.bot.close()[0], 0)
        self.telegram.message(OWNER, OWNER, "/clearpos", age=300)
        mark = len(owner.shows())
        type(self).bot = BotProcess("--config", self.home / "bot.ini")
        owner.after(mark, "expired")
        query = self.telegram.press(OWNER, message["message_id"], "Yes", data=data)
        told = self.telegram.wait_answer(query)
        self.assertIn("used or too old", told["parameters"]["text"])


    def test_9_a_shell_reaches_the_same_accounts_by_name(self):
        config = self.home / "bot.ini"
        one = run("status", "--account", BOB, "--config", config, "--json")
        self.assertEqual(one.returncode, 0, one.stderr)
        self.assertEqual(len(json.loads(one.stdout)["positions"]), 3)
        seen = run("flatten", "--preview", "--account", "all", "--config", config, "--json")
        self.assertEqual(seen.returncode, 0, seen.stderr)
        told = json.loads(seen.stdout)["accounts"]
        self.assertEqual([each["account"] for each in told], ["alice", BOB])
        self.assertEqual([len(each["result"]["positions"]) for each in told], [3, 3])
        wrong = run("flatten", "--account", "alise", "--config", config)
        self.assertEqual(wrong.returncode, 2, wrong.stderr)
        self.assertIn("did you mean 'alice'?", wrong.stderr)
        two = run("status", "--account", "all", "--config", config)
        self.assertEqual(two.returncode, 2, two.stderr)
        done = run("flatten", "--account", "group:south", "--config", config)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.positions(self.bob), [])
        self.assertEqual(len(self.positions(self.alice)), 3)



class Test3TwoOfThem(WithBot):
    """Another process polls with the same token."""

    accounts = ("alice", "bob")

    def test_the_other_one_is_told_and_this_one_comes_back(self):
        config = self.bot_config("two")
        write_private(config, config.read_text().replace("enabled = false", "enabled = true"))
        bot = BotProcess("--config", config)
        try:
            owner = Chat(self.telegram, OWNER)
            owner.type("/version", "Bubble Buster")
            self.telegram.refuse(409, "Conflict: terminated by other getUpdates request",
                                 "getUpdates", None, 1)
            log = next((self.home / "logs_two").glob("strategy_*.log"))
            self.telegram.message(OWNER, OWNER, "/status", "en")
            self.assertTrue(wait_for(lambda: "another process polls" in log.read_text(), 70))
            # It hears nothing, but it can still speak.
            self.telegram.wait(lambda: any(
                "another process polls" in plain(call["parameters"].get("text", ""))
                for call in self.telegram.sent("sendMessage", GROUP)), 30, "the alarm in the chat")
            owner.type("/version", "Bubble Buster", seconds=60)
            self.assertNotIn(self.telegram.token.split(":")[1], log.read_text())
        finally:
            self.assertEqual(bot.close()[0], 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
