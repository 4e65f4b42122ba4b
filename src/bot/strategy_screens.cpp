#include "bot/strategy_screens.h"

#include <algorithm>

#include "bot/action.h"
#include "supervise/render.h"
#include "supervise/text.h"

namespace bb::bot {

namespace {

using supervise::Listing;
using supervise::ListingPtr;
using supervise::State;
using supervise::Strategy;

constexpr Millis kAgeMost{2000};
constexpr std::size_t kPerPage = 10;
constexpr std::size_t kChoices = 40;
constexpr std::size_t kGroupsShown = 8;
constexpr std::size_t kNameOnButton = 30;
constexpr int kLogLines = 40;
constexpr int kFileLines = 1000;
constexpr int kFileFrom = 100;  // so many lines asked for are a file, however short
constexpr std::size_t kExitLines = 15;
constexpr std::size_t kInlineBytes = 3000;

constexpr Phrase kTitle{"<b>Strategies</b> · {} of {} run", "<b>策略</b> · {} / {} 运行中"};
constexpr Phrase kFiltered{"<b>Strategies</b> · {} · {} of {} run",
                           "<b>策略</b> · {} · {} / {} 运行中"};
constexpr Phrase kNone{"No strategy is there to be seen. docs/strategies.md tells how to declare.",
                       "没有可显示的策略，声明方法见 docs/strategies.md。"};
constexpr Phrase kNoMatch{"No strategy is called “{}”, or has that in its name.",
                          "没有名称为「{}」或包含它的策略。"};
constexpr Phrase kNotSetUp{"Strategy processes are not set up: docs/strategies.md tells how.",
                           "尚未配置策略进程，配置方法见 docs/strategies.md。"};
constexpr Phrase kUpdated{"as of {}", "截至 {}"};
constexpr Phrase kStart{"▶️ Start", "▶️ 启动"};
constexpr Phrase kStop{"⏹ Stop", "⏹ 停止"};
constexpr Phrase kRestart{"🔄 Restart", "🔄 重启"};
constexpr Phrase kLogs{"📜 Logs", "📜 日志"};
constexpr Phrase kExit{"🩹 Last exit", "🩹 上次退出"};
constexpr Phrase kRefresh{"↻ Refresh", "↻ 刷新"};
constexpr Phrase kBack{"‹ Strategies", "‹ 策略"};
constexpr Phrase kAsFile{"📄 {} lines as a file", "📄 {} 行（文件）"};
constexpr Phrase kLogTitle{"<b>Log</b> · {} · the newest {} lines",
                           "<b>日志</b> · {} · 最近 {} 行"};
constexpr Phrase kSilent{"it wrote nothing", "没有输出"};
constexpr Phrase kExitTitle{"<b>Last exit</b> · {}", "<b>上次退出</b> · {}"};
constexpr Phrase kNotYours{"You may not do this with {}.", "你没有对 {} 执行此操作的权限。"};
constexpr Phrase kWhich{"Which strategy?", "选择策略："};

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

bool matches(const Strategy& strategy, const std::string& filter) {
  if (filter.empty()) return strategy.shown;
  if (filter.starts_with(kStrategyGroup))
    return strategy.group == filter.substr(kStrategyGroup.size());
  const auto part = lower(filter);
  const std::string state(state_of(strategy) ? str(*state_of(strategy))
                                             : std::string_view("missing"));
  return std::ranges::any_of(
      std::initializer_list<std::string>{strategy.name, strategy.group, strategy.account,
                                         strategy.host, strategy.runner, state},
      [&](const std::string& text) { return lower(text).find(part) != std::string::npos; });
}

std::string label_of(const Strategy& strategy) {
  return fmt::format("{} {}", glyph_of(strategy),
                     supervise::clean_text(strategy.name, kNameOnButton));
}

std::string line_about(Verb verb, const std::string& name, int count = 0) {
  Request request;
  request.verb = verb;
  request.name = name;
  request.count = count;
  return line_of(request);
}

/// Whole lines, as many as a message holds.
std::string_view end_of(std::string_view log) {
  log = supervise::last_lines(log, kExitLines);
  if (log.size() <= kInlineBytes) return log;
  log.remove_prefix(log.size() - kInlineBytes);
  const auto line = log.find('\n');
  return line == std::string_view::npos ? std::string_view() : log.substr(line + 1);
}

bool is_listed(const Strategy& strategy, const Person& person) {
  return check_operator(strategy, StrategyScreens::actor_of(person)).has_value();
}

Error in_words(Language in, Error error) {
  error.text = runner_words(in, error.text);
  return error;
}

}  // namespace

supervise::Actor StrategyScreens::actor_of(const Person& person) {
  return {std::to_string(person.user), false};
}

Screen StrategyScreens::nothing(const Person& person) { return {say(person.language, kNotSetUp)}; }

bool StrategyScreens::may(std::int64_t user, const Strategy& strategy, Role least) const {
  return access_.role_on_strategy(user, strategy.account) >= least;
}

Task<ListingPtr> StrategyScreens::read(std::int64_t user, std::string word) const {
  auto& strategies = *parts_.strategies;
  // A hung runner makes old what all of them said; one that is named is asked by itself.
  const auto whole = word.find(':') == std::string::npos || word.starts_with(kStrategyGroup)
                         ? co_await strategies.read_within(kAgeMost)
                         : co_await strategies.read_for(word);
  auto own = std::make_shared<Listing>(*whole);
  std::erase_if(own->strategies,
                [&](const Strategy& strategy) { return !may(user, strategy, Role::viewer); });
  co_return own;
}

std::vector<Button> StrategyScreens::foot(const Person& person, const Request& request) const {
  const Action again{Action::Kind::open, line_of(request), request.page};
  return {{say(person.language, kRefresh), write_action(again)},
          {say(person.language, kBack), line_about(Verb::strategies, "")}};
}

Task<Screen> StrategyScreens::show(Person person, Request request) {
  if (parts_.strategies == nullptr) co_return nothing(person);
  const auto listing = co_await read(person.user, request.name);
  const auto meant = meant_by(*listing, request.name);
  if (request.verb == Verb::strategies && meant.size() != 1)
    co_return list(person, *listing, request);
  if (request.name.empty())
    co_return choose(person, *listing, request, say(person.language, kWhich));
  if (meant.size() != 1) {
    const auto chosen = supervise::choose(*listing, request.name);
    co_return Screen{
        "🚫 " + shown(chosen ? std::string() : runner_words(person.language, chosen.error().text))};
  }
  const auto& strategy = *meant.front();
  if (request.verb == Verb::strategies || request.verb == Verb::strategy)
    co_return card(person, strategy);
  if (!may(person.user, strategy, Role::operates))
    co_return Screen{say(person.language, kNotYours, shown(strategy.name))};
  if (request.verb == Verb::strategy_logs) co_return co_await logs(person, strategy, request);
  co_return co_await last_exit(person, strategy, request);
}

Screen StrategyScreens::list(const Person& person, const Listing& listing,
                             const Request& request) const {
  const Language in = person.language;
  const auto now = parts_.clock.utc_now();
  std::vector<const Strategy*> rows;
  std::size_t running = 0;
  for (const auto& strategy : listing.strategies) {
    if (!matches(strategy, request.name)) continue;
    rows.push_back(&strategy);
    running += state_of(strategy) == State::running;
  }
  const std::size_t pages = std::max<std::size_t>(1, (rows.size() + kPerPage - 1) / kPerPage);
  const auto page = std::min(static_cast<std::size_t>(std::max(0, request.page)), pages - 1);
  Screen screen;
  screen.is_private = true;
  screen.html = request.name.empty()
                    ? say(in, kTitle, running, rows.size())
                    : say(in, kFiltered, shown(request.name), running, rows.size());
  if (rows.empty())
    screen.html +=
        "\n" + (request.name.empty() ? say(in, kNone) : say(in, kNoMatch, shown(request.name)));
  std::vector<Button> row;
  for (auto i = page * kPerPage; i < std::min(rows.size(), (page + 1) * kPerPage); ++i) {
    screen.html += "\n" + line_words(in, *rows[i], now);
    const auto word = word_of(*rows[i]);
    if (word.empty()) continue;
    row.push_back({label_of(*rows[i]), line_about(Verb::strategy, word)});
    if (row.size() == 2) screen.rows.push_back(std::exchange(row, {}));
  }
  if (!row.empty()) screen.rows.push_back(std::exchange(row, {}));
  for (const auto& trouble : listing.troubles)
    screen.html += "\n" + trouble_words(person.language, trouble);
  screen.html += "\n<i>" + say(in, kUpdated, moment(listing.read_at)) + "</i>";
  const auto to = [&](std::size_t other) {
    return write_action({Action::Kind::open, line_of(request), static_cast<int>(other)});
  };
  if (page > 0) row.push_back({"‹", to(page - 1)});
  if (pages > 1) row.push_back({fmt::format("{}/{}", page + 1, pages), to(page)});
  if (page + 1 < pages) row.push_back({"›", to(page + 1)});
  if (!row.empty()) screen.rows.push_back(std::move(row));
  add_groups(person, listing, request, screen);
  screen.rows.push_back(request.name.empty() ? screens_.foot(person, request)
                                             : foot(person, request));
  return screen;
}

void StrategyScreens::add_groups(const Person& person, const Listing& listing,
                                 const Request& request, Screen& screen) const {
  const Language in = person.language;
  if (request.name.starts_with(kStrategyGroup) && is_typable(request.name)) {
    const bool may_act = std::ranges::any_of(listing.strategies, [&](const Strategy& strategy) {
      return matches(strategy, request.name) && strategy.touchable &&
             may(person.user, strategy, Role::operates);
    });
    if (may_act)
      screen.rows.push_back(
          {{say(in, kStart), line_about(Verb::start_strategy, request.name)},
           {say(in, kStop), line_about(Verb::stop_strategy, request.name), Button::Style::danger},
           {say(in, kRestart), line_about(Verb::restart_strategy, request.name)}});
    return;
  }
  if (!request.name.empty()) return;
  std::set<std::string> groups;
  for (const auto& strategy : listing.strategies)
    if (strategy.shown && strategy.touchable && is_typable(strategy.group))
      groups.insert(strategy.group);
  std::vector<Button> row;
  for (const auto& group : groups) {
    if (screen.rows.size() >= kPerPage || row.size() >= kGroupsShown) break;
    row.push_back({"👥 " + supervise::clean_text(group, kNameOnButton),
                   line_about(Verb::strategies, std::string(kStrategyGroup) + group)});
    if (row.size() == 2) screen.rows.push_back(std::exchange(row, {}));
  }
  if (!row.empty()) screen.rows.push_back(std::move(row));
}

void StrategyScreens::add_deeds(const Person& person, const Strategy& strategy,
                                Screen& screen) const {
  const auto word = word_of(strategy);
  const bool may_act = strategy.touchable && !word.empty() &&
                       may(person.user, strategy, Role::operates) && is_listed(strategy, person);
  if (!may_act) return;
  const Language in = person.language;
  const auto state = state_of(strategy);
  const bool is_up = state && !supervise::is_down(*state);
  std::vector<Button> row;
  if (state != State::running)
    row.push_back(
        {say(in, kStart), line_about(Verb::start_strategy, word), Button::Style::success});
  if (is_up)
    row.push_back({say(in, kStop), line_about(Verb::stop_strategy, word), Button::Style::danger});
  if (state) row.push_back({say(in, kRestart), line_about(Verb::restart_strategy, word)});
  screen.rows.push_back(std::move(row));
  screen.rows.push_back({{say(in, kLogs), line_about(Verb::strategy_logs, word)},
                         {say(in, kExit), line_about(Verb::last_exit, word)}});
}

Screen StrategyScreens::card(const Person& person, const Strategy& strategy) const {
  Screen screen;
  screen.is_private = true;
  const auto now = parts_.clock.utc_now();
  screen.html = card_words(person.language, strategy, now) + "\n<i>" +
                say(person.language, kUpdated, moment(now)) + "</i>";
  add_deeds(person, strategy, screen);
  Request request;
  request.verb = Verb::strategy;
  request.name = word_of(strategy);
  screen.rows.push_back(foot(person, request));
  return screen;
}

Screen StrategyScreens::choose(const Person& person, const Listing& listing, const Request& request,
                               const std::string& html) const {
  Screen screen;
  screen.html = html;
  std::vector<Button> row;
  std::size_t count = 0;
  for (const auto& strategy : listing.strategies) {
    const auto word = word_of(strategy);
    const bool is_offered = strategy.touchable && !word.empty() &&
                            may(person.user, strategy, row_of(request.verb).least);
    if (!is_offered || ++count > kChoices) continue;
    row.push_back({label_of(strategy), line_about(request.verb, word)});
    if (row.size() == 2) screen.rows.push_back(std::exchange(row, {}));
  }
  if (!row.empty()) screen.rows.push_back(std::move(row));
  if (count == 0) screen.html += "\n" + say(person.language, kNone);
  for (const auto& trouble : listing.troubles)
    screen.html += "\n" + trouble_words(person.language, trouble);
  Request all;
  all.verb = Verb::strategies;
  screen.rows.push_back(foot(person, all));
  return screen;
}

Task<Screen> StrategyScreens::logs(Person person, Strategy strategy, Request request) {
  const Language in = person.language;
  const int lines = request.count == 0 ? kLogLines : request.count;
  const auto word = word_of(strategy);
  const auto text = co_await parts_.strategies->read_logs(word, static_cast<std::size_t>(lines),
                                                          actor_of(person));
  Screen screen;
  screen.is_private = true;
  const auto name = supervise::clean_text(strategy.name, 64);
  screen.html = say(in, kLogTitle, shown(name), lines);
  if (!text)
    screen.html += "\n" + excuse(person, in_words(in, text.error()));
  else if (text->empty())
    screen.html += "\n<i>" + say(in, kSilent) + "</i>";
  else if (text->size() > kInlineBytes || lines >= kFileFrom)
    screen.file = notify::BotFile{"document", name + ".log", "text/plain", *text};
  else
    screen.html += "\n<pre>" + shown_block(*text) + "</pre>";
  if (lines < kFileLines)
    screen.rows.push_back(
        {{say(in, kAsFile, kFileLines), line_about(Verb::strategy_logs, word, kFileLines)}});
  Request again = request;
  again.name = word;
  screen.rows.push_back(foot(person, again));
  co_return screen;
}

Task<Screen> StrategyScreens::last_exit(Person person, Strategy strategy, Request request) {
  const Language in = person.language;
  const auto word = word_of(strategy);
  Screen screen;
  screen.is_private = true;
  screen.html =
      say(in, kExitTitle, shown(supervise::clean_text(strategy.name))) + exit_words(in, strategy);
  const auto log = co_await parts_.strategies->read_logs(word, kExitLines, actor_of(person));
  if (!log)
    screen.html += "\n" + excuse(person, in_words(in, log.error()));
  else if (!log->empty())
    screen.html += "\n<pre>" + shown_block(end_of(*log)) + "</pre>";
  add_deeds(person, strategy, screen);
  request.name = word;
  screen.rows.push_back(foot(person, request));
  co_return screen;
}

}  // namespace bb::bot
