#include "bot/strategy_stops.h"

#include <algorithm>

#include "bot/strategy_words.h"

namespace bb::bot {

namespace {

using supervise::ActionResult;
using supervise::Verdict;

constexpr Phrase kStopping{"⏳ its strategies are still being stopped", "⏳ 策略仍在停止中"};
constexpr Phrase kLate{
    "⚠️ not all of its strategies were down when closing began. What is open after it:",
    "⚠️ 开始平仓时仍有策略未停止。平仓后的情况："};

bool is_down(const ActionResult& result) {
  return result.verdict == Verdict::done || result.verdict == Verdict::already;
}

}  // namespace

/// The stops of one account.
struct StopsFirst::StopOf {
  StopOf(AccountPort& port, Clock& clock, Micros limit)
      : account(port), until(clock.after(limit)), done(clock) {}
  AccountPort& account;
  SteadyTime until;
  Stop done;             // all is answered
  bool is_late = false;  // closing began before all were down
  std::vector<ActionResult> results;
  std::string afterwards;  // what is open, where a stop came late
};

std::vector<std::string> StopsFirst::bound_to(const Parts& parts, std::int64_t user,
                                              const std::string& account) {
  std::vector<std::string> names;
  if (parts.strategies == nullptr) return names;
  const auto word = std::to_string(user);
  for (const auto& [name, declared] : parts.strategies->settings().declared) {
    const auto& listed = declared->operators;
    const bool may = listed.empty() || std::ranges::find(listed, word) != listed.end();
    if (may && declared->account == account) names.push_back(name);
  }
  return names;
}

std::string StopsFirst::bound_words(const Parts& parts, std::int64_t user,
                                    const std::vector<AccountPort*>& accounts) {
  std::string text;
  for (const auto* account : accounts)
    for (const auto& name : bound_to(parts, user, account->name)) {
      text += (text.empty() ? "" : ", ") + shown(name);
      const auto listing = parts.strategies->last();
      for (const auto& strategy :
           listing ? listing->strategies : std::vector<supervise::Strategy>())
        if (strategy.touchable && strategy.name == name && strategy.account == account->name)
          text += " " + std::string(glyph_of(strategy));
    }
  return text;
}

void StopsFirst::plan(const std::vector<AccountPort*>& accounts) {
  if (parts_.strategies == nullptr) return;
  const Millis limit(parts_.strategies->settings().answer_limit_ms);
  for (auto* account : accounts)
    stops_.push_back(std::make_shared<StopOf>(*account, parts_.clock, limit));
}

StopsFirst::StopOf* StopsFirst::find(const AccountPort& account) const {
  const auto found =
      std::ranges::find_if(stops_, [&](const auto& each) { return &each->account == &account; });
  return found == stops_.end() ? nullptr : found->get();
}

Task<void> StopsFirst::run(Person person, std::int64_t chat, std::int64_t update) {
  TaskGroup group(co_await boost::asio::this_coro::executor);
  for (const auto& one : stops_)
    group.spawn(stop(*one, person, chat, update));
  co_await group.join();
}

Task<void> StopsFirst::stop(StopOf& one, Person person, std::int64_t chat, std::int64_t update) {
  const supervise::Actor actor{std::to_string(person.user), false};
  std::string problem;
  try {
    one.results = co_await parts_.strategies->act_on_account(one.account.name,
                                                             supervise::Action::stop, actor);
  } catch (const std::exception& error) {
    problem = error.what();
  }
  one.done.request();
  for (const auto& result : one.results)
    audit_.add({person.user, chat, update, "stop " + result.runner + ":" + result.name,
                fmt::format("{}: {}", str(result.verdict), result.text)});
  if (!problem.empty())
    audit_.add({person.user, chat, update, "stop the strategies of " + one.account.name, problem});
  one.is_late = one.is_late || !problem.empty() || !std::ranges::all_of(one.results, is_down);
}

Task<void> StopsFirst::look_again(Language in) {
  std::vector<StopOf*> late;
  std::vector<Task<std::string>> readings;
  for (const auto& one : stops_) {
    if (!one->is_late) continue;
    late.push_back(one.get());
    readings.push_back(exposure_words(in, one->account));
  }
  const auto told = co_await gather(std::move(readings));
  for (std::size_t i = 0; i < late.size(); ++i)
    late[i]->afterwards = say(in, kLate) + "\n" + told[i];
}

Task<void> StopsFirst::wait_for(const AccountPort& account) {
  auto* one = find(account);
  if (one == nullptr || one->done.requested()) co_return;
  if (co_await one->done.sleep_until(one->until)) one->is_late = true;
}

std::string StopsFirst::words(Language in, const AccountPort& account) const {
  const auto* one = find(account);
  if (one == nullptr) return {};
  if (!one->done.requested()) return "\n   " + say(in, kStopping);
  std::string text;
  for (const auto& result : one->results)
    text += "\n" + result_words(in, result);
  return one->afterwards.empty() ? text : text + "\n" + one->afterwards;
}

}  // namespace bb::bot
