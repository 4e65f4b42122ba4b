// The button of a critical alert: whoever operates its account ends its repetition.
#include "bot/bot.h"
#include "notify/notifier.h"

namespace bb::bot {

namespace {

constexpr std::size_t kAlertCharacters = 190;  // Telegram takes 200

constexpr Phrase kAcknowledged{"✅ Acknowledged: it is not repeated any more.",
                               "✅ 已确认，不再重复提醒。"};
constexpr Phrase kNoneOfYours{"This is no alert of an account that you may operate.",
                              "这不是你可操作账户的告警。"};

}  // namespace

Task<void> Bot::acknowledge(Update update) {
  const Person person = person_of(update);
  std::string problem;
  for (auto& account : parts_.accounts) {
    if (access_.role(update.user, account.name) < Role::operates) continue;
    const auto noted = co_await account.acknowledge(update.data, person.name);
    if (!noted) problem = notify::first_characters(noted.error().text, kAlertCharacters);
    if (!noted || !*noted) continue;
    (void)co_await messenger_.answer(update.press_id, say(person.language, kAcknowledged));
    const auto bare =
        fmt::format(R"({{"chat_id":{},"message_id":{}}})", update.chat, update.message);
    (void)co_await parts_.api.call("editMessageReplyMarkup", bare);
    audit_.add(
        {update.user, update.chat, update.id, update.data, "acknowledged for " + account.name});
    co_return;
  }
  (void)co_await messenger_.answer(
      update.press_id, problem.empty() ? say(person.language, kNoneOfYours) : problem, true);
}

}  // namespace bb::bot
