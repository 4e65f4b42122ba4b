"""The form of our client order ids, spelled a second time (src/domain/client_order_id.h explains
it): who audits a program does not ask that program what its marks mean.
"""

import dataclasses
import datetime
import hashlib

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
KINDS = {"e": "entry", "d": "redistribute", "b": "stop", "s": "moving_stop", "t": "take_profit",
         "c": "close", "l": "loss_cut", "f": "flatten", "x": "risk_off"}
JOBS = {"e": "entry", "l": "loss_cut", "p": "patrol", "m": "manual"}
ADDS_RISK = ("entry", "redistribute")
LENGTH = 25
BODY = 20


@dataclasses.dataclass(frozen=True)
class Decoded:
    day: str  # YYYY-MM-DD of the slot
    job: str
    kind: str
    attempt: int


def _hash64(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _digits(value, count):
    out = ""
    for _ in range(count):
        out = ALPHABET[value & 31] + out
        value >>= 5
    return out


def _value(text):
    value = 0
    for character in text:
        if character not in ALPHABET:
            return None
        value = value << 5 | ALPHABET.index(character)
    return value


class ClientIds:
    def __init__(self, alias, environment):
        self.key = alias + "\n" + environment

    def make(self, day, job, symbol, kind, attempt):
        """What the program would send; for tests that play its mistakes."""
        days = (datetime.date.fromisoformat(day) - datetime.date(2020, 1, 1)).days
        body = "1" + _digits(_hash64(self.key) & 0x7fff, 3) + _digits(days, 4)
        body += next(c for c, name in JOBS.items() if name == job)
        body += _digits(_hash64(symbol) & (1 << 35) - 1, 7)
        body += next(c for c, name in KINDS.items() if name == kind) + _digits(attempt, 3)
        return body + _digits(_hash64(self.key + "\n" + body) & (1 << 25) - 1, 5)

    def decode(self, text, symbol):
        """None unless this account made the id in this environment for this symbol."""
        if len(text) != LENGTH or text[0] != "1":
            return None
        mac = _hash64(self.key + "\n" + text[:BODY]) & (1 << 25) - 1
        if text[BODY:] != _digits(mac, 5):
            return None
        if text[9:16] != _digits(_hash64(symbol) & (1 << 35) - 1, 7):
            return None
        day, attempt = _value(text[4:8]), _value(text[17:20])
        if None in (day, attempt) or text[8] not in JOBS or text[16] not in KINDS:
            return None
        date = datetime.date(2020, 1, 1) + datetime.timedelta(days=day)
        return Decoded(date.isoformat(), JOBS[text[8]], KINDS[text[16]], attempt)
