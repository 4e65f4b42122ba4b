#include "app/telegram_hello.h"

#include <algorithm>

#include "base/random.h"
#include "net/json.h"

namespace bb::app {

namespace {

using notify::BotAnswer;
using notify::BotDone;
using notify::BotRefused;

constexpr Seconds kPoll{5};  // a stop is heard between two polls
constexpr Micros kPause{1'000'000};
constexpr int kWrongMost = 5;
constexpr std::size_t kCodeSize = 12;
constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz234567890";
static_assert(kLetters.size() == 32);  // 60 of the system's bits are in a code
constexpr std::string_view kStart = "/start ";

Error error_of(const BotAnswer& answer) {
  const auto* refused = std::get_if<BotRefused>(&answer);
  if (refused != nullptr && (refused->code == 401 || refused->code == 404))
    return {ErrorKind::configuration,
            "Telegram does not know this token; copy it from @BotFather again", refused->code};
  if (refused != nullptr && refused->code == 409)
    return {ErrorKind::busy,
            "another program reads this bot's messages; stop it, or give the chat's id with "
            "--telegram-chat",
            refused->code};
  return {ErrorKind::unreachable, "Telegram: " + notify::str(answer), 0};
}

}  // namespace

std::string make_hello_code() {
  std::string code;
  for (auto bits = system_entropy(); code.size() < kCodeSize; bits /= kLetters.size())
    code += kLetters[bits % kLetters.size()];
  return code;
}

HeardHello read_hello(const std::string& updates, std::string_view code) {
  HeardHello heard;
  const auto document = net::JsonDocument::parse(updates);
  if (!document) return heard;
  document->root().for_each([&](net::JsonView update) {
    try {
      heard.next_offset = std::max(heard.next_offset, update.at("update_id").integer() + 1);
      if (!update.has("message")) return;
      const auto message = update.at("message");
      if (!message.has("text") || !message.has("from")) return;
      if (message.at("chat").at("type").text() != "private") return;
      std::string_view text = message.at("text").text();
      if (text.starts_with(kStart)) text.remove_prefix(kStart.size());
      if (text != code) {
        // Other texts are no tries: an old "hello" may wait there.
        heard.wrong += text.size() == code.size() && !text.contains(' ');
        return;
      }
      const auto from = message.at("from");
      heard.hello = TelegramHello{
          from.at("id").integer(), message.at("chat").at("id").integer(),
          from.has("first_name") ? std::string(from.at("first_name").text()) : std::string()};
    } catch (const net::JsonError&) {
      // An update of a form that nobody knows is none of ours.
    }
  });
  return heard;
}

Task<Result<std::string>> ask_bot_name(notify::BotApi& api) {
  const auto answer = co_await api.get_me();
  const auto* done = std::get_if<BotDone>(&answer);
  if (done == nullptr) co_return std::unexpected(error_of(answer));
  const auto document = net::JsonDocument::parse(done->result);
  if (!document || !document->root().has("username"))
    co_return fail(ErrorKind::malformed, "Telegram says nothing of the bot's name");
  co_return std::string(document->root().at("username").text());
}

Task<Result<TelegramHello>> wait_for_code(notify::BotApi& api, Clock& clock, const Stop& stop,
                                          std::string code, Seconds patience) {
  const SteadyTime end = clock.after(std::chrono::duration_cast<Micros>(patience));
  std::int64_t offset = 0;
  int wrong = 0;
  while (!stop.requested() && clock.steady_now() < end) {
    const auto answer = co_await api.get_updates(offset, kPoll, {"message"});
    const auto* done = std::get_if<BotDone>(&answer);
    if (done == nullptr) {
      const Error error = error_of(answer);
      if (error.kind != ErrorKind::unreachable) co_return std::unexpected(error);
      co_await sleep_for(clock, kPause);
      continue;
    }
    const HeardHello heard = read_hello(done->result, code);
    offset = std::max(offset, heard.next_offset);
    wrong += heard.wrong;
    if (wrong >= kWrongMost)
      co_return fail(
          ErrorKind::invalid_input,
          "wrong codes were sent to the bot, so somebody may be guessing; try again with "
          "a new code, or give the chat's id with --telegram-chat");
    if (!heard.hello) continue;
    // Asking from behind it is the acknowledgement.
    (void)co_await api.get_updates(offset, Seconds(0), {"message"});
    (void)co_await api.send_message(heard.hello->chat, "✅ Bubble Buster");
    co_return *heard.hello;
  }
  co_return fail(ErrorKind::unreachable,
                 "nobody sent the code to the bot; try again, or give the chat's id with "
                 "--telegram-chat");
}

}  // namespace bb::app
