"""The bot looks after services that cannot speak for themselves.

Usage: bot_watch_test.py PROGRAM DATA   (BB_PROGRAM in the environment wins over PROGRAM)
"""

import json
import signal
import sys
import time
import unittest

from bot_chat import GROUP, OWNER, BotProcess, Chat, WithBot, plain, tell
from programs import end, run, start, wait_for, write_private


class Test1Watch(WithBot):
    """The bot looks after services that cannot speak for themselves."""

    accounts = ("alice", "bob")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.telegram_rows = f"""
[telegram]
token = {cls.telegram.token}
chat_id = {GROUP}
"""
        cls.alice = cls.config("alice", runtime=cls.quiet_day())
        # Its own way to Telegram is dead.
        dead = cls.telegram_rows + "api_url = http://127.0.0.1:9\n"
        cls.bob = cls.speaks(cls.config("bob", more=dead, runtime=cls.quiet_day()))
        text = cls.speaks(cls.bot_config("watch")).read_text().replace(
            "ops_db = ", "service_silence_sec = 10\nops_db = ")
        cls.bot = BotProcess("--config", write_private(cls.home / "watch.ini", text))

    @staticmethod
    def speaks(path):
        return write_private(path, path.read_text().replace("enabled = false", "enabled = true"))

    @classmethod
    def tearDownClass(cls):
        try:
            assert cls.bot.close()[0] == 0
        finally:
            super().tearDownClass()

    def serve(self, config):
        service = start("service", "--config", config)
        self.addCleanup(lambda: end(service) if service.poll() is None else None)
        self.assertTrue(wait_for(lambda: json.loads(run(
            "status", "--config", config, "--json").stdout)["holder_state"] == "answers"))
        return service

    def told(self, part):
        return [call for call in self.telegram.sent("sendMessage", GROUP)
                if part in plain(call["parameters"].get("text", ""))]

    def comes(self, part, count=1, seconds=60):
        self.telegram.wait(lambda: len(self.told(part)) >= count, seconds, f"{part!r} in the group")
        self.assertEqual(len(self.told(part)), count)
        tell("bot", self.told(part)[-1]["parameters"]["text"])

    def test_1_a_service_that_dies_hangs_or_is_stopped(self):
        service = self.serve(self.alice)
        time.sleep(12)  # it is seen
        service.kill()
        service.wait()
        begun = time.monotonic()
        self.comes("the service is down")
        self.assertLess(time.monotonic() - begun, 60)
        call = self.told("the service is down")[0]
        self.assertIn("alice", plain(call["parameters"]["text"]))
        number = call["answer"]["result"]["message_id"]
        message = next(m for m in self.telegram.messages(GROUP) if m["message_id"] == number)
        self.telegram.press(GROUP, number, self.telegram.buttons(message)[0], OWNER, "en")
        service = self.serve(self.alice)
        self.comes("the service runs again")
        service.send_signal(signal.SIGSTOP)
        self.comes("the service does not answer")
        # A flatten does not need it.
        owner = Chat(self.telegram, OWNER)
        owner.type("/pause alice", "alice")
        owner.press("Yes", "entries are paused", 60)
        service.send_signal(signal.SIGCONT)
        self.comes("the service runs again", 2)
        end(service)
        self.comes("the service was stopped")
        self.assertEqual(len(self.told("the service is down")), 1)

    def test_2_what_nobody_delivers_is_delivered_once(self):
        service = self.serve(self.bob)
        paused = run("pause", "--config", self.bob)
        self.assertEqual(paused.returncode, 0, paused.stderr)
        time.sleep(8)
        self.assertEqual(self.told("paused"), [])
        service.kill()
        service.wait()
        self.telegram.wait(lambda: self.told("paused"), 120, "what the dead one had to say")
        tell("bot", self.told("paused")[-1]["parameters"]["text"])
        said = len(self.told("paused"))
        service = self.serve(self.bob)  # it gets the account at once, and repeats nothing
        time.sleep(8)
        end(service)
        time.sleep(20)
        self.assertEqual(len(self.told("paused")), said)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
