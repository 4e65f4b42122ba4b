// What the service's page and the demo's have in common: the exchange's rows as the page shows
// them, and what the configuration says of both.
#pragma once

#include "app/config.h"
#include "dashboard/server.h"
#include "exchange/types.h"

namespace bb::app {

dashboard::LivePosition shown(const exchange::Position& position);
dashboard::LiveOrder shown(const exchange::OrderView& order);
std::vector<dashboard::Candle> shown(const std::vector<exchange::Kline>& klines);

/// Schedule, time zone, curves; not whose page it is, nor where it listens. `config` outlives it.
dashboard::Options page_options(const Config& config);

}  // namespace bb::app
