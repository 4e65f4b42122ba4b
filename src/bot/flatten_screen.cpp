// What a flatten would do, per account and position, before anybody confirms it.
#include <algorithm>
#include <cstdlib>

#include "bot/deeds.h"
#include "bot/readings.h"

namespace bb::bot {

namespace {

constexpr std::size_t kEntriesPerPage = 14;
constexpr std::size_t kPageCharacters = 2600;
constexpr std::size_t kPinnedSymbols = 20;  // that a line may carry

constexpr Phrase kAsk{"Shall I? (60 s)", "是否执行？（60 秒内有效）"};
constexpr Phrase kGo{"✅ Yes: {}", "✅ 确认：{}"};
constexpr Phrase kTotal{"{0} position{0:s}, {1} USDT to close", "{0} 个持仓，共平 {1} USDT"};
constexpr Phrase kNone{"nothing of it is open", "没有相关持仓"};
constexpr Phrase kRow{"{} {} {} of {} · {} USDT", "{} {} {} / {} · {} USDT"};
constexpr Phrase kRowCosts{" · slippage {}, fee {}", " · 滑点 {}，手续费 {}"};
constexpr Phrase kLong{"long", "多"};
constexpr Phrase kShort{"short", "空"};
constexpr Phrase kCosts{"expected: slippage {} USDT, fee {} USDT",
                        "预计滑点 {} USDT，手续费 {} USDT"};
constexpr Phrase kEstimate{"⚠️ an estimate: its service could not be asked, sizes are not rounded",
                           "⚠️ 估算值：无法询问其服务，数量未按步长取整"};
constexpr Phrase kThenPaused{"Entries are paused first, until /resume.",
                             "将先暂停开仓，直到 /resume。"};
constexpr Phrase kStillLosing{"Of these, those count that still float at a loss when it is done.",
                              "执行时仍为浮亏的才会被平掉。"};
constexpr Phrase kStillWinning{
    "Of these, those count that still float at a profit when it is done.",
    "执行时仍为浮盈的才会被平掉。"};
constexpr Phrase kAsTheyStand{"Which they are is decided as they stand when it is done.",
                              "以执行时的盈亏状态为准。"};
constexpr Phrase kBound{"Strategies that trade on it: {}", "在此账户交易的策略：{}"};
constexpr Phrase kStopFirst{"⏹ Stop them first, then: {}", "⏹ 先停止策略，再{}"};
constexpr Phrase kBlind{"It can be tried all the same.", "仍可尝试执行。"};
constexpr Phrase kImpossible{"🚫 {}", "🚫 {}"};
constexpr Phrase kNothingCan{"Nothing can be done like this.", "无法这样执行。"};
constexpr Phrase kChoose{"☑ Symbols…", "☑ 选择合约…"};
constexpr Phrase kEverything{"All", "全部"};
constexpr Phrase kOfLongs{"Longs", "多单"};
constexpr Phrase kOfShorts{"Shorts", "空单"};
constexpr Phrase kOfLosers{"Losers", "浮亏"};
constexpr Phrase kOfWinners{"Winners", "浮盈"};

// The same proposal with one thing changed; the chosen one is marked.
Request with_percent(const Request& request, Decimal percent) {
  Request other = request;
  other.percent = percent;
  other.says_percent = true;
  return other;
}

void add_percents(const Request& request, Screen& screen) {
  std::vector<Button> row;
  for (const int percent : {10, 25, 33, 50, 75, 100}) {
    const Request other = with_percent(request, Decimal::from_int(percent));
    row.push_back({fmt::format("{}{} %", other.percent == request.percent ? "• " : "", percent),
                   line_of(other)});
    if (row.size() == 3) screen.rows.push_back(std::exchange(row, {}));
  }
  // From there to any whole one, and to what was typed plus or minus it.
  for (const int step : {-10, -1, 1, 10}) {
    const auto percent = request.percent + Decimal::from_int(step);
    if (percent.is_negative() || percent.is_zero() || percent > Decimal::from_int(100)) continue;
    row.push_back({fmt::format("{}{} %", step < 0 ? "−" : "+", std::abs(step)),
                   line_of(with_percent(request, percent))});
  }
  if (!row.empty()) screen.rows.push_back(std::move(row));
}

std::vector<Button> pick_row(const Person& person, const Request& request) {
  const std::pair<Pick, Phrase> picks[] = {{Pick::all, kEverything},
                                           {Pick::longs, kOfLongs},
                                           {Pick::shorts, kOfShorts},
                                           {Pick::losers, kOfLosers},
                                           {Pick::winners, kOfWinners}};
  std::vector<Button> row;
  for (const auto& [pick, phrase] : picks) {
    Request other = request;
    other.pick = pick;
    if (pick == Pick::all) other.symbols.clear();
    const bool is_chosen = pick == request.pick && (pick != Pick::all || request.symbols.empty());
    row.push_back({(is_chosen ? "• " : "") + say(person.language, phrase), line_of(other)});
  }
  return row;
}

/// A line of the preview; `symbol` is the position's, empty in an account's own line.
struct Entry {
  std::string html;
  std::string symbol = {};
};

struct Sums {
  Usdt notional, slippage, fee;
  std::size_t rows = 0;
  std::vector<std::string> unread, uncosted;  // accounts that are not in them
  bool has_costs = false;
  std::size_t possible = 0;  // accounts that it can be tried for
  std::vector<std::string> symbols;
};

std::string text_of(Language in, const PreviewRow& row) {
  const bool is_short = row.side == PositionSide::short_ || row.held < Qty();
  std::string text =
      "   " + say(in, kRow, shown(row.symbol.str()), say(in, is_short ? kShort : kLong),
                  number(row.closes.value().abs()), number(row.held.value().abs()),
                  money(row.notional.value()));
  if (row.slippage && row.fee)
    text += say(in, kRowCosts, money(row.slippage->value()), money(row.fee->value()));
  if (!row.problem.empty()) text += " · ⚠️ " + shown(row.problem);
  return text;
}

void add_account(Language in, const AccountPort& account, const Preview& preview, Sums& sums,
                 std::vector<Entry>& entries) {
  Usdt own;
  bool has_all_costs = true;
  for (const auto& row : preview.rows) {
    own += row.notional;
    ++sums.rows;
    has_all_costs = has_all_costs && row.slippage && row.fee;
    if (row.slippage && row.fee) {
      sums.slippage += *row.slippage;
      sums.fee += *row.fee;
      sums.has_costs = true;
    }
    if (std::ranges::find(sums.symbols, row.symbol.str()) == sums.symbols.end())
      sums.symbols.push_back(row.symbol.str());
  }
  sums.notional += own;
  if (!has_all_costs) sums.uncosted.push_back(account.name);
  std::string text =
      Screens::head(account) + " · " +
      (preview.rows.empty() ? say(in, kNone)
                            : say(in, kTotal, counted(preview.rows.size()), money(own.value())));
  if (preview.is_estimate) text += "\n   " + say(in, kEstimate);
  for (const auto& note : preview.notes)
    text += "\n   ⚠️ " + shown(note);
  entries.push_back({std::move(text)});
  for (const auto& row : preview.rows)
    entries.push_back({text_of(in, row), row.symbol.str()});
}

std::vector<std::vector<Entry>> pages_of(std::vector<Entry> entries) {
  std::vector<std::vector<Entry>> pages(1);
  std::size_t size = 0;
  for (auto& entry : entries) {
    if (!pages.back().empty() &&
        (pages.back().size() == kEntriesPerPage || size + entry.html.size() > kPageCharacters)) {
      pages.emplace_back();
      size = 0;
    }
    size += entry.html.size();
    pages.back().push_back(std::move(entry));
  }
  return pages;
}

// What is confirmed closes nothing that was not shown: who loses and who wins changes by the
// second.
Request pinned(const Request& request, const Sums& sums,
               const std::vector<AccountPort*>& accounts) {
  const bool moves = request.pick == Pick::losers || request.pick == Pick::winners;
  if (!moves || !request.symbols.empty() || !sums.unread.empty()) return request;
  if (sums.symbols.empty() || sums.symbols.size() > kPinnedSymbols) return request;
  Request narrow = request;
  narrow.symbols = sums.symbols;
  std::vector<std::string> names;
  for (const auto* account : accounts)
    names.push_back(account->name);
  const auto back = parse_request(line_of(narrow), "", names);
  const bool is_whole = back && *back && (*back)->symbols == narrow.symbols;
  return is_whole ? narrow : request;
}

std::string foot_of(Language in, const Request& request, const Request& confirmed, const Sums& sums,
                    bool is_of_many) {
  std::string text;
  if (is_of_many) {
    text += "\n\n<b>" + say(in, kTotal, counted(sums.rows), money(sums.notional.value())) + "</b>";
    text += without(in, sums.unread);
  }
  if (sums.has_costs) {
    text += "\n" + say(in, kCosts, money(sums.slippage.value()), money(sums.fee.value()));
    auto missing = sums.unread;
    missing.insert(missing.end(), sums.uncosted.begin(), sums.uncosted.end());
    text += without(in, missing);
  }
  if (request.pick == Pick::losers || request.pick == Pick::winners) {
    const bool is_pinned = confirmed.symbols != request.symbols;
    text += "\n" + say(in, !is_pinned                     ? kAsTheyStand
                           : request.pick == Pick::losers ? kStillLosing
                                                          : kStillWinning);
  }
  return text + "\n\n" + say(in, kThenPaused);
}

void add_symbols(const std::vector<Entry>& page, const Request& choice, Screen& screen) {
  std::vector<std::string> symbols;
  for (const auto& entry : page)
    if (!entry.symbol.empty() && std::ranges::find(symbols, entry.symbol) == symbols.end())
      symbols.push_back(entry.symbol);
  std::vector<Button> row;
  for (const auto& symbol : symbols) {
    Request one = choice;
    one.symbols = {symbol};
    row.push_back({symbol, line_of(one)});
    if (row.size() == 3) screen.rows.push_back(std::exchange(row, {}));
  }
  if (!row.empty()) screen.rows.push_back(std::move(row));
}

}  // namespace

Task<Screen> flatten_screen(Person person, std::vector<AccountPort*> accounts, Request request,
                            std::string bound, TimePoint now) {
  const Language in = person.language;
  std::vector<Task<Result<Preview>>> readings;
  for (auto* account : accounts)
    readings.push_back(
        guarded(account->preview(command_of(request, account->name, "", 0, 0, now))));
  const auto previews = co_await gather(std::move(readings));
  Sums sums;
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < previews.size(); ++i) {
    const auto& account = *accounts[i];
    const auto& preview = previews[i];
    const bool is_possible = preview || preview.error().kind != ErrorKind::invalid_input;
    if (is_possible) ++sums.possible;
    if (preview) {
      add_account(in, account, *preview, sums, entries);
    } else {
      sums.unread.push_back(account.name);
      entries.push_back({Screens::head(account) + " " +
                         (is_possible ? excuse(person, preview.error()) + "\n   " + say(in, kBlind)
                                      : say(in, kImpossible, shown(preview.error().text)))});
    }
  }
  const auto pages = pages_of(std::move(entries));
  const auto at = std::min(static_cast<std::size_t>(std::max(0, request.page)), pages.size() - 1);
  Screen screen;
  screen.html = "<b>" + title_of(in, request) + "</b>";
  for (const auto& entry : pages[at])
    screen.html += "\n" + entry.html;
  if (sums.possible == 0) {
    screen = last_screen(person, screen.html + "\n\n" + say(in, kNothingCan));
    screen.outcome = "refused: it is possible for no account";
    co_return screen;
  }
  const Request confirmed = pinned(request, sums, accounts);
  screen.html += foot_of(in, request, confirmed, sums, accounts.size() > 1);
  if (!bound.empty()) screen.html += "\n" + say(in, kBound, bound);
  screen.html += "\n" + say(in, kAsk);
  Request choice = request;
  choice.verb = Verb::flatten;
  if (pages.size() > 1) screen.rows.push_back(page_row(line_of(request), at, pages.size()));
  add_percents(choice, screen);
  screen.rows.push_back(pick_row(person, choice));
  if (sums.symbols.size() > 1) add_symbols(pages[at], choice, screen);
  if (sums.symbols.size() > 1 || !choice.symbols.empty()) {
    Request choosing = choice;
    choosing.chooses_symbols = true;
    screen.rows.push_back({{say(in, kChoose), line_of(choosing)}});
  }
  screen.rows.push_back(
      {{say(in, kGo, title_of(in, request)),
        write_action({Action::Kind::confirm, line_of(confirmed)}), Button::Style::danger}});
  if (!bound.empty() && !request.stops_strategies) {
    Request stopping = confirmed;
    stopping.verb = Verb::flatten;
    stopping.stops_strategies = true;
    screen.rows.push_back(
        {{say(in, kStopFirst, title_of(in, request)),
          write_action({Action::Kind::confirm, line_of(stopping)}), Button::Style::danger}});
  }
  screen.rows.push_back({dismiss_button(in)});
  co_return screen;
}

}  // namespace bb::bot
