// A strategy in the words and columns that every surface shows. Clean text, no secrets.
#pragma once

#include <string>

#include "supervise/strategies.h"

namespace bb::supervise {

/// One line's columns; "-" where there is nothing to say.
struct Columns {
  std::string name, state, uptime, restarts, cpu, memory, health, host;
};
Columns columns_of(const Strategy& strategy, TimePoint now);

/// "grid-btc · running · up 3 h 5 min · 2 restarts · 1.5 % · 41 MB · healthy · box2".
std::string line_of(const Strategy& strategy, TimePoint now);

/// Everything known of it, a line each: a card.
std::string card_of(const Strategy& strategy, TimePoint now);

/// The worst of its processes' states; nothing when it has none.
std::optional<State> state_of(const Strategy& strategy);

}  // namespace bb::supervise
