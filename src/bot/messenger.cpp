#include "bot/messenger.h"

#include <algorithm>

#include "notify/notifier.h"

namespace bb::bot {

namespace {

using notify::BotAnswer;
using notify::BotDone;
using notify::BotRefused;
using notify::BotUnreachable;

constexpr int kAttempts = 4;
constexpr Micros kFirstPause{1'000'000};
constexpr Seconds kLongestWait{60};
constexpr int kPatience = 30;  // times kFirstPause

/// How long to wait before another attempt; nothing where none helps.
std::optional<Micros> pause_after(const BotAnswer& answer) {
  if (const auto* refused = std::get_if<BotRefused>(&answer)) return refused->retry_after;
  // Perhaps it was shown: twice is better than not at all.
  if (std::holds_alternative<BotUnreachable>(answer)) return kFirstPause;
  return std::nullopt;
}

bool is_lost_message(const BotAnswer& answer) {
  const auto* refused = std::get_if<BotRefused>(&answer);
  return refused != nullptr &&
         (refused->says("message to edit not found") || refused->says("message can't be edited") ||
          refused->says("there is no text in the message"));
}

notify::MessageOptions options_of(const Place& place, const Screen& screen, std::string markup) {
  notify::MessageOptions options;
  options.reply_markup = std::move(markup);
  options.protect = screen.is_private;
  options.thread_id = place.thread;
  return options;
}

// A message has 4096 characters: the rest is a file, never cut off.
void fit(Screen& screen) {
  const std::string plain = notify::plain_of_html(screen.html);
  const std::size_t most = screen.file ? notify::kCaptionCharacters : notify::kMessageCharacters;
  const std::string kept = notify::first_characters(plain, most);
  if (kept.size() == plain.size()) return;
  if (!screen.file) screen.file = notify::BotFile{"document", "answer.txt", "text/plain", plain};
  screen.html = notify::escape_html(notify::first_characters(plain, 200)) + "…";
}

}  // namespace

Task<BotAnswer> Messenger::send(Place place, const Screen& screen, std::string markup) {
  const auto options = options_of(place, screen, std::move(markup));
  if (screen.file) {
    if (screen.file->field == "photo")
      co_return co_await api_.send_photo(place.chat, *screen.file, screen.html, options);
    co_return co_await api_.send_document(place.chat, *screen.file, screen.html, options);
  }
  if (place.message != 0)
    co_return co_await api_.edit_message_text(place.chat, place.message, screen.html, options);
  co_return co_await api_.send_message(place.chat, screen.html, options);
}

Task<Messenger::Attempt> Messenger::try_to_show(Place place, Screen screen) {
  fit(screen);
  const Place replaced = place;
  if (screen.file) place.message = 0;  // a text does not become a picture
  for (;;) {
    const auto made = cards_.make(screen, place.chat, place.message);
    const auto answer = co_await send(place, screen, made.markup);
    if (std::holds_alternative<BotDone>(answer)) {
      // An edit that changed nothing tells no message.
      const auto message = notify::message_id_of(answer).value_or(place.message);
      cards_.bind(made.card, message);
      if (replaced.message != 0 && replaced.message != message) co_await strip(replaced);
      co_return Attempt{{message, made.card}};
    }
    (void)cards_.use(made.card);
    if (is_lost_message(answer) && place.message != 0) {
      place.message = 0;
      continue;
    }
    co_return Attempt{{}, pause_after(answer), notify::str(answer)};
  }
}

Task<bool> Messenger::wait(Micros pause) {
  if (stop_ != nullptr) co_return co_await stop_->sleep_until(clock_.after(pause));
  co_await sleep_for(clock_, pause);
  co_return true;
}

Task<void> Messenger::let_results_go_first() {
  for (int waited = 0; urgent_ > 0 && waited < kPatience; ++waited)
    if (!co_await wait(kFirstPause)) co_return;
}

Task<Stand> Messenger::show(Place place, Screen screen) {
  for (int attempt = 1;; ++attempt) {
    co_await let_results_go_first();
    const auto tried = co_await try_to_show(place, screen);
    if (tried.stand.message != 0) co_return tried.stand;
    bool goes_on = tried.pause && attempt < kAttempts;
    if (goes_on)
      goes_on = co_await wait(
          std::clamp<Micros>(*tried.pause, kFirstPause * (1 << (attempt - 1)), kLongestWait));
    if (goes_on) continue;
    log_.warn("answer not shown", {{"chat", place.chat}, {"why", tried.problem}});
    co_return Stand{};
  }
}

Task<Messenger::Heard> Messenger::answer(std::string press, std::string text, bool alert) {
  const auto answer = co_await api_.answer_callback_query(std::move(press), std::move(text), alert);
  if (std::holds_alternative<BotDone>(answer)) co_return Heard::yes;
  const auto* refused = std::get_if<BotRefused>(&answer);
  co_return refused != nullptr && refused->code == 400 ? Heard::no : Heard::unknown;
}

Task<void> Messenger::remove(Place place) {
  (void)co_await api_.delete_message(place.chat, place.message);
}

Task<void> Messenger::strip(Place place) {
  (void)co_await api_.call(
      "editMessageReplyMarkup",
      fmt::format(R"({{"chat_id":{},"message_id":{}}})", place.chat, place.message));
}

}  // namespace bb::bot
