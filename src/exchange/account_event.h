// AccountEvent: what an account's own stream tells, in the order in which the exchange sent it per
// kind of event (reference §14). Events are a fast path: whoever acts on them must come to the same
// end when they never arrive, arrive twice, late, or in another order.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "exchange/types.h"

namespace bb::exchange {

/// An order, regular or conditional, changed; with the execution that changed it, if one did.
/// `order.update_time` is the transaction time. A conditional order that fires appears twice: as
/// itself (its child_order_id names the regular one) and as the regular order it became.
struct OrderChanged {
  OrderView order;
  std::optional<Fill> fill;
  std::string
      reason;  // why it ended (of a conditional: `rm`), in the exchange's words; often empty
};

/// Amounts of positions as the exchange reports them after a change: qty may be zero here. Only
/// symbol, side, qty, entry, unrealized_pnl, isolated_wallet and update_time are told.
struct PositionsChanged {
  std::vector<Position> positions;
  std::string reason;  // ORDER, FUNDING_FEE, MARGIN_TRANSFER, ADL..., in the exchange's words
};

/// Leverage of a symbol, or the account's multi-assets mode, changed.
struct SettingsChanged {
  std::optional<SymbolSettings> symbol;  // margin is not told
  std::optional<bool> multi_assets;
};

/// The exchange warns that positions are near their liquidation.
struct MarginCalled {
  std::vector<Symbol> symbols;
};

/// Events after `since` may be missing: the stream begins (epoch), was cut, silent, or has no key.
/// Whoever reads must look at the account itself.
struct Gap {
  TimePoint since{};
  std::string why;
};

using AccountEvent =
    std::variant<OrderChanged, PositionsChanged, SettingsChanged, MarginCalled, Gap>;

}  // namespace bb::exchange
