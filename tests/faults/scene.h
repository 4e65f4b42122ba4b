// What the fault tests share: planting a fault by the name that the paper exchange knows it by, and
// what must hold whatever happens.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "paper/fault_names.h"
#include "regressions/scenes.h"

namespace bb::test {

constexpr const char* kOrder = "/fapi/v1/order";
constexpr const char* kAlgo = "/fapi/v1/algoOrder";
constexpr const char* kPositions = "/fapi/v3/positionRisk";
/// No position of ours stands without a stop for longer (reliability I10).
constexpr Micros kNakedMax = Seconds(3);

inline WorldOptions one_short() {
  auto options = three_shorts();
  options.strategy.top_n = 1;
  return options;
}

/// The named fault, for `count` requests (0 = no end) from the next one on.
inline paper::FaultRule named_fault(std::string_view name, net::Method method, std::string path,
                                    int count = 1) {
  const auto* fault = paper::find_fault(name);
  REQUIRE_MESSAGE(fault != nullptr, name);
  auto rule = fault->rule;
  rule.name = name;
  rule.method = method;
  rule.path_prefix = std::move(path);
  rule.every = 1;
  rule.count = count;
  return rule;
}

inline std::size_t plant(SimWorld& world, std::string_view name, net::Method method,
                         std::string path, int count = 1) {
  return world.server().faults().add(named_fault(name, method, std::move(path), count));
}

/// Entries of ours that filled, by what the exchange remembers.
inline int entries_of(SimWorld& world, const std::string& symbol) {
  world.server().advance();
  int count = 0;
  for (const auto& order : world.exchange().orders(0, Symbol(symbol), false)) {
    const auto decoded = world.desk().ids().decode(order.client_order_id, order.symbol);
    if (decoded && decoded->kind == OrderKind::entry && order.executed_qty.is_positive()) ++count;
  }
  return count;
}

/// How often the id that was sent most often was sent.
inline int most_sends_of_one_id(SimWorld& world) {
  std::map<std::string, int> sends;
  int most = 0;
  for (const auto& request : world.server().request_log())
    if (request.method == net::Method::post && request.path == kOrder)
      most = std::max(most, ++sends[request.client_id]);
  return most;
}

inline int requests_to(SimWorld& world, std::string_view path) {
  return static_cast<int>(std::ranges::count_if(
      world.server().request_log(), [&](const auto& request) { return request.path == path; }));
}

/// A market order of somebody else with this account; negative sells.
inline void trade_by_hand(SimWorld& world, const std::string& symbol, int qty,
                          PositionSide side = PositionSide::both) {
  static int number = 0;
  exchange::OrderRequest order;
  order.symbol = Symbol(symbol);
  order.side = qty < 0 ? Side::sell : Side::buy;
  order.position_side = side;
  order.qty = Qty(Decimal::from_int(std::abs(qty)));
  order.client_order_id = ClientOrderId("by-hand-" + std::to_string(++number));
  world.server().advance();
  REQUIRE(world.exchange().place(0, order).has_value());
}

/// Somebody cancels every conditional order of the symbol.
inline void cancel_by_hand(SimWorld& world, const std::string& symbol) {
  for (const auto& order : world.conditional_orders(symbol))
    REQUIRE(world.exchange().cancel(0, order.ref()).has_value());
}

/// What must hold after everything: nothing was sent twice or entered twice, nothing stood naked.
inline void check_safe(SimWorld& world) {
  CHECK(most_sends_of_one_id(world) <= 1);
  CHECK(world.longest_unprotected() <= kNakedMax);
  world.server().advance();
  for (const auto& row : world.exchange().positions(0)) {
    const std::string& symbol = row.position.symbol.str();
    CHECK_MESSAGE(entries_of(world, symbol) <= 1, symbol);
    if (!row.position.qty.is_zero()) CHECK_MESSAGE(stops_of(world, symbol) >= 1, symbol);
  }
}

inline std::optional<store::Holding> ended_holding(SimWorld& world, const std::string& symbol) {
  const auto all = world.store().load_holdings();
  if (!all) return std::nullopt;
  for (const auto& holding : *all)
    if (holding.symbol == Symbol(symbol) && holding.status != store::HoldingStatus::open)
      return holding;
  return std::nullopt;
}

}  // namespace bb::test
