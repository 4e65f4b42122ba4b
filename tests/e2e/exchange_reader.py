"""Reads one account of a Binance-compatible USDⓈ-M exchange: signed GETs, and the paper exchange's
journal where it is open. It sends nothing but GETs.
"""

import dataclasses
import hashlib
import hmac
import http.client
import json
import time
import urllib.parse


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
    def __init__(self, url, key, secret, timeout=15, source=None):
        """`source`: the address to come from; the exchange counts weight by address."""
        self.url = url.rstrip("/")
        self.base = urllib.parse.urlsplit(self.url)
        self.source = (source, 0) if source else None
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
            try:
                return self._get(path, "?" + self.signed(params))
            except CannotRead:
                if attempt == 3:
                    raise
                time.sleep(0.2 * 2 ** attempt)
        raise AssertionError("not reached")

    def request(self, method, path, body=None, timeout=None):
        """Status and text of one request."""
        secure = self.base.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(self.base.hostname, self.base.port, timeout=timeout or self.timeout,
                             source_address=self.source)
        headers = {"X-MBX-APIKEY": self.key}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, self.base.path + path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise CannotRead(f"{path.partition('?')[0]}: {error}") from error
        finally:
            connection.close()

    def _get(self, path, query, timeout=None):
        status, text = self.request("GET", path + query, timeout=timeout)
        if status != 200:
            raise CannotRead(f"{path}: {status} {text[:300]}")
        try:
            return json.loads(text)
        except ValueError as error:
            raise CannotRead(f"{path}: {error}") from error

    def public(self, path):
        return self._get(path, "")

    def signed(self, params):
        """A query text with stamp and signature."""
        query = urllib.parse.urlencode({**params, "recvWindow": 10_000, "timestamp": self.now_ms()})
        signature = hmac.new(self.secret, query.encode(), hashlib.sha256).hexdigest()
        return f"{query}&signature={signature}"

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
        # Orders before positions: a stop that comes in between is missed, and looked for again; one
        # that goes is never counted on.
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
            path = f"/paper/journal?from={begin}&limit=100000"
            status, text = self.request("GET", path, timeout=60)
            if status != 200:
                raise CannotRead(f"/paper/journal: {status}: it is closed")
            page = [json.loads(line) for line in text.splitlines()]
            rows += [row for row in page if row["account"] == alias]
            if len(page) < 100_000:
                return rows
            begin = page[-1]["n"] + 1
