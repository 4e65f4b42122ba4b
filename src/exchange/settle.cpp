#include "exchange/settle.h"

#include <array>

namespace bb::exchange {

Task<Settled> settle(TradingAccount& account, Clock& clock, OrderRef order) {
  constexpr std::array kWaits{Millis(200), Millis(300), Millis(500), Millis(1000), Millis(3000)};
  for (const auto wait : kWaits) {
    co_await sleep_for(clock, wait);
    auto found = co_await account.find_order(order);
    if (found && found->has_value()) co_return Settled{std::move(*found)};
  }
  co_return Settled{};
}

}  // namespace bb::exchange
