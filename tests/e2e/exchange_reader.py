"""Reads one account of a Binance-compatible USDⓈ-M exchange: signed GETs, and the paper exchange's
journal where it is open. It sends nothing but GETs.
"""

import dataclasses
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request


LOOK_BACK_MS = 6 * 86_400_000  # what the exchange shows without being asked for more


class CannotRead(Exception):
    """The exchange did not answer completely: nothing may be concluded."""


@dataclasses.dataclass
class Facts:
    """What the exchange says of the account, at about one moment."""

    positions: list = dataclasses.field(default_factory=list)  # rows of positionRisk, not flat
    orders: dict = dataclasses.field(default_factory=dict)     # symbol -> rows of allOrders
    algos: dict = dataclasses.field(default_factory=dict)      # symbol -> rows of allAlgoOrders
    open_algos: list = dataclasses.field(default_factory=list)
    open_orders: list = dataclasses.field(default_factory=list)
    trades: dict = dataclasses.field(default_factory=dict)     # symbol -> rows of userTrades
    journal: list = None                                       # of this account; None = closed


class ExchangeReader:
    def __init__(self, url, key, secret, timeout=15):
        self.url = url.rstrip("/")
        self.key = key
        self.secret = secret.encode()
        self.timeout = timeout
        self.ahead_ms = 0
        self.sync()

    def sync(self):
        """Stamps follow the exchange's clock."""
        server = self._get("/fapi/v1/time", "")["serverTime"]
        self.ahead_ms = server - int(time.time() * 1000)

    def now_ms(self):
        return int(time.time() * 1000) + self.ahead_ms

    def get(self, path, **params):
        """A signed query; asked again where only patience is needed."""
        for attempt in range(4):
            query = urllib.parse.urlencode(
                {**params, "recvWindow": 10_000, "timestamp": self.now_ms()})
            signature = hmac.new(self.secret, query.encode(), hashlib.sha256).hexdigest()
            try:
                return self._get(path, f"?{query}&signature={signature}")
            except CannotRead:
                if attempt == 3:
                    raise
                time.sleep(0.2 * 2 ** attempt)
        raise AssertionError("not reached")

    def _get(self, path, query):
        request = urllib.request.Request(self.url + path + query,
                                         headers={"X-MBX-APIKEY": self.key})
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise CannotRead(f"{path}: {error.code} {error.read(300).decode(errors='replace')}")
        except (OSError, ValueError) as error:
            raise CannotRead(f"{path}: {error}")

    def alias(self):
        return self.get("/fapi/v3/balance")[0]["accountAlias"]

    def symbols_of_history(self, since_ms):
        """Symbols that money moved for; pages of 1000."""
        symbols, begin = set(), since_ms
        while True:
            rows = self.get("/fapi/v1/income", startTime=begin, limit=1000)
            symbols.update(row["symbol"] for row in rows if row["symbol"])
            if len(rows) < 1000:
                return symbols
            if rows[-1]["time"] == begin:
                raise CannotRead("more than 1000 income rows in one millisecond")
            begin = rows[-1]["time"]

    def pages(self, path, symbol, first_id, id_name, **params):
        """All rows from an id on."""
        rows = []
        while True:
            page = self.get(path, symbol=symbol, limit=1000, **{first_id: 1, **params})
            rows += page
            if len(page) < 1000:
                return rows
            params[first_id] = page[-1][id_name] + 1

    def read(self, since_ms, with_journal):
        facts = Facts()
        since_ms = since_ms or self.now_ms() - LOOK_BACK_MS
        # Orders before positions: what is protected in between is seen as naked, and looked at again;
        # never the other way round.
        facts.open_algos = self.get("/fapi/v1/openAlgoOrders")
        facts.open_orders = self.get("/fapi/v1/openOrders")
        rows = self.get("/fapi/v3/positionRisk")
        facts.positions = [row for row in rows if float(row["positionAmt"]) != 0]
        symbols = self.symbols_of_history(since_ms)
        for row in facts.positions + facts.open_algos + facts.open_orders:
            symbols.add(row["symbol"])
        for symbol in sorted(symbols):
            facts.orders[symbol] = self.pages("/fapi/v1/allOrders", symbol, "orderId", "orderId")
            facts.algos[symbol] = self.pages("/fapi/v1/allAlgoOrders", symbol, "algoId", "algoId")
            facts.trades[symbol] = self.pages("/fapi/v1/userTrades", symbol, "fromId", "id")
        if with_journal:
            facts.journal = self.journal(self.alias())
        return facts

    def journal(self, alias):
        rows, begin = [], 0
        while True:
            url = f"{self.url}/paper/journal?from={begin}&limit=100000"
            try:
                with urllib.request.urlopen(url, timeout=60) as answer:
                    page = [json.loads(line) for line in answer.read().splitlines()]
            except (OSError, ValueError) as error:
                raise CannotRead(f"/paper/journal: {error}")
            rows += [row for row in page if row["account"] == alias]
            if len(page) < 100_000:
                return rows
            begin = page[-1]["n"] + 1
