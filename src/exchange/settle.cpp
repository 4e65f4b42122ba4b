#include "exchange/settle.h"

#include <array>

namespace bb::exchange {

Task<Settled> settle(TradingAccount& account, Clock& clock, OrderRef order) {
  constexpr std::array kWaits{Millis(200), Millis(300), Millis(500), Millis(1000), Millis(3000)};
  Settled last;
  for (const auto wait : kWaits) {
    co_await sleep_for(clock, wait);
    auto found = co_await account.find_order(order);
    if (!found || !found->has_value()) continue;
    last.order = std::move(*found);
    const bool ended = !is_live(last.order->status) && last.order->status != OrderStatus::unknown;
    if (ended || last.order->executed_qty.is_positive()) break;
  }
  co_return last;
}

}  // namespace bb::exchange
