#include <algorithm>
#include <array>

#include "base/join.h"
#include "base/plant.h"
#include "desk/standing.h"
#include "trading/impl/entry_state.h"
#include "trading/lifecycle.h"
#include "trading/plan.h"

namespace bb::trading {

Task<void> wait_for_certainty(desk::Desk& desk) {
  constexpr Micros kMost{5'000'000};
  Clock& clock = desk.parts().clock;
  const SteadyTime give_up = clock.after(kMost);
  while (desk.gate().in_doubt() && clock.steady_now() < give_up)
    co_await sleep_for(clock, Millis(20));
}

namespace {

// The exchange's rules are not what we think they are (F32).
bool is_about_rules(int code) {
  constexpr std::array kRules{-1013, -1111, -4003, -4004, -4005, -4023};
  return std::ranges::find(kRules, code) != kRules.end();
}

}  // namespace

// Refused for margin: smaller. Refused for its form: once more, by fresh rules.
Task<desk::EntryResult> Entry::State::short_with_shrinking(const Pick& pick, desk::OnFill on_fill) {
  const Ratio step = one() - percent(settings.entry_shrink_step_pct);
  Usdt notional = pick.notional;
  desk::EntryResult last;
  last.kind = desk::EntryResult::Kind::refused;
  bool rules_refreshed = false;
  for (std::int64_t attempt = 0; attempt <= settings.entry_shrink_retry_count; ++attempt) {
    const auto* rules = desk.book().find_rules(pick.symbol);
    const auto* brackets = desk.book().find_brackets(pick.symbol);
    if (rules == nullptr || brackets == nullptr) {
      last.text = "rules or brackets are not known";
      co_return last;
    }
    const auto sized = plan_quantity(*rules, *brackets, notional, pick.reference, settings);
    if (!sized.problem.empty()) {
      if (last.text.empty()) last.text = sized.problem;
      co_return last;
    }
    desk::EntryOrder order;
    order.symbol = pick.symbol;
    order.qty = sized.qty;
    order.kind = OrderKind::entry;
    order.trade_day = trade_day;
    order.run_id = run_id;
    last = co_await desk.enter_short(std::move(order), on_fill);
    if (last.kind != desk::EntryResult::Kind::refused) co_return last;
    if (is_about_rules(last.code) && !std::exchange(rules_refreshed, true)) {
      (void)co_await desk.book().refresh();
      --attempt;  // the same size, by other rules
      continue;
    }
    if (!is_margin_refusal(last.code, last.text)) co_return last;
    notional = notional * step;
  }
  co_return last;
}

// A fill is known: the holding is recorded while the short gets its protection.
Task<void> Entry::State::stand_up(Opened& opened, Qty filled) {
  auto& parts = desk.parts();
  const Pick& pick = opened.pick;
  const TimePoint now = parts.market.exchange_now();
  store::Holding holding;
  holding.id = parts.store.next_holding_id();
  holding.run_id = run_id;
  holding.symbol = pick.symbol;
  holding.side = desk.short_side();
  holding.qty = filled;
  holding.entry_price = pick.reference;
  holding.opened_at = now;
  holding.expire_at = now + std::chrono::duration_cast<Millis>(settings.max_hold());
  holding.created_at = now;
  if (planted("protection_after_all_entries")) co_await sleep_for(parts.clock, Seconds(2));
  // The record must not delay the stop; both are awaited before anything else happens here.
  TaskGroup recording(co_await boost::asio::this_coro::executor);
  recording.spawn(desk::save_holding(desk, holding));
  std::optional<ProtectionState> state;
  auto protecting = protect_new(desk, settings, holding, pick.reference);
  co_await join_after(recording, detail::store_result(std::move(protecting), state));
  opened.holding_id = holding.id;
  opened.used = holding.entry_price * holding.qty;
  switch (*state) {
    case ProtectionState::stands:
      opened.kind = Opened::Kind::stands;
      break;
    case ProtectionState::closed:
      opened.kind = Opened::Kind::closed;
      break;
    case ProtectionState::unguarded:
      opened.kind = Opened::Kind::unguarded;
      break;
  }
}

Task<Opened> Entry::State::open_one(Pick pick) {
  auto& parts = desk.parts();
  Opened opened;
  opened.pick = pick;
  const desk::Turn turn = co_await desk.turns().take(pick.symbol);
  if (parts.store.find_open_holding(pick.symbol) || is_ordered(trade_day, pick.symbol)) {
    opened.text = "this slot has ordered it already";
    co_return opened;
  }
  co_await wait_for_certainty(desk);
  if (const auto refusal = desk.gate().refusal()) {
    opened.text = "not sent: " + *refusal;
    co_return opened;
  }
  const auto* rules = desk.book().find_rules(pick.symbol);
  const auto* brackets = desk.book().find_brackets(pick.symbol);
  if (rules == nullptr || brackets == nullptr) {
    opened.text = "rules or brackets are not known";
    co_return opened;
  }
  const auto sized = plan_quantity(*rules, *brackets, pick.notional, pick.reference, settings);
  if (sized.problem.empty() && !plan_first_stop(*rules, *brackets, sized.qty, pick.reference,
                                                desk.book().taker_fee(), settings)) {
    opened.text = "no stop could stand between its price and its liquidation";
    co_return opened;
  }
  const auto ready =
      co_await desk.book().ensure_isolated(pick.symbol, static_cast<int>(settings.leverage));
  if (!ready) {
    opened.text = ready.error().text;
    co_return opened;
  }
  const desk::OnFill on_fill = [this, &opened](const desk::EntryResult& fill) {
    return stand_up(opened, fill.filled);
  };
  const auto result = co_await short_with_shrinking(pick, on_fill);
  opened.text = result.text;
  if (result.kind == desk::EntryResult::Kind::unknown) opened.kind = Opened::Kind::unknown;
  co_return opened;
}

// Brings the record of a short that grew up to date, and its stop to where the new average wants
// it. closePosition orders follow the size by themselves; the take-profit keeps its trigger.
Task<void> Entry::State::follow_growth(store::Holding holding, Price reference) {
  auto& parts = desk.parts();
  auto [positions, orders] =
      co_await both(parts.account.fetch_positions(), parts.account.fetch_open_conditional_orders());
  const auto* position = positions ? find_short(*positions, holding) : nullptr;
  if (position != nullptr) {
    holding.qty = position->qty.abs();
    holding.entry_price = position->entry;
    holding.liq_price_latest = position->liquidation;
  }
  const bool guarded =
      !orders || desk::standing_of(*orders, holding, parts.market.exchange_now()).full_stop;
  if (!guarded) {
    // Its stop fired while we added: what stands now is a fresh short.
    (void)co_await protect_new(desk, settings, holding, reference);
    co_return;
  }
  const auto* rules = desk.book().find_rules(holding.symbol);
  if (position != nullptr && position->liquidation && rules != nullptr && holding.sl_price) {
    const Price tick = rules->tick;
    const Price stop = plan_stop(*rules, *position->liquidation, settings);
    if (*holding.sl_price - stop > tick) {
      const auto moved = co_await desk.move_stop(holding, stop, settings.working_type());
      if (moved.kind == desk::PlaceResult::Kind::resting) {
        holding.sl_price = moved.order.trigger;
        holding.sl_order_id = moved.order.order_id;
        holding.sl_client_order_id = moved.order.client_order_id;
      }
    }
  }
  co_await desk::save_holding(desk, holding);
  (void)co_await desk.record_fills(holding.symbol, holding.opened_at - Minutes(1), holding.id);
}

// Adds to a position that stands; an empty answer is success.
Task<std::string> Entry::State::add_to(Opened target, Usdt notional) {
  auto& parts = desk.parts();
  const Symbol symbol = target.pick.symbol;
  const desk::Turn turn = co_await desk.turns().take(symbol);
  const auto positions = co_await parts.account.fetch_positions();
  if (!positions) co_return positions.error().text;
  const auto holding = parts.store.find_open_holding(symbol);
  const auto* position = holding ? find_short(*positions, *holding) : nullptr;
  if (position == nullptr || position->qty.abs() < holding->qty) co_return "the position is gone";
  const auto* rules = desk.book().find_rules(symbol);
  const auto* brackets = desk.book().find_brackets(symbol);
  if (rules == nullptr || brackets == nullptr) co_return "rules or brackets are not known";
  const auto sized = plan_quantity(*rules, *brackets, notional, target.pick.reference, settings);
  if (!sized.problem.empty()) co_return sized.problem;
  desk::EntryOrder order;
  order.symbol = symbol;
  order.qty = sized.qty;
  order.kind = OrderKind::redistribute;
  order.trade_day = trade_day;
  order.run_id = run_id;
  order.holding_id = holding->id;
  const auto result = co_await desk.enter_short(std::move(order));
  if (result.kind == desk::EntryResult::Kind::refused) co_return result.text;
  co_await follow_growth(*holding, target.pick.reference);
  co_return result.kind == desk::EntryResult::Kind::filled ? "" : "unresolved: " + result.text;
}

Task<void> Entry::State::redistribute(std::vector<Opened>& opened, EntryReport& report) {
  Usdt used;
  for (const auto& each : opened)
    if (each.kind == Opened::Kind::stands) used += each.used;
  if (!report.failed_notional.is_positive() || !used.is_positive()) co_return;
  const Ratio cap = percent(settings.redistribute_cap_pct);
  const Usdt failed = report.failed_notional;
  for (const auto& each : opened) {
    if (each.kind != Opened::Kind::stands) continue;
    const Usdt share = failed * ratio_of(each.used.value(), used.value());
    const Usdt extra =
        planted("no_redistribute_cap") ? share : std::min(share, each.pick.notional * cap);
    const auto problem = co_await add_to(each, extra);
    if (problem.empty())
      report.failed_notional -= std::min(extra, report.failed_notional);
    else
      report.details.push_back(each.pick.symbol.str() + ": not added to: " + problem);
  }
}

EntryReport Entry::State::summarize(const std::vector<Opened>& opened) const {
  EntryReport report;
  for (const auto& each : opened) {
    const std::string& name = each.pick.symbol.str();
    switch (each.kind) {
      case Opened::Kind::stands:
        ++report.opened;
        report.details.push_back(name + ": opened, " + each.used.str() + " USDT");
        break;
      case Opened::Kind::refused:
        ++report.entry_failed;
        report.failed_notional += each.pick.notional;
        report.details.push_back(name + ": not opened: " + each.text);
        break;
      case Opened::Kind::unknown:
        ++report.unknown;
        report.details.push_back(name + ": unresolved, watched: " + each.text);
        break;
      case Opened::Kind::closed:
        ++report.protection_failed;
        report.details.push_back(name + ": could not be protected and was closed");
        break;
      case Opened::Kind::unguarded:
        ++report.protection_failed;
        report.details.push_back(name + ": NOT PROTECTED AND NOT CLOSED, look at it now");
        break;
    }
  }
  const bool clean = report.entry_failed + report.protection_failed + report.unknown == 0;
  report.status = clean               ? EntryStatus::success
                  : report.opened > 0 ? EntryStatus::partial
                                      : EntryStatus::failed;
  return report;
}

Task<EntryReport> Entry::State::trade(const Plan& made) {
  std::vector<Task<Opened>> tasks;
  for (const auto& pick : made.picks)
    tasks.push_back(open_one(pick));
  auto opened = co_await gather(std::move(tasks));
  EntryReport report = summarize(opened);
  co_await redistribute(opened, report);
  report.skipped_existing = made.skipped_existing;
  report.details.insert(report.details.end(), made.details.begin(), made.details.end());
  if (made.unproved > 0) {
    report.unknown += made.unproved;
    report.details.push_back(std::to_string(made.unproved) +
                             " orders of this slot are still unresolved and watched");
    if (report.status == EntryStatus::success) report.status = EntryStatus::partial;
  }
  co_return report;
}

}  // namespace bb::trading
