#include "base/clock.h"
#include "binance/binance_account.h"

namespace bb::binance {

Task<std::optional<exchange::AccountEvent>> BinanceAccount::next_event(Stop& stop) {
  while (co_await stop.sleep_until(SteadyTime::max())) {
  }
  co_return std::nullopt;
}

}  // namespace bb::binance
