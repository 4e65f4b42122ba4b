// settle(): after an Unknown placement, asks the exchange until there is evidence. It sends
// nothing.
#pragma once

#include "exchange/trading_account.h"

namespace bb::exchange {

/// Positive evidence of any kind settles an order. "It does not exist" alone never does: the
/// exchange has forgotten live orders for more than half an hour (reliability finding 2), so the
/// answer then is `still_unknown`, a symbol that is left alone and a person who is told.
struct Settled {
  std::optional<OrderView> order;  // found: what it is now
  bool still_unknown() const { return !order.has_value(); }
};

/// Asks by client order id after 0.2, 0.5, 1, 2 and 5 s, until the order has a fill or has ended; a
/// live order without a fill is what it answers with otherwise.
Task<Settled> settle(TradingAccount& account, Clock& clock, OrderRef order);

}  // namespace bb::exchange
