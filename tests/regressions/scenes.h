// Scenes that the regression tests share.
#pragma once

#include <doctest/doctest.h>

#include "support/sim_world.h"

namespace bb::test {

/// Three shorts a day, a third of the balance each.
inline WorldOptions three_shorts() {
  WorldOptions options;
  options.strategy.top_n = 3;
  options.strategy.allocation_splits = 3;
  return options;
}

inline paper::FaultRule fault_on(net::Method method, std::string path,
                                 paper::FaultRule::Effect effect) {
  paper::FaultRule rule;
  rule.method = method;
  rule.path_prefix = std::move(path);
  rule.effect = effect;
  return rule;
}

inline paper::FaultRule refusing(std::string path, std::string param, std::string value, int code,
                                 std::string text) {
  auto rule = fault_on(net::Method::post, std::move(path), paper::FaultRule::Effect::refuse);
  rule.param = std::move(param);
  rule.value = std::move(value);
  rule.every = 1;
  rule.status = 400;
  rule.code = code;
  rule.text = std::move(text);
  return rule;
}

inline int stops_of(SimWorld& world, const std::string& symbol) {
  int count = 0;
  for (const auto& order : world.conditional_orders(symbol))
    if (order.type == OrderType::stop_market) ++count;
  return count;
}

inline int take_profits_of(SimWorld& world, const std::string& symbol) {
  int count = 0;
  for (const auto& order : world.conditional_orders(symbol))
    if (order.type == OrderType::take_profit_market) ++count;
  return count;
}

/// With 25 ms each way: the answer of the fill and the way of the stop.
constexpr Micros kProtectedWithin = Millis(150);

}  // namespace bb::test
