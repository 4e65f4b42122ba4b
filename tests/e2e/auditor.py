#!/usr/bin/env python3
"""The outside auditor: reads one account at the exchange, nothing of ours, and says whether what
must never happen has happened.

    BB_AUDIT_KEY=.. BB_AUDIT_SECRET=.. auditor.py --url URL [--environment paper] [--since MS]
        [--journal] [--naked-ms 3000] [--dead FROM_MS-TO_MS ..] [--patience S] [--json]

Statements:
  one entry       for each slot and symbol at most one entry, and one addition, lives or has filled
  only reducing   orders that shall only reduce say so, and none of their fills grew or turned a
                  position
  protected       each position of ours is covered by live stops now
  never naked     no position of ours was without stop for longer than --naked-ms; time in which
                  the service was dead (--dead, exchange time) does not count (needs --journal)
  no orphan       each live order of ours belongs to a position, at most one stop, one covering
                  stop and one take-profit each
  few enough      at most 180 conditional orders rest

What may be a moment's sight only ("protected", "no orphan") is looked at again until it holds, for
--patience seconds. Exit code: 0 all hold, 1 some do not, 2 the exchange could not be read (nothing
is concluded).
"""

import argparse
import collections
import dataclasses
import json
import os
import sys
import time
from decimal import Decimal

from client_ids import ADDS_RISK, ClientIds
from exchange_reader import CannotRead, ExchangeReader

LIVE = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
LIVE_ALGO = ("NEW", "WAITING", "TRIGGERING", "TRIGGERED")
CONDITIONAL_MAX = 180
ONE_OF_A_KIND = ("stop", "moving_stop", "take_profit")
PASSING = ("protected", "no orphan")
STATEMENTS = ("one entry", "only reducing", "protected", "never naked", "no orphan", "few enough")


@dataclasses.dataclass(frozen=True)
class Finding:
    statement: str
    symbol: str
    text: str


def _flag(row, name):
    return str(row.get(name, "")).lower() == "true"


def _opening(row):
    """The side that makes this position larger."""
    if row["positionSide"] == "BOTH":
        return "SELL" if Decimal(row["positionAmt"]) < 0 else "BUY"
    return "SELL" if row["positionSide"] == "SHORT" else "BUY"


class Auditor:
    """Statements over the facts of one account."""

    def __init__(self, facts, ids, naked_ms=3000, dead=(), now_ms=None):
        self.facts = facts
        self.ids = ids
        self.naked_ms = naked_ms
        self.dead = sorted(dead)
        self.now_ms = now_ms
        self.findings = []
        self.figures = collections.Counter()
        # A conditional order's child carries an id of the exchange's; its parent tells its purpose.
        self.kind_of_order = {}
        for symbol, rows in facts.orders.items():
            for row in rows:
                decoded = ids.decode(row["clientOrderId"], symbol)
                if decoded:
                    self.kind_of_order[symbol, int(row["orderId"])] = decoded.kind
        for symbol, rows in facts.algos.items():
            for row in rows:
                decoded = ids.decode(row["clientAlgoId"], symbol)
                child = str(row.get("actualOrderId") or "")
                if decoded and child.isdigit() and int(child):
                    self.kind_of_order[symbol, int(child)] = decoded.kind

    def run(self):
        self.check_entries()
        self.check_reducing()
        self.check_replay()
        self.check_protected()
        self.check_naked()
        self.check_orphans()
        self.check_count()
        return self.findings

    def find(self, statement, symbol, text):
        self.findings.append(Finding(statement, symbol, text))

    def check_entries(self):
        entries = collections.defaultdict(list)
        for symbol, rows in self.facts.orders.items():
            for row in rows:
                decoded = self.ids.decode(row["clientOrderId"], symbol)
                if not decoded or decoded.kind not in ADDS_RISK:
                    continue
                self.figures["entry_orders"] += 1
                if Decimal(row["executedQty"]) > 0 or row["status"] in LIVE:
                    entries[symbol, decoded.day, decoded.kind].append(row)
        self.figures["entries"] = len(entries)
        for (symbol, day, kind), rows in entries.items():
            if len(rows) > 1:
                told = ", ".join(f"{r['clientOrderId']} ({r['executedQty']})" for r in rows)
                self.find("one entry", symbol, f"{day} has {len(rows)} orders to {kind}: {told}")

    def check_reducing(self):
        for symbol, rows in list(self.facts.orders.items()) + list(self.facts.algos.items()):
            for row in rows:
                client_id = row.get("clientOrderId") or row.get("clientAlgoId")
                decoded = self.ids.decode(client_id, symbol)
                if not decoded or decoded.kind in ADDS_RISK:
                    continue
                side = row["positionSide"]
                by_side = (side == "SHORT" and row["side"] == "BUY") or (
                    side == "LONG" and row["side"] == "SELL")
                if not (_flag(row, "reduceOnly") or _flag(row, "closePosition") or by_side):
                    self.find("only reducing", symbol,
                              f"{decoded.kind} {client_id} could open a position")

    def check_replay(self):
        held = collections.Counter({(row["symbol"], row["positionSide"]):
                                    Decimal(row["positionAmt"]) for row in self.facts.positions})
        for symbol, rows in self.facts.trades.items():
            replayed = collections.Counter()
            findings = []
            for row in sorted(rows, key=lambda each: int(each["id"])):
                self.figures["fills"] += 1
                key = symbol, row["positionSide"]
                before = replayed[key]
                change = Decimal(row["qty"]) * (1 if row["side"] == "BUY" else -1)
                after = replayed[key] = before + change
                kind = self.kind_of_order.get((symbol, int(row["orderId"])))
                if kind is None or kind in ADDS_RISK:
                    continue
                if abs(after) >= abs(before) or after * before < 0:
                    findings.append(f"{kind} {row['orderId']} took the position from {before} "
                                    f"to {after}")
            # Only a history that leads to what is held is complete enough to be judged.
            if all(replayed[key] == held.get(key, 0) for key in replayed):
                for text in findings:
                    self.find("only reducing", symbol, text)
            else:
                self.figures["histories_incomplete"] += 1

    def opened_by_us(self, symbol, side):
        """Whether the order that opened what is held now, from nothing, was ours."""
        position, opener = Decimal(0), None
        for row in sorted(self.facts.trades.get(symbol, ()), key=lambda each: int(each["id"])):
            if row["positionSide"] != side:
                continue
            if position == 0:
                opener = int(row["orderId"])
            position += Decimal(row["qty"]) * (1 if row["side"] == "BUY" else -1)
        return self.kind_of_order.get((symbol, opener)) in ADDS_RISK

    def check_protected(self):
        for row in self.facts.positions:
            symbol, side = row["symbol"], row["positionSide"]
            if not self.opened_by_us(symbol, side):
                continue
            self.figures["positions"] += 1
            closing = "BUY" if _opening(row) == "SELL" else "SELL"
            stops = [o for o in self.facts.open_algos
                     if o["symbol"] == symbol and o["positionSide"] == side and
                     o["side"] == closing and o["orderType"] in ("STOP", "STOP_MARKET") and
                     o["algoStatus"] in LIVE_ALGO]
            covered = sum(Decimal(o["quantity"]) for o in stops if _flag(o, "reduceOnly")
                          or side != "BOTH")
            if any(_flag(o, "closePosition") for o in stops):
                continue
            if covered < abs(Decimal(row["positionAmt"])):
                self.find("protected", symbol,
                          f"{row['positionAmt']} is held, stops cover {covered}")

    def check_naked(self):
        if self.facts.journal is None:
            return
        since, ours, last_fill = {}, set(), {}
        for row in self.facts.journal:
            key = row["symbol"], row["positionSide"]
            kind = row["kind"]
            if kind == "fill":
                last_fill[key] = row.get("clientId", "")
                # The journal may tell of the fill after the position that it opened.
                if key in since and self.ids.decode(last_fill[key], row["symbol"]):
                    ours.add(key)
            elif kind in ("position_opened", "unprotected_from"):
                since.setdefault(key, row["time"])
                if self.ids.decode(last_fill.get(key, ""), row["symbol"]):
                    ours.add(key)
            elif kind in ("protected_from", "position_closed"):
                self.judge_naked(key, since.pop(key, None), row["time"], ours)
                if kind == "position_closed":
                    ours.discard(key)
                    last_fill.pop(key, None)
        for key, begun in since.items():
            self.judge_naked(key, begun, self.now_ms, ours)

    def judge_naked(self, key, begun, ended, ours):
        if begun is None or ended is None or key not in ours:
            return
        longest, at = 0, begun
        for dead_from, dead_to in self.dead:
            if dead_to <= at or dead_from >= ended:
                continue
            longest = max(longest, dead_from - at)
            at = dead_to
        longest = max(longest, ended - at)
        self.figures["longest_naked_ms"] = max(self.figures["longest_naked_ms"], longest)
        if longest > self.naked_ms:
            self.find("never naked", key[0],
                      f"without stop for {longest} ms while the service lived (from {begun} to "
                      f"{ended})")

    def check_orphans(self):
        held = {(row["symbol"], row["positionSide"]) for row in self.facts.positions}
        kinds = collections.Counter()
        for row in self.facts.open_algos + self.facts.open_orders:
            client_id = row.get("clientAlgoId") or row.get("clientOrderId")
            decoded = self.ids.decode(client_id, row["symbol"])
            if not decoded:
                continue
            key = row["symbol"], row["positionSide"]
            kinds[key + (decoded.kind,)] += 1
            if key not in held:
                self.find("no orphan", row["symbol"], f"{decoded.kind} {client_id} rests without a "
                                                      "position")
        for (symbol, _, kind), count in kinds.items():
            if kind in ONE_OF_A_KIND and count > 1:
                self.find("no orphan", symbol, f"{count} orders of kind {kind} rest")

    def check_count(self):
        self.figures["conditional_orders"] = len(self.facts.open_algos)
        if len(self.facts.open_algos) > CONDITIONAL_MAX:
            self.find("few enough", "", f"{len(self.facts.open_algos)} conditional orders rest")


@dataclasses.dataclass
class Report:
    findings: list
    figures: dict
    has_journal: bool

    @property
    def ok(self):
        return not self.findings

    def as_json(self):
        failed = {finding.statement for finding in self.findings}
        return {"ok": self.ok,
                "statements": {name: name not in failed for name in STATEMENTS
                               if name != "never naked" or self.has_journal},
                "findings": [dataclasses.asdict(finding) for finding in self.findings],
                "figures": dict(self.figures)}

    def sentences(self):
        for name, holds in self.as_json()["statements"].items():
            yield f"{name}: {'holds' if holds else 'DOES NOT HOLD'}"
        for finding in self.findings:
            yield f"  {finding.statement}: {finding.symbol}: {finding.text}"


def audit(reader, environment="paper", since_ms=0, journal=False, naked_ms=3000, dead=(),
          patience=5.0):
    """Looks until everything holds, or what does not is no moment's sight."""
    ids = ClientIds(reader.alias(), environment)
    limit = time.monotonic() + patience
    while True:
        facts = reader.read(since_ms, journal)
        auditor = Auditor(facts, ids, naked_ms, dead, reader.now_ms())
        auditor.run()
        report = Report(auditor.findings, auditor.figures, journal)
        lasting = [each for each in report.findings if each.statement not in PASSING]
        if report.ok or lasting or time.monotonic() >= limit:
            return report
        time.sleep(0.5)


def _interval(text):
    begin, _, finish = text.partition("-")
    return int(begin), int(finish)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--environment", default="paper")
    parser.add_argument("--since", type=int, default=0, help="look at history from then on, in ms")
    parser.add_argument("--journal", action="store_true", help="the paper exchange's is open")
    parser.add_argument("--naked-ms", type=int, default=3000)
    parser.add_argument("--dead", type=_interval, nargs="*", default=[], metavar="FROM-TO")
    parser.add_argument("--patience", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        reader = ExchangeReader(options.url, os.environ["BB_AUDIT_KEY"],
                                os.environ["BB_AUDIT_SECRET"])
        report = audit(reader, options.environment, options.since, options.journal,
                       options.naked_ms, options.dead, options.patience)
    except KeyError as error:
        print(f"auditor: {error.args[0]} is not set in the environment", file=sys.stderr)
        return 2
    except CannotRead as error:
        print(f"auditor: nothing is concluded: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(report.as_json()))
    else:
        print("\n".join(report.sentences()))
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
