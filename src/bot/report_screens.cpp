// What an account earned, did and will do; its log and its health.
#include "bot/screens.h"

#include "bot/readings.h"

namespace bb::bot {

namespace {

constexpr Phrase kPnlTitle{"<b>Profit and loss</b> · {}", "<b>盈亏</b> · {}"};
constexpr Phrase kDay{"since 00:00 UTC", "今日（UTC 0 点起）"};
constexpr Phrase kWeek{"7 days", "近 7 天"};
constexpr Phrase kMonth{"30 days", "近 30 天"};
constexpr Phrase kDayLabel{"Day", "日"};
constexpr Phrase kWeekLabel{"Week", "周"};
constexpr Phrase kMonthLabel{"Month", "月"};
constexpr Phrase kPnlRow{"{} · <b>{}</b> USDT\n   realized {} ({} bookings) · fees {} · funding {}",
                         "{} · <b>{}</b> USDT\n   已实现 {}（{} 笔）· 手续费 {} · 资金费 {}"};
constexpr Phrase kTransferred{" · transferred {}", " · 转入转出 {}"};
constexpr Phrase kOther{"{} {}, not in the sum", "{} {}，未计入合计"};
constexpr Phrase kRead{"<i>read {} ago</i>", "<i>{}前读取</i>"};
constexpr Phrase kTotal{"Total: <b>{}</b> USDT", "合计：<b>{}</b> USDT"};
constexpr Phrase kNoEquity{"no equity recorded yet: the service samples it while it runs",
                           "还没有权益记录：服务运行时才会采样"};
constexpr Phrase kEquity{"{}\nEquity <b>{}</b> USDT · growth {} % · worst drawdown {} %\nsince {}",
                         "{}\n权益 <b>{}</b> USDT · 收益 {} % · 最大回撤 {} %\n自 {}"};
constexpr Phrase kNoRun{"no entry recorded yet", "还没有开仓记录"};
constexpr Phrase kRunTitle{"<b>Last entry</b> {} · {}\n{} · {}",
                           "<b>上次开仓</b> {} · {}\n{} · {}"};
constexpr Phrase kRunWhy{"The day's strongest gainers were shorted:", "做空当日涨幅最大的合约："};
constexpr Phrase kRank{"#{} of the day, {} %", "当日第 {} 名，{} %"};
constexpr Phrase kRunRow{"<b>{0}</b> {1}\n   {2} @ {3} · {4}",
                         "<b>{0}</b> {1}\n   {2} @ {3} · {4}"};
constexpr Phrase kStopAt{" · stop {}", " · 止损 {}"};
constexpr Phrase kProfitAt{" · target {}", " · 止盈 {}"};
constexpr Phrase kNextTitle{"<b>What comes next</b>", "<b>下一次任务</b>"};
constexpr Phrase kEntryAt{"entry {} (in {})", "开仓 {}（{}后）"};
constexpr Phrase kLossCutAt{"loss cut {} (in {})", "平掉浮亏 {}（{}后）"};
constexpr Phrase kNoEntry{"no entry is planned", "没有开仓计划"};
constexpr Phrase kNoLossCut{"no loss cut is planned", "没有平掉浮亏的计划"};
constexpr Phrase kDoctorTitle{"<b>Doctor</b> · {}", "<b>体检</b> · {}"};
constexpr Phrase kLogTitle{"<b>Log</b> · {} · the newest {} lines",
                           "<b>日志</b> · {} · 最近 {} 行"};
constexpr Phrase kAsFile{"as a file", "见附件"};
constexpr Phrase kOpen{"open", "持仓中"};

constexpr int kLogLines = 30;
constexpr Micros kPnlLife{60'000'000};
constexpr std::size_t kInlineCharacters = 3000;

struct Period {
  std::string word;
  Phrase title, label;
};
const Period kPeriods[] = {
    {"day", kDay, kDayLabel}, {"week", kWeek, kWeekLabel}, {"month", kMonth, kMonthLabel}};

TimePoint begin_of(const std::string& word, TimePoint now) {
  if (word == "week") return now - Hours(7 * 24);
  if (word == "month") return now - Hours(30 * 24);
  return utc_midnight(now);
}

std::string percent(Ratio ratio) {
  const auto value = Decimal::mul(ratio.value(), Decimal::from_int(100), Rounding::nearest);
  return signed_money(value);
}

Result<NextFacts> next_of(const AccountPort& account) {
  try {
    return account.next();
  } catch (const std::exception& error) {
    return fail(ErrorKind::conflict, error.what());
  }
}

std::string signed_number(Decimal amount) {
  return (amount.is_negative() ? "" : "+") + number(amount);
}

// Short texts stand in the message; long ones are a file that can be searched.
Screen block(const Person& person, const std::string& title, const std::string& text,
             const std::string& file) {
  Screen screen;
  screen.is_private = true;
  if (text.size() <= kInlineCharacters) {
    screen.html = fmt::format("{}\n<pre>{}</pre>", title, shown_block(text));
    return screen;
  }
  screen.html = fmt::format("{} · {}", title, say(person.language, kAsFile));
  screen.file = notify::BotFile{"document", file, "text/plain", text};
  return screen;
}

std::string text_of(Language in, const LastRunFacts::Row& row) {
  std::string why;
  if (row.gain && row.rank > 0)
    why = say(in, kRank, row.rank, percent(*row.gain));
  else if (row.gain)
    why = percent(*row.gain) + " %";
  std::string text =
      say(in, kRunRow, shown(row.symbol.str()), why, number(row.qty.value().abs()),
          number(row.entry.value()), row.state == "OPEN" ? say(in, kOpen) : shown(row.state));
  if (row.stop) text += say(in, kStopAt, number(row.stop->value()));
  if (row.take_profit) text += say(in, kProfitAt, number(row.take_profit->value()));
  return text;
}

}  // namespace

// A year of bookings costs the exchange's budget that the trading needs.
Task<Result<PnlFacts>> Screens::read_pnl(AccountPort& account, std::string word, TimePoint since) {
  const auto key = std::pair(account.name, word);
  const auto now = parts_.clock.steady_now();
  if (const auto kept = pnl_kept_.find(key); kept != pnl_kept_.end()) {
    const bool is_same_day = word != "day" || kept->second.facts.since == since;
    if (is_same_day && now - kept->second.at < kPnlLife) co_return kept->second.facts;
  }
  auto facts = co_await account.pnl(since);
  if (facts) pnl_kept_[key] = {*facts, parts_.clock.steady_now()};
  co_return facts;
}

Task<Screen> Screens::pnl(Person person, std::vector<AccountPort*> accounts, Request request) {
  if (request.word.empty()) request.word = "day";
  const TimePoint since = begin_of(request.word, parts_.clock.utc_now());
  std::vector<Task<Result<PnlFacts>>> readings;
  for (auto* account : accounts)
    readings.push_back(guarded(read_pnl(*account, request.word, since)));
  const auto facts = co_await gather(std::move(readings));
  const Language in = person.language;
  std::vector<std::string> entries;
  Usdt total;
  std::vector<std::string> unread;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (!facts[i]) {
      unread.push_back(accounts[i]->name);
      entries.push_back(head(*accounts[i]) + " " + excuse(person, facts[i].error()));
      continue;
    }
    const Usdt sum = facts[i]->realized + facts[i]->commission + facts[i]->funding;
    total = total + sum;
    std::string entry =
        say(in, kPnlRow, head(*accounts[i]), signed_money(sum.value()),
            signed_money(facts[i]->realized.value()), facts[i]->closes,
            signed_money(facts[i]->commission.value()), signed_money(facts[i]->funding.value()));
    if (!facts[i]->transferred.value().is_zero())
      entry += say(in, kTransferred, signed_money(facts[i]->transferred.value()));
    // Of other assets, which are in no sum.
    for (const auto& [asset, amount] : facts[i]->others)
      entry += "\n   " + say(in, kOther, signed_number(amount), shown(asset));
    const auto age = parts_.clock.steady_now() - pnl_kept_[{accounts[i]->name, request.word}].at;
    if (age >= Seconds(1))
      entry += "\n   " + say(in, kRead, span(in, std::chrono::duration_cast<Millis>(age)));
    entries.push_back(std::move(entry));
  }
  if (accounts.size() > 1)
    entries.push_back(say(in, kTotal, signed_money(total.value())) + without(in, unread));
  const auto& period = request.word == "week"    ? kPeriods[1]
                       : request.word == "month" ? kPeriods[2]
                                                 : kPeriods[0];
  Screen screen = paged(person, say(in, kPnlTitle, say(in, period.title)), entries, request);
  std::vector<Button> choices;
  for (const auto& other : kPeriods) {
    Request chosen = request;
    chosen.word = other.word;
    choices.push_back({say(in, other.label), line_of(chosen)});
  }
  screen.rows.insert(screen.rows.begin(), std::move(choices));
  co_return screen;
}

Task<Screen> Screens::equity(Person person, AccountPort& account, Request request) {
  const Language in = person.language;
  const auto facts = co_await account.equity(in == Language::chinese);
  Screen screen;
  screen.is_private = true;
  if (!facts) {
    screen.html = head(account) + " " + excuse(person, facts.error());
  } else if (!facts->since) {
    screen.html = head(account) + " · " + say(in, kNoEquity);
  } else {
    screen.html = say(in, kEquity, head(account), money(facts->equity.value()),
                      fmt::format("{:+.2f}", facts->growth * 100),
                      fmt::format("{:.2f}", facts->worst_drawdown * 100), moment(*facts->since));
    if (!facts->picture.empty())
      screen.file = notify::BotFile{"photo", "equity.png", "image/png", facts->picture};
  }
  screen.rows.push_back(foot(person, request));
  co_return screen;
}

Task<Screen> Screens::last_run(Person person, AccountPort& account, Request request) {
  const Language in = person.language;
  const auto facts = co_await account.last_run();
  std::vector<std::string> entries;
  std::string title = head(account);
  if (!facts) {
    entries.push_back(excuse(person, facts.error()));
  } else if (facts->trade_day.empty()) {
    entries.push_back(say(in, kNoRun));
  } else {
    title = say(in, kRunTitle, head(account), shown(facts->trade_day), moment(facts->started),
                shown(facts->status));
    if (!facts->message.empty()) entries.push_back(shown(facts->message));
    if (!facts->rows.empty()) entries.push_back("\n" + say(in, kRunWhy));
    for (const auto& row : facts->rows)
      entries.push_back(text_of(in, row));
  }
  co_return paged(person, title, std::move(entries), request);
}

Task<Screen> Screens::next(Person person, std::vector<AccountPort*> accounts, Request request) {
  const Language in = person.language;
  const auto now = parts_.clock.utc_now();
  std::vector<std::string> entries;
  for (const auto* account : accounts) {
    std::string entry = head(*account);
    const auto planned = next_of(*account);
    if (!planned) {
      entries.push_back(entry + " " + excuse(person, planned.error()));
      continue;
    }
    const auto& facts = *planned;
    entry += "\n   " + (facts.entry.enabled ? say(in, kEntryAt, moment(facts.entry.at),
                                                  span(in, facts.entry.at - now))
                                            : say(in, kNoEntry));
    entry += "\n   " + (facts.loss_cut.enabled ? say(in, kLossCutAt, moment(facts.loss_cut.at),
                                                     span(in, facts.loss_cut.at - now))
                                               : say(in, kNoLossCut));
    entries.push_back(std::move(entry));
  }
  co_return paged(person, say(in, kNextTitle), std::move(entries), request);
}

Task<Screen> Screens::doctor(Person person, AccountPort& account, Request request) {
  const std::string text = co_await account.doctor();
  Screen screen =
      block(person, say(person.language, kDoctorTitle, head(account)), text, "doctor.txt");
  screen.rows.push_back(foot(person, request));
  co_return screen;
}

Task<Screen> Screens::logs(Person person, AccountPort& account, Request request) {
  const int lines = request.count == 0 ? kLogLines : request.count;
  const auto text = account.logs(lines);
  Screen screen;
  if (text)
    screen =
        block(person, say(person.language, kLogTitle, head(account), lines), *text, "strategy.log");
  else
    screen.html = head(account) + " " + excuse(person, text.error());
  screen.rows.push_back(foot(person, request));
  co_return screen;
}

}  // namespace bb::bot
