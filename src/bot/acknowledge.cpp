// The button of a critical alert: whoever operates its account ends its repetition.
#include "bot/bot.h"
#include "bot/readings.h"
#include "notify/notifier.h"

namespace bb::bot {

namespace {

constexpr std::size_t kAlertCharacters = 190;  // Telegram takes 200

constexpr Phrase kAcknowledged{"✅ Acknowledged: it is not repeated any more.",
                               "✅ 已确认，不再重复提醒。"};
constexpr Phrase kNoneOfYours{"This is no alert of an account that you may operate.",
                              "这不是你可操作账户的告警。"};

}  // namespace

Task<std::string> Bot::acknowledge(Update update) {
  const Person person = person_of(update);
  std::vector<std::string> names;
  std::vector<Task<Result<bool>>> notes;
  for (auto& account : parts_.accounts) {
    if (access_.role(update.user, account.name) < Role::operates) continue;
    names.push_back(account.name);
    notes.push_back(guarded(account.acknowledge(update.data, person.name)));
  }
  if (parts_.acknowledge && access_.best_role(update.user) >= Role::operates) {
    names.emplace_back("the bot");
    notes.push_back(guarded(parts_.acknowledge(update.data, person.name)));
  }
  const auto noted = co_await gather(std::move(notes));
  std::string problem;
  for (std::size_t i = 0; i < noted.size(); ++i) {
    if (!noted[i]) problem = notify::first_characters(noted[i].error().text, kAlertCharacters);
    if (!noted[i] || !*noted[i]) continue;
    (void)co_await messenger_.answer(update.press_id, say(person.language, kAcknowledged));
    co_await messenger_.strip({update.chat, update.thread, update.message});
    co_return "acknowledged for " + names[i];
  }
  (void)co_await messenger_.answer(
      update.press_id, problem.empty() ? say(person.language, kNoneOfYours) : problem, true);
  co_return problem.empty() ? "refused: no alert of an account that he operates"
                            : "failed: " + problem;
}

}  // namespace bb::bot
