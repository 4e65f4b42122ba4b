#include "bot/strategy_deeds.h"

#include <algorithm>

#include "bot/strategy_stops.h"
#include "supervise/render.h"
#include "supervise/text.h"

namespace bb::bot {

namespace {

using supervise::ActionResult;
using supervise::Strategy;
using supervise::Verdict;

constexpr Millis kProposalLife{60'000};
constexpr std::size_t kRowsShown = 30;
constexpr std::size_t kNameOnButton = 30;

constexpr Phrase kWhich{"<b>{}</b>\nWhich one?", "<b>{}</b>\n选择策略："};
constexpr Phrase kSomeStrategy{"a strategy", "策略"};
constexpr Phrase kAsk{"Shall I? (60 s)", "是否执行？（60 秒内有效）"};
constexpr Phrase kGo{"✅ Yes: {}", "✅ 确认：{}"};
constexpr Phrase kNo{"✖ Cancel", "✖ 取消"};
constexpr Phrase kNotYours{"You may not do this with {}. Nothing was done.",
                           "你没有对 {} 执行此操作的权限，未执行任何操作。"};
constexpr Phrase kNoGroup{"No strategy that you may act on is in a group “{}”. Nothing was done.",
                          "没有属于「{}」组且你可操作的策略，未执行任何操作。"};
constexpr Phrase kUnnamed{"Its name cannot be written in a command; act on it in a shell.",
                          "其名称无法写入命令，请在终端操作。"};
constexpr Phrase kRunsAlready{"It runs already: nothing will be ordered.",
                              "它已在运行，不会重复启动。"};
constexpr Phrase kDownAlready{"It is down already: nothing will be ordered.",
                              "它已停止，不会重复操作。"};
constexpr Phrase kMore{"… and {} more", "……另有 {} 个"};
constexpr Phrase kWorking{"⏳ working…", "⏳ 执行中…"};
constexpr Phrase kCount{"{} of {} as asked", "{} / {} 达到要求"};
constexpr Phrase kAskedBy{"<i>asked by {}</i>", "<i>操作人：{}</i>"};
constexpr Phrase kBefore{"At stake now:", "当前持仓与挂单："};
constexpr Phrase kAfter{"After it:", "操作之后："};
constexpr Phrase kReading{"⏳ reading positions and orders…", "⏳ 正在读取持仓与挂单…"};

bool is_as_asked(const ActionResult& result) {
  return result.verdict == Verdict::done || result.verdict == Verdict::already;
}

}  // namespace

Screen StrategyDeeds::refuse(const Occasion& occasion, const Request& request,
                             const std::string& why, std::string html) {
  audit_.add({occasion.person.user, occasion.place.chat, occasion.update, line_of(request),
              "refused: " + why});
  return {"🚫 " + std::move(html)};
}

Task<std::expected<StrategyDeeds::Meant, Screen>> StrategyDeeds::find(Occasion occasion,
                                                                      Request request) {
  const auto& person = occasion.person;
  const Language in = person.language;
  if (parts_.strategies == nullptr) co_return std::unexpected(StrategyScreens::nothing(person));
  Meant meant;
  meant.listing = co_await screens_.read(person.user, request.name);
  if (request.name.empty())
    co_return std::unexpected(
        screens_.choose(person, *meant.listing, request,
                        say(in, kWhich, strategy_title(in, request.verb, say(in, kSomeStrategy)))));
  if (request.name.starts_with(kStrategyGroup)) {
    const auto group = request.name.substr(kStrategyGroup.size());
    meant.is_group = true;
    meant.what = group_words(in, supervise::clean_text(group, kNameOnButton));
    for (const auto& strategy : meant.listing->strategies)
      if (strategy.touchable && strategy.group == group &&
          screens_.may(person.user, strategy, Role::operates))
        meant.chosen.push_back(strategy);
    if (meant.chosen.empty() || group.empty())
      co_return std::unexpected(
          refuse(occasion, request, "no such group", say(in, kNoGroup, shown(group))));
    co_return meant;
  }
  const auto chosen = supervise::choose(*meant.listing, request.name);
  if (!chosen)
    co_return std::unexpected(refuse(occasion, request, chosen.error().text,
                                     shown_block(runner_words(in, chosen.error().text))));
  const Strategy& strategy = **chosen;
  meant.what = supervise::clean_text(strategy.name, kNameOnButton);
  if (!screens_.may(person.user, strategy, Role::operates))
    co_return std::unexpected(refuse(occasion, request, "the role does not allow it",
                                     say(in, kNotYours, shown(meant.what))));
  if (const auto listed = check_operator(strategy, StrategyScreens::actor_of(person)); !listed)
    co_return std::unexpected(
        refuse(occasion, request, listed.error().text, say(in, kNotYours, shown(meant.what))));
  meant.chosen.push_back(strategy);
  co_return meant;
}

Task<Screen> StrategyDeeds::propose(Occasion occasion, Request request) {
  const auto& person = occasion.person;
  const Language in = person.language;
  auto meant = co_await find(occasion, request);
  if (!meant) co_return std::move(meant.error());
  if (!meant->is_group) request.name = word_of(meant->chosen.front());
  if (!is_typable(request.name)) co_return Screen{"🚫 " + say(in, kUnnamed)};
  const auto now = parts_.clock.utc_now();
  Screen screen;
  screen.html = "<b>" + strategy_title(in, request.verb, shown(meant->what)) + "</b>";
  for (std::size_t i = 0; i < meant->chosen.size() && i < kRowsShown; ++i)
    screen.html += "\n" + line_words(in, meant->chosen[i], now);
  if (meant->chosen.size() > kRowsShown)
    screen.html += "\n" + say(in, kMore, meant->chosen.size() - kRowsShown);
  const auto state = state_of(meant->chosen.front());
  const bool is_one = !meant->is_group && state;
  if (is_one && request.verb == Verb::start_strategy && *state == supervise::State::running)
    screen.html += "\n" + say(in, kRunsAlready);
  if (is_one && request.verb == Verb::stop_strategy && supervise::is_down(*state))
    screen.html += "\n" + say(in, kDownAlready);
  for (const auto& trouble : meant->listing->troubles)
    screen.html += "\n" + trouble_words(in, trouble);
  if (request.verb == Verb::stop_strategy)
    if (const auto facts = co_await stakes(person, meant->chosen); !facts.empty())
      screen.html += "\n\n" + say(in, kBefore) + facts;
  screen.html += "\n\n" + say(in, kAsk);
  const auto style =
      request.verb == Verb::stop_strategy ? Button::Style::danger : Button::Style::primary;
  screen.rows.push_back({{say(in, kGo, strategy_title(in, request.verb, meant->what)),
                          write_action({Action::Kind::confirm, line_of(request)}), style}});
  screen.rows.push_back({{say(in, kNo), write_action({Action::Kind::dismiss})}});
  screen.life = kProposalLife;
  screen.is_proposal = true;
  screen.is_private = true;
  co_return screen;
}

Task<std::string> StrategyDeeds::stakes(Person person, std::vector<Strategy> chosen) {
  std::vector<Task<std::string>> readings;
  for (auto& account : parts_.accounts) {
    const bool is_bound = std::ranges::any_of(
        chosen, [&](const Strategy& strategy) { return strategy.account == account.name; });
    if (is_bound && access_.role(person.user, account.name) >= Role::viewer)
      readings.push_back(exposure_words(person.language, account));
  }
  std::string text;
  for (const auto& each : co_await gather(std::move(readings)))
    text += "\n" + each;
  co_return text;
}

Task<void> StrategyDeeds::carry_out(Occasion occasion, Request request) {
  auto meant = co_await find(occasion, request);
  if (!meant) {
    (void)co_await messenger_.show(occasion.place, std::move(meant.error()));
    co_return;
  }
  const Language in = occasion.person.language;
  const auto title = "<b>" + strategy_title(in, request.verb, shown(meant->what)) + "</b>";
  Screen working{title + "\n" + say(in, kWorking)};
  Screen result{title};
  Request list;
  list.verb = Verb::strategies;
  result.is_private = true;
  const auto chosen = meant->chosen;
  // The order leaves before the first word about it.
  TaskGroup group(co_await boost::asio::this_coro::executor);
  group.spawn(act(occasion, request, std::move(*meant), result));
  if (const auto stand = co_await messenger_.show(occasion.place, std::move(working));
      stand.message != 0)
    occasion.place.message = stand.message;
  co_await group.join();
  result.rows.push_back(screens_.foot(occasion.person, list));
  const bool is_stop =
      request.verb == Verb::stop_strategy &&
      std::ranges::any_of(chosen, [&](const Strategy& strategy) {
        return access_.role(occasion.person.user, strategy.account) >= Role::viewer;
      });
  if (!is_stop) {
    (void)co_await messenger_.show(occasion.place, std::move(result));
    co_return;
  }
  // What is, first; what an exchange says may take longer.
  const auto told = result.html;
  result.html += "\n\n" + say(in, kReading);
  if (const auto stand = co_await messenger_.show(occasion.place, result); stand.message != 0)
    occasion.place.message = stand.message;
  const auto facts = co_await stakes(occasion.person, chosen);
  result.html = told + "\n\n" + say(in, kAfter) + facts;
  (void)co_await messenger_.show(occasion.place, std::move(result));
}

Task<void> StrategyDeeds::act(Occasion occasion, Request request, Meant meant, Screen& screen) {
  const auto& person = occasion.person;
  const Language in = person.language;
  const auto results = co_await parts_.strategies->act_on_all(
      meant.listing, std::move(meant.chosen), action_of(request.verb),
      StrategyScreens::actor_of(person));
  std::size_t good = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& result = results[i];
    good += is_as_asked(result);
    if (i < kRowsShown) screen.html += "\n" + result_words(in, result);
    audit_.add({person.user, occasion.place.chat, occasion.update,
                fmt::format("{} {}:{}", str(result.action), result.runner, result.name),
                fmt::format("{}: {}", str(result.verdict), result.text)});
  }
  if (results.size() > kRowsShown)
    screen.html += "\n" + say(in, kMore, results.size() - kRowsShown);
  if (results.size() > 1) screen.html += "\n<b>" + say(in, kCount, good, results.size()) + "</b>";
  screen.html += "\n" + say(in, kAskedBy, shown(person.name));
}

}  // namespace bb::bot
