// Alerts in Telegram: one channel per chat, all of one bot.
#include <fmt/format.h>

#include <map>

#include "net/json.h"
#include "notify/bot_api.h"
#include "notify/text.h"

namespace bb::notify {

namespace {

constexpr Seconds kPrivateGap{1};
constexpr Seconds kGroupGap{3};  // 20 a minute, whatever is said
constexpr std::size_t kBodyCharacters = 3900;
constexpr std::size_t kPictureCharacters = 1000;

/// What the chats of one bot share.
struct Bot {
  std::unique_ptr<BotApi> api;
  Clock& clock;
  Log log;
  std::map<std::int64_t, SteadyTime> paused;  // chats that were told to wait
  SteadyTime all_paused{};
};

std::string button(const Letter& letter) {
  net::JsonWriter out;
  out.begin_object().key("inline_keyboard").begin_array().begin_array().begin_object();
  out.field("text", "✅ " + in_language("知道了 / Got it", letter.language));
  out.field("callback_data", letter.acknowledgement);
  out.end_object().end_array().end_array().end_object();
  return out.take();
}

class Telegram final : public Notifier {
 public:
  Telegram(std::shared_ptr<Bot> bot, std::int64_t chat)
      : bot_(std::move(bot)), name_("telegram:" + std::to_string(chat)), chat_(chat) {}

  std::string name() const override { return name_; }
  bool can_be_silent() const override { return true; }
  bool can_acknowledge() const override { return true; }
  Micros gap() const override { return chat_ > 0 ? kPrivateGap : kGroupGap; }
  Task<DeliveryResult> send(Letter letter) override;

 private:
  Task<BotAnswer> send_once(const Letter& letter);
  std::optional<Seconds> pause_left() const;
  void pause(Seconds span);
  DeliveryResult judge(const BotAnswer& answer);

  std::shared_ptr<Bot> bot_;
  std::string name_;
  std::int64_t chat_;
};

std::optional<Seconds> Telegram::pause_left() const {
  const SteadyTime now = bot_->clock.steady_now();
  SteadyTime until = bot_->all_paused;
  if (const auto own = bot_->paused.find(chat_); own != bot_->paused.end())
    until = std::max(until, own->second);
  if (until <= now) return std::nullopt;
  return std::chrono::ceil<Seconds>(until - now);
}

// Telegram does not say whom a pause is for: when a second chat is told to wait while the first
// does, it is for the whole bot.
void Telegram::pause(Seconds span) {
  const SteadyTime now = bot_->clock.steady_now();
  const SteadyTime until = now + span;
  for (const auto& [chat, their_end] : bot_->paused)
    if (chat != chat_ && their_end > now) bot_->all_paused = std::max(bot_->all_paused, until);
  bot_->paused[chat_] = until;
}

Task<BotAnswer> Telegram::send_once(const Letter& letter) {
  MessageOptions options;
  options.silent = letter.is_silent;
  if (!letter.acknowledgement.empty()) options.reply_markup = button(letter);
  if (letter.picture.empty()) {
    auto text = telegram_html(letter, kBodyCharacters);
    co_return co_await bot_->api->send_message(chat_, std::move(text), std::move(options));
  }
  BotFile photo{"photo", letter.kind + ".png", "image/png", letter.picture};
  auto caption = telegram_html(letter, kPictureCharacters);
  co_return co_await bot_->api->send_photo(chat_, std::move(photo), std::move(caption),
                                           std::move(options));
}

Task<DeliveryResult> Telegram::send(Letter letter) {
  if (const auto left = pause_left())
    co_return DeliveryResult{DeliveryResult::Fate::later, "Telegram asked for a pause", left, {}};
  auto answer = co_await send_once(letter);
  const auto* refused = std::get_if<BotRefused>(&answer);
  if (refused != nullptr && refused->migrate_to_chat_id) {
    bot_->log.warn("group has a new id: put it into [telegram] chat_id",
                   {{"old", chat_}, {"new", *refused->migrate_to_chat_id}});
    chat_ = *refused->migrate_to_chat_id;
    answer = co_await send_once(letter);
    refused = std::get_if<BotRefused>(&answer);
  }
  // The figures matter more than their picture.
  const bool is_picture_refused = refused != nullptr &&
                                  (refused->code == 400 || refused->code == 413) &&
                                  !letter.picture.empty();
  if (is_picture_refused) {
    bot_->log.warn("picture refused", {{"why", str(answer)}});
    letter.picture.clear();
    answer = co_await send_once(letter);
  }
  co_return judge(answer);
}

DeliveryResult Telegram::judge(const BotAnswer& answer) {
  using Fate = DeliveryResult::Fate;
  if (std::holds_alternative<BotDone>(answer)) {
    const auto id = message_id_of(answer);
    return {Fate::delivered, {}, {}, id ? std::to_string(*id) : std::string()};
  }
  const auto* refused = std::get_if<BotRefused>(&answer);
  if (refused == nullptr) return {Fate::later, str(answer), {}, {}};
  if (refused->code == 429) {
    pause(*refused->retry_after);
    return {Fate::later, str(answer), refused->retry_after, {}};
  }
  const bool is_gone = refused->code == 401 || refused->code == 403 || refused->code == 404 ||
                       refused->says("chat not found") || refused->says("not enough rights") ||
                       refused->says("CHAT_WRITE_FORBIDDEN");
  return {is_gone ? Fate::broken : Fate::refused, str(answer), {}, {}};
}

}  // namespace

Channels make_telegram(const TelegramSettings& settings, net::Dialer& dialer, Clock& clock,
                       const Log& log) {
  Channels channels;
  if (is_placeholder(settings.token)) return channels;
  BotApiOptions options;
  options.base_url = settings.api_url;
  auto api = BotApi::make(settings.token.clone(), options, dialer, clock);
  if (!api) {
    log.error("no messages go to Telegram", {{"reason", api.error().text}});
    return channels;
  }
  if (settings.chats.empty())
    log.warn("no alerts go to Telegram: name a chat", {{"key", "telegram.chat_id"}});
  const auto bot = std::make_shared<Bot>(std::move(*api), clock, log);
  for (const auto chat : settings.chats)
    channels.push_back(std::make_unique<Telegram>(bot, chat));
  return channels;
}

}  // namespace bb::notify
