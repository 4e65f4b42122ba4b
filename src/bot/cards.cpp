#include "bot/cards.h"

#include "base/random.h"
#include "net/crypto.h"
#include "net/json.h"

namespace bb::bot {

namespace {

constexpr const char* kKeyName = "button_key";
constexpr std::size_t kNonceDigits = 24;  // 96 bits
constexpr std::size_t kMacDigits = 20;    // 80 bits

std::string random_hex(std::size_t digits) {
  std::string text;
  while (text.size() < digits)
    text += fmt::format("{:016x}", system_entropy());
  return text.substr(0, digits);
}

std::string_view str(Button::Style style) {
  switch (style) {
    case Button::Style::plain:
      return "";
    case Button::Style::danger:
      return "danger";
    case Button::Style::success:
      return "success";
    case Button::Style::primary:
      return "primary";
  }
  return "";
}

}  // namespace

Result<std::unique_ptr<Cards>> Cards::open(store::OpsStore& ops, Clock& clock) {
  auto key = ops.find_value(kKeyName);
  if (!key) return std::unexpected(key.error());
  if (key->empty()) {
    *key = random_hex(64);
    if (const auto put = ops.put_value(kKeyName, *key); !put) return std::unexpected(put.error());
  }
  return std::unique_ptr<Cards>(new Cards(ops, clock, std::move(*key)));
}

std::string Cards::sign(std::string_view nonce, std::int64_t user, std::int64_t chat) const {
  const auto text = fmt::format("{}.{}.{}", nonce, user, chat);
  return net::hmac_sha256_hex(key_, text).substr(0, kMacDigits);
}

Result<Cards::Made> Cards::make(const Screen& screen, std::int64_t chat, std::int64_t message) {
  std::vector<store::ButtonRecord> records;
  net::JsonWriter json;
  json.begin_object().key("inline_keyboard").begin_array();
  for (const auto& row : screen.rows) {
    json.begin_array();
    for (const auto& button : row) {
      const auto nonce = random_hex(kNonceDigits);
      records.push_back({nonce, button.action});
      json.begin_object().field("text", button.text);
      json.field("callback_data", nonce + sign(nonce, screen.owner, chat));
      if (button.style != Button::Style::plain) json.field("style", str(button.style));
      json.end_object();
    }
    json.end_array();
  }
  json.end_array().end_object();
  store::CardRecord card;
  card.user_id = screen.owner;
  card.is_proposal = screen.is_proposal;
  card.chat_id = chat;
  card.message_id = message;
  card.expires_at = clock_.utc_now() + screen.life;
  const auto id = ops_.put_card(card, records);
  if (!id) return std::unexpected(id.error());
  if (records.empty()) {
    (void)ops_.use_card(*id);
    return Made{};
  }
  return Made{json.take(), *id};
}

void Cards::bind(std::int64_t card, std::int64_t message) {
  if (card != 0) (void)ops_.bind_card(card, message);
}

std::expected<Cards::Press, Cards::Fault> Cards::check(const Update& update) {
  if (update.data.size() != kNonceDigits + kMacDigits) return std::unexpected(Fault::forged);
  const std::string nonce = update.data.substr(0, kNonceDigits);
  const std::string mac = update.data.substr(kNonceDigits);
  const bool is_own = net::equal_constant_time(mac, sign(nonce, update.user, update.chat));
  const auto found = ops_.find_button(nonce);
  if (!found) return std::unexpected(Fault::broken);
  if (!is_own) {
    // A button of somebody else's, pressed by a person who sees it in the same group.
    const bool is_others =
        *found && net::equal_constant_time(mac, sign(nonce, (*found)->card.user_id, update.chat));
    return std::unexpected(is_others ? Fault::not_yours : Fault::forged);
  }
  if (!*found || (*found)->card.expires_at <= clock_.utc_now()) return std::unexpected(Fault::gone);
  const auto& card = (*found)->card;
  if (card.chat_id != update.chat) return std::unexpected(Fault::elsewhere);
  if (card.user_id != update.user) return std::unexpected(Fault::not_yours);
  // The answer that would have told the message's number was lost: the first press tells it.
  if (card.message_id == 0)
    bind(card.id, update.message);
  else if (card.message_id != update.message)
    return std::unexpected(Fault::elsewhere);
  return Press{card.id, (*found)->action};
}

bool Cards::use(std::int64_t card) {
  const auto used = ops_.use_card(card);
  return used && *used;
}

}  // namespace bb::bot
