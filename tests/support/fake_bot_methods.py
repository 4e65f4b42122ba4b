"""The methods of the fake Bot API server: what each checks, does and answers."""

import json

from fake_bot_markup import (CAPTION_CHARACTERS, MESSAGE_CHARACTERS, BadRequest, check_photo,
                             parse_markup, parse_text)

NOT_MODIFIED = ("message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message")
STALE_QUERY = "query is too old and response timeout expired or query ID is invalid"
NOT_BY_DEFAULT = ("chat_member", "message_reaction", "message_reaction_count")
KINDS = ("message", "edited_message", "channel_post", "edited_channel_post", "callback_query",
         "inline_query", "my_chat_member", "guest_message", "business_message", *NOT_BY_DEFAULT)
SCOPES = {"default": (), "all_private_chats": (), "all_group_chats": (),
          "all_chat_administrators": (), "chat": ("chat_id",), "chat_administrators": ("chat_id",),
          "chat_member": ("chat_id", "user_id")}
WRITE_BARS = {
    "kicked": "bot was kicked from the {} chat", "left": "bot is not a member of the {} chat"}


class Refusal(Exception):
    """An answer with ok = false."""

    def __init__(self, code, description, **parameters):
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def integer(parameters, name, default=None):
    value = parameters.get(name, default)
    try:
        return value if value is None else int(value)
    except (TypeError, ValueError):
        raise BadRequest(f"{name} must be an integer") from None


def flag(parameters, name):
    return str(parameters.get(name, "")).lower() in ("true", "1", "yes")


def value_of(parameters, name, default=None):
    value = parameters.get(name, default)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise BadRequest(f"can't parse {name}: it is no JSON") from None


class Methods:
    """Mixed into the server: `do_<method in lower case>(parameters, files)`, under its lock."""

    # --- receiving

    def do_getupdates(self, parameters, _files):
        """Under the lock; it is given up while nothing is there to answer."""
        if self.webhook:
            self.conflict("can't use getUpdates method while webhook is active; use deleteWebhook "
                          "to delete the webhook first")
        self.remember_choice(parameters)
        offset = integer(parameters, "offset", 0)
        limit = integer(parameters, "limit", 100)
        limit = limit if 1 <= limit <= 100 else 100
        seconds = max(0, min(integer(parameters, "timeout", 0), 50))
        if self.last_poll and self.last_poll[0] == offset and seconds < 3:
            if self.real_now() - self.last_poll[1] < 3:
                seconds = 3
            if self.real_now() - self.last_poll[1] < 0.5:
                limit = 1
        self.last_poll = (offset, self.real_now())
        self.confirm(offset)
        self.poll += 1
        self.changed.notify_all()  # an older poll ends at once
        mine, until = self.poll, self.real_now() + seconds
        while True:
            self.drop_outdated()
            ready = self.updates[:limit]
            left = until - self.real_now()
            if ready or left <= 0 or self.closing:
                return ready
            self.changed.wait(left)
            if self.poll != mine:
                self.conflict("terminated by other getUpdates request; make sure that only one "
                              "bot instance is running")
            if self.webhook:
                self.conflict("terminated by setWebhook request")

    def remember_choice(self, parameters):
        names = value_of(parameters, "allowed_updates")
        if names is None:
            return
        known = [name for name in names if name in KINDS]
        self.allowed = known or [name for name in KINDS if name not in NOT_BY_DEFAULT]

    def confirm(self, offset):
        if offset < 0:
            self.updates = self.updates[offset:]
        elif offset > 0:
            self.updates = [each for each in self.updates if each["update_id"] >= offset]

    def drop_outdated(self):
        """Messages stay 24 hours after their own date, presses 150 seconds."""
        def is_kept(update):
            if "callback_query" in update:
                return self.now() - self.queued[update["update_id"]] <= 150
            body = next((v for k, v in update.items() if k != "update_id"), {})
            return self.now() - body.get("date", self.now()) <= 86400
        self.updates = [each for each in self.updates if is_kept(each)]

    def do_setwebhook(self, parameters, _files):
        self.webhook = str(parameters.get("url", ""))
        self.changed.notify_all()
        return True

    def do_deletewebhook(self, parameters, _files):
        self.webhook = ""
        if flag(parameters, "drop_pending_updates"):
            self.updates = []
        return True

    def do_getwebhookinfo(self, _parameters, _files):
        return {"url": self.webhook, "has_custom_certificate": False,
                "pending_update_count": len(self.updates)}

    def do_getme(self, _parameters, _files):
        return {**self.me, "can_join_groups": True, "can_read_all_group_messages": False,
                "supports_inline_queries": False}

    # --- sending

    def target(self, parameters):
        """The chat a message goes to, if the bot may write there."""
        chat = integer(parameters, "chat_id")
        if chat is None:
            raise BadRequest("chat_id is empty")
        if chat in self.migrated:
            raise Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat",
                          migrate_to_chat_id=self.migrated[chat])
        if chat not in self.chats:
            raise BadRequest("chat not found")
        kind = self.chat_object(chat)["type"]
        standing = self.standing.get(chat, "member")
        if standing in WRITE_BARS:
            text = ("bot was blocked by the user" if kind == "private"
                    else WRITE_BARS[standing].format(kind))
            raise Refusal(403, "Forbidden: " + text)
        if standing == "restricted":
            raise BadRequest("not enough rights to send text messages to the chat")
        self.hold_limits(chat, kind)
        return chat, kind

    def common(self, chat, kind, parameters):
        more = {}
        thread = integer(parameters, "message_thread_id", 0)
        if thread:
            if thread not in self.topics.get(chat, ()):
                raise BadRequest("message thread not found")
            more.update(message_thread_id=thread, is_topic_message=True)
        reply = value_of(parameters, "reply_parameters")
        if reply:
            answered = self.chats[chat]["messages"].get(int(reply["message_id"]))
            if answered:
                more["reply_to_message"] = {k: v for k, v in answered.items()
                                            if k != "reply_to_message"}
            elif not reply.get("allow_sending_without_reply"):
                raise BadRequest("message to be replied not found")
        markup = parse_markup(parameters.get("reply_markup"), kind)
        if markup and "inline_keyboard" in markup:
            more["reply_markup"] = markup
        elif markup:
            self.reply_keyboards[chat] = markup
        return more

    def do_sendmessage(self, parameters, _files):
        chat, kind = self.target(parameters)
        text, entities = parse_text(str(parameters.get("text", "")),
                                    parameters.get("parse_mode"), MESSAGE_CHARACTERS)
        more = self.common(chat, kind, parameters)
        if entities:
            more["entities"] = entities
        return self.outgoing(chat, text=text, **more)

    def upload(self, parameters, files, name):
        if name in files:
            return files[name]
        given = parameters.get(name)
        if not given:
            raise BadRequest(f"there is no {name} in the request")
        if given not in self.files:
            raise BadRequest("wrong file identifier/HTTP URL specified")
        return self.files[given]

    def send_file(self, parameters, file, **more):
        chat, kind = self.target(parameters)
        caption, entities = parse_text(
            str(parameters.get("caption", "")), parameters.get("parse_mode"), CAPTION_CHARACTERS,
            empty=None, long="message caption is too long")
        more.update(self.common(chat, kind, parameters))
        if caption:
            more["caption"] = caption
        if entities:
            more["caption_entities"] = entities
        return self.outgoing(chat, **more)

    def keep_file(self, file):
        file_id = f"file-{len(self.files) + 1}"
        self.files[file_id] = file
        return {"file_id": file_id, "file_unique_id": file_id, "file_size": len(file["bytes"])}

    def do_sendphoto(self, parameters, files):
        file = self.upload(parameters, files, "photo")
        width, height = check_photo(file["bytes"])
        size = {**self.keep_file(file), "width": width, "height": height}
        return self.send_file(parameters, file, photo=[size])

    def do_senddocument(self, parameters, files):
        file = self.upload(parameters, files, "document")
        if len(file["bytes"]) > 50 << 20:
            raise Refusal(413, "Request Entity Too Large")
        document = {**self.keep_file(file), "file_name": file["name"], "mime_type": file["type"]}
        return self.send_file(parameters, file, document=document)

    def do_sendchataction(self, parameters, _files):
        self.target(parameters)
        if not parameters.get("action"):
            raise BadRequest("wrong parameter action in request")
        return True

    # --- changing what was sent

    def own_message(self, parameters, word):
        chat, kind = self.target(parameters)
        message = self.chats[chat]["messages"].get(integer(parameters, "message_id", 0))
        if message is None:
            raise BadRequest(f"message to {word} not found")
        if word == "edit" and message.get("from", {}).get("id") != self.me["id"]:
            raise BadRequest("message can't be edited")
        return kind, message

    def change(self, message, kind, parameters, **content):
        markup = parse_markup(parameters.get("reply_markup"), kind)
        wanted = {**content, "reply_markup": markup}
        if all(message.get(name) == value for name, value in wanted.items()):
            raise BadRequest(NOT_MODIFIED)
        for name, value in wanted.items():
            if value is None:
                message.pop(name, None)
            else:
                message[name] = value
        message["edit_date"] = self.date()
        return message

    def do_editmessagetext(self, parameters, _files):
        kind, message = self.own_message(parameters, "edit")
        if "text" not in message:
            raise BadRequest("there is no text in the message to edit")
        text, entities = parse_text(str(parameters.get("text", "")),
                                    parameters.get("parse_mode"), MESSAGE_CHARACTERS)
        return self.change(message, kind, parameters, text=text, entities=entities or None)

    def do_editmessagecaption(self, parameters, _files):
        kind, message = self.own_message(parameters, "edit")
        text, entities = parse_text(
            str(parameters.get("caption", "")), parameters.get("parse_mode"), CAPTION_CHARACTERS,
            empty=None, long="message caption is too long")
        return self.change(message, kind, parameters, caption=text or None,
                           caption_entities=entities or None)

    def do_editmessagereplymarkup(self, parameters, _files):
        kind, message = self.own_message(parameters, "edit")
        return self.change(message, kind, parameters)

    def do_editmessagemedia(self, parameters, files):
        kind, message = self.own_message(parameters, "edit")
        media = value_of(parameters, "media") or {}
        file = files.get(str(media.get("media", "")).replace("attach://", "", 1))
        if media.get("type") != "photo" or file is None:
            raise BadRequest("there is no media in the request")
        width, height = check_photo(file["bytes"])
        caption, entities = parse_text(str(media.get("caption", "")), media.get("parse_mode"),
                                       CAPTION_CHARACTERS, empty=None)
        message.pop("text", None)
        message.pop("entities", None)
        size = {**self.keep_file(file), "width": width, "height": height}
        return self.change(message, kind, parameters, photo=[size], caption=caption or None,
                           caption_entities=entities or None)

    def do_deletemessage(self, parameters, _files):
        _, message = self.own_message(parameters, "delete")
        if self.now() - message["date"] > 48 * 3600:
            raise BadRequest("message can't be deleted for everyone")
        del self.chats[message["chat"]["id"]]["messages"][message["message_id"]]
        return True

    def do_answercallbackquery(self, parameters, _files):
        made = self.queries.pop(str(parameters.get("callback_query_id", "")), None)
        if made is None or self.now() - made > self.callback_seconds:
            raise BadRequest(STALE_QUERY)
        if len(str(parameters.get("text", ""))) > 200:
            raise BadRequest("MESSAGE_TOO_LONG")
        return True

    def do_setmessagereaction(self, parameters, _files):
        _, message = self.own_message(parameters, "react")
        message["reaction"] = value_of(parameters, "reaction", [])
        return True

    def do_pinchatmessage(self, parameters, _files):
        _, message = self.own_message(parameters, "pin")
        self.pinned[message["chat"]["id"]] = message["message_id"]
        return True

    def do_leavechat(self, parameters, _files):
        chat, _ = self.target(parameters)
        self.standing[chat] = "left"
        return True

    # --- the menu

    def menu_key(self, parameters):
        scope = value_of(parameters, "scope") or {"type": "default"}
        names = SCOPES.get(scope.get("type"))
        if names is None or any(name not in scope for name in names):
            raise BadRequest("unsupported type specified" if names is None else
                             "chat not found")
        if "chat_id" in scope and int(scope["chat_id"]) not in self.chats:
            raise BadRequest("chat not found")
        language = str(parameters.get("language_code", ""))
        if language and not (len(language) == 2 and language.isalpha()):
            raise BadRequest("invalid language code specified")
        return (scope["type"], *(int(scope[name]) for name in names)), language

    def do_setmycommands(self, parameters, _files):
        commands = value_of(parameters, "commands") or []
        if len(commands) > 100:
            raise BadRequest("BOT_COMMANDS_TOO_MUCH")
        for each in commands:
            name, text = each.get("command", ""), each.get("description", "")
            if not 1 <= len(name) <= 32 or not all(c in
                                                   "abcdefghijklmnopqrstuvwxyz0123456789_"
                                                   for c in name):
                raise BadRequest("BOT_COMMAND_INVALID")
            if not 1 <= len(text) <= 256:
                raise BadRequest("BOT_COMMAND_DESCRIPTION_INVALID")
        self.menus[self.menu_key(parameters)] = commands
        return True

    def do_deletemycommands(self, parameters, _files):
        self.menus.pop(self.menu_key(parameters), None)
        return True

    def do_getmycommands(self, parameters, _files):
        return self.menus.get(self.menu_key(parameters), [])

    def do_setchatmenubutton(self, _parameters, _files):
        return True

    def menu(self, chat, user, language=""):
        """What that person sees in that chat: the first list of Telegram's look-up order."""
        scopes = ([("chat", chat), ("all_private_chats",)] if chat > 0 else
                  [("chat_member", chat, user), ("chat_administrators", chat), ("chat", chat),
                   ("all_chat_administrators",), ("all_group_chats",)])
        for scope in [*scopes, ("default",)]:
            for tongue in (language, ""):
                if (scope, tongue) in self.menus:
                    return self.menus[(scope, tongue)]
        return []
