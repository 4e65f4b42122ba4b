#include <algorithm>
#include <array>
#include <utility>

#include "desk/desk.h"
#include "desk/impl/journal.h"
#include "desk/impl/protective.h"

namespace bb::desk {

namespace {

using Kind = PlaceResult::Kind;

constexpr int kTooManyConditionals = -4045;
constexpr Seconds kOrphanAge{10};  // younger orders may belong to a journey in progress

// Room for a stop where the exchange takes no more of them (F20): stops and take-profits of ours
// that nothing stands behind any more.
Task<void> cancel_orphans(Desk& desk) {
  Parts& parts = desk.parts();
  const auto [positions, orders] =
      co_await both(parts.account.fetch_positions(), parts.account.fetch_open_conditional_orders());
  if (!positions || !orders) co_return;
  for (const auto& order : *orders) {
    const bool is_old = parts.market.exchange_now() - order.create_time > kOrphanAge;
    const bool has_position = std::ranges::any_of(
        *positions, [&](const auto& position) { return position.symbol == order.symbol; });
    if (is_old && !has_position && !parts.store.find_open_holding(order.symbol) &&
        desk.ids().decode(order.client_order_id, order.symbol))
      (void)co_await desk.cancel_order(order.ref());
  }
}

PlaceResult resting(const exchange::OrderView& order) {
  return {Kind::resting, {order.order_id, order.client_order_id, order.trigger_price}, {}};
}

}  // namespace

exchange::OrderRequest protective_request(const store::Holding& holding, OrderKind kind,
                                          Price trigger, WorkingType working_type) {
  exchange::OrderRequest request;
  request.symbol = holding.symbol;
  request.side = Side::buy;
  request.position_side = holding.side;
  request.type =
      kind == OrderKind::take_profit ? OrderType::take_profit_market : OrderType::stop_market;
  request.trigger_price = trigger;
  request.working_type = working_type;
  if (kind == OrderKind::moving_stop) {
    request.qty = holding.qty;
    request.reduce_only = holding.side == PositionSide::both;
  } else {
    request.close_position = true;
  }
  return request;
}

Task<exchange::Outcome<exchange::OrderView>> send_protective(Desk& desk,
                                                             const store::Holding& holding,
                                                             OrderKind kind, Price trigger,
                                                             WorkingType working_type) {
  Parts& parts = desk.parts();
  auto request = protective_request(holding, kind, trigger, working_type);
  const std::string day = utc_date(holding.opened_at);
  int attempt = 0;
  request.client_order_id = desk.next_id(day, Job::patrol, holding.symbol, kind, &attempt);
  auto intent =
      make_intent(parts, request, day, Job::patrol, kind, attempt, holding.run_id, holding.id);
  co_return co_await send_reducing(parts, std::move(intent), std::move(request));
}

Task<Result<std::vector<exchange::OrderView>>> find_protective(Parts& parts, Symbol symbol,
                                                               PositionSide side, OrderKind kind) {
  auto all = co_await parts.account.fetch_open_conditional_orders();
  if (!all) co_return all;
  const bool is_take_profit = kind == OrderKind::take_profit;
  std::erase_if(*all, [&](const exchange::OrderView& order) {
    const bool take_profit =
        order.type == OrderType::take_profit_market || order.type == OrderType::take_profit;
    return order.symbol != symbol || order.position_side != side || order.side != Side::buy ||
           take_profit != is_take_profit || !is_live(order.status);
  });
  co_return all;
}

Task<PlaceResult> Desk::place_protection(const store::Holding& holding, OrderKind kind,
                                         Price trigger, WorkingType working_type) {
  // -4509 and -2022 right after a known fill mean "not visible yet" (design §3.4).
  constexpr std::array kWaits{Millis(50), Millis(100), Millis(200), Millis(400), Millis(800)};
  std::string text;
  bool made_room = false;
  for (const auto wait : kWaits) {
    const auto outcome = co_await send_protective(*this, holding, kind, trigger, working_type);
    if (const auto* order = outcome.done()) co_return resting(*order);
    text = outcome.describe();
    if (outcome.code() == -2021) co_return PlaceResult{Kind::would_trigger, {}, text};
    if (outcome.code() == kTooManyConditionals && !std::exchange(made_room, true)) {
      gate_.note_conditionals(Gate::kConditionalsMax);
      co_await cancel_orphans(*this);
      continue;
    }
    // -4130 says that one stands already; after an Unknown one may: look before sending another.
    if (outcome.unknown() != nullptr || outcome.code() == -4130 || outcome.code() == -4116) {
      auto standing = co_await find_protective(parts_, holding.symbol, holding.side, kind);
      if (standing) {
        bool looser = false;
        for (const auto& order : *standing) {
          if (!order.close_position) continue;
          if (kind == OrderKind::take_profit || order.trigger_price <= trigger)
            co_return resting(order);
          looser = true;
        }
        if (looser) break;  // only one closePosition stop may stand: a quantity stop covers
      }
    } else if (outcome.code() != -4509 && outcome.code() != -2022 && outcome.code() != 0 &&
               outcome.code() != -1021) {
      break;
    }
    co_await sleep_for(parts_.clock, wait);
  }
  if (kind == OrderKind::take_profit) co_return PlaceResult{Kind::failed, {}, text};
  // A quantity stop needs no visible position: better than none until the patrol restores C.
  const auto outcome =
      co_await send_protective(*this, holding, OrderKind::moving_stop, trigger, working_type);
  if (const auto* order = outcome.done()) co_return resting(*order);
  if (outcome.code() == -2021) co_return PlaceResult{Kind::would_trigger, {}, outcome.describe()};
  co_return PlaceResult{Kind::failed, {}, text + "; " + outcome.describe()};
}

}  // namespace bb::desk
