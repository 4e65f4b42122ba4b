// One account at the exchange, over a Venue that it shares with market data and other accounts.
#pragma once

#include <memory>

#include "binance/settings.h"
#include "exchange/trading_account.h"

namespace bb::binance {

class Venue;

/// Uses key, secret and recv_window of `settings`; `venue` outlives the result.
std::unique_ptr<exchange::TradingAccount> make_account(Venue& venue, const Settings& settings);

}  // namespace bb::binance
