"""The bot as its owner meets it: the real program, Telegram's fake, the paper exchange behind it.

Usage: bot_test.py PROGRAM DATA   (BB_PROGRAM in the environment wins over PROGRAM)
BB_TRANSCRIPT=1 prints the chats as people read them.
"""

import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fake_bot_api import FakeBotApi  # noqa: E402
from programs import PROGRAM, PaperProcess, clean_environment, config_text  # noqa: E402
from programs import end, run, start, wait_for, write_private  # noqa: E402

OWNER, PARTNER, VIEWER, STRANGER = 4001, 4002, 4003, 4999
GROUP, ELSEWHERE = -1001234567890, -1009876543210
BOB = "bob@mail.example"
TOTP = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
TRANSCRIPT = os.environ.get("BB_TRANSCRIPT")
SHOWING = ("sendMessage", "editMessageText", "sendDocument", "sendPhoto")


def plain(text):
    return html.unescape(re.sub(r"<[^>]*>", "", text or ""))


def tell(who, text, buttons=()):
    if not TRANSCRIPT:
        return
    print(f"[{who}]", plain(text).replace("\n", "\n    "))
    if buttons:
        print("    " + " ".join(f"[{each}]" for each in buttons))
    sys.stdout.flush()


def code_of(secret, now=None):
    import base64
    import hashlib
    import hmac
    step = int((now or time.time()) / 30)
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7fffffff) % 10 ** 6:06}"


class Chat:
    """One person's private chat with the bot, in his language."""

    def __init__(self, telegram, user, language="en", chat=None):
        self.telegram, self.user, self.language = telegram, user, language
        self.chat = chat or user
        telegram.know(self.chat)

    def shows(self):
        return [call for call in self.telegram.sent(chat=self.chat) if call["method"] in SHOWING]

    def after(self, mark, part, seconds=40):
        def look():
            for call in reversed(self.shows()[mark:]):
                text = call["parameters"].get("text") or call["parameters"].get("caption") or ""
                if part in plain(text):
                    return call
            return None
        self.telegram.wait(look, seconds, f"an answer with {part!r} to {self.user}")
        message = self.newest()
        tell("bot", message.get("text") or message.get("caption"), self.telegram.buttons(message))
        return message

    def newest(self):
        number = self.shows()[-1]["answer"]["result"]["message_id"]
        return next(m for m in self.telegram.messages(self.chat) if m["message_id"] == number)

    def type(self, text, part="", seconds=40, **more):
        mark = len(self.shows())
        tell(f"user {self.user}", text)
        self.telegram.message(self.chat, self.user, text, self.language, **more)
        return self.after(mark, part, seconds)

    def press(self, button, part="", seconds=40):
        mark = len(self.shows())
        message = self.newest()
        tell(f"user {self.user}", f"presses {button}")
        self.telegram.press(self.chat, message["message_id"], button, self.user, self.language)
        return self.after(mark, part, seconds)

    def text(self):
        message = self.newest()
        return plain(message.get("text") or message.get("caption"))


class BotProcess:
    def __init__(self, *arguments, env=None, cwd=None):
        self.process = subprocess.Popen(
            [PROGRAM, "bot", *map(str, arguments)], cwd=cwd, env=clean_environment(env),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def close(self):
        if self.process.poll() is not None:
            raise AssertionError("the bot ended: " + "".join(self.process.communicate()))
        return end(self.process)


class WithBot(unittest.TestCase):
    accounts = ("alice", "bob", "carl")

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="bb-bot-")
        cls.home = pathlib.Path(cls.folder.name)
        cls.paper = PaperProcess([f"{name}:{name}-key:{name}-word:10000" for name in cls.accounts],
                                 "--no-limits")
        cls.telegram = FakeBotApi(callback_seconds=60).start()
        for user in (OWNER, PARTNER, VIEWER, GROUP):
            cls.telegram.know(user)

    @classmethod
    def tearDownClass(cls):
        cls.telegram.stop()
        cls.paper.close()
        cls.folder.cleanup()

    @classmethod
    def config(cls, name, key=None, more="", runtime=""):
        files = f"""state_dir = state
lock_file = {name}.lock
lock_wait_sec = 0.3
db_path = {name}.db
log_dir = logs_{name}
"""
        key = key or name
        text = config_text(cls.paper.url, f"{key}-key" if key != "none" else "",
                           f"{key}-word" if key != "none" else "",
                           "top_n = 3\nallocation_splits = 3\n", files + runtime)
        return write_private(cls.home / f"{name}.ini", text + more)

    @classmethod
    def bot_config(cls, name="bot"):
        return cls.config(name, "none", f"""
[telegram]
token = {cls.telegram.token}
chat_id = {GROUP}
api_url = {cls.telegram.url}
[bot]
users = {OWNER}
ops_db = {name}-ops.db
[user.{PARTNER}]
name = partner
admin = *
totp_secret = {TOTP}
[user.{VIEWER}]
viewer = alice
[account.alice]
api_key = alice-key
api_secret = alice-word
group = north
[account.{BOB}]
apiKey = bob-key
secret = bob-word
group = south
""")

    @staticmethod
    def quiet_day():
        later = time.gmtime(time.time() + 3 * 3600)
        return f"""timezone = UTC
entry_hour = {later.tm_hour}
entry_minute = {later.tm_min}
entry_catchup_enabled = false
daily_loss_cut_enabled = false
manager_interval_sec = 10
"""

    def positions(self, config):
        return json.loads(run("status", "--config", config, "--json").stdout)["positions"]


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
        for config in (self.alice, self.bob):
            if not self.positions(config):
                self.day = getattr(self, "day", 0) + 1
                day = f"2026-03-{len(self.paper.journal()) % 27 + 1:02}"
                entered = run("entry", "--config", config, "--trade-day-utc", day, "--json")
                self.assertEqual(entered.returncode, 0, entered.stdout + entered.stderr)

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
                ("/logs 5 alice", "alice"), ("/doctor alice", "alice"),
                ("/version", "Bubble Buster"), ("/audit", words["audit"]),
                ("/flatten", words["which"]), ("/flatten alice 50", "alice"),
                ("/clear alice 50", "alice"), ("/clearpos", BOB), ("/pause bob@mail.example", BOB),
                ("/losscut alice", "alice"), ("/cancel alice", "alice"),
                ("/resume alice", "alice"), ("/nonsense", "/help"),
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
               "audit": "chain is whole", "which": "Which account", "nothing": "Nothing was done"}
    CHINESE = {"language": "中文", "menu": "请选择", "why": "涨幅", "audit": "校验完整",
               "which": "选择账户", "nothing": "未执行任何操作"}

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

    def test_5_flatten_by_buttons_is_flat_at_the_exchange(self):
        owner = Chat(self.telegram, OWNER)
        owner.type("/start", "What would you like")
        owner.press("Flatten", "Which account")
        owner.press("All accounts", "positions")
        owner.press("Yes", "working")
        self.telegram.wait(lambda: "working" not in owner.text(), 60, "the end of the flatten")
        tell("bot", owner.text())
        self.assertEqual(owner.text().count("FLAT"), 2, owner.text())
        for config in (self.alice, self.bob):
            status = json.loads(run("status", "--config", config, "--json").stdout)
            self.assertEqual(status["positions"], [])
            self.assertEqual(status["entries"], "paused")
            self.assertIn(f"user {OWNER}", status["latch"]["who"])
        owner.press  # the card has no buttons left
        self.assertEqual(self.telegram.buttons(owner.newest()), [])

    def test_6_pause_and_resume_with_both_factors(self):
        owner = Chat(self.telegram, OWNER)
        partner = Chat(self.telegram, PARTNER)
        owner.type("/pause alice", "alice")
        owner.press("Yes", "entries are paused")
        owner.type("/resume alice", "another admin")
        mark = len(partner.shows())
        owner.press("Ask another admin", "Asked 1")
        partner.after(mark, "Do you agree?")
        partner.press("Agree", "Agreed")
        self.telegram.wait(lambda: "entries are allowed" in owner.text(), 40, "the resume")
        status = json.loads(run("status", "--config", self.alice, "--json").stdout)
        self.assertEqual(status["entries"], "allowed")
        owner.type("/pause alice", "alice")
        owner.press("Yes", "entries are paused")
        partner.type("/resume alice", "authenticator")
        partner.type(code_of(TOTP), "entries are allowed")
        self.assertTrue(self.telegram.sent("deleteMessage", PARTNER))

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


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
