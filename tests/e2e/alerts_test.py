"""Alerts as people get them: the real binary, its paper exchange, and a Telegram that misbehaves.

Usage: alerts_test.py PROGRAM DATA   (BB_PROGRAM in the environment wins over PROGRAM)
"""

import json
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from fake_bot_api import FakeBotApi  # noqa: E402
from programs import DATA, config_text, end, run, start, wait_for, write_private  # noqa: E402

CHAT = 4242
TOKEN = "123456:fake-bot-token"


class Alerts(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.paper = start("paper", "--port", 0, "--data", DATA, "--json",
                           "--account", "alice:alice-key:alice-word:10000")
        self.addCleanup(lambda: end(self.paper))
        self.url = json.loads(self.paper.stdout.readline())["base_url"]
        self.telegram = FakeBotApi(TOKEN).start()
        self.addCleanup(lambda: self.telegram.stop())
        self.telegram.know(CHAT)
        self.environment = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_CHAT_ID": str(CHAT)}

    def config(self, language="both", token=""):
        runtime = "state_dir = state\ndb_path = alice.db\nlog_dir = logs\nlock_wait_sec = 5\n"
        text = config_text(self.url, "alice-key", "alice-word",
                           "top_n = 3\nallocation_splits = 3\n", runtime)
        text = text.replace("[notify]\nenabled = false\n",
                            f"[notify]\nlanguage = {language}\n"
                            f"[telegram]\napi_url = {self.telegram.url}\n{token}"
                            "[alerts]\nbundle_sec = 1\nreport_time =\n")
        return write_private(pathlib.Path(self.folder.name) / "a.ini", text)

    def command(self, *words):
        done = run(*words, "--config", self.config(), env=self.environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def service(self):
        token = f"token = {TOKEN}\nchat_id = {CHAT}\n"
        return start("service", "--config", self.config(token=token))

    def texts(self):
        return [m.get("text", "") + m.get("caption", "") for m in self.telegram.messages(CHAT)]

    def coins(self, word):
        """Of which coins it was told, in however many messages they came."""
        return {coin for text in self.texts()
                for coin in re.findall(rf"{word} ([A-Z0-9]+USDT)", text)}

    def test_a_day_is_told_in_the_chat(self):
        self.command("entry")
        self.telegram.wait_message(CHAT, "shorts opened")
        opened = self.telegram.wait_message(CHAT, "position opened")
        self.assertIn("止损 / stop", opened["text"])
        self.assertTrue(wait_for(lambda: len(self.coins("opened")) == 3), self.texts())
        self.command("flatten")
        self.telegram.wait_message(CHAT, "flatten: done")
        closed = self.telegram.wait_message(CHAT, "position closed")
        self.assertIn("USDT", closed["text"])
        self.assertTrue(wait_for(lambda: len(self.coins("closed")) == 3), self.texts())
        self.telegram.wait_message(CHAT, "flatten by")
        for file in (pathlib.Path(self.folder.name) / "logs").iterdir():
            self.assertNotIn("fake-bot-token", file.read_text())

    def test_one_language_is_one_language(self):
        done = run("pause", "--config", self.config("en"), env=self.environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        shown = self.telegram.wait_message(CHAT, "entries paused")
        self.assertNotIn("暂停", shown["text"])
        done = run("resume", "--config", self.config("zh"), env=self.environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        shown = self.telegram.wait_message(CHAT, "开仓已恢复")
        self.assertNotIn("resumed", shown["text"])

    def test_a_storm_and_a_restart_lose_nothing(self):
        self.telegram.storm(3, method="sendMessage")
        self.command("entry")
        self.command("flatten")
        self.assertEqual(self.texts(), [])
        self.telegram.calm()
        service = self.service()
        try:
            self.telegram.wait_message(CHAT, "shorts opened", seconds=60)
            first = self.texts()[0]
            self.assertIn("flatten: done", first)  # before all that waited
        finally:
            code, _ = end(service)
        self.assertEqual(code, 0)

    def test_a_dead_telegram_delays_no_command(self):
        url = self.telegram.url
        self.telegram.stop()
        self.command("entry")
        self.command("flatten")
        port = int(url.rsplit(":", 1)[1])
        self.telegram = FakeBotApi(TOKEN, port).start()
        self.telegram.know(CHAT)
        service = self.service()
        try:
            self.telegram.wait_message(CHAT, "flatten: done", seconds=60)
            self.assertTrue(wait_for(lambda: any("shorts opened" in t for t in self.texts())))
        finally:
            end(service)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
