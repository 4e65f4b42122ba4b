"""What Telegram's Bot API says about a text and its keyboard: the HTML rules, lengths, buttons.

Every refusal is a BadRequest with the description of the real server (10.x).
"""

import json
import re

MESSAGE_CHARACTERS = 4096
CAPTION_CHARACTERS = 1024
RAW_BYTES = 32768
BUTTONS = 100
ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
TAGS = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
        "ins": "underline", "s": "strikethrough", "strike": "strikethrough",
        "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler", "code": "code",
        "pre": "pre", "a": "text_link", "blockquote": "blockquote", "tg-emoji": "custom_emoji",
        "tg-time": "date_time"}
ACTIONS = ("callback_data", "url", "copy_text", "web_app", "login_url", "switch_inline_query",
           "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "disabled")


class BadRequest(Exception):
    """400, with this description after "Bad Request: "."""


def utf16_length(text):
    return len(text.encode("utf-16-le")) // 2


def byte_offset(text, index):
    return len(text[:index].encode())


def bad_entities(why):
    return BadRequest("can't parse entities: " + why)


def read_entity(text, at):
    """The character of an HTML entity at `at`, and where it ends; none is one '&'."""
    match = re.match(r"&(#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|[a-z]{2,4});?", text[at:])
    if match:
        name = match.group(1)
        if name in ENTITIES:
            return ENTITIES[name], at + match.end()
        if name.startswith("#"):
            number = int(name[2:], 16) if name.startswith("#x") else int(name[1:])
            if 0 < number < 0x110000:
                return chr(number), at + match.end()
    return "&", at + 1


def parse_html(text):
    """The text without its tags, and its entities."""
    plain, entities, stack = "", [], []
    at = 0
    while at < len(text):
        if text[at] == "&":
            character, at = read_entity(text, at)
            plain += character
        elif text[at] != "<":
            plain += text[at]
            at += 1
        elif text.startswith("</", at):
            end = text.find(">", at)
            offset = byte_offset(text, at)
            if end < 0:
                raise bad_entities(f"Unclosed end tag at byte offset {offset}")
            name = text[at + 2:end].strip().lower()
            if not stack:
                raise bad_entities(f"Unexpected end tag at byte offset {offset}")
            begun = stack.pop()
            if name and name != begun["name"]:
                raise bad_entities(f'Unmatched end tag at byte offset {offset}, expected '
                                   f'"</{begun["name"]}>", found "</{name}>"')
            length = utf16_length(plain) - begun["offset"]
            if length:
                entities.append({"type": TAGS[begun["name"]], "offset": begun["offset"],
                                 "length": length, **begun["more"]})
            at = end + 1
        else:
            offset = byte_offset(text, at)
            end = text.find(">", at)
            if end < 0:
                raise bad_entities(f"Unclosed start tag at byte offset {offset}")
            words = text[at + 1:end].split(None, 1)
            name = words[0].lower() if words else ""
            if name not in TAGS:
                raise bad_entities(f'Unsupported start tag "{name}" at byte offset {offset}')
            more = {}
            link = re.search(r'href="([^"]*)"', words[1]) if len(words) > 1 else None
            if name == "a" and link:
                more["url"] = link.group(1)
            stack.append({"name": name, "offset": utf16_length(plain), "more": more})
            at = end + 1
    if stack:
        offset = len(text.encode())
        raise bad_entities(f'Can\'t find end tag corresponding to start tag "{stack[-1]["name"]}"'
                           f" at byte offset {offset}")
    return plain, sorted(entities, key=lambda entity: entity["offset"])


def command_entities(text):
    """What clients mark by themselves: /commands."""
    return [{"type": "bot_command", "offset": utf16_length(text[:match.start(1)]),
             "length": utf16_length(match.group(1))}
            for match in re.finditer(r"(?:^|(?<=\s))(/[A-Za-z0-9_]{1,32}(?:@\w+)?)", text)]


def parse_text(text, mode, limit, empty="message text is empty", long="message is too long"):
    if len(text.encode()) > RAW_BYTES:
        raise BadRequest("text is too long")
    entities = []
    lowered = (mode or "").lower()
    if lowered == "html":
        text, entities = parse_html(text)
    elif lowered not in ("", "markdown", "markdownv2"):
        raise BadRequest("unsupported parse_mode")
    text = text.strip()
    if not text and empty:
        raise BadRequest(empty)
    if len(text) > limit:
        raise BadRequest(long)
    return text, entities


def check_button(button, chat_type):
    if not isinstance(button, dict) or not button.get("text"):
        raise BadRequest("can't parse inline keyboard button: Field \"text\" must be non-empty")
    actions = [name for name in ACTIONS if name in button]
    if len(actions) != 1:
        raise BadRequest("can't parse inline keyboard button: Text buttons are unallowed in the "
                         "inline keyboard" if not actions else "BUTTON_TYPE_INVALID")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= 64:
        raise BadRequest("BUTTON_DATA_INVALID")
    if "web_app" in button and chat_type != "private":
        raise BadRequest("BUTTON_TYPE_INVALID")
    if "url" in button and not re.match(r"(https?://|tg://)", button["url"]):
        raise BadRequest("BUTTON_URL_INVALID")
    if button.get("style") not in (None, "danger", "success", "primary"):
        raise BadRequest("can't parse inline keyboard button: Invalid button style specified")


def parse_markup(value, chat_type):
    """A keyboard as JSON text or as a value; None without one."""
    if value in (None, "", {}):
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise BadRequest("can't parse reply keyboard markup JSON object") from None
    if not isinstance(value, dict):
        raise BadRequest("object expected as reply markup")
    rows = value.get("inline_keyboard")
    if rows is None:
        return value
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BadRequest("field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array "
                         "of Arrays")
    for row in rows:
        for button in row:
            check_button(button, chat_type)
    if sum(map(len, rows)) > BUTTONS or any(len(row) > 8 for row in rows):
        raise BadRequest("reply markup is too long")
    return {"inline_keyboard": [row for row in rows if row]}


def image_size(data):
    """(width, height) of a PNG or JPEG, or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 33 and data[12:16] == b"IHDR":
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], int.from_bytes(data[at + 2:at + 4], "big")
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            return (int.from_bytes(data[at + 7:at + 9], "big"),
                    int.from_bytes(data[at + 5:at + 7], "big"))
        at += 2 + length
    return None


def check_photo(data):
    if len(data) > 10 << 20:
        raise BadRequest("file is too big")
    size = image_size(data)
    if size is None:
        raise BadRequest("IMAGE_PROCESS_FAILED")
    width, height = size
    if width + height > 10000 or min(size) < 1 or max(size) > 20 * min(size):
        raise BadRequest("PHOTO_INVALID_DIMENSIONS")
    return width, height
