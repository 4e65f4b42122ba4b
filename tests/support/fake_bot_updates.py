"""Builders of the updates that a test injects into the fake Bot API server."""

from fake_bot_markup import command_entities

ANONYMOUS_ADMIN = {"id": 1087968824, "is_bot": True, "first_name": "Group",
                   "username": "GroupAnonymousBot"}
CHANNEL_BOT = {"id": 136817688, "is_bot": True, "first_name": "Channel",
               "username": "Channel_Bot"}
TELEGRAM = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
SUPERGROUPS_FROM = -1000000000000


def chat_type(chat_id):
    if chat_id > 0:
        return "private"
    return "supergroup" if chat_id < SUPERGROUPS_FROM else "group"


def a_user(user_id, language=None, **more):
    user = {"id": user_id, "is_bot": False, "first_name": f"User {user_id}"}
    if language:
        user["language_code"] = language
    return {**user, **more}


class Updates:
    """Mixed into the server: each method queues one update and returns its update_id."""

    def message(self, chat, user, text, language=None, age=0, kind="message", **more):
        """A person writes. `age`: how many seconds ago; `more`: further fields of the message."""
        with self.lock:
            body = self.incoming(chat, age, **{"from": a_user(user, language)})
            body["text"] = text
            entities = command_entities(text)
            if entities:
                body["entities"] = entities
            body.update(more)
            return self.inject({kind: body})

    def edited_message(self, chat, user, text, **more):
        return self.message(chat, user, text, kind="edited_message", edit_date=self.date(), **more)

    def forwarded(self, chat, user, text, **more):
        origin = {"type": "user", "date": self.date(), "sender_user": a_user(4242)}
        return self.message(chat, user, text, forward_origin=origin, **more)

    def via_bot(self, chat, user, text, **more):
        """What somebody picked from an inline bot's answers."""
        bot = {"id": 77, "is_bot": True, "first_name": "Inline", "username": "inline_bot"}
        return self.message(chat, user, text, via_bot=bot, **more)

    def caption(self, chat, user, text, **more):
        """A photo with a command below it."""
        with self.lock:
            body = self.incoming(chat, 0, **{"from": a_user(user)})
            body.update(photo=[{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}],
                        caption=text, caption_entities=command_entities(text), **more)
            return self.inject({"message": body})

    def anonymous_admin(self, chat, text, **more):
        body = {"from": dict(ANONYMOUS_ADMIN), "sender_chat": self.chat_object(chat)}
        return self.from_someone(chat, text, **body, **more)

    def as_channel(self, chat, text, channel=-1009999999999, **more):
        """Somebody in a group who writes in the name of a channel."""
        return self.from_someone(chat, text, **{"from": dict(CHANNEL_BOT)},
                                 sender_chat=self.chat_object(channel, "channel"), **more)

    def automatic_forward(self, chat, text, channel=-1009999999999, **more):
        """A post of the linked channel, as it appears in the group."""
        return self.from_someone(chat, text, **{"from": dict(TELEGRAM)}, is_automatic_forward=True,
                                 sender_chat=self.chat_object(channel, "channel"), **more)

    def channel_post(self, channel, text, kind="channel_post", **more):
        with self.lock:
            body = self.incoming(channel, 0, "channel",
                                 sender_chat=self.chat_object(channel, "channel"))
            body.update(text=text, entities=command_entities(text), **more)
            return self.inject({kind: body})

    def from_bot(self, chat, text, bot=555, **more):
        sender = {"id": bot, "is_bot": True, "first_name": "Other", "username": "other_bot"}
        return self.from_someone(chat, text, **{"from": sender}, **more)

    def from_someone(self, chat, text, age=0, kind="message", **fields):
        with self.lock:
            body = self.incoming(chat, age, **fields)
            body.update(text=text, entities=command_entities(text))
            return self.inject({kind: body})

    def inline_query(self, user, text):
        return self.inject({"inline_query": {"id": self.new_id(), "from": a_user(user),
                                             "query": text, "offset": ""}})

    def member(self, chat, user, status="member", by=None):
        """The bot's own standing in a chat changed: `kicked` in private is a blocked bot."""
        with self.lock:
            old = self.standing.get(chat, "left")
            self.standing[chat] = status
            bot = {"user": self.me, "status": old}
            return self.inject({"my_chat_member": {
                "chat": self.chat_object(chat), "from": a_user(by or user), "date": self.date(),
                "old_chat_member": bot, "new_chat_member": {**bot, "status": status}}})

    def press(self, chat, message_id, button, user=None, language=None, data=None):
        """A press on the button of the message that is labelled `button` (or holds that label's
        part). `data` forges what a client may send instead. Returns the callback query's id."""
        with self.lock:
            shown = self.shown(chat, message_id)
            if data is None:
                data = self.data_of(shown, button)
            query = {"id": self.new_id(), "from": a_user(user or chat, language),
                     "chat_instance": "1", "data": data, "message": shown}
            self.queries[query["id"]] = self.now()
            self.inject({"callback_query": query})
            return query["id"]

    def data_of(self, message, button):
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = [each for row in rows for each in row]
        for test in (lambda each: each["text"] == button, lambda each: button in each["text"]):
            for each in filter(test, buttons):
                if "callback_data" not in each:
                    raise AssertionError(f"the button {each['text']!r} cannot be pressed")
                return each["callback_data"]
        raise AssertionError(f"no button {button!r} under: {[each['text'] for each in buttons]}")
