// What stands at the exchange: status, positions, balances, orders. Accounts are read at the same
// time, and one that does not answer is said to, beside those that do.
#include "bot/screens.h"

#include <algorithm>

#include "bot/readings.h"

namespace bb::bot {

namespace {

constexpr int kPatrolsMissed = 3;
constexpr Minutes kMinute{1};
constexpr Phrase kAllWell{"🟢 <b>Everything is all right</b>", "🟢 <b>一切正常</b>"};
constexpr Phrase kLook{"🔴 <b>Something needs a look</b>", "🔴 <b>有情况需要处理</b>"};
constexpr Phrase kNote{"🟡 <b>Running, with notes</b>", "🟡 <b>运行中，有提示</b>"};
constexpr Phrase kAllowed{"entries allowed", "允许开仓"};
constexpr Phrase kPaused{"⏸ entries paused by {}: {} ({})", "⏸ 已暂停开仓，{}：{}（{}）"};
constexpr Phrase kHalted{"⛔ halted by {}: {} ({})", "⛔ 已停止，{}：{}（{}）"};
constexpr Phrase kHeld{"held by {}", "由 {} 管理"};
constexpr Phrase kNoHolder{"⚠️ no service runs: nobody guards it, nothing is opened",
                           "⚠️ 没有服务在运行：无人看护，也不会开仓"};
constexpr Phrase kSilent{"⚠️ its service does not answer", "⚠️ 服务没有响应"};
constexpr Phrase kPatrol{"last look {} ago", "{}前巡检"};
constexpr Phrase kPatrolBlind{"⚠️ last look {} ago could not read the account",
                              "⚠️ {}前的巡检无法读取账户"};
constexpr Phrase kFence{"⚠️ others acted past the service: it opens nothing until /resume",
                        "⚠️ 有其他进程绕过服务操作过：在 /resume 之前不会开仓"};
constexpr Phrase kStoreSick{"⚠️ its database takes nothing: it opens nothing",
                            "⚠️ 数据库无法写入：不会开仓"};
constexpr Phrase kUnresolved{"⚠️ {0} order{0:s} whose fate is not known", "⚠️ {0} 笔订单结果未知"};
constexpr Phrase kPositionsLine{"{0} position{0:s}, {1} USDT, floating {2}",
                                "{0} 个持仓，{1} USDT，浮动盈亏 {2}"};
constexpr Phrase kNaked{"⚠️ <b>{} without a stop</b>", "⚠️ <b>{} 个没有止损</b>"};
constexpr Phrase kPositionsTitle{"<b>Positions</b>", "<b>持仓</b>"};
constexpr Phrase kNoPositions{"no positions", "无持仓"};
constexpr Phrase kPositionRow{"{0} <b>{1}</b> {2} {3}\n   {4} → {5} · <b>{6}</b>{7}",
                              "{0} <b>{1}</b> {2} {3}\n   {4} → {5} · <b>{6}</b>{7}"};
constexpr Phrase kLong{"long", "多"};
constexpr Phrase kShort{"short", "空"};
constexpr Phrase kStop{" · stop ✓", " · 止损 ✓"};
constexpr Phrase kNoStop{" · ⚠️ NO STOP", " · ⚠️ 无止损"};
constexpr Phrase kBalanceTitle{"<b>Balance</b>", "<b>余额</b>"};
constexpr Phrase kBalanceRow{"{}: <b>{}</b> · available {} · floating {}",
                             "{}：<b>{}</b> · 可用 {} · 浮动盈亏 {}"};
constexpr Phrase kEmptyWallet{"the wallet is empty", "钱包为空"};
constexpr Phrase kTotal{"Total: <b>{}</b> USDT", "合计：<b>{}</b> USDT"};
constexpr Phrase kOrdersTitle{"<b>Orders</b>", "<b>挂单</b>"};
constexpr Phrase kNoOrders{"no orders", "无挂单"};
constexpr Phrase kBuy{"buy", "买"};
constexpr Phrase kSell{"sell", "卖"};
constexpr Phrase kWhole{"whole position", "全部持仓"};
constexpr Phrase kOpens{" · may open", " · 可能开仓"};

enum class Grade { fine, note, bad };

struct Told {
  Grade grade = Grade::fine;
  std::string text;
};

bool is_short(const PositionRow& row) {
  return row.side == PositionSide::short_ || (row.side == PositionSide::both && row.qty < Qty());
}

Usdt sum_of(const std::vector<PositionRow>& rows, Usdt PositionRow::* member) {
  Usdt sum;
  for (const auto& row : rows)
    sum = sum + row.*member;
  return sum;
}

void tell_state(const Person& person, const AccountState& state, TimePoint now, Told& told) {
  const auto add = [&](Grade grade, const std::string& line) {
    told.grade = std::max(told.grade, grade);
    told.text += "\n· " + line;
  };
  const Language in = person.language;
  if (!state.latch) {
    add(Grade::fine, say(in, kAllowed));
  } else {
    const bool is_pause = state.latch->kind == store::LatchKind::paused;
    add(is_pause ? Grade::note : Grade::bad,
        say(in, is_pause ? kPaused : kHalted, shown(state.latch->who), shown(state.latch->why),
            moment(state.latch->since)));
  }
  switch (state.holder) {
    case AccountState::Holder::answers:
      add(Grade::fine, say(in, kHeld, shown(state.holder_name)));
      break;
    case AccountState::Holder::none:
      add(Grade::note, say(in, kNoHolder));
      break;
    case AccountState::Holder::silent:
      add(Grade::bad, say(in, kSilent));
      break;
  }
  if (state.last_patrol) {
    const Millis age = std::max(Millis(0), now - *state.last_patrol);
    const bool is_late = age > kPatrolsMissed * state.patrol_every + kMinute;
    add(state.patrol_could_read && !is_late ? Grade::fine : Grade::bad,
        say(in, state.patrol_could_read ? kPatrol : kPatrolBlind, span(in, age)));
  }
  if (!state.fence_ours) add(Grade::bad, say(in, kFence));
  if (!state.store_healthy) add(Grade::bad, say(in, kStoreSick));
  if (state.unresolved > 0) add(Grade::bad, say(in, kUnresolved, counted(state.unresolved)));
}

Task<Told> tell(Person person, AccountPort& account, TimePoint now) {
  auto [state, positions] = co_await both(guarded(account.state()), guarded(account.positions()));
  Told told;
  if (state)
    tell_state(person, *state, now, told);
  else
    told = {Grade::bad, "\n· " + excuse(person, state.error())};
  if (!positions) {
    told.grade = Grade::bad;
    told.text += "\n· " + excuse(person, positions.error());
    co_return told;
  }
  told.text += "\n· " + say(person.language, kPositionsLine, counted(positions->size()),
                            money(sum_of(*positions, &PositionRow::notional).value()),
                            signed_money(sum_of(*positions, &PositionRow::pnl).value()));
  // What stands alone is guarded by nobody but its own stops.
  const bool is_alone = state && state->holder == AccountState::Holder::none;
  if (is_alone && !positions->empty()) told.grade = Grade::bad;
  const auto naked = std::ranges::count(*positions, false, &PositionRow::has_stop);
  if (naked > 0) {
    told.grade = Grade::bad;
    told.text += "\n· " + say(person.language, kNaked, naked);
  }
  co_return told;
}

const char* glyph(Grade grade) {
  switch (grade) {
    case Grade::fine:
      return "🟢";
    case Grade::note:
      return "🟡";
    case Grade::bad:
      return "🔴";
  }
  return "";
}

std::string text_of(const Person& person, const PositionRow& row) {
  const Language in = person.language;
  return say(in, kPositionRow, row.pnl.value().is_negative() ? "🔻" : "🔺", shown(row.symbol.str()),
             say(in, is_short(row) ? kShort : kLong), number(row.qty.value().abs()),
             number(row.entry.value()), number(row.mark.value()), signed_money(row.pnl.value()),
             say(in, row.has_stop ? kStop : kNoStop));
}

std::string text_of(const Person& person, const OrderRow& row) {
  const Language in = person.language;
  std::string text =
      fmt::format("<b>{}</b> {} {}\n   {}", shown(row.symbol.str()), shown(row.type),
                  say(in, row.side == Side::buy ? kBuy : kSell),
                  row.qty.value().is_zero() ? say(in, kWhole) : number(row.qty.value()));
  if (!row.price.value().is_zero()) text += " @ " + number(row.price.value());
  if (!row.trigger.value().is_zero()) text += " ⚑ " + number(row.trigger.value());
  return text + (row.reduces_only ? "" : say(in, kOpens));
}

/// One reading of every account, at the same time.
template <class Rows>
Task<std::vector<Result<Rows>>> read_all(
    std::vector<AccountPort*> accounts,
    std::function<Task<Result<Rows>>()> AccountPort::* reading) {
  std::vector<Task<Result<Rows>>> readings;
  for (auto* account : accounts)
    readings.push_back(guarded((account->*reading)()));
  co_return co_await gather(std::move(readings));
}

}  // namespace

Task<Screen> Screens::status(Person person, std::vector<AccountPort*> accounts, Request request) {
  const auto now = parts_.clock.utc_now();
  std::vector<Task<Told>> tasks;
  for (auto* account : accounts)
    tasks.push_back(tell(person, *account, now));
  const auto tolds = co_await gather(std::move(tasks));
  Grade worst = Grade::fine;
  std::vector<std::string> entries;
  for (std::size_t i = 0; i < tolds.size(); ++i) {
    worst = std::max(worst, tolds[i].grade);
    entries.push_back(
        fmt::format("\n{} {}{}", glyph(tolds[i].grade), head(*accounts[i]), tolds[i].text));
  }
  const Phrase& title = worst == Grade::fine ? kAllWell : worst == Grade::note ? kNote : kLook;
  co_return paged(person, say(person.language, title), std::move(entries), request);
}

Task<Screen> Screens::positions(Person person, std::vector<AccountPort*> accounts,
                                Request request) {
  const auto readings = co_await read_all(accounts, &AccountPort::positions);
  std::vector<std::string> entries;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const auto& rows = readings[i];
    if (!rows) {
      entries.push_back(head(*accounts[i]) + " " + excuse(person, rows.error()));
      continue;
    }
    const std::string total = rows->empty()
                                  ? say(person.language, kNoPositions)
                                  : say(person.language, kPositionsLine, counted(rows->size()),
                                        money(sum_of(*rows, &PositionRow::notional).value()),
                                        signed_money(sum_of(*rows, &PositionRow::pnl).value()));
    entries.push_back(fmt::format("{} · {}", head(*accounts[i]), total));
    for (const auto& row : *rows)
      entries.push_back(text_of(person, row));
  }
  co_return paged(person, say(person.language, kPositionsTitle), std::move(entries), request);
}

Task<Screen> Screens::balance(Person person, std::vector<AccountPort*> accounts, Request request) {
  const auto readings = co_await read_all(accounts, &AccountPort::balances);
  std::vector<std::string> entries;
  Usdt total;
  std::vector<std::string> unread;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const auto& rows = readings[i];
    std::string entry = head(*accounts[i]);
    if (!rows) entry += " " + excuse(person, rows.error());
    if (!rows) unread.push_back(accounts[i]->name);
    if (rows && rows->empty()) entry += " · " + say(person.language, kEmptyWallet);
    for (const auto& row : rows ? *rows : std::vector<BalanceRow>()) {
      entry +=
          "\n   " + say(person.language, kBalanceRow, shown(row.asset), money(row.wallet.value()),
                        money(row.available.value()), signed_money(row.unrealized.value()));
      if (row.asset == "USDT") total = total + row.wallet;
    }
    entries.push_back(std::move(entry));
  }
  if (accounts.size() > 1)
    entries.push_back(say(person.language, kTotal, money(total.value())) +
                      without(person.language, unread));
  co_return paged(person, say(person.language, kBalanceTitle), std::move(entries), request);
}

Task<Screen> Screens::orders(Person person, std::vector<AccountPort*> accounts, Request request) {
  const auto readings = co_await read_all(accounts, &AccountPort::orders);
  std::vector<std::string> entries;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const auto& rows = readings[i];
    if (!rows)
      entries.push_back(head(*accounts[i]) + " " + excuse(person, rows.error()));
    else if (rows->empty())
      entries.push_back(head(*accounts[i]) + " · " + say(person.language, kNoOrders));
    else
      entries.push_back(fmt::format("{} · {}", head(*accounts[i]), rows->size()));
    for (const auto& row : rows ? *rows : std::vector<OrderRow>())
      entries.push_back(text_of(person, row));
  }
  co_return paged(person, say(person.language, kOrdersTitle), std::move(entries), request);
}

}  // namespace bb::bot
