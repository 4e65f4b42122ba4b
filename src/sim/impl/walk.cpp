#include "sim/impl/walk.h"

#include "sim/impl/agenda.h"
#include "sim/impl/forced.h"
#include "sim/impl/liquidation.h"
#include "sim/impl/orders.h"
#include "sim/impl/triggers.h"

namespace bb::sim::impl {

namespace {

void run(Core& core, const Event& event) {
  Account& account = *event.account;
  if (event.what == Happening::cross_check) return inspect_cross(core, account);
  Seat& seat = *event.seat;
  const auto leg = [&]() -> Leg& { return seat.legs[static_cast<std::size_t>(event.id)]; };
  switch (event.what) {
    case Happening::funding: {
      const Market::Funding funding = seat.funding.front();
      seat.funding.erase(seat.funding.begin());
      return pay_funding(core, account, seat, funding);
    }
    case Happening::closing:
      return settle_contract(core, account, seat);
    case Happening::liquidation:
      return liquidate_isolated(core, account, seat, leg());
    case Happening::cross_check:
      return;
    case Happening::margin_call:
      return call_margin(core, account, seat, leg());
    case Happening::countdown:
      return run_countdown(core, account, seat);
    case Happening::expiry: {
      const auto found = seat.conditional.open.find(event.id);
      return end_order(
          core, account, seat,
          found != seat.conditional.open.end() ? found->second : seat.regular.open.at(event.id));
    }
    case Happening::conditional:
      return trigger(core, account, seat, seat.conditional.open.at(event.id));
    case Happening::limit:
      return reach_limit(core, account, seat, seat.regular.open.at(event.id));
  }
}

}  // namespace

void advance(Core& core, TimePoint target, Micros precise) {
  if (target < core.now) return;
  core.walk_target = target;
  core.walk_precise = precise;
  resume_agenda(core);
  while (const auto event = next_event(core, target))
    run(core, *event);
  core.now = target;
}

}  // namespace bb::sim::impl
