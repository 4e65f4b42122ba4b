// What the exchange remembers of orders.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/exchange_types.h"
#include "sim/market.h"

namespace bb::sim::impl {

/// A price level that something waits for. `hit` is the first crossing after the search began;
/// without one, everything up to `searched` is known to stay short of the level.
struct Watch {
  Price level{};
  bool falling = false;
  bool on_mark = false;
  TimePoint searched{};
  std::optional<PathPoint> hit{};

  TimePoint due() const { return hit ? hit->time : searched; }
};

/// A trailing stop since it was activated: the best price up to `Watch::searched`.
struct Trail {
  TimePoint since{};
  Price best;
};

struct Order {
  OrderView view;
  OrderDetail detail;
  Watch watch;                            // live while the order is open
  std::optional<Trail> trail{};           // activated trailing stops
  std::optional<TimePoint> ends{};        // when it expires of itself
  std::optional<TimePoint> founded_by{};  // when it expires unless there is a position by then
  bool is_held_back = false;  // reached, but last and mark price lie too far apart (price_protect)
  int amendments = 0;

  Qty remaining() const { return view.qty - view.executed_qty; }
};

/// Orders by id.
using Orders = std::map<std::int64_t, Order>;

/// The orders of one kind in one symbol. Orders move from one map to the other; their addresses
/// stay.
struct Shelf {
  Orders open;                                              // resting; untriggered
  Orders closed;                                            // as long as they are remembered
  std::unordered_map<std::string, std::int64_t> by_client;  // the newest with that id; never walked

  const Order* find(std::int64_t id) const;
  Order* find(std::int64_t id) { return const_cast<Order*>(std::as_const(*this).find(id)); }
};

/// A resting or coming order that may only make its leg smaller.
inline bool reduces_only(const OrderView& order) {
  return order.reduce_only || order.close_position ||
         (order.position_side == PositionSide::short_ && order.side == Side::buy) ||
         (order.position_side == PositionSide::long_ && order.side == Side::sell);
}

/// The ids of orders, for loops that close what they walk over.
inline std::vector<std::int64_t> ids_in(const Orders& orders) {
  std::vector<std::int64_t> ids;
  ids.reserve(orders.size());
  for (const auto& [id, order] : orders)
    ids.push_back(id);
  return ids;
}

}  // namespace bb::sim::impl
