"""The Telegram path: the real `bubble-buster bot` without an account, Telegram's fake, one chat."""

import html
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

from runners import CANARY, PROGRAM, environment, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from fake_bot_api import FakeBotApi  # noqa: E402

OWNER, OTHER, GROUP = 4001, 4002, -1001234567890
SHOWING = ("sendMessage", "editMessageText", "sendDocument")


class Phone:
    """A bot with that environment (and configuration), and its owner's private chat."""

    def __init__(self, folder, config="", prefix=(), **env):
        self.telegram = FakeBotApi(callback_seconds=60).start()
        for chat in (OWNER, OTHER, GROUP):
            self.telegram.know(chat)
        self.folder = pathlib.Path(folder) / f"bot-{self.telegram.port}"
        self.folder.mkdir(mode=0o777)
        self.folder.chmod(0o777)
        arguments = []
        if config:
            path = self.folder / "config.ini"
            path.write_text(config)
            path.chmod(0o600)
            arguments = ["--config", str(path)]
        self.errors = open(self.folder / "errors", "wb")
        self.process = subprocess.Popen(
            [*prefix, PROGRAM, "bot", *arguments], cwd=self.folder, stdout=subprocess.DEVNULL,
            stderr=self.errors, env=environment(
                TELEGRAM_TOKEN=self.telegram.token, TELEGRAM_CHAT_ID=str(GROUP),
                ENABLED_USERS=str(OWNER), HOME=str(self.folder),
                BUBBLE_BUSTER_TELEGRAM_API_URL=self.telegram.url,
                BUBBLE_BUSTER_BOT_OPS_DB=str(self.folder / "ops.db"), **env))

    def shows(self, chat=OWNER):
        return [call for call in self.telegram.sent(chat=chat) if call["method"] in SHOWING]

    def after(self, mark, part, seconds, chat=OWNER):
        def look():
            if self.process.poll() is not None:
                raise AssertionError("the bot ended: " + self.ending())
            for call in self.shows(chat)[mark:]:
                if part in plain(call):
                    return call
            return None
        try:
            call = self.telegram.wait(look, seconds, f"an answer with {part!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.ending()}") from None
        assert CANARY not in json.dumps(call["parameters"]), call
        return plain(call)

    def ending(self):
        return (self.folder / "errors").read_text()[-2000:]

    def type(self, text, part="", seconds=40, user=OWNER):
        mark = len(self.shows(user))
        self.telegram.message(user, user, text, "en")
        return self.after(mark, part, seconds, user)

    def press(self, button, part="", seconds=60):
        mark = len(self.shows())
        number = self.shows()[-1]["answer"]["result"]["message_id"]
        self.telegram.press(OWNER, number, button, OWNER, "en")
        return self.after(mark, part, seconds)

    def buttons(self):
        number = self.shows()[-1]["answer"]["result"]["message_id"]
        newest = next(m for m in self.telegram.messages(OWNER) if m["message_id"] == number)
        return self.telegram.buttons(newest)

    def hears(self, *parts, seconds=40):
        """An alert in the group with all these parts."""
        def look():
            return next((plain(call) for call in self.shows(GROUP)
                         if all(part in plain(call) for part in parts)), None)
        text = self.telegram.wait(look, seconds, f"an alert with {parts}")
        assert CANARY not in text, text
        return text

    def file(self):
        """The document that came last."""
        call = next(each for each in reversed(self.shows()) if each["method"] == "sendDocument")
        return call["files"]["document"]["bytes"].decode()

    def end(self):
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(timeout=30)
            self.errors.close()
            assert code == 0, self.ending()
            for name in os.listdir(self.folder):
                if (self.folder / name).is_file():
                    assert CANARY.encode() not in (self.folder / name).read_bytes(), name
        finally:
            self.telegram.stop()


def journey(test, phone, name, undeclared, runs):
    """A stop, a start, a restart, a log and two refusals; `runs()` is the runner's own word."""
    wait_for(lambda: f"{name} · running" in phone.type("/strategies", "Strategies"),
             f"{name} to run", 30, 2)
    phone.type(f"/stop_strategy {name}", "Shall I?")
    test.assertTrue(runs())
    phone.press("Yes", f"{name} is stopped")
    test.assertFalse(runs())
    phone.type(f"/start_strategy {name}", "Shall I?")
    phone.press("Yes", f"{name} is running")
    test.assertTrue(runs())
    phone.type(f"/restart_strategy {name}", "Shall I?")
    phone.press("Yes", f"{name} is running")
    test.assertTrue(runs())
    test.assertNotIn("hush", phone.type(f"/strategy_logs {name} 5", "tick"))
    phone.type("/stop_strategy nobody-of-that-name", "no strategy is called")
    phone.type(f"/stop_strategy {undeclared}", "[process.")


def plain(call):
    text = call["parameters"].get("text") or call["parameters"].get("caption") or ""
    return html.unescape(re.sub(r"<[^>]*>", "", text))
