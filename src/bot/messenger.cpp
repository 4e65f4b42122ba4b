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

/// How long to wait before another attempt; nothing where none helps.
std::optional<Micros> pause_after(const BotAnswer& answer, int attempt) {
  if (const auto* refused = std::get_if<BotRefused>(&answer)) {
    if (!refused->retry_after) return std::nullopt;
    return std::min(*refused->retry_after, kLongestWait);
  }
  // Perhaps it was shown: twice is better than not at all.
  if (std::holds_alternative<BotUnreachable>(answer)) return kFirstPause * (1 << attempt);
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

Task<std::int64_t> Messenger::show(Place place, Screen screen) {
  fit(screen);
  if (screen.file) place.message = 0;  // a text does not become a picture
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto made = cards_.make(screen, place.chat, place.message);
    if (!made) {
      log_.error("buttons not kept", {{"why", made.error().text}});
      co_return 0;
    }
    const auto answer = co_await send(place, screen, made->markup);
    if (std::holds_alternative<BotDone>(answer)) {
      // An edit that changed nothing tells no message.
      const auto message = notify::message_id_of(answer).value_or(place.message);
      cards_.bind(made->card, message);
      co_return message;
    }
    if (is_lost_message(answer)) {
      place.message = 0;
      continue;
    }
    const auto pause = pause_after(answer, attempt);
    if (!pause || attempt + 1 == kAttempts) {
      log_.warn("answer not shown", {{"chat", place.chat}, {"why", notify::str(answer)}});
      co_return 0;
    }
    co_await sleep_for(clock_, *pause);
  }
  co_return 0;
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

}  // namespace bb::bot
