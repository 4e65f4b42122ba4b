#include "sim/impl/agenda.h"

#include <algorithm>
#include <tuple>

#include "sim/impl/liquidation.h"
#include "sim/impl/market_data.h"
#include "sim/impl/trailing.h"

namespace bb::sim::impl {

namespace {

// How far one search looks ahead.
constexpr Millis kWindow = Hours(24);
// Guards are set anew with each fill, one or two for each position.
constexpr Millis kGuardWindow = Minutes(10);

// The first event and the next moment of one slot.
class Look {
 public:
  Look(Core& core, Account& account, Seat* seat) : core_(core), account_(account), seat_(seat) {
    if (seat != nullptr) {
      if (seat->active()) look_at_seat();
      if (seat->countdown) consider(*seat->countdown, Happening::countdown);
    } else {
      look_at_guards();
    }
  }

  const std::optional<Event>& first() const { return first_; }
  /// The moment at which something happens or must be searched on; nothing = never.
  std::optional<TimePoint> due() const { return due_; }

 private:
  void look_at_guards() {
    if (account_.guards_stale) renew_guards(core_, account_);
    if (account_.check_at) consider(*account_.check_at, Happening::cross_check);
    for (CrossGuard& guard : account_.guards)
      if (reaches(guard.watch, guard.symbol, kGuardWindow))
        consider(guard.watch.due(), Happening::cross_check);
  }

  void look_at_seat() {
    extend();
    if (!seat_->funding.empty()) consider(seat_->funding.front().time, Happening::funding);
    if (seat_->closing) consider(*seat_->closing, Happening::closing);
    for (std::size_t i = 0; i < seat_->legs.size(); ++i) {
      const auto index = static_cast<std::int64_t>(i);
      Leg& leg = seat_->legs[i];
      if (leg.liquidation && reaches(*leg.liquidation, seat_->symbol))
        consider(leg.liquidation->due(), Happening::liquidation, index);
      if (leg.margin_call && reaches(*leg.margin_call, seat_->symbol))
        consider(leg.margin_call->due(), Happening::margin_call, index);
    }
    for (auto& [id, order] : seat_->conditional.open)
      look_at_order(order, Happening::conditional);
    for (auto& [id, order] : seat_->regular.open)
      look_at_order(order, Happening::limit);
  }

  void look_at_order(Order& order, Happening what) {
    for (const auto& end : {order.ends, order.founded_by})
      if (end) consider(*end, Happening::expiry, order.view.order_id);
    if (order.trail && !order.watch.hit && order.watch.searched <= core_.now)
      follow_trail(core_, order);
    if (order.trail                 ? must_return(order.watch.due()),
        order.watch.hit.has_value() : reaches(order.watch, seat_->symbol))
      consider(order.watch.due(), what, order.view.order_id);
  }

  void extend() {
    if (seat_->searched <= core_.now) {
      const TimePoint until = seat_->searched + kWindow;
      const auto more = core_.market.funding(seat_->symbol, seat_->searched, until);
      seat_->funding.insert(seat_->funding.end(), more.begin(), more.end());
      const auto rules = core_.market.find_rules(seat_->symbol, until);
      if (rules && rules->delivery_time + kSettling > core_.now)
        seat_->closing = rules->delivery_time + kSettling;
      seat_->searched = until;
    }
    must_return(seat_->searched);
  }

  bool reaches(Watch& watch, Symbol symbol, Millis window = kWindow) {
    if (!watch.hit && watch.searched <= core_.now) {
      const TimePoint until = watch.searched + window;
      watch.hit = watch.on_mark ? core_.market.first_mark_crossing(symbol, watch.searched, until,
                                                                   watch.level, watch.falling)
                                : core_.market.first_crossing(symbol, watch.searched, until,
                                                              watch.level, watch.falling);
      watch.searched = until;
    }
    must_return(watch.due());
    return watch.hit.has_value();
  }

  void consider(TimePoint time, Happening what, std::int64_t id = 0) {
    must_return(time);
    const Event event{time, what, &account_, seat_, id};
    if (!first_ || EventOrder()(event, *first_)) first_ = event;
  }

  void must_return(TimePoint at) {
    if (!due_ || at < *due_) due_ = at;
  }

  Core& core_;
  Account& account_;
  Seat* seat_;
  std::optional<Event> first_;
  std::optional<TimePoint> due_;
};

std::optional<TimePoint>& place_of(Account& account, Seat* seat) {
  return seat != nullptr ? seat->slot : account.slot;
}

std::optional<Event>& event_of(Account& account, Seat* seat) {
  return seat != nullptr ? seat->event : account.event;
}

// Finds the slot's next moment: among what happens now, or on the agenda.
void look_at(Core& core, Account& account, Seat* seat) {
  const Look look(core, account, seat);
  auto& event = event_of(account, seat);
  if (event) core.happening.erase(*event);
  event = look.first() && look.first()->time <= core.now ? look.first() : std::nullopt;
  if (event) core.happening.insert(*event);

  const auto due = event ? std::nullopt : look.due();
  auto& place = place_of(account, seat);
  if (place == due) return;
  if (place) core.agenda.erase(Slot{*place, &account, seat});
  place = due;
  if (due) core.agenda.insert(Slot{*due, &account, seat});
}

// Looking changes no seat, so the lists do not grow meanwhile.
void look_at_dirty(Core& core) {
  for (const auto& [account, seat] : core.dirty) {
    seat->is_dirty = false;
    look_at(core, *account, seat);
  }
  core.dirty.clear();
}

void look_at_dirty_guards(Core& core) {
  for (Account* account : core.dirty_guards)
    look_at(core, *account, nullptr);
  core.dirty_guards.clear();
}

void look_at_due(Core& core) {
  std::vector<Slot> here;
  for (const Slot& slot : core.agenda) {
    if (slot.due > core.now) break;
    here.push_back(slot);
  }
  for (const Slot& slot : here)
    look_at(core, *slot.account, slot.seat);
}

// Its slot is looked at again after it.
Event take_first(Core& core) {
  const Event event = *core.happening.begin();
  core.happening.erase(core.happening.begin());
  event_of(*event.account, event.seat).reset();
  if (event.seat != nullptr) {
    touch(core, *event.account, *event.seat);
  } else {
    core.dirty_guards.push_back(event.account);
  }
  return event;
}

void start_again(const Core& core, Watch& watch) {
  watch.searched = core.now;
  watch.hit.reset();
}

void go_on_from(Watch& watch, TimePoint from) {
  if (watch.hit && watch.hit->time < from) return;
  watch.hit.reset();
  watch.searched = std::min(watch.searched, from - Millis(1));
}

}  // namespace

bool SlotOrder::operator()(const Slot& a, const Slot& b) const {
  const auto key = [](const Slot& slot) {
    return std::tuple(slot.due, slot.account->number, slot.seat ? slot.seat->symbol : Symbol());
  };
  return key(a) < key(b);
}

bool EventOrder::operator()(const Event& a, const Event& b) const {
  const auto key = [](const Event& event) {
    return std::tuple(event.time, event.what, event.account->number,
                      event.seat ? event.seat->symbol : Symbol(), event.id);
  };
  return key(a) < key(b);
}

void touch(Core& core, Account& account, Seat& seat) {
  if (seat.is_dirty) return;
  seat.is_dirty = true;
  core.dirty.emplace_back(&account, &seat);
}

void touch_guards(Core& core, Account& account) {
  if (account.guards_stale) return;
  account.guards_stale = true;
  core.dirty_guards.push_back(&account);
}

std::optional<Event> next_event(Core& core, TimePoint target) {
  for (;;) {
    look_at_dirty(core);
    // What comes before a look at an account's margin does not wait for it: funding of many
    // positions is followed by one look at them, not by one each.
    if (core.happening.empty() || core.happening.begin()->what >= Happening::cross_check)
      look_at_dirty_guards(core);
    if (!core.happening.empty()) return take_first(core);
    if (core.agenda.empty() || core.agenda.begin()->due > target) return std::nullopt;
    core.now = std::max(core.now, core.agenda.begin()->due);
    look_at_due(core);
  }
}

void resume_agenda(Core& core) {
  while (!core.happening.empty())
    (void)take_first(core);
}

void search_again(Core& core, Account& account, Seat& seat) {
  for (Leg& leg : seat.legs) {
    if (leg.liquidation) start_again(core, *leg.liquidation);
    if (leg.margin_call) start_again(core, *leg.margin_call);
  }
  for (auto& [id, order] : seat.regular.open)
    start_again(core, order.watch);
  for (auto& [id, order] : seat.conditional.open) {
    start_again(core, order.watch);
    if (order.is_held_back) {
      order.watch.hit = PathPoint{core.now + Millis(1), order.watch.level};
    } else if (order.trail) {
      retrace_trail(core, order);
    }
  }
  seat.searched = core.now;
  seat.funding.clear();
  seat.closing.reset();
  touch(core, account, seat);
  // The guards' levels hold as they are; new ones would move the moments of the next checks.
  for (CrossGuard& guard : account.guards)
    if (guard.symbol == seat.symbol) start_again(core, guard.watch);
  core.dirty_guards.push_back(&account);
}

void search_on(Core& core, Account& account, Seat& seat, TimePoint from) {
  for (Leg& leg : seat.legs) {
    if (leg.liquidation) go_on_from(*leg.liquidation, from);
    if (leg.margin_call) go_on_from(*leg.margin_call, from);
  }
  for (auto& [id, order] : seat.regular.open)
    go_on_from(order.watch, from);
  for (auto& [id, order] : seat.conditional.open) {
    go_on_from(order.watch, from);
    if (order.is_held_back) order.watch.hit = PathPoint{from, order.watch.level};
  }
  // The rate of the coming settlement, and the contract's end, may be other ones by now.
  seat.searched = core.now;
  seat.funding.clear();
  seat.closing.reset();
  touch(core, account, seat);
  bool is_guarded = false;
  for (CrossGuard& guard : account.guards) {
    if (guard.symbol != seat.symbol) continue;
    go_on_from(guard.watch, from);
    is_guarded = true;
  }
  if (is_guarded) core.dirty_guards.push_back(&account);
}

Price watched_price(const Core& core, Symbol symbol, bool on_mark) {
  if (on_mark) return core.market.mark(symbol, core.now).value_or(Price());
  const auto last = core.market.last(symbol, core.now);
  return last ? last->price : Price();
}

}  // namespace bb::sim::impl
