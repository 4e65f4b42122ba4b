"""init, import, backup and restore as their user meets them: the real program, the paper exchange,
Telegram's fake.

Usage: upkeep_test.py PROGRAM DATA   (BB_PROGRAM in the environment wins over PROGRAM)
"""

import json
import os
import pathlib
import pty
import re
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fake_bot_api import FakeBotApi  # noqa: E402
from programs import PROGRAM, PaperProcess, clean_environment, config_text  # noqa: E402
from programs import run, wait_for, write_private  # noqa: E402

ACCOUNT = "paper:key-1:secret-1:10000"
OWNER = 4001


class Folder(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="bb-upkeep-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.env = {"HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state")}
        self.config = self.folder / "config.ini"

    def paper(self):
        paper = PaperProcess([ACCOUNT])
        self.addCleanup(paper.close)
        return paper

    def secret(self, name, text):
        return write_private(self.folder / name, text + "\n")

    def call(self, *arguments, code=0):
        done = run(*arguments, cwd=self.folder, env=self.env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done


class TestInit(Folder):
    def init(self, paper, *more, code=0):
        key, secret = self.secret("key", "key-1"), self.secret("secret", "secret-1")
        return self.call("init", "--no-input", "--exchange", "paper", "--base-url", paper.url,
                         "--api-key-file", key, "--api-secret-file", secret, *more, code=code)

    def test_a_script_gets_a_private_commented_file_that_the_doctor_likes(self):
        paper = self.paper()
        done = self.init(paper, "--no-telegram")
        self.assertIn("account paper-paper", done.stderr)
        self.assertIn("[ ok ]", done.stdout)
        self.assertNotIn("secret-1", done.stdout + done.stderr)
        self.assertEqual(stat.S_IMODE(self.config.stat().st_mode), 0o600)
        text = self.config.read_text()
        for line in text.splitlines():
            self.assertLessEqual(len(line), 120)
        self.assertIn("# Hour of the daily entry", text)
        self.call("--print-config", "--config", self.config)
        self.call("init", "--no-input", "--no-telegram", code=78)  # it is not overwritten
        self.assertEqual(self.config.read_text(), text)
        self.init(paper, "--no-telegram", "--force")
        self.assertEqual((self.folder / "config.ini.before").read_text(), text)

    def test_a_wrong_key_writes_nothing(self):
        paper = self.paper()
        done = self.call("init", "--no-input", "--exchange", "paper", "--base-url", paper.url,
                         "--api-key-file", self.secret("key", "another"),
                         "--api-secret-file", self.secret("secret", "wrong"), "--no-telegram",
                         code=78)
        self.assertIn("this key does not work", done.stderr)
        self.assertFalse(self.config.exists())

    def test_live_needs_the_right_address(self):
        done = self.call("init", "--no-input", "--no-telegram", "--exchange", "live", "--base-url",
                         "http://127.0.0.1:1", code=2)
        self.assertIn("is paper, not live", done.stderr)

    def test_the_chat_is_found_by_a_code_that_is_sent_to_the_bot(self):
        paper = self.paper()
        with FakeBotApi() as telegram:
            telegram.know(OWNER)
            key, secret = self.secret("key", "key-1"), self.secret("secret", "secret-1")
            process = subprocess.Popen(
                [PROGRAM, "init", "--no-input", "--exchange", "paper", "--base-url", paper.url,
                 "--api-key-file", str(key), "--api-secret-file", str(secret),
                 "--telegram-token-file", str(self.secret("token", telegram.token)),
                 "--telegram-api-url", telegram.url, "--telegram-wait", "60"],
                cwd=self.folder, env=clean_environment(self.env), stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True)
            code = None
            while code is None:
                line = process.stderr.readline()
                self.assertTrue(line, "it ended before it showed a code")
                found = re.search(r"https://t.me/bubble_test_bot : (\w{12})", line)
                code = found and found.group(1)
            telegram.know(4999)
            telegram.message(4999, 4999, "/start 000000000000")  # a stranger guesses
            telegram.message(OWNER, OWNER, "/start " + code)
            out, err = process.communicate(timeout=90)
            self.assertEqual(process.returncode, 0, out + err)
        text = self.config.read_text()
        self.assertIn(f"\nchat_id = {OWNER}\n", text)
        self.assertIn(f"\nusers = {OWNER}\n", text)
        self.assertNotIn("4999", text)

    def test_a_person_types_the_key_and_nobody_sees_it(self):
        paper = self.paper()
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, "init", "--base-url", paper.url, "--no-doctor"], cwd=self.folder,
            env=clean_environment(self.env), stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True)
        os.close(slave)
        shown = []

        def listen():
            try:
                while data := os.read(master, 4096):
                    shown.append(data.decode(errors="replace"))
            except OSError:
                pass  # the other end is closed

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        for question, answer in (("Exchange", ""), ("API key", "key-1"),
                                 ("Its secret", "secret-1"), ("Token", "")):
            self.assertTrue(wait_for(lambda: question in "".join(shown)), "".join(shown))
            time.sleep(0.3)  # the echo is switched off after the question
            os.write(master, (answer + "\n").encode())
        process.wait(timeout=60)
        listener.join(5)
        text = "".join(shown)
        self.assertEqual(process.returncode, 0, text)
        self.assertNotIn("key-1", text)
        self.assertNotIn("secret-1", text)
        self.assertIn("api_secret = secret-1", self.config.read_text())


SCHEMA = pathlib.Path(__file__).parent.parent / "support" / "python_state.h"


def python_state(path, snapshots=3, orders=3, positions=2):
    """As the Python program makes it, from the tables that the unit tests write down."""
    tables = re.search(r'kPythonTables = R"sql\((.*?)\)sql"', SCHEMA.read_text(), re.S).group(1)
    db = sqlite3.connect(path)
    db.executescript(tables)
    db.execute("INSERT INTO runs VALUES('r1','2025-10-08','2025-10-08T23:40:00+00:00',NULL,"
               "'SUCCESS','')")
    stamp = "2025-10-{:02}T{:02}:{:02}:{:02}+00:00"
    db.executemany(
        "INSERT INTO positions VALUES(?,'r1',?,'SHORT',0.1,10.5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,"
        "NULL,?,?,NULL,NULL,'CLOSED_TP',NULL,NULL,?,?)",
        [(i + 1, f"C{i:03}USDT", *[stamp.format(1 + i % 28, i % 24, i % 60, 0)] * 4)
         for i in range(positions)])
    db.executemany(
        "INSERT INTO order_events VALUES(?,?,?,?,?,'MARKET','SELL',10.5,0.1,'FILLED',?,'{}')",
        [(i + 1, 1 + i % positions, "C000USDT", i, f"t10s-ent-C-{i:08x}",
          stamp.format(1 + i % 28, i % 24, i % 60, i % 60)) for i in range(orders)])
    db.executemany(
        "INSERT INTO wallet_snapshots VALUES(?,?,?,'API',NULL,'')",
        [(i + 1, f"2025-{1 + i // 40000:02}-{1 + i // 1440 % 28:02}T{i // 60 % 24:02}:"
                 f"{i % 60:02}:00+00:00", 1000 + i * 0.01 + 0.1) for i in range(snapshots)])
    db.commit()
    total = db.execute("SELECT printf('%.2f', total(balance_usdt)) FROM wallet_snapshots")
    return total.fetchone()[0]


class TestImport(Folder):
    def old(self, **counts):
        old = self.folder / "old"
        old.mkdir()
        (old / "config.ini").write_text(config_text("http://127.0.0.1:1", "key-1", "secret-1",
                                                    runtime="db_path = state.db"))
        return old, python_state(old / "state.db", **counts)

    def test_it_looks_first_then_takes_over_once(self):
        old, total = self.old()
        looked = self.call("import", "--from", old / "config.ini")
        self.assertIn("Nothing was written", looked.stdout)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["old"])
        done = json.loads(self.call("import", "--from", old / "config.ini", "--apply",
                                    "--json").stdout)
        tables = {each["table"]: each for each in done["tables"]}
        self.assertEqual(tables["wallet_snapshots"]["total_here"], total)
        self.assertEqual(tables["wallet_snapshots"]["total_there"], total)
        self.assertEqual(stat.S_IMODE(self.config.stat().st_mode), 0o600)
        self.assertEqual((old / "state.db").stat().st_size, (old / "state.db").stat().st_size)
        again = json.loads(self.call("import", "--from", old / "config.ini", "--apply",
                                     "--json").stdout)
        self.assertFalse(again["config_written"])
        self.assertEqual(sum(each["added"] for each in again["tables"]), 0)

    def test_in_its_own_folder_the_old_files_are_kept(self):
        old, _ = self.old()
        before = (old / "config.ini").read_text()
        self.call("import", "--from", old / "config.ini", "--config", old / "config.ini", "--apply")
        self.assertEqual((old / "config.ini.python").read_text(), before)
        self.assertTrue((old / "bubble-buster.db").exists())
        self.assertIn("db_path = bubble-buster.db", (old / "config.ini").read_text())

    def test_while_the_python_program_runs_nothing_is_taken(self):
        import fcntl
        old, _ = self.old()
        with open(old / "runtime.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = self.call("import", "--from", old / "config.ini", "--apply", code=4)
        self.assertIn("stop it first", done.stderr)
        self.assertFalse(self.config.exists())

    def test_a_large_one_takes_seconds(self):
        old, total = self.old(snapshots=100_000, orders=5_000, positions=500)
        begun = time.monotonic()
        done = json.loads(self.call("import", "--from", old / "config.ini", "--apply",
                                    "--json").stdout)
        taken = time.monotonic() - begun
        tables = {each["table"]: each for each in done["tables"]}
        self.assertEqual(tables["wallet_snapshots"]["added"], 100_000)
        self.assertEqual(tables["order_events"]["added"], 5_000)
        self.assertEqual(tables["positions"]["added"], 500)
        self.assertEqual(tables["wallet_snapshots"]["total_here"], total)
        print(f"import of 100000 samples, 5000 orders, 500 positions: {taken:.2f} s")
        # 5 s in release; the sanitizers of a test build cost a multiple.
        limit = float(os.environ.get("BB_IMPORT_SECONDS", "60"))
        self.assertLess(taken, limit)


class TestBackup(Folder):
    def test_beside_the_service_and_back_again(self):
        paper = self.paper()
        write_private(self.config, config_text(
            paper.url, "key-1", "secret-1",
            runtime="manager_interval_sec = 1\ndaily_loss_cut_enabled = false"))
        service = subprocess.Popen([PROGRAM, "service", "--config", str(self.config)],
                                   cwd=self.folder, env=clean_environment(self.env),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        database = self.folder / "state.db"

        def samples():
            if not database.exists():
                return 0
            try:
                db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
                return db.execute("SELECT count(*) FROM wallet_snapshots").fetchone()[0]
            except sqlite3.Error:
                return 0

        try:
            self.assertTrue(wait_for(lambda: samples() >= 1))
            first = json.loads(self.call("backup", "--json", "--keep", 5).stdout)["copies"][0]
            drill = json.loads(self.call("restore", "--drill", "--json").stdout)
            self.assertTrue(drill["restorable"])
            self.assertGreaterEqual(drill["copy"]["samples"], 1)
            refused = self.call("restore", "--apply", code=4)  # the service has it
            self.assertIn("held by", refused.stderr)
            count = samples()
            self.assertTrue(wait_for(lambda: samples() > count + 1))
        finally:
            code, _ = end_plain(service)
        self.assertEqual(code, 0)
        looked = self.call("restore")
        self.assertIn("with --apply", looked.stdout)
        done = self.call("restore", "--apply")
        self.assertIn("Entries are paused", done.stdout)
        self.assertLess(samples(), count + 2)
        self.assertTrue(any(".before-" in p.name for p in self.folder.iterdir()))
        status = json.loads(self.call("status", "--json").stdout)
        self.assertEqual(status["entries"], "paused")
        self.assertIn("restored", status["latch"]["why"])
        self.assertTrue(pathlib.Path(first["path"]).exists())
        db = sqlite3.connect(database)
        slots = db.execute("SELECT state, reason FROM slots WHERE job='entry'").fetchall()
        self.assertTrue(slots)

    def test_a_newer_database_is_refused_with_a_sentence(self):
        paper = self.paper()
        write_private(self.config, config_text(paper.url, "key-1", "secret-1"))
        self.call("manage")
        db = sqlite3.connect(self.folder / "state.db")
        db.execute("PRAGMA user_version=99")
        db.close()
        refused = self.call("manage", code=78)
        self.assertIn("start with a backup of the older schema", refused.stderr)

    def test_the_loss_cut_of_cron_acts_in_its_minute_alone(self):
        paper = self.paper()
        write_private(self.config, config_text(paper.url, "key-1", "secret-1",
                                               runtime="timezone = UTC"))
        minute = time.strftime("%H:%M", time.gmtime())
        other = "00:00" if not minute.startswith("00") else "12:00"
        quiet = self.call("loss-cut", "--at-local", other)
        self.assertEqual(quiet.stdout + quiet.stderr, "")
        self.assertFalse((self.folder / "state.db").exists())
        self.call("loss-cut", "--at-local", "7:40", code=2)
        for _ in range(3):  # the minute may end between the two readings of the clock
            self.call("loss-cut", "--at-local", time.strftime("%H:%M", time.gmtime()))
            if (self.folder / "state.db").exists():
                return
        self.fail("it never acted")


UNITS = pathlib.Path(__file__).parent.parent.parent / "deploy" / "systemd"


class TestTogether(Folder):
    def unit(self, name, instance=""):
        """What systemd would start, with this test's program and configuration."""
        text = (UNITS / name).read_text().replace("%i", instance)
        command = re.search(r"^ExecStart=/usr/bin/bubble-buster (.*)$", text, re.M).group(1)
        command = command.replace("/etc/bubble-buster", str(self.folder))
        env = dict(self.env)
        for pair in re.findall(r"^Environment=(\S+)$", text, re.M):
            key, _, value = pair.partition("=")
            env[key] = value
        process = subprocess.Popen([PROGRAM, *command.split()], cwd=self.folder,
                                   env=clean_environment(env), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and end_plain(process))
        return process

    def status(self):
        return json.loads(self.call("status", "--json").stdout)

    def test_all_units_enabled_make_one_service(self):
        paper = self.paper()
        write_private(self.config, config_text(
            paper.url, "key-1", "secret-1",
            runtime="lock_wait_sec = 1\ndashboard_port = 0\nrun_service_with_dashboard = true"))

        def logged(text):
            return sum(log.read_text().count(text) for log in self.folder.glob("logs/*.log"))

        page = self.unit("bubble_buster_dashboard.service")
        self.assertTrue(wait_for(lambda: logged("dashboard serves") == 1))
        service = self.unit("bubble_buster.service")
        self.assertTrue(wait_for(lambda: logged("service starts") == 1))
        self.assertTrue(wait_for(
            lambda: run("status", "--json", cwd=self.folder, env=self.env).returncode == 0))
        again = self.unit("bubble_buster@.service", "config")
        self.assertEqual(again.wait(timeout=60), 4)  # busy: systemd tries again later
        self.assertIn(f"pid {service.pid}", again.stderr.read())
        self.assertIsNone(page.poll())
        self.assertIsNone(service.poll())
        for process in (page, service):
            code, seconds = end_plain(process)
            self.assertEqual(code, 0)
            self.assertLess(seconds, 5)


def end_plain(process):
    begun = time.monotonic()
    process.terminate()
    process.wait(timeout=30)
    return process.returncode, time.monotonic() - begun


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
