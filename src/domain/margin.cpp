#include "domain/margin.h"

#include <limits>

namespace bb {

Usdt unrealized_pnl(Qty signed_qty, Price entry, Price mark) { return (mark - entry) * signed_qty; }

Usdt maintenance_margin(const Brackets& brackets, Usdt notional) {
  const auto& bracket = bracket_for(brackets, notional);
  return notional * bracket.maintenance_rate - bracket.maintenance_amount;
}

namespace {

// Nothing where no positive price divides `amount` so, or only one beyond every decimal: a small
// position in a large account.
std::optional<Price> price_of(Usdt amount, Qty qty) {
  if (qty.is_negative()) return price_of(-amount, -qty);
  if (qty.is_zero() || !amount.is_positive()) return std::nullopt;
  const Decimal largest = Decimal::from_raw(std::numeric_limits<std::int64_t>::max());
  const bool is_fraction = qty.value() < Decimal::from_int(1);
  if (is_fraction && amount.value() >= Decimal::mul(largest, qty.value(), Rounding::down))
    return std::nullopt;
  return amount / qty;
}

// LP = (WB - TMM + UPNL + cum - sum(qty x entry)) / (sum(|qty| x mmr) - sum(qty)), with the bracket
// of the notional *at LP*: the equation is solved in each bracket until it answers with a price of
// that bracket.
std::optional<Price> solve(const Brackets& brackets, Usdt equity, Usdt cost, Qty net, Qty gross) {
  std::optional<Price> nearest;
  for (const auto& bracket : brackets) {
    const Usdt numerator = equity - cost + bracket.maintenance_amount;
    const Qty denominator = gross * bracket.maintenance_rate - net;
    const auto price = price_of(numerator, denominator);
    if (!price || !price->is_positive()) continue;
    nearest = price;
    const Usdt notional = *price * gross;
    if (notional >= bracket.floor && notional < bracket.cap) return price;
  }
  return nearest;
}

}  // namespace

std::optional<Price> liquidation_price(const Brackets& brackets, Usdt wallet, MarginLeg one_way,
                                       MarginLeg long_leg, MarginLeg short_leg, Usdt other_margin,
                                       Usdt other_pnl) {
  const Qty gross = one_way.qty.abs() + long_leg.qty.abs() + short_leg.qty.abs();
  if (gross.is_zero() || brackets.empty()) return std::nullopt;
  const Qty net = one_way.qty + long_leg.qty + short_leg.qty;
  const Usdt cost =
      one_way.entry * one_way.qty + long_leg.entry * long_leg.qty + short_leg.entry * short_leg.qty;
  return solve(brackets, wallet - other_margin + other_pnl, cost, net, gross);
}

std::optional<Price> isolated_liquidation_price(const Brackets& brackets, Usdt isolated_wallet,
                                                Qty signed_qty, Price entry) {
  return liquidation_price(brackets, isolated_wallet, {signed_qty, entry}, {}, {}, {}, {});
}

std::optional<Price> expected_short_liquidation(const Brackets& brackets, Qty qty, Price entry,
                                                int leverage, Ratio fee_rate) {
  const Usdt notional = entry * qty;
  const Usdt wallet = notional / leverage - notional * fee_rate;
  return isolated_liquidation_price(brackets, wallet, -qty, entry);
}

}  // namespace bb
