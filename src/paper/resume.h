// How a paper exchange goes on from its file: the same market, the same accounts, every act again.
#pragma once

#include "paper/control.h"
#include "paper/keeper.h"

namespace bb::paper {

/// What makes two markets the same for a file: contracts, bars, dates, path.
std::string fingerprint(const sim::Market& market, const Options& options);

/// Before the market is opened: the days of the file's era, unless it is left for another market.
Status prepare_days(Keeper& keeper, Options& options, TimePoint wall_now);

/// Before the server: refuses another market or other accounts with a sentence, or (with
/// `db_rebase`, and in a new file) begins an era in which accounts keep what they were worth.
Status prepare_server(Keeper& keeper, Options& options, const sim::Market& market,
                      const Clock& clock);

/// After the server was made: lives through the acts of the era, then keeps new ones. Fails with a
/// sentence when they do not lead where they led before.
Status resume(Keeper& keeper, Server& server, ControlParts& control);

}  // namespace bb::paper
