#include "trading/entry.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/plant.h"
#include "trading/lifecycle.h"
#include "trading/messages.h"
#include "trading/plan.h"

namespace bb::trading {

namespace {

constexpr Seconds kPlanAgeMax{10};
constexpr Minutes kBookAgeMax{15};

struct Pick {
  Symbol symbol;
  Price reference;
  Usdt notional;
};

struct Plan {
  std::string trade_day;
  SteadyTime made{};
  Usdt available;
  std::vector<Pick> picks;
  int skipped_existing = 0;
};

// What became of one pick.
struct Opened {
  enum class Kind { stands, refused, unknown, closed, unguarded } kind = Kind::refused;
  Pick pick;
  std::int64_t holding_id = 0;
  Usdt used;
  std::string text;
};

std::string run_id_of(const std::string& trade_day) {
  return "run-" + trade_day;
}

Usdt available_usdt(const std::vector<exchange::AssetBalance>& balances) {
  for (const auto& balance : balances)
    if (balance.asset == "USDT") return balance.available;
  return {};
}

}  // namespace

struct Entry::State {
  State(desk::Desk& d, const Settings& s) : desk(d), settings(s) {}

  desk::Desk& desk;
  const Settings& settings;
  Opens opens;
  TimePoint opens_day{};
  std::optional<Plan> plan;

  std::string run_id;
  std::string trade_day;

  Task<Status> load_opens(EntrySlot slot);
  Task<Result<Plan>> make_plan(EntrySlot slot, bool wide);
  Task<Status> set_up_symbols(std::vector<Symbol> symbols);
  std::set<Symbol> taken(const std::vector<exchange::Position>& positions,
                         const std::string& day) const;
  Task<Opened> open_one(Pick pick);
  Task<desk::EntryResult> short_with_shrinking(const Pick& pick, const SymbolRules& rules,
                                               const Brackets& brackets);
  Task<void> redistribute(std::vector<Opened>& opened, EntryReport& report);
  Task<std::string> add_to(const Opened& target, Usdt notional);
  EntryReport summarize(const std::vector<Opened>& opened) const;
  Task<EntryReport> finish(EntrySlot slot, store::Run run, EntryReport report, Usdt available);
  Task<EntryReport> trade(const Plan& made);
};

Entry::Entry(desk::Desk& desk, const Settings& settings)
    : state_(std::make_unique<State>(desk, settings)) {}
Entry::~Entry() = default;

std::string_view str(EntryStatus status) {
  switch (status) {
    case EntryStatus::success:
      return "SUCCESS";
    case EntryStatus::partial:
      return "PARTIAL";
    case EntryStatus::failed:
      return "FAILED";
    case EntryStatus::skipped:
      return "SKIPPED";
  }
  return "";
}

Task<Status> Entry::State::load_opens(EntrySlot slot) {
  const TimePoint midnight = utc_midnight(slot.scheduled);
  if (opens_day != midnight) {
    opens.clear();
    opens_day = midnight;
  }
  std::vector<Symbol> symbols;
  for (const auto& rules : desk.book().rules().symbols)
    if (is_eligible(rules, desk.parts().market.exchange_now(), settings))
      symbols.push_back(rules.symbol);
  co_return co_await fetch_opens(desk.parts().market, desk.parts().clock, symbols, midnight,
                                 settings, opens);
}

// Symbols that this slot must leave alone: held, positioned by anybody, or with an order of this
// slot whose fate is not proved.
std::set<Symbol> Entry::State::taken(const std::vector<exchange::Position>& positions,
                                     const std::string& day) const {
  std::set<Symbol> out;
  for (const auto& holding : desk.parts().store.open_holdings())
    out.insert(holding.symbol);
  if (!planted("foreign_positions_ignored"))
    for (const auto& position : positions)
      out.insert(position.symbol);
  for (const auto& intent : desk.parts().store.unresolved_intents())
    out.insert(intent.symbol);
  for (const auto& holding : desk.parts().store.holdings_of_run(run_id_of(day)))
    out.insert(holding.symbol);
  return out;
}

Task<Result<Plan>> Entry::State::make_plan(EntrySlot slot, bool wide) {
  auto& parts = desk.parts();
  const auto book = co_await desk.book().refresh_if_older(kBookAgeMax, parts.clock);
  if (!book) co_return std::unexpected(book.error());
  const auto loaded = co_await load_opens(slot);
  if (!loaded) co_return std::unexpected(loaded.error());
  auto account = both(parts.account.fetch_balances(), parts.account.fetch_positions());
  auto [tickers, pair] = co_await both(parts.market.fetch_tickers(), std::move(account));
  const auto& [balances, positions] = pair;
  if (!tickers) co_return std::unexpected(tickers.error());
  if (!balances) co_return std::unexpected(balances.error());
  if (!positions) co_return std::unexpected(positions.error());
  const auto board =
      build_board(desk.book().rules(), *tickers, opens, utc_midnight(slot.scheduled), settings);
  if (!board) co_return std::unexpected(board.error());

  const auto blocked = taken(*positions, slot.trade_day_utc);
  const auto done =
      static_cast<std::int64_t>(parts.store.holdings_of_run(run_id_of(slot.trade_day_utc)).size());
  std::int64_t unproved = 0;
  for (const auto& intent : parts.store.unresolved_intents())
    if (intent.trade_day == slot.trade_day_utc && intent.kind == OrderKind::entry) ++unproved;
  const std::int64_t wanted = settings.top_n - done - unproved;
  const auto reach = std::max(settings.top_n * settings.entry_rank_fetch_multiplier,
                              settings.top_n + static_cast<std::int64_t>(blocked.size()));

  Plan made;
  made.trade_day = slot.trade_day_utc;
  made.available = available_usdt(*balances);
  const Usdt notional = plan_notional(
      made.available, std::max<std::int64_t>(1, settings.allocation_splits - done), settings);
  const std::int64_t count = wide ? wanted * 2 : wanted;
  for (std::size_t i = 0; i < board->gainers.size() && static_cast<std::int64_t>(i) < reach; ++i) {
    if (static_cast<std::int64_t>(made.picks.size()) >= count) break;
    const auto& gainer = board->gainers[i];
    if (blocked.contains(gainer.symbol)) {
      ++made.skipped_existing;
      continue;
    }
    made.picks.push_back({gainer.symbol, gainer.last, notional});
  }
  made.made = parts.clock.steady_now();
  co_return made;
}

namespace {

Task<bool> set_up(desk::Desk& desk, Symbol symbol, int leverage) {
  const desk::Turn turn = co_await desk.turns().take(symbol);
  const auto status = co_await desk.book().ensure_isolated(symbol, leverage);
  if (!status)
    desk.parts().log.warn("symbol not set up", {{"symbol", symbol}, {"why", status.error().text}});
  co_return status.has_value();
}

}  // namespace

Task<Status> Entry::State::set_up_symbols(std::vector<Symbol> symbols) {
  std::vector<Task<bool>> tasks;
  for (const Symbol symbol : symbols)
    tasks.push_back(set_up(desk, symbol, static_cast<int>(settings.leverage)));
  (void)co_await gather(std::move(tasks));
  co_return Status{};
}

Task<Status> Entry::prepare(EntrySlot slot) {
  State& s = *state_;
  if (const auto* run = s.desk.parts().store.find_run(slot.trade_day_utc);
      run != nullptr && run->status == store::RunStatus::success)
    co_return Status{};
  const auto plan = co_await s.make_plan(slot, true);
  if (!plan) co_return std::unexpected(plan.error());
  std::vector<Symbol> likely;
  for (const auto& pick : plan->picks)
    likely.push_back(pick.symbol);
  co_return co_await s.set_up_symbols(std::move(likely));
}

Task<Status> Entry::decide(EntrySlot slot) {
  State& s = *state_;
  s.plan.reset();
  if (const auto* run = s.desk.parts().store.find_run(slot.trade_day_utc);
      run != nullptr && run->status == store::RunStatus::success)
    co_return Status{};
  auto plan = co_await s.make_plan(slot, false);
  if (!plan) co_return std::unexpected(plan.error());
  std::vector<Symbol> picked;
  for (const auto& pick : plan->picks)
    picked.push_back(pick.symbol);
  const auto connections = static_cast<std::size_t>(s.settings.top_n) + 2;
  auto set_up = s.set_up_symbols(std::move(picked));
  auto warm = s.desk.parts().market.prepare(connections);
  (void)co_await both(std::move(set_up), std::move(warm));
  s.plan = std::move(*plan);
  co_return Status{};
}

Task<desk::EntryResult> Entry::State::short_with_shrinking(const Pick& pick,
                                                           const SymbolRules& rules,
                                                           const Brackets& brackets) {
  const Ratio step = one() - percent(settings.entry_shrink_step_pct);
  Usdt notional = pick.notional;
  desk::EntryResult last;
  last.kind = desk::EntryResult::Kind::refused;
  for (std::int64_t attempt = 0; attempt <= settings.entry_shrink_retry_count; ++attempt) {
    const auto sized = plan_quantity(rules, brackets, notional, pick.reference, settings);
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
    last = co_await desk.enter_short(std::move(order));
    const bool smaller_may_pass =
        last.kind == desk::EntryResult::Kind::refused && is_margin_refusal(last.code, last.text);
    if (!smaller_may_pass) co_return last;
    notional = notional * step;
  }
  co_return last;
}

Task<Opened> Entry::State::open_one(Pick pick) {
  auto& parts = desk.parts();
  Opened opened;
  opened.pick = pick;
  const desk::Turn turn = co_await desk.turns().take(pick.symbol);
  const auto* rules_now = desk.book().find_rules(pick.symbol);
  const auto* brackets_now = desk.book().find_brackets(pick.symbol);
  if (rules_now == nullptr || brackets_now == nullptr) {
    opened.text = "rules or brackets are not known";
    co_return opened;
  }
  const SymbolRules rules = *rules_now;  // the book may be refreshed while we wait
  const Brackets brackets = *brackets_now;
  const auto ready =
      co_await desk.book().ensure_isolated(pick.symbol, static_cast<int>(settings.leverage));
  if (!ready) {
    opened.text = ready.error().text;
    co_return opened;
  }
  const auto result = co_await short_with_shrinking(pick, rules, brackets);
  opened.text = result.text;
  if (result.kind == desk::EntryResult::Kind::refused) co_return opened;
  if (result.kind == desk::EntryResult::Kind::unknown) {
    opened.kind = Opened::Kind::unknown;
    co_return opened;
  }
  const TimePoint now = parts.market.exchange_now();
  store::Holding holding;
  holding.id = parts.store.next_holding_id();
  holding.run_id = run_id;
  holding.symbol = pick.symbol;
  holding.side = desk.short_side();
  holding.qty = result.filled;
  holding.entry_price = pick.reference;
  holding.opened_at = now;
  holding.expire_at = now + std::chrono::duration_cast<Millis>(settings.max_hold());
  holding.created_at = now;
  auto record = save(desk, holding);
  // The record must not delay the stop; both are awaited before anything else happens here.
  TaskGroup recording(co_await boost::asio::this_coro::executor);
  recording.spawn(std::move(record));
  if (planted("protection_after_all_entries")) co_await sleep_for(parts.clock, Seconds(2));
  const auto state = co_await protect_new(desk, settings, holding, pick.reference);
  co_await recording.join();
  opened.holding_id = holding.id;
  opened.used = holding.entry_price * holding.qty;
  switch (state) {
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
  co_return opened;
}

// Adds to a position that stands; an empty answer is success.
Task<std::string> Entry::State::add_to(const Opened& target, Usdt notional) {
  auto& parts = desk.parts();
  const Symbol symbol = target.pick.symbol;
  const desk::Turn turn = co_await desk.turns().take(symbol);
  auto holding = parts.store.find_open_holding(symbol);
  const auto* rules = desk.book().find_rules(symbol);
  const auto* brackets = desk.book().find_brackets(symbol);
  if (!holding || rules == nullptr || brackets == nullptr) co_return "the position is gone";
  const auto sized = plan_quantity(*rules, *brackets, notional, target.pick.reference, settings);
  if (!sized.problem.empty()) co_return sized.problem;
  const Price tick = rules->tick;
  desk::EntryOrder order;
  order.symbol = symbol;
  order.qty = sized.qty;
  order.kind = OrderKind::redistribute;
  order.trade_day = trade_day;
  order.run_id = run_id;
  order.holding_id = holding->id;
  const auto result = co_await desk.enter_short(std::move(order));
  if (result.kind != desk::EntryResult::Kind::filled) co_return result.text;

  // closePosition orders follow the size by themselves; their triggers follow the new average.
  const auto positions = co_await parts.account.fetch_positions();
  if (!positions) co_return "";
  const auto* position = find_short(*positions, *holding);
  if (position == nullptr) co_return "";
  holding->qty = position->qty.abs();
  holding->entry_price = position->entry;
  holding->liq_price_latest = position->liquidation;
  const auto* now = desk.book().find_rules(symbol);
  if (position->liquidation && now != nullptr && holding->sl_price) {
    const Price stop = plan_stop(*now, *position->liquidation, settings);
    if (*holding->sl_price - stop > tick) {
      const auto moved = co_await desk.move_stop(*holding, stop, settings.working_type());
      if (moved.kind == desk::PlaceResult::Kind::resting) {
        holding->sl_price = moved.order.trigger;
        holding->sl_order_id = moved.order.order_id;
        holding->sl_client_order_id = moved.order.client_order_id;
      }
    }
  }
  co_await save(desk, *holding);
  co_return "";
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
  co_return report;
}

Task<EntryReport> Entry::State::finish(EntrySlot slot, store::Run run, EntryReport report,
                                       Usdt available) {
  auto& parts = desk.parts();
  report.run_id = run.run_id;
  if (report.message.empty())
    report.message = fmt::format(
        "run_id={} opened={} failed={} entry_failed={} exit_setup_failed={} unknown={} "
        "skipped_existing={} failed_notional={}",
        run.run_id, report.opened, report.entry_failed + report.protection_failed,
        report.entry_failed, report.protection_failed, report.unknown, report.skipped_existing,
        report.failed_notional.str());
  // A run that opened something, or had nothing to do, is done; any other may be tried again.
  const bool done = report.status == EntryStatus::success || report.status == EntryStatus::partial;
  run.status = done ? store::RunStatus::success : store::RunStatus::failed;
  run.message = report.message;
  run.completed_at = parts.market.exchange_now();
  auto message = entry_message(report, slot, available, settings, *run.completed_at);
  message.id = parts.store.next_outbox_id();
  store::Batch batch;
  batch.put(run);
  batch.put(message);
  const auto stored = co_await parts.store.commit(std::move(batch));
  if (!stored) parts.log.error("run not stored", {{"error", stored.error().text}});
  parts.log.info("entry finished", {{"trade_day", run.trade_day_utc},
                                    {"status", str(report.status)},
                                    {"opened", report.opened},
                                    {"message", report.message}});
  co_return report;
}

Task<EntryReport> Entry::run(EntrySlot slot) {
  State& s = *state_;
  auto& parts = s.desk.parts();
  store::Run run;
  run.run_id = run_id_of(slot.trade_day_utc);
  run.trade_day_utc = slot.trade_day_utc;
  run.started_at = parts.market.exchange_now();
  if (const auto* known = parts.store.find_run(slot.trade_day_utc)) {
    const bool consumed =
        known->status == store::RunStatus::success || planted("run_row_consumes_day") ||
        (planted("failed_day_consumed") && known->status == store::RunStatus::failed);
    if (consumed) {
      EntryReport report;
      report.status = EntryStatus::skipped;
      report.run_id = known->run_id;
      report.message = "RUN_ALREADY_EXISTS";
      co_return report;
    }
    run = *known;
  }
  run.status = store::RunStatus::running;
  s.run_id = run.run_id;
  s.trade_day = slot.trade_day_utc;

  std::optional<Plan> plan = std::exchange(s.plan, std::nullopt);
  const bool fresh = plan && plan->trade_day == slot.trade_day_utc &&
                     parts.clock.steady_now() - plan->made <= kPlanAgeMax;
  store::Batch batch;
  batch.put(run);
  const auto stored = co_await parts.store.commit(std::move(batch));
  EntryReport report;
  if (!stored) {
    report.message = stored.error().text;
    co_return co_await s.finish(slot, run, report, {});
  }
  if (!fresh) {
    auto made = co_await s.make_plan(slot, false);
    if (!made && planted("data_failure_is_success")) {
      report.status = EntryStatus::success;
      co_return co_await s.finish(slot, run, report, {});
    }
    if (!made) {
      report.message = made.error().text;
      co_return co_await s.finish(slot, run, report, {});
    }
    plan = std::move(*made);
  }
  if (parts.modes.multi_assets || !parts.modes.can_trade) {
    report.message = parts.modes.multi_assets
                         ? "the account is in multi-assets mode; isolated shorts need "
                           "single-asset mode"
                         : "the account is not allowed to trade";
    co_return co_await s.finish(slot, run, report, plan->available);
  }
  if (!plan->available.is_positive()) {
    report.message = "no available USDT balance";
    co_return co_await s.finish(slot, run, report, plan->available);
  }
  report = co_await s.trade(*plan);
  co_return co_await s.finish(slot, run, std::move(report), plan->available);
}

}  // namespace bb::trading
