#include "bot/deeds.h"

#include <algorithm>

#include "net/crypto.h"

namespace bb::bot {

namespace {

constexpr Millis kProposalLife{60'000};
constexpr Micros kProgressPause{2'000'000};
constexpr std::size_t kPreviewRows = 12;
constexpr std::size_t kSymbolButtons = 24;
constexpr std::size_t kIdDigits = 32;

constexpr Phrase kWhich{"<b>{}</b>\nWhich account?", "<b>{}</b>\n选择账户："};
constexpr Phrase kNotYours{"You may not do this, or there is no such account. Nothing was done.",
                           "没有权限，或账户不存在。未执行任何操作。"};
constexpr Phrase kAsk{"Shall I? (60 s)", "是否执行？（60 秒内有效）"};
constexpr Phrase kGo{"✅ Yes: {}", "✅ 确认：{}"};
constexpr Phrase kNo{"✖ Cancel", "✖ 取消"};
constexpr Phrase kNothing{"✖ Canceled. Nothing was done.", "✖ 已取消，未执行任何操作。"};
constexpr Phrase kExpired{"⌛ Expired. Nothing was done.", "⌛ 已过期，未执行任何操作。"};
constexpr Phrase kPreviewTotal{"{} positions, {} USDT to close", "{} 个持仓，共平 {} USDT"};
constexpr Phrase kPreviewNone{"nothing of it is open", "没有相关持仓"};
constexpr Phrase kPreviewRow{"{} {} of {} · {} USDT", "{} {} / {} · {} USDT"};
constexpr Phrase kCosts{"expected: slippage {} USDT, fee {} USDT",
                        "预计滑点 {} USDT，手续费 {} USDT"};
constexpr Phrase kMore{"… and {} more", "……另有 {} 个"};
constexpr Phrase kThenPaused{"Entries are paused first, until /resume.",
                             "将先暂停开仓，直到 /resume。"};
constexpr Phrase kBlind{"It can be tried all the same.", "仍可尝试执行。"};
constexpr Phrase kWorking{"⏳ working…", "⏳ 执行中…"};
constexpr Phrase kAskedBy{"<i>asked by {}</i>", "<i>操作人：{}</i>"};
constexpr Phrase kEverything{"All", "全部"};
constexpr Phrase kOfLongs{"Longs", "多单"};
constexpr Phrase kOfShorts{"Shorts", "空单"};
constexpr Phrase kOfLosers{"Losers", "浮亏"};
constexpr Phrase kOfWinners{"Winners", "浮盈"};

std::string target_words(const std::vector<AccountPort*>& accounts) {
  std::string text;
  for (const auto* account : accounts)
    text += (text.empty() ? "" : ", ") + Screens::head(*account);
  return text;
}

Button confirm_button(const Person& person, const Request& request, Button::Style style) {
  return {say(person.language, kGo, title_of(person.language, request)),
          write_action({Action::Kind::confirm, line_of(request)}), style};
}

Button dismiss_button(const Person& person) {
  return {say(person.language, kNo), write_action({Action::Kind::dismiss})};
}

// The same proposal with one thing changed; the chosen one is marked.
std::vector<Button> percent_row(const Request& request) {
  std::vector<Button> row;
  for (const int percent : {25, 50, 75, 100}) {
    Request other = request;
    other.percent = Decimal::from_int(percent);
    other.says_percent = true;
    row.push_back({fmt::format("{}{} %", other.percent == request.percent ? "• " : "", percent),
                   line_of(other)});
  }
  return row;
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

struct Sums {
  Usdt notional, slippage, fee;
  bool has_costs = false;
  std::size_t rows = 0;
};

std::string preview_words(const Person& person, const AccountPort& account,
                          const Result<std::vector<PreviewRow>>& rows, Sums& all) {
  const Language in = person.language;
  std::string text = "\n" + Screens::head(account);
  if (!rows) return text + " " + excuse(person, rows.error()) + "\n   " + say(in, kBlind);
  Sums own;
  std::string lines;
  for (const auto& row : *rows) {
    own.notional += row.notional;
    if (row.slippage && row.fee) {
      all.slippage += *row.slippage;
      all.fee += *row.fee;
      all.has_costs = true;
    }
    if (++own.rows > kPreviewRows) continue;
    lines +=
        "\n   " + say(in, kPreviewRow, shown(row.symbol.str()), number(row.closes.value().abs()),
                      number(row.held.value().abs()), money(row.notional.value()));
    if (!row.problem.empty()) lines += " · ⚠️ " + shown(row.problem);
  }
  all.notional += own.notional;
  all.rows += own.rows;
  if (own.rows > kPreviewRows) lines += "\n   " + say(in, kMore, own.rows - kPreviewRows);
  return text + " · " +
         (own.rows == 0 ? say(in, kPreviewNone)
                        : say(in, kPreviewTotal, own.rows, money(own.notional.value()))) +
         lines;
}

}  // namespace

Deeds::Deeds(Parts& parts, const Access& access, Screens& screens, Messenger& messenger,
             Audit& audit)
    : parts_(parts),
      access_(access),
      screens_(screens),
      messenger_(messenger),
      audit_(audit),
      second_(access, parts.ops, parts.clock) {}

std::vector<AccountPort*> Deeds::targets_of(const Person& person, const Request& request) const {
  return screens_.ports_of(access_.find(person.user, row_of(request.verb).least, request.target));
}

Screen Deeds::expired(Language language) { return {say(language, kExpired)}; }

Screen Deeds::dismissed(const Person& person) { return {say(person.language, kNothing)}; }

Task<Screen> Deeds::propose(Occasion occasion, Request request, std::string digits) {
  const auto& person = occasion.person;
  const Role least = row_of(request.verb).least;
  if (request.target.empty()) {
    const auto own = access_.accounts_of(person.user, least);
    // The original's "/clearpos" alone meant every account.
    if (request.verb == Verb::clear)
      request.target = "all";
    else if (own.size() == 1)
      request.target = own.front();
    else if (!own.empty())
      co_return screens_.choose_target(
          person, request, least, say(person.language, kWhich, title_of(person.language, request)));
  }
  const auto accounts = targets_of(person, request);
  if (accounts.empty()) {
    audit_.add({person.user, occasion.place.chat, occasion.update, line_of(request),
                "refused: the role does not allow it"});
    co_return Screen{say(person.language, kNotYours)};
  }
  if (request.verb == Verb::resume)
    co_return co_await propose_resume(occasion, accounts, std::move(request), std::move(digits));
  Screen screen;
  if (request.verb == Verb::flatten || request.verb == Verb::clear)
    screen = co_await propose_flatten(person, accounts, request);
  else
    screen = propose_plain(person, accounts, request);
  screen.life = kProposalLife;
  screen.is_proposal = true;
  screen.is_private = true;
  co_return screen;
}

Screen Deeds::propose_plain(const Person& person, const std::vector<AccountPort*>& accounts,
                            const Request& request) const {
  Screen screen;
  std::string what = title_of(person.language, request);
  for (const auto& symbol : request.symbols)
    what += " · " + shown(symbol);
  screen.html =
      fmt::format("<b>{}</b>\n{}\n\n{}", what, target_words(accounts), say(person.language, kAsk));
  screen.rows.push_back({confirm_button(person, request, Button::Style::primary)});
  screen.rows.push_back({dismiss_button(person)});
  return screen;
}

Task<Screen> Deeds::propose_flatten(Person person, std::vector<AccountPort*> accounts,
                                    Request request) {
  const Language in = person.language;
  const auto now = parts_.clock.utc_now();
  std::vector<Task<Result<std::vector<PreviewRow>>>> readings;
  for (auto* account : accounts)
    readings.push_back(account->preview(command_of(request, account->name, "", 0, 0, now)));
  const auto previews = co_await gather(std::move(readings));
  Screen screen;
  screen.html = "<b>" + title_of(in, request) + "</b>";
  Sums sums;
  std::vector<std::string> symbols;
  for (std::size_t i = 0; i < previews.size(); ++i) {
    screen.html += preview_words(person, *accounts[i], previews[i], sums);
    for (const auto& row : previews[i] ? *previews[i] : std::vector<PreviewRow>())
      if (std::ranges::find(symbols, row.symbol.str()) == symbols.end())
        symbols.push_back(row.symbol.str());
  }
  if (accounts.size() > 1)
    screen.html +=
        "\n\n<b>" + say(in, kPreviewTotal, sums.rows, money(sums.notional.value())) + "</b>";
  if (sums.has_costs)
    screen.html += "\n" + say(in, kCosts, money(sums.slippage.value()), money(sums.fee.value()));
  screen.html += "\n\n" + say(in, kThenPaused) + "\n" + say(in, kAsk);
  Request choice = request;
  choice.verb = Verb::flatten;
  screen.rows.push_back(percent_row(choice));
  screen.rows.push_back(pick_row(person, choice));
  std::vector<Button> row;
  for (std::size_t i = 0; symbols.size() > 1 && i < symbols.size() && i < kSymbolButtons; ++i) {
    Request one = choice;
    one.symbols = {symbols[i]};
    row.push_back({symbols[i], line_of(one)});
    if (row.size() == 3) screen.rows.push_back(std::exchange(row, {}));
  }
  if (!row.empty()) screen.rows.push_back(std::move(row));
  screen.rows.push_back({confirm_button(person, request, Button::Style::danger)});
  screen.rows.push_back({dismiss_button(person)});
  co_return screen;
}

control::Command command_of(const Request& request, const std::string& account,
                            const std::string& who, std::int64_t bot_id, std::int64_t update,
                            TimePoint now) {
  control::Command command;
  command.id = net::sha256_hex(fmt::format("telegram {} {} {}", bot_id, update, account))
                   .substr(0, kIdDigits);
  command.made_at = now;
  command.who = who;
  switch (request.verb) {
    case Verb::flatten:
    case Verb::clear:
      command.kind = control::CommandKind::flatten;
      break;
    case Verb::pause:
      command.kind = control::CommandKind::pause;
      command.reason = "asked for in Telegram";
      break;
    case Verb::resume:
      command.kind = control::CommandKind::resume;
      break;
    case Verb::loss_cut:
      command.kind = control::CommandKind::loss_cut;
      break;
    case Verb::cancel:
      command.kind = control::CommandKind::cancel;
      break;
    default:
      command.kind = control::CommandKind::status;
  }
  command.percent = request.percent;
  command.symbols = request.symbols;
  if (request.pick == Pick::longs) command.sides = control::Sides::longs;
  if (request.pick == Pick::shorts) command.sides = control::Sides::shorts;
  if (request.pick == Pick::losers) command.profits = control::Profits::losers;
  if (request.pick == Pick::winners) command.profits = control::Profits::winners;
  return command;
}

Task<void> Deeds::carry_out(Occasion occasion, Request request) {
  const auto accounts = targets_of(occasion.person, request);
  // A confirmed resume has come another way: see judge_code() and decide().
  if (accounts.empty() || adds_risk(request.verb)) {
    audit_.add({occasion.person.user, occasion.place.chat, occasion.update, line_of(request),
                "refused: the role does not allow it"});
    Screen refusal{say(occasion.person.language, kNotYours)};
    co_await messenger_.show(occasion.place, std::move(refusal));
    co_return;
  }
  co_await act(occasion, accounts, request, occasion.person.name);
}

Task<void> Deeds::act_on(AccountPort& account, control::Command command, std::int64_t user,
                         std::int64_t chat, std::int64_t update, Outcome& outcome, Event& changed) {
  const auto line = fmt::format("{} {}", control::str(command.kind), account.name);
  control::Report report;
  try {
    report = co_await account.perform(std::move(command));
  } catch (const std::exception& error) {
    report.failed = true;
    report.exit_code = 1;
    report.text = error.what();
  }
  audit_.add({user, chat, update, line, summary_of(report)});
  outcome.report = std::move(report);
  changed.notify();
}

Screen Deeds::progress(const Person& person, const Request& request,
                       const std::vector<Outcome>& outcomes) const {
  const Language in = person.language;
  Screen screen;
  screen.is_private = true;
  screen.html = "<b>" + title_of(in, request) + "</b>";
  for (const auto& outcome : outcomes)
    screen.html +=
        fmt::format("\n\n{}\n{}", Screens::head(*outcome.account),
                    outcome.report ? describe(in, request, *outcome.report) : say(in, kWorking));
  screen.html += "\n\n" + say(in, kAskedBy, shown(person.name));
  return screen;
}

Task<void> Deeds::show_progress(Occasion occasion, Request request, std::vector<Outcome>& outcomes,
                                Event& changed) {
  const auto count = [&] {
    return std::ranges::count_if(outcomes, [](const Outcome& o) { return o.report.has_value(); });
  };
  const auto all = static_cast<std::ptrdiff_t>(outcomes.size());
  std::ptrdiff_t seen = -1;
  for (;;) {
    const auto done = count();
    if (done != seen) {
      seen = done;
      Screen screen = progress(occasion.person, request, outcomes);
      const auto message = co_await messenger_.show(occasion.place, std::move(screen));
      if (message != 0) occasion.place.message = message;
    }
    if (seen == all) co_return;
    if (count() == seen) co_await changed.wait();
    // Whatever ends together is one edit; the last one waits for nobody.
    if (count() != all) co_await sleep_for(parts_.clock, kProgressPause);
  }
}

Task<void> Deeds::act(Occasion occasion, std::vector<AccountPort*> accounts, Request request,
                      std::string who) {
  std::vector<Outcome> outcomes(accounts.size());
  const auto bot_id = parts_.bot_id;
  const auto now = parts_.clock.utc_now();
  Event changed;
  TaskGroup group(co_await boost::asio::this_coro::executor);
  for (std::size_t i = 0; i < accounts.size(); ++i)
    outcomes[i].account = accounts[i];
  // The orders leave before the first word about them.
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    auto command =
        command_of(request, accounts[i]->name, "Telegram " + who, bot_id, occasion.update, now);
    group.spawn(act_on(*accounts[i], std::move(command), occasion.person.user, occasion.place.chat,
                       occasion.update, outcomes[i], changed));
  }
  group.spawn(show_progress(occasion, request, outcomes, changed));
  co_await group.join();
}

}  // namespace bb::bot
