// What an account earned and how well it was protected, from the exchange's own journal.
#pragma once

#include <vector>

#include "app/audit.h"
#include "sim/exchange.h"

namespace bb::app {

struct Figures {
  Usdt realized_pnl, fees, funding;
  /// The longest time that a position stood without a stop that covers it; from its first fill on.
  Micros unprotected_max{0};
  Symbol unprotected_symbol;
  TimePoint unprotected_from{};
};

/// `now` is the journal's steady time: a position that is unprotected still counts until then.
Figures figures_of(const std::vector<sim::JournalEntry>& journal, int account, Micros now);

/// The journal and the positions as an audit reads them.
ExchangeView view_of(const sim::Exchange& exchange, int account);

}  // namespace bb::app
