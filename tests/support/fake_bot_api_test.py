#!/usr/bin/env python3
"""The fake Bot API server keeps to the reference: what the real one answers, it answers."""

import http.client
import json
import struct
import threading
import time
import unittest
import urllib.parse
import zlib

from fake_bot_api import FakeBotApi

CHAT, GROUP, SUPERGROUP = 42, -77, -1001234567890


def a_png(width=4, height=3):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    rows = b"".join(b"\0" + b"\r\n\0" * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b""))


class FakeBotApiTest(unittest.TestCase):
    def setUp(self):
        self.api = FakeBotApi(conflict_pause=0).start()
        self.addCleanup(self.api.stop)
        self.api.know(CHAT)
        self.api.know(GROUP)

    def raw(self, path, body=b"", kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.api.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("POST", path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers

    def call(self, method, **parameters):
        status, body, _ = self.raw(f"/bot{self.api.token}/{method}",
                                   json.dumps(parameters).encode())
        document = json.loads(body)
        self.assertEqual(document.get("error_code", 200), status)
        return document

    def result(self, method, **parameters):
        document = self.call(method, **parameters)
        self.assertTrue(document["ok"], document)
        return document["result"]

    def refusal(self, method, **parameters):
        document = self.call(method, **parameters)
        self.assertFalse(document["ok"], document)
        return document["error_code"], document["description"]

    def test_query_form_and_json_carry_the_same_parameters(self):
        base = f"/bot{self.api.token}/sendMessage"
        markup = json.dumps({"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]})
        fields = urllib.parse.urlencode({"chat_id": CHAT, "text": "x&y", "reply_markup": markup})
        for path, body, kind in ((f"{base}?{fields}", b"", "text/plain"),
                                 (base, fields.encode(), "application/x-www-form-urlencoded")):
            status, answer, _ = self.raw(path, body, kind)
            self.assertEqual(status, 200, answer)
            self.assertEqual(json.loads(answer)["result"]["text"], "x&y")
        self.assertEqual(self.result("SENDMESSAGE", chat_id=str(CHAT), text="x")["message_id"], 3)

    def test_a_poll_waits_confirms_by_offset_and_keeps_what_is_not_confirmed(self):
        begun = time.monotonic()
        timer = threading.Timer(0.2, self.api.message, (CHAT, CHAT, "/status now"))
        timer.start()
        [update] = self.result("getUpdates", timeout=10)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual(update["message"]["entities"],
                         [{"type": "bot_command", "offset": 0, "length": 7}])
        [again] = self.result("getUpdates", timeout=10)
        self.assertEqual(again, update)
        self.api.message(CHAT, CHAT, "second")
        self.api.message(CHAT, CHAT, "third")
        ready = self.result("getUpdates", offset=update["update_id"] + 1, timeout=10)
        self.assertEqual([each["message"]["text"] for each in ready], ["second", "third"])
        [last] = self.result("getUpdates", offset=-1, timeout=10)
        self.assertEqual(last["message"]["text"], "third")

    def test_the_older_of_two_polls_gets_409(self):
        answers = []
        older = threading.Thread(target=lambda: answers.append(
            self.call("getUpdates", timeout=10)))
        older.start()
        self.api.wait(lambda: self.api.poll == 1)
        newer = threading.Thread(target=lambda: answers.append(
            self.call("getUpdates", timeout=10)))
        newer.start()
        older.join(5)
        self.api.message(CHAT, CHAT, "x")
        newer.join(5)
        self.assertEqual(answers[0]["error_code"], 409)
        self.assertIn("terminated by other getUpdates request", answers[0]["description"])
        self.assertEqual(answers[1]["result"][0]["message"]["text"], "x")

    def test_a_webhook_bars_polling_until_it_is_deleted(self):
        self.result("setWebhook", url="https://example.org/hook")
        code, text = self.refusal("getUpdates")
        self.assertEqual((code, "webhook is active" in text), (409, True))
        self.result("deleteWebhook")
        self.assertEqual(self.result("getUpdates"), [])

    def test_only_asked_for_kinds_are_queued_and_the_choice_is_remembered(self):
        self.result("getUpdates", allowed_updates=["message", "callback_query"])
        self.api.edited_message(CHAT, CHAT, "/x")
        self.api.inline_query(CHAT, "q")
        self.api.message(CHAT, CHAT, "kept")
        [update] = self.result("getUpdates", timeout=5)
        self.assertEqual(update["message"]["text"], "kept")

    def test_presses_are_kept_150_seconds_and_messages_a_day(self):
        sent = self.result("sendMessage", chat_id=CHAT, text="menu", reply_markup={
            "inline_keyboard": [[{"text": "Go", "callback_data": "go:1"}]]})
        self.api.press(CHAT, sent["message_id"], "Go")
        self.api.message(CHAT, CHAT, "/old")
        self.api.advance(151)
        [update] = self.result("getUpdates", timeout=5)
        self.assertEqual(update["message"]["text"], "/old")
        self.api.advance(86400)
        self.assertEqual(self.result("getUpdates", offset=5), [])

    def test_a_press_is_answered_once_and_in_time(self):
        sent = self.result("sendMessage", chat_id=CHAT, text="menu", reply_markup={
            "inline_keyboard": [[{"text": "Go", "callback_data": "go:1"}]]})
        query = self.api.press(CHAT, sent["message_id"], "Go")
        [update] = self.result("getUpdates", timeout=5)
        self.assertEqual(update["callback_query"]["data"], "go:1")
        self.assertEqual(update["callback_query"]["message"]["message_id"], sent["message_id"])
        self.assertTrue(self.result("answerCallbackQuery", callback_query_id=query))
        code, text = self.refusal("answerCallbackQuery", callback_query_id=query)
        self.assertEqual((code, "query is too old" in text), (400, True))
        late = self.api.press(CHAT, sent["message_id"], "Go", user=7, data="forged")
        self.api.advance(16)
        self.assertEqual(self.refusal("answerCallbackQuery", callback_query_id=late)[0], 400)

    def test_markup_is_parsed_as_telegram_does(self):
        sent = self.result("sendMessage", chat_id=CHAT, parse_mode="HTML",
                           text="<b>仓</b> &lt;1&gt; <pre>a\nb</pre>")
        self.assertEqual(sent["text"], "仓 <1> a\nb")
        self.assertEqual(sent["entities"], [{"type": "bold", "offset": 0, "length": 1},
                                            {"type": "pre", "offset": 6, "length": 3}])
        for text, why in (("a<x>b", 'Unsupported start tag "x" at byte offset 1'),
                          ("仓<b>x", "Can't find end tag corresponding to start tag \"b\""),
                          ("<b>x</i>", 'expected "</b>", found "</i>"'),
                          ("x</b>", "Unexpected end tag at byte offset 1")):
            code, description = self.refusal("sendMessage", chat_id=CHAT, text=text,
                                             parse_mode="HTML")
            self.assertEqual(code, 400)
            self.assertIn(why, description)

    def test_lengths_and_buttons_are_limited(self):
        self.result("sendMessage", chat_id=CHAT, text="<b>" + "仓" * 4096 + "</b>",
                    parse_mode="HTML")
        for more, why in (({"text": "x" * 4097}, "message is too long"),
                          ({"text": "x" * 32769}, "text is too long"),
                          ({"text": " "}, "message text is empty"),
                          ({"text": "x", "reply_markup": {"inline_keyboard": [[
                              {"text": "a", "callback_data": "仓" * 22}]]}}, "BUTTON_DATA_INVALID"),
                          ({"text": "x", "reply_parameters": {"message_id": 99}},
                           "message to be replied not found"),
                          ({"text": "x", "message_thread_id": 1}, "message thread not found")):
            code, description = self.refusal("sendMessage", chat_id=CHAT, **more)
            self.assertEqual((code, description), (400, "Bad Request: " + why))

    def test_edits_show_and_the_same_again_is_refused(self):
        keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
        sent = self.result("sendMessage", chat_id=CHAT, text="one", reply_markup=keyboard)
        where = {"chat_id": CHAT, "message_id": sent["message_id"]}
        code, text = self.refusal("editMessageText", text="one", reply_markup=keyboard, **where)
        self.assertEqual((code, "message is not modified" in text), (400, True))
        self.result("editMessageText", text="two", **where)
        [shown] = self.api.messages(CHAT)
        self.assertEqual((shown["text"], "reply_markup" in shown), ("two", False))
        self.assertIn("to edit not found", self.refusal(
            "editMessageText", chat_id=CHAT, message_id=99, text="x")[1])
        self.api.message(CHAT, CHAT, "theirs")
        self.assertIn("can't be edited", self.refusal(
            "editMessageText", chat_id=CHAT, message_id=sent["message_id"] + 1, text="x")[1])
        self.result("deleteMessage", **where)
        self.assertEqual(self.api.messages(CHAT), [])

    def test_a_photo_arrives_byte_for_byte_and_a_text_is_none(self):
        picture = a_png()
        edge = b"x1"
        def form(data):
            return (b"--x1\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n42\r\n"
                    b"--x1\r\nContent-Disposition: form-data; name=\"caption\"\r\n\r\n"
                    + "权益".encode() + b"\r\n--x1\r\nContent-Disposition: form-data; "
                    b"name=\"photo\"; filename=\"e.png\"\r\nContent-Type: image/png\r\n\r\n"
                    + data + b"\r\n--x1--\r\n")
        kind = "multipart/form-data; boundary=" + edge.decode()
        path = f"/bot{self.api.token}/sendPhoto"
        status, body, _ = self.raw(path, form(picture), kind)
        self.assertEqual(status, 200, body)
        message = json.loads(body)["result"]
        self.assertEqual((message["caption"], message["photo"][0]["width"]), ("权益", 4))
        self.assertEqual(self.api.files[message["photo"][0]["file_id"]]["bytes"], picture)
        status, body, _ = self.raw(path, form(b"no picture"), kind)
        self.assertIn("IMAGE_PROCESS_FAILED", json.loads(body)["description"])
        self.assertIn("there is no photo", self.refusal("sendPhoto", chat_id=CHAT)[1])

    def test_who_cannot_be_written_to_is_told(self):
        self.assertEqual(self.refusal("sendMessage", chat_id=43, text="x"),
                         (400, "Bad Request: chat not found"))
        self.api.block(CHAT)
        self.assertEqual(self.refusal("sendMessage", chat_id=CHAT, text="x"),
                         (403, "Forbidden: bot was blocked by the user"))
        self.api.block(GROUP)
        self.assertEqual(self.refusal("sendMessage", chat_id=GROUP, text="x"),
                         (403, "Forbidden: bot was kicked from the group chat"))
        self.api.know(GROUP)
        self.api.migrate(GROUP, SUPERGROUP)
        document = self.call("sendMessage", chat_id=GROUP, text="x")
        self.assertEqual(document["parameters"], {"migrate_to_chat_id": SUPERGROUP})
        self.result("sendMessage", chat_id=SUPERGROUP, text="x")

    def test_tokens_and_methods_that_do_not_exist(self):
        self.assertEqual(self.raw("/bot1:other/getMe")[0], 401)
        self.assertEqual(self.raw("/botnothing/getMe")[0], 404)
        self.assertEqual(self.refusal("sendRichMessage"), (404, "Not Found: method not found"))

    def test_faults_come_as_scripted_and_end(self):
        self.api.storm(35, chat=CHAT, times=1)
        status, body, headers = self.raw(f"/bot{self.api.token}/sendMessage",
                                         json.dumps({"chat_id": CHAT, "text": "x"}).encode())
        self.assertEqual((status, headers["Retry-After"]), (429, "35"))
        self.assertEqual(json.loads(body)["parameters"]["retry_after"], 35)
        self.api.gateway(acts=True)
        status, body, _ = self.raw(f"/bot{self.api.token}/sendMessage",
                                   json.dumps({"chat_id": CHAT, "text": "came"}).encode())
        self.assertEqual((status, body[:6]), (502, b"<html>"))
        self.assertEqual(self.api.messages(CHAT)[-1]["text"], "came")
        self.api.drop(acts=False)
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionError)):
            self.raw(f"/bot{self.api.token}/getMe")
        self.result("getMe")

    def test_its_limits_are_telegrams(self):
        self.api.keeps_limits = True
        codes = [self.call("sendMessage", chat_id=CHAT, text=str(i)).get("error_code", 200)
                 for i in range(5)]
        self.assertEqual(codes, [200, 200, 200, 429, 429])

    def test_senders_that_are_no_persons_look_as_they_do(self):
        self.api.anonymous_admin(SUPERGROUP, "/flatten")
        self.api.as_channel(SUPERGROUP, "/flatten")
        self.api.automatic_forward(SUPERGROUP, "/flatten")
        self.api.channel_post(-1009999999999, "/flatten")
        self.api.forwarded(CHAT, CHAT, "/flatten")
        updates = self.result("getUpdates", timeout=5)
        senders = [next(v for k, v in each.items() if k != "update_id") for each in updates]
        self.assertEqual([each.get("from", {}).get("id") for each in senders],
                         [1087968824, 136817688, 777000, None, CHAT])
        self.assertEqual(senders[0]["sender_chat"]["id"], SUPERGROUP)
        self.assertEqual(senders[4]["forward_origin"]["type"], "user")

    def test_a_menu_is_looked_up_in_telegrams_order(self):
        def put(name, **more):
            self.result("setMyCommands", commands=[{"command": name, "description": "x"}], **more)
        put("all")
        put("private_zh", scope={"type": "all_private_chats"}, language_code="zh")
        put("mine", scope=json.dumps({"type": "chat", "chat_id": CHAT}))
        self.assertEqual(self.api.menu(CHAT, CHAT, "zh")[0]["command"], "mine")
        self.assertEqual(self.api.menu(43, 43, "zh")[0]["command"], "private_zh")
        self.assertEqual(self.api.menu(GROUP, CHAT, "zh")[0]["command"], "all")
        self.assertIn("BOT_COMMAND_INVALID", self.refusal(
            "setMyCommands", commands=[{"command": "Bad-Name", "description": "x"}])[1])

    def test_all_of_it_is_done_over_http_too(self):
        def control(verb, **arguments):
            status, body, _ = self.raw(f"/control/{verb}", json.dumps(arguments).encode())
            return status, json.loads(body)
        self.assertEqual(control("message", chat=CHAT, user=CHAT, text="/x")[0], 200)
        self.assertEqual(self.result("getUpdates", timeout=5)[0]["message"]["text"], "/x")
        self.result("sendMessage", chat_id=CHAT, text="answer")
        self.assertEqual(control("messages", chat=CHAT)[1]["result"][0]["text"], "answer")
        self.assertEqual(control("sent")[1]["result"][-1]["method"], "sendMessage")
        self.assertEqual(control("stop")[0], 400)


if __name__ == "__main__":
    unittest.main()
