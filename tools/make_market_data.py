#!/usr/bin/env python3
"""Makes the repository's recorded market days (data/) from a folder of recorded exchange data.

    tools/make_market_data.py SOURCE OUTPUT

SOURCE holds klines/, responses/ and funding_mark/ as data/README.md describes them. Needs nothing
but the standard library and the `zstd` program. The same source and zstd give the same bytes.
"""

import argparse
import csv
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
from decimal import Decimal

STEP_MS = 15 * 60 * 1000
BEGIN_MS = 1759276800000  # 2025-10-01 00:00 UTC
DAYS = 19
END_MS = BEGIN_MS + DAYS * 86_400_000

KLINES = [
    "klines/um_klines_15m_2025-09-27_2025-10-10.csv.zst",
    "klines/um_klines_15m_2025-10-11_2025-10-23.csv.zst",
]
EXCHANGE_INFO = [  # the first file that knows a symbol wins
    "responses/exchangeInfo_mainnet_2025-09-18.symbols.json.zst",
    "responses/exchangeInfo_testnet_2025-10-29.json.zst",
]
ENVELOPE = "responses/recorded_http_fapi_gocryptotrader.json.zst"
BRACKETS = [
    "responses/leverageBracket_mainnet_2025-10-16.derived.json.zst",
    "responses/leverageBracket_mainnet_2025-10-30.derived.json.zst",
]
FUNDING = "funding_mark/um_funding_17sym_2024-12-31_2025-11-15.csv.zst"

MAGIC = b"BBBARS01"
RAW = 100_000_000  # prices and ticks are counted in 1e-8
VOLUME_DIGITS = 3
# A symbol with more bars off its recorded tick than this has a finer tick on mainnet than the rules
# tell; with fewer, the exchange printed a stray price and it is rounded.
OFF_TICK_SHARE = 0.05


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source")
    parser.add_argument("output")
    args = parser.parse_args()

    rules, brackets = read_rules(args.source), read_brackets(args.source)
    bars = read_bars(args.source)
    left_out = sorted(s for s in bars if s not in rules or s not in brackets)
    for symbol in left_out:
        del bars[symbol]
    finer, rounded = {}, {}
    ticks = {}
    for symbol in sorted(bars):
        ticks[symbol] = fit_tick(symbol, bars[symbol], rules[symbol], finer, rounded)

    os.makedirs(args.output, exist_ok=True)
    write(args.output, "bars_15m.bin.zst", pack_bars(bars, ticks))
    write(args.output, "exchangeInfo.json.zst", to_json(exchange_info(args.source, rules, bars)))
    write(args.output, "leverageBracket.json.zst",
          to_json([brackets[s] for s in rules if s in bars]))
    write(args.output, "funding.csv.zst", funding(args.source, bars))

    print(f"{len(bars)} symbols, {sum(map(len, bars.values()))} bars", file=sys.stderr)
    print(f"left out for want of rules or brackets: {left_out}", file=sys.stderr)
    print(f"finer tick than the rules tell: {finer}", file=sys.stderr)
    print(f"prices rounded to the tick: {rounded}", file=sys.stderr)
    for name in sorted(os.listdir(args.output)):
        if name.endswith(".zst"):
            with open(os.path.join(args.output, name), "rb") as file:
                data = file.read()
            print(f"| `{name}` | {len(data)} | `{hashlib.sha256(data).hexdigest()}` |")


# ---- reading ------------------------------------------------------------------------------------


def read_text(source, path):
    done = subprocess.run(["zstd", "-dc", os.path.join(source, path)], check=True,
                          stdout=subprocess.PIPE)
    return done.stdout.decode("utf-8")


def to_raw(text):
    """A decimal text in whole 1e-8."""
    raw = Decimal(text) * RAW
    if raw != int(raw):
        sys.exit(f"{text} has more than 8 decimal places")
    return int(raw)


def read_rules(source):
    """Symbol objects in the exchange's order."""
    found = {}
    for path in EXCHANGE_INFO:
        for entry in json.loads(read_text(source, path))["symbols"]:
            found.setdefault(entry["symbol"], entry)
    return found


def read_brackets(source):
    found = {}
    for path in BRACKETS:
        for entry in json.loads(read_text(source, path)):
            found.setdefault(entry["symbol"], entry)
    return found


def read_bars(source):
    """symbol -> [(open_time, [open, high, low, close] in 1e-8, volume)], by time, without holes."""
    bars = {}
    for path in KLINES:
        for row in csv.reader(io.StringIO(read_text(source, path))):
            if row[0] == "symbol" or not BEGIN_MS <= int(row[1]) < END_MS:
                continue
            prices = [to_raw(text) for text in row[2:6]]
            if min(prices) <= 0:
                sys.exit(f"{row[0]} {row[1]}: a price that is not positive")
            bars.setdefault(row[0], []).append((int(row[1]), prices, float(row[6])))
    for symbol, rows in bars.items():
        rows.sort(key=lambda row: row[0])
        for i, row in enumerate(rows):
            if row[0] != rows[0][0] + i * STEP_MS:
                sys.exit(f"{symbol}: a hole before {row[0]}")
    return bars


# ---- rules --------------------------------------------------------------------------------------


def filter_of(entry, name):
    return next(f for f in entry["filters"] if f["filterType"] == name)


def fit_tick(symbol, rows, entry, finer, rounded):
    """The tick of the bars in 1e-8; makes rules and bars agree on it."""
    price_filter = filter_of(entry, "PRICE_FILTER")
    recorded = price_filter["tickSize"]
    tick = to_raw(recorded)
    while True:
        off = sum(1 for row in rows if any(price % tick for price in row[1]))
        if off <= OFF_TICK_SHARE * len(rows):
            break
        tick //= 10
    text = decimal_text(tick)
    if tick != to_raw(recorded):
        finer[symbol] = f"{recorded} -> {text}"
        if to_raw(price_filter["minPrice"]) == to_raw(recorded):
            price_filter["minPrice"] = text
        price_filter["tickSize"] = text
        entry["pricePrecision"] = max(entry["pricePrecision"], len(text.split(".")[1]))
    if off:
        rounded[symbol] = off
        for row in rows:
            o, h, l, c = [(price + tick // 2) // tick * tick for price in row[1]]
            row[1][:] = [o, max(o, h, l, c), min(o, h, l, c), c]
    return tick


def decimal_text(raw):
    text = f"{raw // RAW}.{raw % RAW:08d}".rstrip("0")
    return text[:-1] if text.endswith(".") else text


def exchange_info(source, rules, bars):
    routes = json.loads(read_text(source, ENVELOPE))["routes"]
    recorded = routes["/fapi/v1/exchangeInfo"]["GET"][0]["data"]
    symbols = []
    for symbol, entry in rules.items():
        if symbol not in bars:
            continue
        entry = dict(entry, status="TRADING")
        entry["filters"] = [f for f in entry["filters"]
                            if f["filterType"] != "MAX_NUM_ALGO_ORDERS"]
        symbols.append(entry)
    return {
        "timezone": "UTC",
        "serverTime": BEGIN_MS,
        "futuresType": "U_MARGINED",
        "rateLimits": recorded["rateLimits"],
        "exchangeFilters": [],
        "assets": recorded["assets"],
        "symbols": symbols,
    }


def funding(source, bars):
    lines = ["symbol,funding_time,funding_rate"]
    for row in csv.DictReader(io.StringIO(read_text(source, FUNDING))):
        if row["symbol"] in bars and BEGIN_MS <= int(row["funding_time"]) <= END_MS:
            rate = round(Decimal(row["funding_rate"]) * RAW)
            sign = "-" if rate < 0 else ""
            lines.append(f"{row['symbol']},{row['funding_time']},{sign}{decimal_text(abs(rate))}")
    return ("\n".join(lines) + "\n").encode()


# ---- bars ---------------------------------------------------------------------------------------


def zigzag(number):
    return number * 2 if number >= 0 else -number * 2 - 1


def put_varint(out, number):
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def split_volume(volume):
    """volume ~ mantissa x 10^exponent with VOLUME_DIGITS digits; (0, 0) for none."""
    if volume <= 0:
        return 0, 0
    digits, exponent = f"{volume:.{VOLUME_DIGITS - 1}e}".split("e")
    return int(digits.replace(".", "")), int(exponent) - (VOLUME_DIGITS - 1)


def pack_bars(bars, ticks):
    header = bytearray(MAGIC)
    header += struct.pack("<qqII", BEGIN_MS, END_MS, STEP_MS, len(bars))
    streams = {name: bytearray() for name in
               ("open", "close", "high", "low", "volume_low", "volume_high", "volume_exponent")}
    for symbol in sorted(bars):
        name, rows, tick = symbol.encode(), bars[symbol], ticks[symbol]
        header += struct.pack("<B", len(name)) + name
        header += struct.pack("<qII", tick, (rows[0][0] - BEGIN_MS) // STEP_MS, len(rows))
        before = 0
        for _, prices, volume in rows:
            o, h, l, c = (price // tick for price in prices)
            put_varint(streams["open"], zigzag(o - before))
            put_varint(streams["close"], zigzag(c - o))
            put_varint(streams["high"], h - max(o, c))
            put_varint(streams["low"], min(o, c) - l)
            mantissa, exponent = split_volume(volume)
            streams["volume_low"].append(mantissa & 255)
            streams["volume_high"].append(mantissa >> 8)
            streams["volume_exponent"].append(exponent & 255)
            before = c
    for stream in streams.values():
        header += struct.pack("<Q", len(stream)) + stream
    return bytes(header)


# ---- writing ------------------------------------------------------------------------------------


def to_json(value):
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def write(folder, name, content):
    """From a file, not a pipe: then the frame tells its size, and the loader can check it."""
    with tempfile.NamedTemporaryFile() as plain:
        plain.write(content)
        plain.flush()
        subprocess.run(["zstd", "-19", "--check", "--quiet", "--force", plain.name,
                        "-o", os.path.join(folder, name)], check=True)
    os.chmod(os.path.join(folder, name), 0o644)


if __name__ == "__main__":
    main()
