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

Result<std::unique_ptr<Cards>> Cards::open(store::OpsStore& ops, Clock& clock, const Log& log) {
  auto key = ops.find_value(kKeyName);
  if (!key) return std::unexpected(key.error());
  if (key->empty()) {
    *key = random_hex(64);
    if (const auto put = ops.put_value(kKeyName, *key); !put) return std::unexpected(put.error());
  }
  return std::unique_ptr<Cards>(new Cards(ops, clock, log, std::move(*key)));
}

std::string Cards::sign(std::string_view nonce, std::int64_t user, std::int64_t chat) const {
  const auto text = fmt::format("{}.{}.{}", nonce, user, chat);
  return net::hmac_sha256_hex(key_, text).substr(0, kMacDigits);
}

Cards::Made Cards::make(const Screen& screen, std::int64_t chat, std::int64_t message) {
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
  if (records.empty()) return {};
  store::CardRecord card;
  card.user_id = screen.owner;
  card.is_proposal = screen.is_proposal;
  card.chat_id = chat;
  card.message_id = message;
  card.expires_at = clock_.utc_now() + screen.life;
  const auto id = ops_.put_card(card, records);
  if (id) return {json.take(), *id};
  log_.error("buttons kept in memory only", {{"why", id.error().text}});
  return {json.take(), keep(std::move(card), std::move(records))};
}

std::int64_t Cards::keep(store::CardRecord card, std::vector<store::ButtonRecord> buttons) {
  const auto is_replaced = [&](const auto& each) {
    const auto& old = each.second.card;
    return card.message_id != 0 && old.chat_id == card.chat_id && old.message_id == card.message_id;
  };
  std::erase_if(kept_, is_replaced);
  card.id = kept_.empty() ? -1 : kept_.begin()->first - 1;
  const auto id = card.id;
  kept_[id] = {std::move(card), std::move(buttons)};
  return id;
}

void Cards::bind(std::int64_t card, std::int64_t message) {
  if (card > 0) (void)ops_.bind_card(card, message);
  if (const auto kept = kept_.find(card); kept != kept_.end() && kept->second.card.message_id == 0)
    kept->second.card.message_id = message;
}

Result<std::optional<store::OpsStore::Pressed>> Cards::find(const std::string& nonce) {
  for (const auto& [id, kept] : kept_)
    for (const auto& button : kept.buttons)
      if (button.nonce == nonce) return store::OpsStore::Pressed{kept.card, button.action};
  return ops_.find_button(nonce);
}

std::expected<Cards::Press, Cards::Fault> Cards::check(const Update& update) {
  if (update.data.size() != kNonceDigits + kMacDigits) return std::unexpected(Fault::forged);
  const std::string nonce = update.data.substr(0, kNonceDigits);
  const std::string mac = update.data.substr(kNonceDigits);
  const bool is_own = net::equal_constant_time(mac, sign(nonce, update.user, update.chat));
  const auto found = find(nonce);
  if (!found) return std::unexpected(Fault::broken);
  if (!is_own) {
    // A button of somebody else's, pressed by a person who sees it in the same group.
    const bool is_others =
        *found && net::equal_constant_time(mac, sign(nonce, (*found)->card.user_id, update.chat));
    return std::unexpected(is_others ? Fault::not_yours : Fault::forged);
  }
  if (!*found) return std::unexpected(Fault::gone);
  const auto& card = (*found)->card;
  if (card.expires_at <= clock_.utc_now() || used_.contains(card.id))
    return std::unexpected(Fault::gone);
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
  if (card < 0) return kept_.erase(card) == 1;
  if (card == 0 || used_.contains(card)) return false;
  const auto used = ops_.use_card(card);
  if (used) return *used;
  log_.error("used buttons not forgotten", {{"why", used.error().text}});
  return used_.insert(card).second;
}

std::vector<store::CardRecord> Cards::take_expired() {
  const auto now = clock_.utc_now();
  std::vector<store::CardRecord> expired;
  if (auto found = ops_.take_expired_cards(now)) expired = std::move(*found);
  std::erase_if(expired, [&](const auto& card) { return used_.erase(card.id) == 1; });
  std::erase_if(kept_, [&](const auto& each) {
    const bool is_over = each.second.card.expires_at <= now;
    if (is_over) expired.push_back(each.second.card);
    return is_over;
  });
  return expired;
}

}  // namespace bb::bot
