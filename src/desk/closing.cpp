#include "desk/closing.h"

#include <algorithm>
#include <utility>

#include "base/plant.h"
#include "desk/impl/close_leg.h"
#include "desk/impl/journal.h"

namespace bb::desk {

namespace {

using Kind = CloseResult::Kind;

constexpr int kRefusalsMax = 8;
constexpr Seconds kTwoReads{2};  // absence without fills needs two reads this far apart
constexpr Micros kFirstPause{200'000};
constexpr Micros kLongestPause{5'000'000};
// The trade is booked a little before the position shows it; a leg that our fills have brought down
// is not sent again before this has passed.
constexpr Micros kMayLag{1'000'000};
constexpr Minutes kClockDoubt{1};

exchange::Position position_of(const std::vector<exchange::Position>& positions,
                               const CloseOrder& wish) {
  for (const auto& position : positions)
    if (position.symbol == wish.symbol && position.side == wish.side) return position;
  exchange::Position none;
  none.symbol = wish.symbol;
  none.side = wish.side;
  return none;
}

Task<Result<CloseView>> read(Parts& parts, bool with_orders) {
  CloseView view;
  if (with_orders) {
    auto [positions, orders] =
        co_await both(parts.account.fetch_positions(), parts.account.fetch_open_orders());
    if (!positions) co_return std::unexpected(positions.error());
    if (!orders) co_return std::unexpected(orders.error());
    view.positions = std::move(*positions);
    view.orders = std::move(*orders);
  } else {
    auto positions = co_await parts.account.fetch_positions();
    if (!positions) co_return std::unexpected(positions.error());
    view.positions = std::move(*positions);
  }
  view.as_of = parts.market.exchange_now();
  co_return view;
}

// Records the fills of the leg and says how much of it they closed.
Task<bool> record(Desk& desk, CloseLeg& leg) {
  const auto fills =
      co_await desk.record_fills(leg.wish.symbol, leg.first_sent - kClockDoubt, leg.holding_id);
  if (!fills) co_return false;
  const bool was_short = leg.before && leg.is_short();
  leg.result.recorded = Qty();
  for (const auto& fill : *fills)
    if (fill.position_side == leg.wish.side && fill.time >= leg.first_sent &&
        (fill.side == Side::buy) == was_short)
      leg.result.recorded += fill.qty;
  co_return true;
}

class Run {
 public:
  Run(Desk& desk, std::vector<CloseOrder> orders, ClosePurpose purpose, CloseOptions options)
      : desk_(desk), purpose_(std::move(purpose)), options_(std::move(options)) {
    for (auto& order : orders) {
      CloseLeg leg;
      leg.wish = order;
      const auto holding = desk.parts().store.find_open_holding(order.symbol);
      if (holding && holding->side == order.side) leg.holding_id = holding->id;
      legs_.push_back(std::move(leg));
    }
  }

  Task<CloseReport> run();

 private:
  Clock& clock() { return desk_.parts().clock; }
  bool is_over() const { return std::ranges::all_of(legs_, &CloseLeg::is_over); }
  Task<bool> look();
  void judge(CloseLeg& leg);
  Task<void> act(CloseLeg& leg);
  Task<bool> act_one(CloseLeg& leg);
  Task<std::vector<bool>> record_all();
  Micros pause();
  CloseReport report();

  Desk& desk_;
  ClosePurpose purpose_;
  CloseOptions options_;
  std::vector<CloseLeg> legs_;
  std::optional<CloseView> view_;
  std::string problem_;
  int blind_ = 0;  // reads that failed, in a row
  bool has_sent_ = false;
};

// Reads the account, and with it the fills of what was sent since the last look.
Task<bool> Run::look() {
  view_.reset();
  if (options_.seen) {
    view_.emplace();
    view_->positions = std::move(*options_.seen);
    view_->as_of = desk_.parts().market.exchange_now();
    options_.seen.reset();
    co_return true;
  }
  auto reading = read(desk_.parts(), options_.with_orders);
  auto [found, recorded] = co_await both(std::move(reading), record_all());
  if (!found) {
    ++blind_;
    problem_ = "the positions could not be read: " + found.error().text;
    co_return false;
  }
  blind_ = 0;
  view_ = std::move(*found);
  co_return true;
}

Task<std::vector<bool>> Run::record_all() {
  std::vector<Task<bool>> reads;
  if (has_sent_)
    for (auto& leg : legs_)
      if (!leg.is_over && leg.first_sent != TimePoint{}) reads.push_back(record(desk_, leg));
  co_return co_await gather(std::move(reads));
}

// Is the leg where it should be, by this read?
void Run::judge(CloseLeg& leg) {
  const Qty now = position_of(view_->positions, leg.wish).qty;
  const SteadyTime time = clock().steady_now();
  leg.note_start(now);
  leg.result.left = now;
  if (leg.is_there(now)) {
    const bool explained = leg.is_explained(now);
    if (explained || (leg.there_since && time - *leg.there_since >= kTwoReads)) {
      leg.result.kind = Kind::flat;
      leg.result.text.clear();
      leg.is_over = true;
    } else {
      leg.result.kind = Kind::unknown;
      leg.result.text = "its end is not proved yet";
      if (!leg.there_since) leg.there_since = time;
    }
    return;
  }
  leg.there_since.reset();
  leg.result.kind = Kind::partial;
  if (leg.refusals >= kRefusalsMax) leg.is_over = true;
}

Task<bool> Run::act_one(CloseLeg& leg) {
  auto position = position_of(view_->positions, leg.wish);
  std::optional<Turn> turn;
  if (options_.turns == CloseTurns::taken) {
    const bool was_busy = desk_.turns().is_taken(leg.wish.symbol);
    turn.emplace(co_await desk_.turns().take(leg.wish.symbol));
    if (was_busy) {
      // Whoever acted here may have changed it.
      const auto again = co_await desk_.parts().account.fetch_positions();
      if (!again) co_return false;
      position = position_of(*again, leg.wish);
      if (leg.is_there(position.qty)) co_return false;
    }
  }
  co_await send_down(desk_, leg, position, purpose_);
  if (leg.before && leg.result.closed >= leg.before->abs() - leg.wish.keep)
    leg.quiet_until = std::max(leg.quiet_until, clock().after(kMayLag));
  if (planted("close_without_proof")) {
    leg.result.kind = Kind::flat;
    leg.is_over = true;
  }
  co_return true;
}

Micros Run::pause() {
  int busy = blind_;
  bool is_waiting = false;
  for (const auto& leg : legs_) {
    if (leg.is_over) continue;
    busy = std::max({busy, leg.busy, leg.refusals});
    is_waiting = is_waiting || leg.there_since.has_value();
  }
  if (busy == 0) return is_waiting ? Micros(kTwoReads) : kFirstPause / 2;
  const Micros longest = std::min(kLongestPause, kFirstPause * (1 << std::min(busy - 1, 5)));
  const auto spread = static_cast<std::uint64_t>(longest.count() / 2);
  return longest / 2 + Micros(static_cast<std::int64_t>(desk_.random().below(spread)));
}

CloseReport Run::report() {
  CloseReport out;
  for (auto& leg : legs_) {
    if (leg.result.kind != Kind::flat) {
      leg.result.is_busy = leg.busy > 0 || !view_;
      if (!view_) leg.result.kind = Kind::unknown;
      if (leg.result.text.empty()) leg.result.text = problem_;
      desk_.parts().log.error(
          "position not closed",
          {{"symbol", leg.wish.symbol}, {"left", leg.result.left}, {"why", leg.result.text}});
    }
    leg.result.before = leg.before.value_or(Qty());
    out.legs.push_back(std::move(leg.result));
  }
  out.after = std::move(view_);
  out.text = std::move(problem_);
  return out;
}

Task<CloseReport> Run::run() {
  const SteadyTime give_up = clock().after(options_.patience);
  for (;;) {
    if (co_await look()) {
      for (auto& leg : legs_)
        if (!leg.is_over) judge(leg);
      if (is_over()) break;
    }
    if (clock().steady_now() >= give_up) break;
    bool acted = false;
    if (view_) {
      std::vector<Task<bool>> acts;
      for (auto& leg : legs_) {
        const bool may_act =
            !leg.is_over && !leg.there_since && clock().steady_now() >= leg.quiet_until;
        if (may_act) acts.push_back(act_one(leg));
      }
      acted = !acts.empty();
      has_sent_ = has_sent_ || acted;
      (void)co_await gather(std::move(acts));
      if (acted && planted("close_without_proof")) break;
    }
    // After answers without trouble the proof is read at once.
    const bool clean = acted && std::ranges::all_of(legs_, [](const CloseLeg& leg) {
                         return leg.is_over || (leg.busy == 0 && leg.result.text.empty());
                       });
    if (!clean) co_await sleep_for(clock(), pause());
  }
  co_return report();
}

}  // namespace

Task<CloseReport> close_legs(Desk& desk, std::vector<CloseOrder> orders, ClosePurpose purpose,
                             CloseOptions options) {
  std::vector<ClosingMark> marks;
  for (const auto& order : orders)
    marks.push_back(desk.turns().mark_closing(order.symbol));
  Run run(desk, std::move(orders), std::move(purpose), std::move(options));
  co_return co_await run.run();
}

Task<CloseResult> Desk::close_position(Symbol symbol, PositionSide side, OrderKind kind,
                                       std::string trade_day, Job job) {
  auto report = co_await close_legs(*this, {{symbol, side, {}}}, {kind, job, std::move(trade_day)},
                                    CloseOptions{});
  co_return std::move(report.legs.front());
}

}  // namespace bb::desk
