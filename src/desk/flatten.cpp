#include "desk/flatten.h"

#include <fmt/format.h>

#include <algorithm>

#include "desk/closing.h"
#include "desk/holdings.h"

namespace bb::desk {

namespace {

constexpr int kRounds = 3;  // what opens while we close is closed, too, so often
constexpr Hours kRulesAge{6};
constexpr std::string_view kParts = "<parts>";  // the turn of flattens of a part; no symbol
constexpr Micros kPatience{30'000'000};
constexpr Micros kBetweenReads{2'000'000};
// An entry that nobody answered for may still reach the exchange within recvWindow (5 s).
constexpr Millis kMayStillArrive{10'000};

struct Target {
  CloseOrder order;
  std::string text;
};

bool is_wanted(const FlattenRequest& request, Symbol symbol) {
  return request.only.empty() || std::ranges::find(request.only, symbol) != request.only.end();
}

const exchange::Position* find_position(const std::vector<exchange::Position>& positions,
                                        Symbol symbol, PositionSide side) {
  for (const auto& position : positions)
    if (position.symbol == symbol && position.side == side && !position.qty.is_zero())
      return &position;
  return nullptr;
}

bool is_in_scope(Desk& desk, const FlattenRequest& request, const exchange::Position& position) {
  if (!is_wanted(request, position.symbol)) return false;
  if (request.scope == FlattenScope::account) return true;
  const auto holding = desk.parts().store.find_open_holding(position.symbol);
  return holding && holding->side == position.side && position.qty.is_negative();
}

// What is to be left of a position (I31).
Target target_of(Desk& desk, const FlattenRequest& request, const exchange::Position& position) {
  Target target{{position.symbol, position.side, {}}, {}};
  if (request.part >= one()) return target;
  const auto* rules = desk.book().find_rules(position.symbol);
  const Qty size = position.qty.abs();
  if (rules == nullptr) {
    target.order.keep = size;
    target.text = "not closed: its rules are not known, so no part of it can be sized";
    return target;
  }
  const Qty step = std::max(rules->lot.step, rules->market_lot.step);
  const Qty least = std::max({rules->lot.min, rules->market_lot.min, step});
  Qty part = size * request.part;
  if (step.is_positive()) part = Qty(part.value().floor_to(step.value()));
  if (part < least) {
    target.order.keep = size;
    target.text = "not closed: the part is less than the smallest order";
    return target;
  }
  const Qty rest = size - part;
  const bool is_dust = rest < least || position.mark * rest < rules->min_notional;
  if (is_dust && rest.is_positive())
    target.text = "closed whole: the rest would be less than the smallest order";
  target.order.keep = is_dust ? Qty() : rest;
  return target;
}

Task<Result<std::vector<exchange::Position>>> read_positions(Parts& parts) {
  constexpr int kReads = 4;
  Result<std::vector<exchange::Position>> found;
  for (int read = 0; read < kReads; ++read) {
    if (read > 0) co_await sleep_for(parts.clock, Millis(250) * (1 << read));
    found = co_await parts.account.fetch_positions();
    if (found) break;
  }
  co_return found;
}

// A whole close needs no fresh rules: those that are known split it, and a refusal refreshes them.
Task<Status> prepare(Desk& desk, const FlattenRequest& request) {
  if (request.part >= one() && !desk.book().rules().symbols.empty()) co_return Status{};
  co_return co_await desk.book().refresh_if_older(kRulesAge, desk.parts().clock);
}

struct Flattening {
  Desk& desk;
  FlattenRequest request;
  ClosePurpose purpose;
  FlattenReport report;
  std::vector<CloseResult> results;  // one per row
  std::optional<CloseView> after;

  std::vector<ClosingMark> marks;

  std::optional<std::size_t> find_row(Symbol symbol, PositionSide side) const {
    for (std::size_t i = 0; i < report.rows.size(); ++i)
      if (report.rows[i].symbol == symbol && report.rows[i].side == side) return i;
    return std::nullopt;
  }
  /// It was closed whole. If it stands again, something was still on its way.
  bool is_closed(std::size_t row) const {
    return results[row].kind == CloseResult::Kind::flat && report.rows[row].target.is_zero();
  }
  std::vector<Target> targets(const std::vector<exchange::Position>& positions) const;
  Task<void> close(std::vector<Target> targets, std::vector<exchange::Position> seen);
  Task<void> wait_for_entries();
  Task<void> look_again();
  void compare();
  Task<void> sweep();
  Task<bool> record(std::size_t row);
  void judge();
  bool is_account() const { return request.scope == FlattenScope::account; }
  bool is_above_target = false;  // by the last read
};

std::vector<Target> Flattening::targets(const std::vector<exchange::Position>& positions) const {
  std::vector<Target> out;
  for (const auto& position : positions)
    if (is_in_scope(desk, request, position)) {
      const auto row = find_row(position.symbol, position.side);
      if (!row || is_closed(*row)) out.push_back(target_of(desk, request, position));
    }
  // What the store holds and the exchange does not show is a row, too: one read proves nothing.
  // Where it shows something that is not in scope, that is a person's.
  for (const auto& holding : desk.parts().store.open_holdings()) {
    const bool shown = find_position(positions, holding.symbol, holding.side) != nullptr;
    if (is_wanted(request, holding.symbol) && !shown && !find_row(holding.symbol, holding.side))
      out.push_back({{holding.symbol, holding.side, {}}, {}});
  }
  return out;
}

Task<void> Flattening::close(std::vector<Target> targets, std::vector<exchange::Position> seen) {
  std::vector<CloseOrder> orders;
  for (const auto& target : targets) {
    orders.push_back(target.order);
    marks.push_back(desk.turns().mark_closing(target.order.symbol));
  }
  auto closed = co_await close_legs(desk, orders, purpose,
                                    {CloseTurns::taken, true, kPatience, std::move(seen)});
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const CloseResult& result = closed.legs[i];
    const Qty keep = orders[i].keep;
    FlattenRow row;
    row.symbol = orders[i].symbol;
    row.side = orders[i].side;
    row.before = result.before;
    row.target = result.before.is_negative() ? -keep : keep;
    row.left = result.left;
    row.text = targets[i].text;
    if (!result.text.empty()) row.text += (row.text.empty() ? "" : "; ") + result.text;
    if (const auto known = find_row(row.symbol, row.side)) {
      report.rows[*known] = std::move(row);
      results[*known] = result;
    } else {
      report.rows.push_back(std::move(row));
      results.push_back(result);
    }
  }
  after = std::move(closed.after);
  report.text = std::move(closed.text);
}

// An entry without an answer may fill after everything was closed.
Task<void> Flattening::wait_for_entries() {
  Parts& parts = desk.parts();
  std::optional<TimePoint> latest;
  for (const auto& intent : parts.store.unresolved_intents()) {
    const bool opens = intent.kind == OrderKind::entry || intent.kind == OrderKind::redistribute;
    if (opens && is_wanted(request, intent.symbol) && (!latest || intent.sent_at > *latest))
      latest = intent.sent_at;
  }
  if (!latest) co_return;
  const auto left = *latest + kMayStillArrive - parts.market.exchange_now();
  if (left > Millis(0)) co_await sleep_for(parts.clock, std::min<Micros>(left, kMayStillArrive));
}

Task<void> Flattening::look_again() {
  Parts& parts = desk.parts();
  auto [positions, orders] =
      co_await both(parts.account.fetch_positions(), parts.account.fetch_open_orders());
  after.reset();
  if (!positions || !orders) {
    report.text = positions ? orders.error().text : positions.error().text;
    co_return;
  }
  after = CloseView{std::move(*positions), std::move(*orders), parts.market.exchange_now()};
}

// What the last read shows against what was asked, whatever the closes have come to: something may
// have been opened since.
void Flattening::compare() {
  if (!after) return;
  for (auto& row : report.rows) {
    const auto* position = find_position(after->positions, row.symbol, row.side);
    row.left = position == nullptr ? Qty() : position->qty;
    const bool in_scope = is_account() || row.left.is_negative();
    const bool turned = !row.left.is_zero() && row.left.is_negative() != row.before.is_negative();
    if (!in_scope || (!turned && row.left.abs() <= row.target.abs())) continue;
    is_above_target = true;
    if (row.text.empty()) row.text = "it stands again after it was closed";
  }
  for (const auto& position : after->positions) {
    if (position.qty.is_zero() || !is_in_scope(desk, request, position)) continue;
    if (find_row(position.symbol, position.side)) continue;
    is_above_target = true;
    FlattenRow row;
    row.symbol = position.symbol;
    row.side = position.side;
    row.before = row.left = position.qty;
    row.text = "opened while the rest was being closed";
    report.rows.push_back(std::move(row));
    results.emplace_back().kind = CloseResult::Kind::partial;
  }
}

// Resting orders of ours whose position was closed here. closePosition orders expire by themselves;
// what is still there is cancelled. That other positions are missing in one read proves nothing:
// their orders are the patrol's.
Task<void> Flattening::sweep() {
  if (!after) co_return;
  std::vector<Task<bool>> cancels;
  for (const auto& order : after->orders) {
    if (!desk.ids().decode(order.client_order_id, order.symbol)) continue;
    if (!is_wanted(request, order.symbol)) continue;
    const auto row = find_row(order.symbol, order.position_side);
    if (!row || !is_closed(*row)) continue;
    if (find_position(after->positions, order.symbol, order.position_side) != nullptr) continue;
    cancels.push_back(desk.cancel_order(order.ref()));
  }
  const auto gone = co_await gather(std::move(cancels));
  report.orders_left = static_cast<int>(std::ranges::count(gone, false));
}

// The record of what was closed; a part changes the holding's size only.
Task<bool> Flattening::record(std::size_t index) {
  const FlattenRow& row = report.rows[index];
  const CloseResult& result = results[index];
  const Turn turn = co_await desk.turns().take(row.symbol);
  auto holding = desk.parts().store.find_open_holding(row.symbol);
  if (!holding || holding->side != row.side) co_return false;
  const bool is_gone = result.kind == CloseResult::Kind::flat && !row.left.is_negative();
  if (is_gone) {
    const bool ours = result.order_id != 0;
    Ending ending{store::HoldingStatus::closed_flatten, request.reason, result.order_id,
                  result.has_all_fills()};
    if (!ours) {
      ending.status = store::HoldingStatus::closed_external;
      ending.reason = "SHORT_POSITION_NOT_FOUND";
    }
    co_await record_closed(desk, std::move(*holding), std::move(ending));
  } else if (result.closed.is_positive() && row.left.is_negative()) {
    holding->qty = row.left.abs();
    co_await save_holding(desk, std::move(*holding));
  }
  co_return true;
}

void Flattening::judge() {
  using Kind = CloseResult::Kind;
  report.verdict = FlattenVerdict::unknown;
  if (!after) return;
  report.as_of = after->as_of;
  const auto is = [&](Kind kind) {
    return std::ranges::any_of(results, [&](const auto& r) { return r.kind == kind; });
  };
  if (is(Kind::partial) || is_above_target || report.orders_left > 0)
    report.verdict = FlattenVerdict::partial;
  else if (!is(Kind::unknown))
    report.verdict = FlattenVerdict::flat;
}

}  // namespace

std::string_view str(FlattenVerdict verdict) {
  switch (verdict) {
    case FlattenVerdict::flat:
      return "FLAT";
    case FlattenVerdict::partial:
      return "PARTIAL";
    case FlattenVerdict::unknown:
      return "UNKNOWN";
  }
  return "";
}

Task<FlattenReport> flatten(Desk& desk, FlattenRequest request) {
  Parts& parts = desk.parts();
  parts.log.warn("flatten", {{"reason", request.reason}, {"part", request.part}});
  if (request.reason.empty()) request.reason = "FLATTENED";
  const std::string day = utc_date(parts.market.exchange_now());
  Flattening work{desk, std::move(request), {OrderKind::close, Job::manual, day}, {}, {}, {}, {}};
  if (!work.request.part.is_positive() || work.request.part > one()) {
    work.report.text = "the part to close must be above 0 and at most 1; nothing was done";
    co_return work.report;
  }
  // Two parts at once would both be sized by the same read. What closes whole waits for nobody.
  std::optional<Turn> alone;
  if (work.request.part < one()) alone.emplace(co_await desk.turns().take(Symbol(kParts)));
  auto [positions, book] = co_await both(read_positions(parts), prepare(desk, work.request));
  if (!book) parts.log.warn("rules not read", {{"why", book.error().text}});
  if (!positions) {
    work.report.text = "the positions could not be read: " + positions.error().text;
    co_return work.report;
  }
  auto targets = work.targets(*positions);
  if (targets.empty()) {
    // Nothing to close: believed when a second read agrees.
    co_await sleep_for(parts.clock, kBetweenReads);
    co_await work.look_again();
  } else {
    co_await work.close(std::move(targets), std::move(*positions));
  }
  for (int round = 1; round < kRounds && work.after; ++round) {
    const auto unresolved = parts.store.unresolved_intents().size();
    if (unresolved > 0) {
      co_await work.wait_for_entries();
      co_await work.look_again();
      if (!work.after) break;
    }
    auto more = work.targets(work.after->positions);
    if (more.empty()) break;
    co_await work.close(std::move(more), work.after->positions);
  }
  work.compare();
  co_await work.sweep();
  std::vector<Task<bool>> records;
  for (std::size_t i = 0; i < work.report.rows.size(); ++i)
    records.push_back(work.record(i));
  (void)co_await gather(std::move(records));
  work.judge();
  parts.log.warn("flatten ended", {{"verdict", str(work.report.verdict)},
                                   {"rows", work.report.rows.size()},
                                   {"orders_left", work.report.orders_left}});
  co_return std::move(work.report);
}

}  // namespace bb::desk
