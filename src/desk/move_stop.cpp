#include <algorithm>

#include "base/plant.h"
#include "desk/desk.h"
#include "desk/impl/protective.h"

namespace bb::desk {

namespace {

using Kind = PlaceResult::Kind;

constexpr std::ptrdiff_t kCoversMax = 2;

Task<bool> is_listed(Parts& parts, exchange::OrderRef order) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto found = co_await parts.account.find_order(order);
    if (found && found->has_value() && (*found)->status == OrderStatus::open) co_return true;
    if (found && found->has_value() && !is_live((*found)->status)) co_return false;
    co_await sleep_for(parts.clock, Millis(100));
  }
  co_return false;
}

}  // namespace

Task<PlaceResult> Desk::move_stop(const store::Holding& holding, Price trigger,
                                  WorkingType working_type) {
  const auto old = co_await find_protective(parts_, holding.symbol, holding.side, OrderKind::stop);
  if (!old) co_return PlaceResult{Kind::failed, {}, old.error().text};

  if (planted("cancel_then_place"))
    for (const auto& order : *old)
      (void)co_await cancel_order(order.ref());

  // Covers of earlier moves that could not be cancelled (F36): more of them protect no better.
  const auto covers = std::ranges::count_if(*old, [&](const exchange::OrderView& order) {
    return !order.close_position && ids_.decode(order.client_order_id, holding.symbol);
  });
  if (covers >= kCoversMax)
    co_return PlaceResult{Kind::failed, {}, "covering stops of earlier moves still stand"};

  // Q covers the whole position while C moves. Refused: C stays where it is.
  const auto cover =
      co_await send_protective(*this, holding, OrderKind::moving_stop, trigger, working_type);
  const auto* q = cover.done();
  if (q == nullptr)
    co_return PlaceResult{
        cover.code() == -2021 ? Kind::would_trigger : Kind::failed, {}, cover.describe()};
  if (!co_await is_listed(parts_, q->ref()))
    co_return PlaceResult{Kind::failed, {}, "the covering stop is not listed"};

  for (const auto& order : *old) {
    if (!order.close_position) continue;
    // Somebody else's stop stays; ours then is the quantity stop beside it.
    if (!ids_.decode(order.client_order_id, holding.symbol))
      co_return PlaceResult{Kind::resting, {q->order_id, q->client_order_id, trigger}, {}};
    if (!co_await cancel_order(order.ref()))
      co_return PlaceResult{Kind::failed, {}, "the old stop could not be cancelled"};
  }

  // -4130 for a while after the cancel: it is not visible yet (seen: 1.2 s).
  PlacedOrder placed{q->order_id, q->client_order_id, trigger};
  for (int attempt = 0; attempt < 20; ++attempt) {
    const auto anew =
        co_await send_protective(*this, holding, OrderKind::stop, trigger, working_type);
    if (const auto* c = anew.done()) {
      const PlacedOrder c_placed{c->order_id, c->client_order_id, c->trigger_price};
      if (!co_await is_listed(parts_, c->ref())) break;
      (void)co_await cancel_order(q->ref());
      co_return PlaceResult{Kind::resting, c_placed, {}};
    }
    if (anew.unknown() != nullptr) {
      const auto now =
          co_await find_protective(parts_, holding.symbol, holding.side, OrderKind::stop);
      if (now) {
        for (const auto& order : *now) {
          if (!order.close_position || order.trigger_price != trigger) continue;
          (void)co_await cancel_order(q->ref());
          co_return PlaceResult{
              Kind::resting, {order.order_id, order.client_order_id, trigger}, {}};
        }
      }
    } else if (anew.code() != -4130 && anew.code() != -4509) {
      break;
    }
    co_await sleep_for(parts_.clock, Millis(200));
  }
  // Q protects; the next patrol finds C missing and places it.
  co_return PlaceResult{Kind::resting, placed, "the quantity stop stays until C can be placed"};
}

}  // namespace bb::desk
