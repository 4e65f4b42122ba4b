// One account at the exchange, over a Venue that it shares with market data and other accounts.
#pragma once

#include <memory>

#include "binance/settings.h"
#include "exchange/trading_account.h"

namespace bb::binance {

class Venue;

/// Uses key, secret, recv_window and stream_url of `settings`; `venue` outlives the result. Throws
/// std::invalid_argument with a sentence when the secret is a private key that cannot be used:
/// check_key() says so before.
std::unique_ptr<exchange::TradingAccount> make_account(Venue& venue, const Settings& settings);

/// What is wrong with the account's key, as far as its form tells; without showing it.
Status check_key(const Settings& settings);

}  // namespace bb::binance
