"""The bot's world for tests: Telegram's fake, the paper exchange, and chats as people have them.

BB_TRANSCRIPT=1 prints the chats as people read them.
"""

import base64
import hashlib
import hmac
import html
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fake_bot_api import FakeBotApi  # noqa: E402
from programs import PROGRAM, PaperProcess, clean_environment, config_text  # noqa: E402
from programs import run, write_private  # noqa: E402

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
        """What was shown, without the proposals that ended meanwhile."""
        def is_over(call):
            return plain(call["parameters"].get("text", "")).startswith(("⌛ Expired", "⌛ 已过期"))
        return [call for call in self.telegram.sent(chat=self.chat)
                if call["method"] in SHOWING and not is_over(call)]

    def after(self, mark, part, seconds=130):
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

    def type(self, text, part="", seconds=130, **more):
        mark = len(self.shows())
        tell(f"user {self.user}", text)
        self.telegram.message(self.chat, self.user, text, self.language, **more)
        return self.after(mark, part, seconds)

    def press(self, button, part="", seconds=130):
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
        # A pipe that nobody reads would hold it up when it is full.
        self.said = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [PROGRAM, "bot", *map(str, arguments)], cwd=cwd, env=clean_environment(env),
            stdout=self.said, stderr=self.said, text=True)

    def close(self):
        """SIGTERM; what a bot that did not end well said last is told."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        if self.process.returncode != 0:
            self.said.seek(0)
            print(f"the bot ended with {self.process.returncode}:\n{self.said.read()[-6000:]}")
        self.said.close()
        return self.process.returncode, time.monotonic() - begun


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
commands_per_minute = 6000
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
