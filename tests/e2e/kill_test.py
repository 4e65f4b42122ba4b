"""kill -9 of the service at random moments of an entry day under load.

Real processes, real files: several services at the same time, each with a paper exchange of its own
(an address has one budget of requests) with latency and a busy neighbour, in a market that jumps
through stops and take-profits. Each service is killed at a moment drawn from a seed, started again,
and then judged from outside (auditor.py reads the exchange alone); after that the program's own
`audit` must find store and exchange equal.

Usage: kill_test.py PROGRAM
  BB_PROGRAM      another program
  BB_KILLS        how many kills (20)
  BB_KILL_SEED    the seed of the moments; printed, so that a run can be repeated
  BB_KILL_LANES   services at the same time (3)
  BB_KILL_NAKED_MS  how long a position may be naked after a restart (3000); a program under
                  sanitizers on a busy machine takes longer than that to start at all
"""

import dataclasses
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import auditor
from exchange_reader import CannotRead, ExchangeReader
from programs import (PROGRAM, PaperProcess, clean_environment, config_text, run, wait_for,
                      write_private)

KILLS = int(os.environ.get("BB_KILLS", "20"))
SEED = int(os.environ.get("BB_KILL_SEED", str(random.SystemRandom().randrange(1 << 30))))
LANES = int(os.environ.get("BB_KILL_LANES", "3"))
KILLS_PER_LIFE = 2
TOP_N = 4
NAKED_MS = int(os.environ.get("BB_KILL_NAKED_MS", "3000"))
SETTLED_WITHIN = 30.0  # an orphan is ten seconds old before it is swept
RESUMED_WITHIN = 90.0  # an entry that failed is tried again after a minute
BETWEEN_AUDITS = 3.0   # each costs a good part of the address's budget of requests
# Death between an intent and its first byte: no absence proves that it never arrived: an entry is
# open for an hour, and its symbol is left alone; what only reduces stays open for a minute.
HONEST = re.compile(r"order \w+ \w{25}: its fate is not settled in the store "
                    r"\(the exchange does not know it\)")
OUTSIDE = "127.0.0.2"  # where the auditor and the neighbour come from
LEAST_HOLD_H = "0.01"  # 36 s: the shortest there is


def log(text):
    print(f"{time.strftime('%H:%M:%S', time.gmtime())} {text}", flush=True)


@dataclasses.dataclass
class Moment:
    """When a service dies: after so many things happened to its account, or after some time."""
    events: int   # of the exchange's journal; 0 = time alone
    seconds: float

    def __str__(self):
        return (f"{self.seconds * 1000:.0f} ms after {self.events} events" if self.events
                else f"{self.seconds * 1000:.0f} ms after the start")


def write_market(folder, seed, coins=16, days=4):
    """Bars of a few coins, some of which rise all day, as a CSV that `paper --data` reads."""
    drawn = random.Random(seed)
    quarter = 15 * 60_000
    begin = 1_759_276_800_000  # 2025-10-01, moved to the present by the exchange
    with open(folder / "klines_15m.csv", "w", encoding="utf-8") as file:
        file.write("symbol,open_time,open,high,low,close,volume\n")
        for coin in range(coins):
            price = drawn.uniform(1, 9)
            climb = 0.004 if coin < coins // 2 else -0.001
            for bar in range(days * 96):
                opened = price
                price *= 1 + climb * drawn.uniform(-0.6, 1.2)
                high, low = max(opened, price) * 1.001, min(opened, price) * 0.999
                file.write(f"K{coin:02}USDT,{begin + bar * quarter},{opened:.4f},{high:.4f},"
                           f"{low:.4f},{price:.4f},{4_000_000 / price:.0f}\n")


class Board:
    """The exchange's journal of one account, read on."""

    def __init__(self, paper):
        self.paper = paper
        self.rows = []

    def poll(self):
        self.rows += self.paper.journal(self.rows[-1]["n"] + 1 if self.rows else 0)
        return len(self.rows)

    def held(self):
        """Symbols of open positions."""
        self.poll()
        held = {}
        for row in self.rows:
            if row["kind"] == "position_opened":
                held[row["symbol"]] = True
            if row["kind"] == "position_closed":
                held.pop(row["symbol"], None)
        return list(held)


class Life:
    """One account, one configuration, one service that dies and comes back."""

    def __init__(self, folder, data, name, seed):
        self.name = name
        self.random = random.Random(seed)
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.process = None
        self.died_ms = 0
        self.dead = []
        self.stop = threading.Event()
        self.paper = PaperProcess([f"{name}:{name}-key:{name}-word:10000"], "--no-limits",
                                  data=data)
        # Slow enough that an entry is a matter of a second, not of milliseconds.
        self.paper.control("latency", before_ms=8, after_ms=8, spread_ms=12)
        self.board = Board(self.paper)
        self.reader = ExchangeReader(self.paper.url, f"{name}-key", f"{name}-word", timeout=30,
                                     source=OUTSIDE)
        self.neighbour = threading.Thread(target=self.ask)
        self.neighbour.start()
        # Due some minutes ago: the entry begins as soon as the service is ready.
        due = time.gmtime(time.time() - 120)
        hold = LEAST_HOLD_H if self.random.random() < 0.2 else "47.5"
        self.config = write_private(self.folder / "config.ini", config_text(
            self.paper.url, f"{name}-key", f"{name}-word",
            f"top_n = {TOP_N}\nallocation_splits = {TOP_N}\nmax_hold_hours = {hold}\n"
            "min_listing_age_hours = 0\n",
            f"timezone = UTC\nentry_hour = {due.tm_hour}\nentry_minute = {due.tm_min}\n"
            "entry_misfire_grace_min = 30\nmanager_interval_sec = 3\n"
            "daily_loss_cut_enabled = false\nstate_dir = state\nlock_wait_sec = 5\n"))
        self.stderr = (self.folder / "stderr").open("wb")

    def ask(self):
        """A neighbour who asks and asks."""
        while not self.stop.wait(0.03):
            try:
                self.reader.public("/fapi/v1/ticker/24hr")
                self.reader.public("/fapi/v1/exchangeInfo")
            except CannotRead:
                pass

    def start(self):
        begun = self.reader.now_ms()
        self.process = subprocess.Popen([PROGRAM, "service", "--config", self.config],
                                        stdout=subprocess.DEVNULL, stderr=self.stderr,
                                        env=clean_environment())
        if self.died_ms:
            self.dead.append((self.died_ms, begun))

    def kill_at(self, moment):
        if moment.events:
            goal = self.board.poll() + moment.events
            # Where nothing more happens the kill comes anyway.
            wait_for(lambda: self.board.poll() >= goal, seconds=6, pause=0.002)
        time.sleep(moment.seconds)
        # What was naked before this instant was so while the service lived.
        self.died_ms = self.reader.now_ms()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def disturb(self):
        """The market moves through a stop or a take-profit of a position."""
        held = self.board.held()
        if not held:
            return "nothing is held"
        symbol = self.random.choice(held)
        rows = [row for row in self.reader.get("/fapi/v3/positionRisk") if row["symbol"] == symbol]
        if not rows:
            return "nothing is held"
        factor = self.random.choice([0.75, 1.6])
        tick = self.tick(symbol)
        price = round(float(rows[0]["entryPrice"]) * factor / tick) * tick
        self.paper.control("price", symbol=symbol, price=f"{price:.10f}".rstrip("0"))
        return f"{symbol} at {factor} of its entry"

    def tick(self, symbol):
        info = self.reader.public("/fapi/v1/exchangeInfo")
        for contract in info["symbols"]:
            if contract["symbol"] == symbol:
                return float(contract["filters"][0]["tickSize"])
        raise CannotRead(symbol)

    def entry_is_over(self):
        return any("entry finished" in file.read_text()
                   for file in (self.folder / "logs").glob("*.log"))

    def judge(self):
        """Raises AssertionError with all that is wrong."""
        assert wait_for(self.entry_is_over, RESUMED_WITHIN), "the entry was not resumed"
        limit = time.monotonic() + SETTLED_WITHIN
        while True:
            report = auditor.audit(self.reader, journal=True, naked_ms=NAKED_MS, dead=self.dead,
                                   patience=max(0, limit - time.monotonic()))
            assert report.ok, "\n".join(report.sentences())
            own = run("audit", "--config", self.config, "--json")
            assert own.returncode in (0, 1), f"the audit failed: {own.stdout}{own.stderr}"
            told = json.loads(own.stdout)
            # One that could not read is asked again, and must read before the limit.
            differences = told.get("differences", [f"the audit failed: {own.stdout}"])
            wrong = [text for text in differences if not HONEST.fullmatch(text)]
            if not wrong or time.monotonic() > limit:
                break
            time.sleep(BETWEEN_AUDITS)
        assert not wrong, f"store and exchange differ: {wrong}"
        assert self.process.poll() is None, "the service ended by itself"
        report.figures["open_questions"] = len(differences)
        return report

    def end(self):
        self.stop.set()
        self.neighbour.join()
        try:
            if self.process and self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                self.process.wait(timeout=30)
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.stderr.close()
            self.paper.close()

    def log_tail(self):
        files = sorted((self.folder / "logs").glob("*.log"))
        text = files[-1].read_text()[-6000:] if files else "(no log)"
        code = self.process.poll() if self.process else None
        said = (self.folder / "stderr").read_text(errors="replace")[-6000:]
        return f"{text}\nits exit code: {code}; standard error:\n{said}"


class Killed(unittest.TestCase):
    def setUp(self):
        lives = -(-KILLS // KILLS_PER_LIFE)
        self.folder = tempfile.TemporaryDirectory(prefix="bb-kill-")
        self.data = pathlib.Path(self.folder.name) / "data"
        self.data.mkdir()
        write_market(self.data, SEED)
        self.todo = [(number, f"k{number}") for number in range(lives)]
        self.lock = threading.Lock()
        self.kills = 0
        self.wrong = []
        self.worst_naked = 0
        self.entries = 0

    def tearDown(self):
        self.folder.cleanup()

    def lane(self):
        while True:
            with self.lock:
                if not self.todo:
                    return
                number, name = self.todo.pop(0)
            try:
                self.live(number, name)
            except Exception as error:  # noqa: a lane's fault is the test's
                with self.lock:
                    self.wrong.append(f"{name}: {type(error).__name__}: {error}")

    def moment(self, life, is_first):
        if is_first and life.random.random() < 0.7:
            # An entry of four writes about sixty lines from its first leverage to its last record.
            return Moment(life.random.randint(1, 70), life.random.uniform(0, 0.03))
        return Moment(0, life.random.uniform(0.01, 2.5))

    def live(self, number, name):
        life = Life(self.folder.name, self.data, name, SEED * 1000 + number)
        kill_count = min(KILLS_PER_LIFE, KILLS - number * KILLS_PER_LIFE)
        try:
            life.start()
            for kill in range(kill_count):
                told = life.disturb() if kill > 0 else "entry"
                moment = self.moment(life, kill == 0)
                life.kill_at(moment)
                life.start()
                report = life.judge()
                figures = report.figures
                log(f"{name} kill {kill + 1}: {told}, {moment}: entries {figures['entries']}, "
                    f"positions {figures['positions']}, naked {figures['longest_naked_ms']} ms, "
                    f"open questions {figures['open_questions']}")
                with self.lock:
                    self.kills += 1
                    self.worst_naked = max(self.worst_naked, figures["longest_naked_ms"])
                    self.entries += figures["entries"] if kill + 1 == kill_count else 0
        except BaseException:
            log(f"{name}: the end of its log:\n{life.log_tail()}")
            raise
        finally:
            life.end()

    def test_no_kill_doubles_bares_or_orphans_anything(self):
        log(f"{KILLS} kills, seed {SEED}, {LANES} at a time "
            f"(BB_KILLS={KILLS} BB_KILL_SEED={SEED} repeats the moments)")
        begun = time.monotonic()
        threads = [threading.Thread(target=self.lane) for _ in range(LANES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps({"kills": self.kills, "seed": SEED, "entries": self.entries,
                          "worst_naked_ms": self.worst_naked,
                          "seconds": round(time.monotonic() - begun)}), flush=True)
        self.assertEqual(self.wrong, [])
        self.assertEqual(self.kills, KILLS)
        self.assertGreater(self.entries, 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
