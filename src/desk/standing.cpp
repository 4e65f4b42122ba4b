#include "desk/standing.h"

namespace bb::desk {

namespace {

constexpr Seconds kTriggering{1};

bool is_stop(const exchange::OrderView& order) {
  return order.type == OrderType::stop_market || order.type == OrderType::stop;
}

}  // namespace

bool protects(const exchange::OrderView& order, const store::Holding& holding, TimePoint now) {
  if (order.symbol != holding.symbol || order.position_side != holding.side ||
      order.side != Side::buy || !is_live(order.status))
    return false;
  if (order.status == OrderStatus::triggering && now - order.update_time > kTriggering)
    return false;
  return order.close_position || order.qty >= holding.qty;
}

Standing standing_of(const std::vector<exchange::OrderView>& orders, const store::Holding& holding,
                     TimePoint now) {
  Standing out;
  for (const auto& order : orders) {
    if (!protects(order, holding, now)) continue;
    if (!is_stop(order))
      out.take_profit = &order;
    else if (order.close_position)
      out.full_stop = &order;
    else if (out.qty_stop == nullptr || order.trigger_price < out.qty_stop->trigger_price)
      out.qty_stop = &order;
  }
  return out;
}

}  // namespace bb::desk
