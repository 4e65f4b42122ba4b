#include "desk/flatten.h"

#include <algorithm>
#include <memory>

#include "base/join.h"
#include "base/plant.h"
#include "desk/impl/flattening.h"

namespace bb::desk {

namespace {

constexpr int kRounds = 3;  // what opens while we close is closed, too, so often
constexpr Hours kRulesAge{6};
constexpr std::string_view kParts = "<parts>";  // the turn of flattens of a part; no symbol
constexpr Micros kPatience{30'000'000};
constexpr Micros kBetweenReads{2'000'000};
// An entry that nobody answered for may still reach the exchange within recvWindow (5 s).
constexpr Millis kMayStillArrive{10'000};

using Positions = std::vector<exchange::Position>;

Task<Result<Positions>> read_positions(Parts& parts, std::optional<Positions> seen = {}) {
  if (seen) co_return std::move(*seen);
  constexpr int kReads = 4;
  Result<std::vector<exchange::Position>> found;
  for (int read = 0; read < kReads; ++read) {
    if (read > 0) co_await sleep_for(parts.clock, Millis(250) * (1 << read));
    found = co_await parts.account.fetch_positions();
    if (found) break;
  }
  co_return found;
}

// A part is sized by them.
Task<void> read_rules(Desk& desk) {
  const auto read = co_await desk.book().refresh_if_older(kRulesAge, desk.parts().clock);
  if (!read) desk.parts().log.warn("rules not read", {{"why", read.error().text}});
}

// A whole close needs none: those that are known split it, and a refusal refreshes them.
Task<void> read_missing_rules(Desk& desk) {
  if (!desk.book().rules().symbols.empty()) co_return;
  const auto read = co_await desk.book().refresh_rules();
  if (!read) desk.parts().log.warn("rules not read", {{"why", read.error().text}});
}

template <class T>
Task<T> beside(Task<void> work, Task<T> task) {
  TaskGroup group(co_await boost::asio::this_coro::executor);
  group.spawn(std::move(work));
  std::optional<T> result;
  co_await join_after(group, detail::store_result(std::move(task), result));
  co_return std::move(*result);
}

}  // namespace

const exchange::Position* find_position(const std::vector<exchange::Position>& positions,
                                        Symbol symbol, PositionSide side) {
  for (const auto& position : positions)
    if (position.symbol == symbol && position.side == side && !position.qty.is_zero())
      return &position;
  return nullptr;
}

void Flattening::choose(const std::vector<exchange::Position>& positions) {
  for (const auto& position : positions)
    if (is_chosen(desk, request, position)) chosen.emplace(position.symbol, position.side);
}

// A loser that turns into a winner while it is being closed is closed.
bool Flattening::is_in_scope(const exchange::Position& position) const {
  if (request.profit == FlattenProfit::any) return is_chosen(desk, request, position);
  return !position.qty.is_zero() && chosen.contains({position.symbol, position.side});
}

std::vector<FlattenTarget> Flattening::targets(
    const std::vector<exchange::Position>& positions) const {
  std::vector<FlattenTarget> out;
  for (const auto& position : positions)
    if (is_in_scope(position)) {
      const auto row = find_row(position.symbol, position.side);
      if (!row || is_closed(*row)) out.push_back(target_of(desk, request, position));
    }
  // What the store holds and the exchange does not show is a row, too: one read proves nothing.
  // Where it shows something that is not in scope, that is a person's. Holdings are shorts; whether
  // one wins or loses only a read can tell.
  if (request.side == FlattenSide::longs || request.profit != FlattenProfit::any) return out;
  for (const auto& holding : desk.parts().store.open_holdings()) {
    const bool shown = find_position(positions, holding.symbol, holding.side) != nullptr;
    if (is_wanted(request, holding.symbol) && !shown && !find_row(holding.symbol, holding.side))
      out.push_back({{holding.symbol, holding.side, {}}, {}});
  }
  return out;
}

// Regular orders that could open again what is being closed, along with the closes. How many there
// were: what they may have opened before they went is seen by a read after them only.
Task<int> Flattening::cancel_openers() {
  const auto orders = co_await desk.parts().account.fetch_open_regular_orders();
  if (!orders) {
    desk.parts().log.warn("resting orders not read", {{"why", orders.error().text}});
    co_return 0;
  }
  std::vector<Task<bool>> cancels;
  for (const auto& order : *orders)
    if (is_opener(order)) cancels.push_back(desk.cancel_order(order.ref()));
  const int found = static_cast<int>(cancels.size());
  (void)co_await gather(std::move(cancels));
  co_return found;
}

bool Flattening::is_opener(const exchange::OrderView& order) const {
  const bool is_theirs =
      request.profit == FlattenProfit::any ||
      std::ranges::any_of(chosen, [&](const auto& leg) { return leg.first == order.symbol; });
  return is_theirs && may_reopen(desk, request, order);
}

Task<void> Flattening::close(std::vector<FlattenTarget> targets,
                             std::vector<exchange::Position> seen) {
  std::vector<CloseOrder> orders;
  for (const auto& target : targets) {
    orders.push_back(target.order);
    marks.push_back(desk.turns().mark_closing(target.order.symbol));
  }
  auto closed = co_await close_legs(desk, orders, purpose,
                                    {CloseTurns::taken, kPatience, std::move(seen), false});
  for (std::size_t i = 0; i < targets.size(); ++i) {
    CloseResult& result = closed.legs[i];
    // It is where it was to be, and not where it was asked to be.
    if (targets[i].is_kept && result.kind == CloseResult::Kind::flat)
      result.kind = CloseResult::Kind::partial;
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

// An entry without an answer may fill after everything was closed. Whether there was any.
Task<bool> Flattening::wait_for_entries() {
  Parts& parts = desk.parts();
  std::optional<TimePoint> latest;
  for (const auto& intent : parts.store.unresolved_intents()) {
    const bool opens = intent.kind == OrderKind::entry || intent.kind == OrderKind::redistribute;
    if (opens && is_wanted(request, intent.symbol) && (!latest || intent.sent_at > *latest))
      latest = intent.sent_at;
  }
  if (!latest) co_return false;
  const auto left = *latest + kMayStillArrive - parts.market.exchange_now();
  if (left > Millis(0)) co_await sleep_for(parts.clock, std::min<Micros>(left, kMayStillArrive));
  co_return true;
}

Task<void> Flattening::look_again() {
  auto positions = co_await read_positions(desk.parts());
  after.reset();
  if (!positions) {
    report.text = positions.error().text;
    co_return;
  }
  after = CloseView{std::move(*positions), desk.parts().market.exchange_now()};
}

// What the last read shows against what was asked, whatever the closes have come to: something may
// have been opened since.
void Flattening::compare() {
  if (!after) return;
  for (auto& row : report.rows) {
    const auto* position = find_position(after->positions, row.symbol, row.side);
    row.left = position == nullptr ? Qty() : position->qty;
    // A tracked short that turned is a person's long by now.
    const bool in_scope = is_account() || row.left.is_negative();
    const bool turned = !row.left.is_zero() && row.left.is_negative() != row.before.is_negative();
    if (!in_scope || (!turned && row.left.abs() <= row.target.abs())) continue;
    is_above_target = true;
    if (row.text.empty()) row.text = "it stands again after it was closed";
  }
  for (const auto& position : after->positions) {
    if (!is_in_scope(position)) continue;
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

void Flattening::judge() {
  using Kind = CloseResult::Kind;
  report.verdict = FlattenVerdict::unknown;
  if (!after && planted("flat_on_error")) report.verdict = FlattenVerdict::flat;
  if (!after) return;
  report.as_of = after->as_of;
  const auto is = [&](Kind kind) {
    return std::ranges::any_of(results, [&](const auto& r) { return r.kind == kind; });
  };
  if (is(Kind::partial) || is_above_target || report.orders_left > 0 || !are_orders_known)
    report.verdict = FlattenVerdict::partial;
  else if (!is(Kind::unknown))
    report.verdict = FlattenVerdict::flat;
}

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

namespace {

// Closes and reads until nothing in scope is open, a few times.
Task<void> bring_down(Flattening& work, std::vector<exchange::Position> seen) {
  auto targets = work.targets(seen);
  if (targets.empty()) {
    // Nothing to close: believed when a second read agrees.
    auto pause = sleep_for(work.desk.parts().clock, kBetweenReads);
    (void)co_await beside(std::move(pause), work.cancel_openers());
    co_await work.look_again();
  } else {
    auto closing = work.close(std::move(targets), std::move(seen));
    const auto openers = co_await beside(std::move(closing), work.cancel_openers());
    if (openers > 0) co_await work.look_again();
  }
  for (int round = 1; round < kRounds && work.after; ++round) {
    if (co_await work.wait_for_entries()) {
      co_await work.look_again();
      if (!work.after) co_return;
    }
    auto more = work.targets(work.after->positions);
    if (more.empty()) co_return;
    co_await work.close(std::move(more), work.after->positions);
  }
}

// Its symbols stay marked as closing, and parts alone, for as long as it lives.
Task<void> record_all(std::unique_ptr<Flattening> work) {
  co_await join_after(work->rules, work->record_all());
}

ProvedFlatten prove(std::unique_ptr<Flattening> work) {
  FlattenReport report = work->report;
  return {std::move(report), record_all(std::move(work))};
}

}  // namespace

Task<ProvedFlatten> flatten_to_proof(Desk& desk, FlattenRequest request,
                                     std::optional<std::vector<exchange::Position>> seen) {
  Parts& parts = desk.parts();
  parts.log.warn("flatten", {{"reason", request.reason}, {"part", request.part}});
  if (request.reason.empty()) request.reason = "FLATTENED";
  const ClosePurpose purpose{OrderKind::close, Job::manual, utc_date(parts.market.exchange_now())};
  std::unique_ptr<Flattening> whole(new Flattening{
      desk, std::move(request), purpose, TaskGroup(co_await boost::asio::this_coro::executor)});
  Flattening& work = *whole;
  work.report.text = complaint_of(work.request);
  if (!work.report.text.empty()) co_return prove(std::move(whole));
  const bool is_part = work.request.part < one();
  if (!is_part) work.rules.spawn(read_missing_rules(desk));
  // Two parts at once would both be sized by the same read. What closes whole waits for nobody.
  if (is_part) {
    work.alone.emplace(co_await desk.turns().take(Symbol(kParts)));
    seen.reset();  // it may be older than what the one before has closed
  }
  auto positions =
      co_await (is_part ? beside(read_rules(desk), read_positions(parts, std::move(seen)))
                        : read_positions(parts, std::move(seen)));
  if (!positions) {
    work.report.text = "the positions could not be read: " + positions.error().text;
    co_return prove(std::move(whole));
  }
  work.choose(*positions);
  co_await bring_down(work, std::move(*positions));
  work.compare();
  (void)co_await work.sweep();
  work.judge();
  parts.log.warn("flatten ended", {{"verdict", str(work.report.verdict)},
                                   {"rows", work.report.rows.size()},
                                   {"orders_left", work.report.orders_left}});
  co_return prove(std::move(whole));
}

Task<FlattenReport> flatten(Desk& desk, FlattenRequest request,
                            std::optional<std::vector<exchange::Position>> seen) {
  auto proved = co_await flatten_to_proof(desk, std::move(request), std::move(seen));
  co_await std::move(proved.records);
  co_return std::move(proved.report);
}

}  // namespace bb::desk
