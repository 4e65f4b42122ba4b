// Margin arithmetic of linear contracts in single-asset mode (reference §18): pure functions.
#pragma once

#include <optional>

#include "domain/rules.h"

namespace bb {

/// Unrealized PnL of a signed position.
Usdt unrealized_pnl(Qty signed_qty, Price entry, Price mark);
/// Maintenance margin of a position of that notional.
Usdt maintenance_margin(const Brackets& brackets, Usdt notional);

/// One leg of a symbol for the liquidation price; qty is signed.
struct MarginLeg {
  Qty qty;
  Price entry;
};

/// The mark price at which the margin balance equals the maintenance margin, or nothing where no
/// positive price does. `other_margin` and `other_pnl` are maintenance margin and unrealized PnL of
/// the account's other cross positions (zero for isolated).
std::optional<Price> liquidation_price(const Brackets& brackets, Usdt wallet, MarginLeg one_way,
                                       MarginLeg long_leg, MarginLeg short_leg, Usdt other_margin,
                                       Usdt other_pnl);

/// The same for an isolated one-legged position.
std::optional<Price> isolated_liquidation_price(const Brackets& brackets, Usdt isolated_wallet,
                                                Qty signed_qty, Price entry);

/// What the liquidation price of a short will be that fills at `entry` with `leverage` and pays
/// `fee_rate`: known before the exchange is asked.
std::optional<Price> expected_short_liquidation(const Brackets& brackets, Qty qty, Price entry,
                                                int leverage, Ratio fee_rate);

}  // namespace bb
