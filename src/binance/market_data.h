// The exchange's public side over a Venue.
#pragma once

#include <memory>

#include "exchange/market_data.h"

namespace bb::binance {

class Venue;

/// `venue` outlives the result.
std::unique_ptr<exchange::MarketData> make_market_data(Venue& venue);

}  // namespace bb::binance
