#include "bot/update.h"

#include "net/json.h"

namespace bb::bot {

namespace {

using net::JsonView;

constexpr std::int64_t kForumGeneral = 1;

std::string text_of(JsonView object, std::string_view name) {
  return object.has(name) ? std::string(object.at(name).text()) : std::string();
}

bool is_true(JsonView object, std::string_view name) {
  return object.has(name) && object.at(name).boolean();
}

void read_user(JsonView object, Update& update) {
  if (!object.has("from")) {
    update.objection = "it has no sender";
    return;
  }
  const auto from = object.at("from");
  update.user = from.at("id").integer();
  update.user_name = text_of(from, "first_name");
  update.language_code = text_of(from, "language_code");
  if (is_true(from, "is_bot")) update.objection = "its sender is a bot";
}

void read_place(JsonView message, Update& update) {
  const auto chat = message.at("chat");
  update.chat = chat.at("id").integer();
  update.chat_type = text_of(chat, "type");
  update.message = message.at("message_id").integer();
  if (is_true(message, "is_topic_message") && message.has("message_thread_id"))
    if (const auto thread = message.at("message_thread_id").integer(); thread != kForumGeneral)
      update.thread = thread;
}

void read_message(JsonView message, Update& update) {
  update.kind = Update::Kind::message;
  read_place(message, update);
  update.date = from_ms(message.at("date").integer() * 1000);
  update.text = text_of(message, "text");
  read_user(message, update);
  const std::pair<const char*, const char*> objections[] = {
      {"sender_chat", "it was sent in the name of a chat"},
      {"forward_origin", "it is a forwarded message"},
      {"forward_date", "it is a forwarded message"},
      {"via_bot", "it came by way of another bot"},
      {"is_automatic_forward", "it is an automatic forward"},
      {"edit_date", "it is an edited message"},
      {"business_connection_id", "it is of a business chat"},
      {"guest_query_id", "it is of a guest"},
      {"migrate_to_chat_id", "the group was upgraded"},
  };
  for (const auto& [member, objection] : objections)
    if (message.has(member)) update.objection = objection;
  if (update.objection.empty() && update.text.empty()) update.objection = "it is no text";
}

void read_press(JsonView press, Update& update) {
  update.kind = Update::Kind::press;
  read_user(press, update);
  update.press_id = text_of(press, "id");
  update.data = text_of(press, "data");
  if (press.has("inline_message_id") || !press.has("message")) {
    update.objection = "its message is nobody's here";
    return;
  }
  read_place(press.at("message"), update);
}

void read_membership(JsonView change, Update& update) {
  update.kind = Update::Kind::membership;
  const auto chat = change.at("chat");
  update.chat = chat.at("id").integer();
  update.chat_type = text_of(chat, "type");
  update.member_status = text_of(change.at("new_chat_member"), "status");
  read_user(change, update);
  update.objection = "a change of membership";
}

void read_update(JsonView object, Update& update) {
  if (object.has("message")) return read_message(object.at("message"), update);
  if (object.has("callback_query")) return read_press(object.at("callback_query"), update);
  if (object.has("my_chat_member")) return read_membership(object.at("my_chat_member"), update);
  object.for_each_member([&](std::string_view name, JsonView value) {
    if (name == "update_id") return;
    update.objection = "it is of kind " + std::string(name.substr(0, 40));
    if (!value.is_object()) return;
    if (value.has("from")) read_user(value, update);
    if (value.has("chat")) update.chat = value.at("chat").at("id").integer();
    update.objection = "it is of kind " + std::string(name.substr(0, 40));
  });
}

}  // namespace

Result<std::vector<Update>> parse_updates(const std::string& json) {
  const auto document = net::JsonDocument::parse(json);
  if (!document) return std::unexpected(document.error());
  std::vector<Update> updates;
  try {
    document->root().for_each([&](JsonView object) {
      Update update;
      update.id = object.at("update_id").integer();
      try {
        read_update(object, update);
      } catch (const net::JsonError&) {
        update.kind = Update::Kind::other;
        update.objection = "it cannot be understood";
      }
      updates.push_back(std::move(update));
    });
  } catch (const net::JsonError& error) {
    return fail(ErrorKind::malformed, error.what());
  }
  return updates;
}

}  // namespace bb::bot
