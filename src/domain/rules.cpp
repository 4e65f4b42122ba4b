#include "domain/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace bb {

namespace {

Decimal step_of(const SymbolRules& rules) {
  return std::max(rules.market_lot.step.value(), rules.lot.step.value());
}

}  // namespace

SizedQty size_market_entry(const SymbolRules& rules, Usdt notional, Price price) {
  if (!price.is_positive()) return {{}, "no usable price"};
  Qty qty((notional / price).value().floor_to(step_of(rules)));
  if (rules.market_lot.max.is_positive() && qty > rules.market_lot.max)
    qty = Qty(rules.market_lot.max.value().floor_to(step_of(rules)));
  const Qty min = std::max(rules.market_lot.min, rules.lot.min);
  if (!qty.is_positive() || qty < min)
    return {{},
            fmt::format("{} USDT at {} is below the minimum quantity {}", notional.str(),
                        price.str(), min.str())};
  if (price * qty < rules.min_notional)
    return {{},
            fmt::format("{} USDT is below the minimum notional {}", (price * qty).str(),
                        rules.min_notional.str())};
  return {qty, {}};
}

std::vector<Qty> split_market_close(const SymbolRules& rules, Qty qty) {
  std::vector<Qty> pieces;
  Qty left(qty.value().floor_to(step_of(rules)));
  const Qty max(rules.market_lot.max.value().floor_to(step_of(rules)));
  while (left.is_positive()) {
    const Qty piece = max.is_positive() ? std::min(left, max) : left;
    pieces.push_back(piece);
    left -= piece;
  }
  return pieces;
}

const LeverageBracket& bracket_for(const Brackets& brackets, Usdt notional) {
  BB_CHECK(!brackets.empty(), "a symbol has at least one leverage bracket");
  for (const auto& bracket : brackets)
    if (notional < bracket.cap) return bracket;
  return brackets.back();
}

Usdt max_notional_at(const Brackets& brackets, int leverage) {
  Usdt most;
  for (const auto& bracket : brackets)
    if (bracket.max_leverage >= leverage) most = std::max(most, bracket.cap);
  return most;
}

}  // namespace bb
