#include "desk/closing.h"

#include <algorithm>
#include <utility>

#include "base/join.h"
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
// How long answers that have come wait for those that have not: a round trip, within these.
constexpr Micros kGraceMin{50'000};
constexpr Micros kGraceMax{500'000};

exchange::Position position_of(const std::vector<exchange::Position>& positions,
                               const CloseOrder& wish) {
  for (const auto& position : positions)
    if (position.symbol == wish.symbol && position.side == wish.side) return position;
  exchange::Position none;
  none.symbol = wish.symbol;
  none.side = wish.side;
  return none;
}

Task<Result<CloseView>> read(Parts& parts) {
  auto positions = co_await parts.account.fetch_positions();
  if (!positions) co_return std::unexpected(positions.error());
  co_return CloseView{std::move(*positions), parts.market.exchange_now()};
}

// Legs act on their own, and the account is read for all that wait for it: a leg that waits for its
// turn or its answer holds back neither the repeats nor the proof of the others.
class Run {
 public:
  Run(Desk& desk, std::vector<CloseOrder> orders, ClosePurpose purpose, CloseOptions options)
      : desk_(desk), purpose_(std::move(purpose)), options_(std::move(options)) {
    for (auto& order : orders) {
      CloseLeg leg;
      leg.wish = order;
      leg.give_up = desk.parts().clock.after(options_.patience);
      const auto holding = desk.parts().store.find_open_holding(order.symbol);
      if (holding && holding->side == order.side) leg.holding_id = holding->id;
      legs_.push_back(std::move(leg));
    }
  }

  Task<CloseReport> run();

 private:
  Clock& clock() { return desk_.parts().clock; }
  SteadyTime now() { return clock().steady_now(); }
  bool is_acting() const { return std::ranges::any_of(legs_, &CloseLeg::is_acting); }
  bool is_finished();
  Task<void> follow(TaskGroup& group);
  Task<void> look();
  void judge(CloseLeg& leg);
  bool start(TaskGroup& group);
  Task<void> act(CloseLeg& leg);
  Task<void> act_one(CloseLeg& leg);
  Task<void> wait_for_reason();
  Micros backoff(int times);
  CloseReport report();

  Desk& desk_;
  ClosePurpose purpose_;
  CloseOptions options_;
  std::vector<CloseLeg> legs_;
  std::optional<CloseView> view_;
  std::string problem_;
  int blind_ = 0;  // reads that failed, in a row
  std::optional<Stop> nap_;
};

Task<void> Run::look() {
  view_.reset();
  if (options_.seen) {
    view_.emplace();
    view_->positions = std::move(*options_.seen);
    view_->as_of = desk_.parts().market.exchange_now();
    options_.seen.reset();
    co_return;
  }
  auto found = co_await read(desk_.parts());
  if (!found) {
    ++blind_;
    problem_ = "the positions could not be read: " + found.error().text;
    for (auto& leg : legs_)
      leg.look_at = clock().after(backoff(blind_));
    co_return;
  }
  blind_ = 0;
  problem_.clear();
  view_ = std::move(*found);
}

// Is the leg where it should be, by this read?
void Run::judge(CloseLeg& leg) {
  const Qty size = position_of(view_->positions, leg.wish).qty;
  const SteadyTime time = now();
  leg.note_start(size);
  leg.result.left = size;
  if (leg.is_there(size)) {
    const bool explained = leg.is_explained(size);
    if (explained || (leg.there_since && time - *leg.there_since >= kTwoReads)) {
      leg.result.kind = Kind::flat;
      leg.result.text.clear();
      leg.is_over = true;
      return;
    }
    leg.result.kind = Kind::unknown;
    leg.result.text = "its end is not proved yet";
    if (!leg.there_since) leg.there_since = time;
    leg.look_at = *leg.there_since + kTwoReads;
    return;
  }
  leg.there_since.reset();
  leg.result.kind = Kind::partial;
  if (leg.refusals >= kRefusalsMax) leg.is_over = true;
  const Micros step = std::min<Micros>(kFirstPause / 2 * (1 << std::min(leg.looks++, 4)), kMayLag);
  leg.look_at = clock().after(step);
  // One that waits before it is sent again needs no look before.
  if (leg.busy > 0 || leg.refusals > 0) leg.look_at = std::max(leg.look_at, leg.quiet_until);
}

Task<void> Run::act_one(CloseLeg& leg) {
  auto position = position_of(view_->positions, leg.wish);
  std::optional<Turn> turn;
  if (options_.turns == CloseTurns::taken) {
    const bool was_busy = desk_.turns().is_taken(leg.wish.symbol);
    turn.emplace(co_await desk_.turns().take(leg.wish.symbol));
    // Whoever held the turn does not use up this leg's patience.
    if (leg.first_sent == TimePoint{}) leg.give_up = clock().after(options_.patience);
    if (was_busy) {
      // Whoever acted here may have changed it.
      const auto again = co_await desk_.parts().account.fetch_positions();
      if (!again) co_return;
      position = position_of(*again, leg.wish);
      if (leg.is_there(position.qty)) co_return;
    }
  }
  co_await send_down(desk_, leg, position, purpose_);
  if (leg.before && leg.result.closed >= leg.before->abs() - leg.wish.keep)
    leg.quiet_until = std::max(leg.quiet_until, clock().after(kMayLag));
  if (planted("close_without_proof")) {
    leg.result.kind = Kind::flat;
    leg.is_over = true;
  }
}

Task<void> Run::act(CloseLeg& leg) {
  const SteadyTime begin = now();
  try {
    co_await act_one(leg);
  } catch (const std::exception& error) {
    // One leg's broken figures must not keep the others open.
    leg.result.text = error.what();
    leg.refusals = kRefusalsMax;
  }
  leg.is_acting = false;
  leg.looks = 0;
  leg.look_at = now();
  leg.grace = std::clamp<Micros>(leg.look_at - begin, kGraceMin, kGraceMax);
  if (leg.busy > 0 || !leg.result.text.empty()) {
    const Micros wait = backoff(std::max({leg.busy, leg.refusals, 1}));
    leg.look_at = clock().after(wait);
    leg.quiet_until = std::max(leg.quiet_until, leg.look_at);
    leg.grace = Micros(0);
  }
  if (nap_) nap_->request();
}

Micros Run::backoff(int times) {
  const Micros longest = std::min(kLongestPause, kFirstPause * (1 << std::min(times - 1, 5)));
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
    leg.result.first_sent = leg.first_sent;
    out.legs.push_back(std::move(leg.result));
  }
  out.after = std::move(view_);
  out.text = std::move(problem_);
  return out;
}

// Nobody acts, and the last read came after every action.
bool Run::is_finished() {
  const SteadyTime time = now();
  return std::ranges::all_of(legs_, [&](const CloseLeg& leg) {
    return !leg.is_acting && (leg.is_over || (leg.is_read && time >= leg.give_up));
  });
}

bool Run::start(TaskGroup& group) {
  const SteadyTime time = now();
  for (auto& leg : legs_) {
    if (!leg.is_read || leg.is_over || leg.there_since) continue;
    if (time < leg.quiet_until || time >= leg.give_up) continue;
    leg.is_acting = true;
    group.spawn(act(leg));
  }
  return is_acting();
}

// Until a leg wants the account to be read. One whose answer has come waits a round trip for those
// whose answers have not: they mostly come together, and one read then proves them all.
Task<void> Run::wait_for_reason() {
  for (;;) {
    const bool acting = is_acting();
    const SteadyTime time = now();
    SteadyTime next = clock().after(Hours(1));
    bool has_reason = !acting;
    for (const auto& leg : legs_) {
      if (leg.is_over || leg.is_acting || (leg.is_read && time >= leg.give_up)) continue;
      next = std::min(next, leg.look_at + (acting ? leg.grace : Micros(0)));
      has_reason = false;
    }
    if (has_reason || next <= time) co_return;
    nap_.emplace(clock());
    (void)co_await nap_->sleep_until(next);
    nap_.reset();
  }
}

Task<void> Run::follow(TaskGroup& group) {
  for (;;) {
    // A read that began while a leg acted says nothing about it.
    for (auto& leg : legs_)
      leg.is_read = !leg.is_acting;
    co_await look();
    if (view_)
      for (auto& leg : legs_)
        if (leg.is_read && !leg.is_over) judge(leg);
    if (is_finished()) co_return;
    const bool acting = view_ && start(group);
    co_await wait_for_reason();
    if (acting && planted("close_without_proof")) co_return;
  }
}

Task<CloseReport> Run::run() {
  TaskGroup group(co_await boost::asio::this_coro::executor);
  co_await join_after(group, follow(group));
  co_return report();
}

Task<bool> try_to_record(Desk& desk, CloseOrder order, CloseResult& result) {
  const auto holding = desk.parts().store.find_open_holding(order.symbol);
  const std::int64_t id = holding && holding->side == order.side ? holding->id : 0;
  const auto fills = co_await desk.record_fills(order.symbol, result.first_sent - kClockDoubt, id);
  if (!fills) co_return false;
  const bool was_short = result.before.is_zero() ? id != 0 : result.before.is_negative();
  result.recorded = Qty();
  for (const auto& fill : *fills)
    if (fill.position_side == order.side && fill.time >= result.first_sent &&
        (fill.side == Side::buy) == was_short)
      result.recorded += fill.qty;
  co_return true;
}

}  // namespace

Task<bool> record_fills_of(Desk& desk, CloseOrder order, CloseResult& result) {
  if (result.first_sent == TimePoint{}) co_return true;
  try {
    co_return co_await try_to_record(desk, order, result);
  } catch (const std::exception& error) {
    desk.parts().log.error("fills not recorded", {{"symbol", order.symbol}, {"why", error.what()}});
  }
  co_return false;
}

Task<CloseReport> close_legs(Desk& desk, std::vector<CloseOrder> orders, ClosePurpose purpose,
                             CloseOptions options) {
  std::vector<ClosingMark> marks;
  for (const auto& order : orders)
    marks.push_back(desk.turns().mark_closing(order.symbol));
  const bool records = options.records;
  const std::vector<CloseOrder> wishes = orders;
  Run run(desk, std::move(orders), std::move(purpose), std::move(options));
  CloseReport report = co_await run.run();
  if (!records) co_return report;
  std::vector<Task<bool>> recordings;
  for (std::size_t i = 0; i < wishes.size(); ++i)
    recordings.push_back(record_fills_of(desk, wishes[i], report.legs[i]));
  (void)co_await gather(std::move(recordings));
  co_return report;
}

Task<CloseResult> Desk::close_position(Symbol symbol, PositionSide side, OrderKind kind,
                                       std::string trade_day, Job job) {
  auto report = co_await close_legs(*this, {{symbol, side, {}}}, {kind, job, std::move(trade_day)},
                                    CloseOptions{});
  co_return std::move(report.legs.front());
}

}  // namespace bb::desk
