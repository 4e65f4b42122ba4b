#!/usr/bin/env python3
"""A fake of Telegram's Bot API server (10.3): real HTTP, long polling, and Telegram's refusals.

In a test:

    with FakeBotApi() as telegram:
        start the program with telegram.token and telegram.url
        telegram.message(chat=42, user=42, text="/status")
        shown = telegram.wait_message(42, "positions")
        telegram.press(42, shown["message_id"], "Refresh")

By itself: `fake_bot_api.py [--port 8081] [--token 1:fake]` prints its address; what a test does
with methods is then done over HTTP: POST /control/message {"chat":42,"user":42,"text":"/status"},
GET /control/sent, GET /control/messages?chat=42, GET /control/file?id=file-1. Loopback only.

Time is the machine's; advance() moves it (dates, expiry of presses), never the waiting of a poll.
"""

import argparse
import http.server
import json
import math
import pathlib
import random
import re
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bot_markup import BadRequest  # noqa: E402
from fake_bot_methods import KINDS, NOT_BY_DEFAULT, Methods, Refusal, integer  # noqa: E402
from fake_bot_updates import Updates, chat_type  # noqa: E402

CONTROLS = ("message", "edited_message", "forwarded", "via_bot", "caption", "anonymous_admin",
            "as_channel", "automatic_forward", "channel_post", "from_bot", "inline_query",
            "member", "press", "inject", "know", "block", "migrate", "advance", "refuse", "gateway",
            "drop", "hang", "storm", "calm")
GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head></html>"


class Hangup(Exception):
    """The connection closes without a byte."""


class FakeBotApi(Methods, Updates):
    def __init__(self, token="123456:fake-bot-token", port=0, username="bubble_test_bot",
                 callback_seconds=15, conflict_pause=3.0, keeps_limits=False, seed=1):
        self.token = token
        self.me = {"id": int(token.split(":")[0]), "is_bot": True, "first_name": "Bubble Buster",
                   "username": username}
        self.callback_seconds = callback_seconds  # a press not answered by then is too old
        self.conflict_pause = conflict_pause      # at most one 409 in this many seconds
        self.keeps_limits = keeps_limits          # answer 429 above Telegram's published rates
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.random = random.Random(seed)
        self.next_update = self.random.randrange(10 ** 8, 10 ** 9)
        self.updates, self.queued, self.queries = [], {}, {}
        self.allowed = [name for name in KINDS if name not in NOT_BY_DEFAULT]
        self.chats, self.standing, self.migrated, self.topics = {}, {}, {}, {}
        self.reply_keyboards, self.pinned, self.menus, self.files = {}, {}, {}, {}
        self.calls = []    # every request that was understood, with its answer
        self.faults = []
        self.shift = 0.0
        self.webhook, self.poll, self.last_poll, self.last_conflict = "", 0, None, 0.0
        self.closing = False
        handler = type("Handler", (Handler,), {"api": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = None

    def start(self):
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def stop(self):
        with self.lock:
            self.closing = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # --- time, chats, messages

    def real_now(self):
        return time.monotonic()

    def now(self):
        return time.time() + self.shift

    def date(self):
        return int(self.now())

    def advance(self, seconds):
        with self.lock:
            self.shift += seconds

    def new_id(self):
        return str(self.random.randrange(10 ** 17, 10 ** 18))

    def know(self, chat, kind=None, topics=()):
        """A chat the bot may write to: its user pressed Start, or it is in the group."""
        with self.lock:
            self.chats.setdefault(chat, {"type": kind or chat_type(chat), "next": 1,
                                         "messages": {}})
            self.standing[chat] = "member"
            if topics:
                self.topics[chat] = set(topics)

    def block(self, chat):
        """The user blocks the bot, or the group throws it out; know() undoes it."""
        self.member(chat, chat if chat > 0 else 1, "kicked")

    def migrate(self, chat, to):
        """The group becomes a supergroup."""
        with self.lock:
            self.know(to)
            self.migrated[chat] = to

    def chat_object(self, chat, kind=None):
        kind = kind or self.chats.get(chat, {}).get("type") or chat_type(chat)
        name = {"first_name": f"User {chat}"} if kind == "private" else {"title": f"Chat {chat}"}
        more = {"is_forum": True} if self.topics.get(chat) else {}
        return {"id": chat, "type": kind, **name, **more}

    def put(self, chat, fields, kind=None, age=0):
        self.chats.setdefault(chat, {"type": kind or chat_type(chat), "next": 1, "messages": {}})
        book = self.chats[chat]
        message = {"message_id": book["next"], "date": int(self.now() - age),
                   "chat": self.chat_object(chat), **fields}
        book["messages"][book["next"]] = message
        book["next"] += 1
        return message

    def incoming(self, chat, age, kind=None, **fields):
        return self.put(chat, fields, kind, age)

    def outgoing(self, chat, **fields):
        return self.put(chat, {"from": dict(self.me), **fields})

    def shown(self, chat, message_id):
        return json.loads(json.dumps(self.chats[chat]["messages"][message_id]))

    def inject(self, update):
        """Queues an update as it is, if the bot asked for its kind; returns its id."""
        with self.lock:
            number = self.next_update
            self.next_update += 1
            kind = next(iter(update))
            if kind not in KINDS or kind in self.allowed:
                copy = json.loads(json.dumps(update))
                self.updates.append({"update_id": number, **copy})
                self.queued[number] = self.now()
                self.changed.notify_all()
            return number

    # --- what a test reads

    def sent(self, method=None, chat=None):
        """The calls that were answered with ok, in order."""
        with self.lock:
            return [call for call in self.calls if call["code"] == 200
                    and (method is None or call["method"].lower() == method.lower())
                    and (chat is None or call["chat"] == chat)]

    def refused(self):
        with self.lock:
            return [call for call in self.calls if call["code"] != 200]

    def messages(self, chat):
        """The chat as it stands now, edits and deletions included; the bot's own messages."""
        with self.lock:
            book = self.chats.get(chat, {"messages": {}})
            own = [m for m in book["messages"].values() if m.get("from", {}).get("is_bot")
                   and m["from"]["id"] == self.me["id"]]
            return json.loads(json.dumps(own))

    def buttons(self, message):
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        return [button["text"] for row in rows for button in row]

    def wait(self, condition, seconds=30, what="the condition"):
        """Waits until `condition()` is something; an AssertionError tells what was sent instead."""
        limit = time.monotonic() + seconds
        with self.changed:
            while True:
                found = condition()
                if found:
                    return found
                left = limit - time.monotonic()
                if left <= 0:
                    last = "\n".join(str(call)[:600] for call in self.calls[-8:])
                    raise AssertionError(f"{what} did not come in {seconds} s; the last calls:\n"
                                         + last)
                self.changed.wait(min(left, 0.5))

    def wait_message(self, chat, part, after=0, seconds=30):
        """The first of the bot's messages with an id above `after` that shows `part`."""
        def look():
            for message in self.messages(chat):
                text = message.get("text", "") + message.get("caption", "")
                if message["message_id"] > after and part in text:
                    return message
            return None
        return self.wait(look, seconds, f"a message with {part!r} in chat {chat}")

    def wait_answer(self, query_id, seconds=30):
        """The answerCallbackQuery to that press, whether it was in time or not."""
        return self.wait(lambda: next(
            (call for call in self.calls if call["method"].lower() == "answercallbackquery"
             and call["parameters"].get("callback_query_id") == query_id), None), seconds,
            f"the answer to the press {query_id}")

    def rate(self, chat, seconds=60):
        """How many messages and edits went to that chat in the last seconds."""
        with self.lock:
            since = self.real_now() - seconds
            return sum(1 for call in self.calls if call["chat"] == chat and call["at"] >= since
                       and call["method"].lower().startswith(("send", "edit")))

    # --- faults: `method` and `chat` narrow them, `times` counts down

    def add_fault(self, kind, method, chat, times, **more):
        with self.lock:
            self.faults.append({"kind": kind, "method": method and method.lower(), "chat": chat,
                                "times": times, **more})

    def refuse(self, code, description, method=None, chat=None, times=1, **parameters):
        self.add_fault("refuse", method, chat, times, code=code, description=description,
                       parameters=parameters)

    def storm(self, retry_after=5, method=None, chat=None, times=math.inf):
        """429 until calm()."""
        self.refuse(429, f"Too Many Requests: retry after {retry_after}", method, chat, times,
                    retry_after=retry_after)

    def gateway(self, method=None, chat=None, times=1, acts=False):
        """502 with a page of HTML, before or after the call took effect."""
        self.add_fault("gateway", method, chat, times, acts=acts)

    def drop(self, method=None, chat=None, times=1, acts=True):
        """The connection closes without an answer."""
        self.add_fault("drop", method, chat, times, acts=acts)

    def hang(self, seconds, method=None, chat=None, times=1):
        """The answer comes that much later."""
        self.add_fault("hang", method, chat, times, seconds=seconds)

    def calm(self):
        with self.lock:
            self.faults.clear()

    def fault_for(self, method, chat):
        for fault in self.faults:
            if fault["method"] in (None, method) and fault["chat"] in (None, chat):
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self.faults.remove(fault)
                return fault
        return {"kind": "none"}

    def conflict(self, description):
        wait = self.last_conflict + self.conflict_pause - self.real_now()
        self.last_conflict = max(self.real_now(), self.last_conflict + self.conflict_pause)
        if wait > 0:
            self.changed.wait_for(lambda: self.closing, wait)
        raise Refusal(409, "Conflict: " + description)

    def hold_limits(self, chat, kind):
        if not self.keeps_limits:
            return
        minute, second = self.rate(chat, 60), self.rate(chat, 1)
        if kind != "private" and minute >= 20:
            raise self.too_many(60 - int(self.oldest_age(chat, 60)))
        if second >= 3:
            raise self.too_many(1)

    def oldest_age(self, chat, seconds):
        now = self.real_now()
        ages = [now - call["at"] for call in self.calls if call["chat"] == chat]
        return max((age for age in ages if age < seconds), default=0)

    def too_many(self, seconds):
        seconds = max(1, seconds)
        return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    # --- one request

    def answer(self, token, method, parameters, files):
        """(HTTP status, answer), or Hangup; GATEWAY_PAGE as the answer stands for a proxy's."""
        with self.changed:
            chat = None
            try:
                chat = integer(parameters, "chat_id")
            except BadRequest:
                pass
            fault = self.fault_for(method.lower(), chat)
            call = {"method": method, "chat": chat, "parameters": parameters, "files": files,
                    "at": self.real_now(), "code": 0, "answer": None}
            if fault["kind"] == "hang":
                self.changed.wait_for(lambda: self.closing, fault["seconds"])
            code, body = (0, None)
            if fault["kind"] in ("none", "hang") or fault.get("acts"):
                code, body = self.act(token, method, parameters, files)
            elif fault["kind"] == "refuse":
                code, body = failure(fault["code"], fault["description"], fault["parameters"])
            call.update(code=code if fault["kind"] in ("none", "hang", "refuse") else 502,
                        answer=body)
            if method.lower() != "getupdates" or code != 200:
                self.calls.append(call)
            self.changed.notify_all()
            if fault["kind"] == "drop":
                raise Hangup()
            if fault["kind"] == "gateway":
                return 502, GATEWAY_PAGE
            return code, json.loads(json.dumps(body))

    def act(self, token, method, parameters, files):
        if not re.fullmatch(r"\d+:[\w-]+", token):
            return failure(404, "Not Found")
        if token != self.token:
            return failure(401, "Unauthorized")
        do = getattr(self, "do_" + method.lower(), None)
        if do is None:
            return failure(404, "Not Found: method not found")
        try:
            return 200, {"ok": True, "result": do(parameters, files)}
        except BadRequest as refusal:
            return failure(400, f"Bad Request: {refusal}")
        except Refusal as refusal:
            return failure(refusal.code, refusal.description, refusal.parameters)

    def control(self, verb, arguments):
        if verb == "sent":
            return [{**call, "files": sorted(call["files"])} for call in self.sent()]
        if verb == "refused":
            return [{**call, "files": sorted(call["files"])} for call in self.refused()]
        if verb == "messages":
            return self.messages(int(arguments["chat"]))
        if verb not in CONTROLS:
            raise ValueError(f"no such control: {verb}; there are {', '.join(CONTROLS)}")
        return getattr(self, verb)(**arguments)


def failure(code, description, parameters=None):
    body = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return code, body


def read_multipart(content_type, body):
    """The fields and files of a multipart/form-data body; a part with a filename is a file."""
    boundary = re.search(r'boundary="?([^";]+)', content_type).group(1).encode()
    fields, files = {}, {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        if part.startswith(b"--"):
            break
        header, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        header = header.decode()
        name = re.search(r'\bname="([^"]*)"', header).group(1)
        filename = re.search(r'\bfilename="([^"]*)"', header)
        kind = re.search(r"(?mi)^content-type:\s*(\S+)", header)
        if filename:
            files[name] = {"name": filename.group(1), "bytes": data,
                           "type": kind.group(1) if kind else "application/octet-stream"}
        else:
            fields[name] = data.decode()
    return fields, files


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api = None

    def log_message(self, *_):
        pass

    def read(self):
        """All parameters and files of the request."""
        address = urllib.parse.urlsplit(self.path)
        parameters = dict(urllib.parse.parse_qsl(address.query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.headers.get("Content-Type", "")
        files = {}
        if kind.startswith("multipart/form-data"):
            fields, files = read_multipart(kind, body)
            parameters.update(fields)
        elif kind.startswith("application/json") and body:
            parameters.update(json.loads(body))
        elif body:
            parameters.update(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        return address.path, parameters, files

    def do_POST(self):
        path, parameters, files = self.read()
        bot = re.fullmatch(r"/bot([^/]*)/(?:test/)?(\w+)", path)
        try:
            if bot:
                self.reply(*self.api.answer(bot.group(1), bot.group(2), parameters, files))
            elif path.startswith("/control/"):
                self.control(path.removeprefix("/control/"), parameters)
            else:
                self.reply(*failure(404, "Not Found"))
        except Hangup:
            self.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST

    def control(self, verb, arguments):
        if verb == "file":
            self.reply(200, self.api.files[arguments["id"]]["bytes"], "application/octet-stream")
            return
        try:
            self.reply(200, {"result": self.api.control(verb, arguments)})
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            self.reply(400, {"error": f"{type(error).__name__}: {error}"})

    def reply(self, status, body, kind="text/html"):
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind if isinstance(body, bytes) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        wait = isinstance(body, dict) and body.get("parameters", {}).get("retry_after")
        if wait:
            self.send_header("Retry-After", str(wait))
        self.end_headers()
        self.wfile.write(data)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--port", type=int, default=8081)
    options.add_argument("--token", default="123456:fake-bot-token")
    chosen = options.parse_args()
    api = FakeBotApi(chosen.token, chosen.port)
    print(json.dumps({"url": api.url, "token": api.token}), flush=True)
    try:
        api.server.serve_forever(0.05)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
