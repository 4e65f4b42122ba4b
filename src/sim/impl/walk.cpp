#include "sim/impl/walk.h"

#include <algorithm>
#include <tuple>

#include "sim/impl/forced.h"
#include "sim/impl/market_data.h"
#include "sim/impl/orders.h"

namespace bb::sim::impl {

namespace {

// How far one search looks ahead.
constexpr Millis kWindow = Hours(24);

// What happens first when several things happen in the same millisecond: a jump beyond both the
// liquidation price and a stop liquidates.
enum class Happening { funding, closing, liquidation, cross_check, conditional, limit };

struct Event {
  TimePoint time{};
  Happening what{};
  Account* account = nullptr;
  Seat* seat = nullptr;
  std::int64_t id = 0;  // order id, or the leg's index

  auto rank() const { return std::tuple(time, what, account->number); }
};

class Scan {
 public:
  Scan(Core& core, TimePoint horizon) : core_(core), horizon_(horizon) {
    for (auto& account : core_.accounts)
      look_at(*account);
  }

  const std::optional<Event>& first() const { return first_; }
  /// The moment at which something happens or must be searched on; nothing = never.
  std::optional<TimePoint> due() const { return due_; }

 private:
  void look_at(Account& account) {
    for (auto& [symbol, seat] : account.seats)
      if (seat.active()) look_at(account, seat);
    if (account.guards_stale) {
      renew_guards(core_, account);
      if (!is_cross_healthy(core_, account))
        consider({core_.now, Happening::cross_check, &account});
    }
    for (CrossGuard& guard : account.guards)
      if (reaches(guard.watch, guard.symbol))
        consider({guard.watch.due(), Happening::cross_check, &account});
  }

  void look_at(Account& account, Seat& seat) {
    extend(seat);
    if (!seat.funding.empty())
      consider({seat.funding.front().time, Happening::funding, &account, &seat});
    if (seat.closing) consider({*seat.closing, Happening::closing, &account, &seat});
    for (std::size_t i = 0; i < seat.legs.size(); ++i) {
      auto& watch = seat.legs[i].liquidation;
      if (watch && reaches(*watch, seat.symbol))
        consider(
            {watch->due(), Happening::liquidation, &account, &seat, static_cast<std::int64_t>(i)});
    }
    for (const std::int64_t id : seat.open_conditional)
      if (Watch& watch = seat.conditional.at(id).watch; reaches(watch, seat.symbol))
        consider({watch.due(), Happening::conditional, &account, &seat, id});
    for (const std::int64_t id : seat.open_regular)
      if (Watch& watch = seat.regular.at(id).watch; reaches(watch, seat.symbol))
        consider({watch.due(), Happening::limit, &account, &seat, id});
  }

  void extend(Seat& seat) {
    if (seat.searched < horizon_) {
      const TimePoint until = seat.searched + kWindow;
      const auto more = core_.market.funding(seat.symbol, seat.searched, until);
      seat.funding.insert(seat.funding.end(), more.begin(), more.end());
      const auto rules = core_.market.find_rules(seat.symbol, until);
      if (rules && rules->delivery_time + kSettling > core_.now)
        seat.closing = rules->delivery_time + kSettling;
      seat.searched = until;
    }
    must_return(seat.searched);
  }

  bool reaches(Watch& watch, Symbol symbol) {
    if (!watch.hit && watch.searched < horizon_) {
      const TimePoint until = watch.searched + kWindow;
      watch.hit = watch.on_mark ? core_.market.first_mark_crossing(symbol, watch.searched, until,
                                                                   watch.level, watch.falling)
                                : core_.market.first_crossing(symbol, watch.searched, until,
                                                              watch.level, watch.falling);
      watch.searched = until;
    }
    must_return(watch.due());
    return watch.hit.has_value();
  }

  void consider(const Event& event) {
    must_return(event.time);
    if (!first_ || event.rank() < first_->rank()) first_ = event;
  }

  void must_return(TimePoint at) {
    if (!due_ || at < *due_) due_ = at;
  }

  Core& core_;
  TimePoint horizon_;
  std::optional<Event> first_;
  std::optional<TimePoint> due_;
};

void run(Core& core, const Event& event) {
  Account& account = *event.account;
  switch (event.what) {
    case Happening::funding: {
      const Market::Funding funding = event.seat->funding.front();
      event.seat->funding.erase(event.seat->funding.begin());
      return pay_funding(core, account, *event.seat, funding);
    }
    case Happening::closing:
      return settle_contract(core, account, *event.seat);
    case Happening::liquidation:
      return liquidate_isolated(core, account, *event.seat,
                                event.seat->legs[static_cast<std::size_t>(event.id)]);
    case Happening::cross_check:
      account.guards_stale = true;
      if (!is_cross_healthy(core, account)) liquidate_cross(core, account);
      return;
    case Happening::conditional:
      return trigger(core, account, *event.seat, event.seat->conditional.at(event.id));
    case Happening::limit:
      return reach_limit(core, account, *event.seat, event.seat->regular.at(event.id));
  }
}

}  // namespace

void advance(Core& core, TimePoint target, Micros precise) {
  if (target < core.now) return;
  core.walk_target = target;
  core.walk_precise = precise;
  while (target >= core.due) {
    const TimePoint horizon = std::min(target, core.now + kWindow);
    const Scan scan(core, horizon);
    if (scan.first() && scan.first()->time <= horizon) {
      core.now = scan.first()->time;
      core.due = {};
      run(core, *scan.first());
      continue;
    }
    core.now = horizon;
    core.due = scan.due().value_or(TimePoint::max());
    if (horizon == target) break;
  }
  core.now = target;
}

}  // namespace bb::sim::impl
