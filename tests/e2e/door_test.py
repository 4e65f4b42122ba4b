"""Commands beside a running service: through its door, and past it when it does not answer.

Usage: door_test.py PROGRAM DATA   (BB_PROGRAM in the environment wins over PROGRAM)
"""

import json
import os
import pathlib
import signal
import socket
import stat
import sys
import time
import unittest

from driver_test import Paper
from programs import PROGRAM, end, run, start, wait_for

NOBODY = 65534


def heard_by_stranger(path):
    """What another user hears who asks at the door. A fork: an interpreter may be out of reach."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        answer = b"no connection"
        try:
            os.setuid(NOBODY)
            peer = socket.socket(socket.AF_UNIX)
            peer.settimeout(10)
            peer.connect(str(path))
            answer = b"nothing"
            peer.sendall(b'{"v":1,"do":"ping"}\n')
            answer = peer.recv(100) or answer
        except OSError:
            pass
        os.write(write, answer)
        os._exit(0)
    os.close(write)
    answer = os.read(read, 100)
    os.close(read)
    os.waitpid(child, 0)
    return answer


class Door(Paper):
    """A service whose schedule does nothing by itself during the test, on an account of its own:
    ids of orders are functions of account and day, so two databases must not share one."""

    keys = [f"user{number}" for number in range(1, 8)]
    # `status` is asked many times a minute here, which would use up what the holder needs.
    paper_options = ("--weight-limit", 1_000_000,
                     *(word for key in keys
                       for word in ("--account", f"{key}:{key}-key:{key}-word:10000")))
    entry_hours_ahead = 3

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unused = list(cls.keys)

    def setUp(self):
        later = time.gmtime(time.time() + 3600 * self.entry_hours_ahead)
        self.key = self.unused.pop()
        self.ini = self.config(self.key, key=self.key, runtime=f"""timezone = UTC
entry_hour = {later.tm_hour}
entry_minute = {later.tm_min}
entry_catchup_enabled = false
daily_loss_cut_enabled = false
manager_interval_sec = 10
""")
        self.process = None

    def tearDown(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.communicate()

    def serve(self):
        self.process = start("service", "--config", self.ini)
        self.assertTrue(wait_for(lambda: self.status().get("holder_state") == "answers"),
                        "the service has no door")
        self.assertTrue(wait_for(lambda: "last_patrol" in self.status()["holder"]))
        return self.process

    def ask(self, *arguments, code=None):
        """A command with --json beside whoever holds the account."""
        result = run(*arguments, "--config", self.ini, "--json")
        if code is not None:
            self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return json.loads(result.stdout)

    def status(self):
        return json.loads(run("status", "--config", self.ini, "--json").stdout)

    def home(self):
        return pathlib.Path(self.status()["account"])

    def accepted(self):
        return [each for each in self.journal()
                if each["kind"] == "order_accepted" and each["account"] == self.key]

    def opened(self):
        return [each for each in self.journal()
                if each["kind"] == "position_opened" and each["account"] == self.key]

    def closed(self):
        """From the exchange's own journal: asking for the status would cost it weight."""
        return [each for each in self.journal()
                if each["kind"] == "position_closed" and each["account"] == self.key]

    def log(self):
        logs = pathlib.Path(self.folder.name) / ("logs_" + self.ini.stem)
        return "".join(file.read_text() for file in logs.glob("*.log"))


class Test1Through(Door):
    def test_the_service_carries_out_what_a_shell_asks(self):
        service = self.serve()
        before = len(self.opened())
        entered = self.ask("entry", code=0)
        self.assertEqual(entered["status"], "SUCCESS")
        self.assertEqual(entered["opened"], 3)
        self.assertEqual(entered["by"]["command"], "service")
        self.assertEqual(entered["by"]["pid"], service.pid)
        self.assertEqual(self.ask("entry", code=0)["status"], "SKIPPED")
        self.assertEqual(self.ask("manage", code=0)["total"], 3)
        self.assertEqual(self.ask("loss-cut", code=0)["total"], 3)
        self.assertEqual(len(self.opened()) - before, 3)

        status = self.ask("status", code=0)
        self.assertEqual(status["entries"], "allowed")
        self.assertEqual(status["holder"]["pid"], service.pid)
        self.assertTrue(status["holder"]["fence_ours"])

        paused = self.ask("pause", "--reason", "holiday", code=0)
        self.assertEqual(paused["entries"], "paused")
        self.assertEqual(self.status()["latch"]["why"], "holiday")
        refused = self.ask("entry", "--trade-day-utc", "2026-01-02", code=1)
        self.assertIn("holiday", refused["message"])
        self.assertEqual(self.ask("resume", code=0)["entries"], "allowed")

        text = run("flatten", "--config", self.ini)
        self.assertEqual(text.returncode, 0, text.stdout + text.stderr)
        self.assertIn("FLAT", text.stdout)
        self.assertIn(f"done by service, pid {service.pid}", text.stdout)
        self.assertIn("bubble-buster resume", text.stdout)
        status = self.status()
        self.assertEqual(status["positions"], [])
        self.assertEqual(status["orders"], [])
        self.assertEqual(status["latch"]["why"], "flatten")
        self.assertEqual(end(service)[0], 0)
        self.assertEqual(self.status()["holder_state"], "none")
        self.assertEqual(run("audit", "--config", self.ini).returncode, 0)

    def test_part_of_one_position(self):
        self.serve()
        self.ask("entry", code=0)
        symbol = self.status()["positions"][0]["symbol"]
        before = abs(float(self.status()["positions"][0]["qty"]))
        report = self.ask("flatten", "--percent", "50", "--symbol", symbol, code=0)
        self.assertEqual([row["symbol"] for row in report["positions"]], [symbol])
        left = {each["symbol"]: abs(float(each["qty"])) for each in self.status()["positions"]}
        self.assertEqual(len(left), 3)
        self.assertLess(left[symbol], before)
        self.assertGreaterEqual(left[symbol] * 2, before)
        self.ask("flatten", "--symbol", "NOSUCHUSDT", code=2)
        for percent in ("0", "101", "-5", "1e2", "100%", "NaN"):
            self.assertEqual(run("flatten", f"--percent={percent}", "--config",
                                 self.ini).returncode, 2, percent)

    def test_two_callers_at_once_do_nothing_twice(self):
        self.serve()
        before = len(self.opened())
        entries = [start("entry", "--config", self.ini, "--json") for _ in range(3)]
        reports = [json.loads(each.communicate(timeout=60)[0]) for each in entries]
        self.assertEqual(sorted(each["status"] for each in reports),
                         ["SKIPPED", "SKIPPED", "SUCCESS"])
        self.assertEqual(len(self.opened()) - before, 3)
        closers = [start("flatten", "--config", self.ini, "--json") for _ in range(2)]
        closers.append(start("loss-cut", "--config", self.ini, "--json"))
        for each in closers:
            out, err = each.communicate(timeout=60)
            self.assertEqual(each.returncode, 0, out + err)
        self.assertEqual(self.status()["positions"], [])
        self.assertEqual(len(self.opened()) - before, 3)  # nothing flipped

    def test_without_a_holder_the_caller_does_it_itself(self):
        self.assertEqual(self.status()["holder_state"], "none")
        entered = self.ask("entry", code=0)
        self.assertNotIn("by", entered)
        self.assertEqual(entered["opened"], 3)
        self.assertEqual(self.ask("flatten", code=0)["verdict"], "FLAT")
        self.assertEqual(self.status()["entries"], "paused")
        self.ask("entry", "--trade-day-utc", "2026-01-03", code=1)
        self.assertEqual(self.ask("resume", code=0)["entries"], "allowed")

    def test_a_manage_loop_has_a_door_too(self):
        self.process = start("manage", "--loop", "--config", self.ini)
        self.assertTrue(wait_for(lambda: self.status()["holder_state"] == "answers"))
        self.assertEqual(self.ask("manage", code=0)["by"]["command"], "manage --loop")
        self.assertEqual(end(self.process)[0], 0)


class Test2Past(Door):
    def test_a_stopped_service_is_gone_around_and_does_not_fight_when_it_wakes(self):
        service = self.serve()
        self.ask("entry", code=0)
        self.assertEqual(len(self.status()["positions"]), 3)
        service.send_signal(signal.SIGSTOP)

        begun = time.monotonic()
        busy = run("entry", "--trade-day-utc", "2026-01-02", "--config", self.ini)
        self.assertEqual(busy.returncode, 4, busy.stdout + busy.stderr)
        self.assertIn("does not answer", busy.stderr)
        self.assertLess(time.monotonic() - begun, 10)

        begun = time.monotonic()
        closing = start("flatten", "--config", self.ini, "--json")
        self.assertTrue(wait_for(lambda: len(self.closed()) == 3, 20))
        closed_after = time.monotonic() - begun
        out, err = closing.communicate(timeout=60)
        self.assertEqual(closing.returncode, 0, out + err)
        report = json.loads(out)
        self.assertEqual(report["verdict"], "FLAT")
        self.assertEqual(len(report["positions"]), 3)
        self.assertIn("past a holder", report["by"]["how"])
        self.assertGreater(time.monotonic() - begun, 12)  # 2 s, then recvWindow and 5 s more
        self.assertLess(closed_after, 10)
        status = self.status()
        self.assertEqual(status["holder_state"], "does not answer")
        self.assertEqual(status["entries"], "paused")
        journal = self.home() / "bypass.journal"
        self.assertTrue(journal.exists())
        self.assertEqual(stat.S_IMODE(journal.stat().st_mode), 0o600)
        self.assertEqual(run("resume", "--config", self.ini).returncode, 4)

        orders = len(self.accepted())
        service.send_signal(signal.SIGCONT)
        self.assertTrue(wait_for(lambda: not journal.exists()), "the journal was not taken over")
        time.sleep(15)  # a patrol or two
        self.assertEqual(len(self.accepted()), orders, "the service fought the flatten")
        status = self.status()
        self.assertEqual(status["entries"], "paused")  # and not halted
        self.assertEqual(status["holder"]["holdings"], [])
        self.assertEqual(status["holder"]["unresolved"], [])
        self.assertFalse(status["holder"]["fence_ours"])
        self.ask("entry", "--trade-day-utc", "2026-01-02", code=1)
        self.assertEqual(self.ask("resume", code=0)["entries"], "allowed")
        self.assertTrue(self.status()["holder"]["fence_ours"])
        self.assertIn("bypass journal taken over", self.log())
        self.assertEqual(end(service)[0], 0)
        audit = run("audit", "--config", self.ini, "--json")
        self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)

    def test_a_loss_cut_goes_around_and_a_killed_service_takes_it_over_at_its_start(self):
        service = self.serve()
        self.ask("entry", code=0)
        service.send_signal(signal.SIGSTOP)
        cut = self.ask("loss-cut", code=0)
        self.assertEqual(cut["errors"], 0)
        self.assertIn("past a holder", cut["by"]["how"])
        self.assertEqual(self.status()["entries"], "paused")
        service.kill()
        service.communicate()
        self.serve()
        self.assertFalse((self.home() / "bypass.journal").exists())
        self.assertEqual(self.status()["entries"], "paused")
        self.assertEqual(end(self.process)[0], 0)
        audit = run("audit", "--config", self.ini, "--json")
        self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)

    def test_a_pause_works_while_the_service_is_stopped(self):
        service = self.serve()
        service.send_signal(signal.SIGSTOP)
        self.assertEqual(self.ask("pause", code=0)["entries"], "paused")
        service.send_signal(signal.SIGCONT)
        self.assertTrue(wait_for(lambda: "entries latched" in self.log()))


class Test3Hostile(Door):
    def connect(self):
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(10)
        peer.connect(str(self.home() / "control.sock"))
        return peer

    def test_garbage_and_silence_harm_nobody(self):
        self.serve()
        self.assertEqual(stat.S_IMODE((self.home() / "control.sock").stat().st_mode), 0o600)
        idle = [self.connect() for _ in range(8)]
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\xff\xfe\n", b"{}\n", b"[" * 5000 + b"\n",
                        b'{"v":1,"do":"flatten"}\n', b"x" * 200_000):
            peer = self.connect()
            try:
                peer.sendall(garbage)
                answer = peer.recv(65536)
            except (BrokenPipeError, ConnectionResetError):
                answer = b'{"state":"error"}'
            self.assertEqual(json.loads(answer)["state"], "error", garbage[:30])
            peer.close()
        self.assertEqual(self.ask("manage", code=0)["errors"], 0)
        self.assertEqual(self.status()["entries"], "allowed")
        time.sleep(6)
        for each in idle:
            self.assertEqual(each.recv(10), b"")  # left after five seconds
            each.close()

    def test_a_command_of_yesterday_is_refused(self):
        self.serve()
        peer = self.connect()
        peer.sendall(json.dumps({"v": 1, "do": "flatten", "id": "0" * 32, "who": "test",
                                 "at": int((time.time() - 61) * 1000), "scope": "account",
                                 "percent": "100", "symbols": []}).encode() + b"\n")
        text = b""
        while chunk := peer.recv(65536):
            text += chunk
        peer.close()
        last = json.loads(text.splitlines()[-1])
        self.assertTrue(last["failed"])
        self.assertIn("s old", last["text"])
        self.assertEqual(self.status()["entries"], "allowed")

    @unittest.skipUnless(os.getuid() == 0, "needs another user")
    def test_another_user_is_not_served(self):
        self.serve()
        door = self.home() / "control.sock"
        opened = []
        for each in [door, *door.parents]:
            mode = stat.S_IMODE(each.stat().st_mode)
            if mode & 0o005 != 0o005 or each == door:
                opened.append((each, mode))
                each.chmod(mode | (0o666 if each == door else 0o055))
        try:
            heard = heard_by_stranger(door)
        finally:
            for each, mode in opened:
                each.chmod(mode)
        self.assertEqual(heard, b"nothing")
        self.assertTrue(wait_for(lambda: "connection refused" in self.log()))
        self.assertIn(f"uid={NOBODY}", self.log())
        self.assertEqual(self.ask("manage", code=0)["errors"], 0)


if __name__ == "__main__":
    assert PROGRAM, "the program to test is needed"
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
