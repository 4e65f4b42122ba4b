// Guard: in a simulated run the machine's clocks, its randomness, threads and sockets do not exist.
// The linker leads every call of them here (--wrap, and for shared libraries by the names
// themselves); while the guard is up such a call ends the process with its name.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace bb::simulation {

/// Up as long as the object lives. system_entropy() draws from `entropy` meanwhile.
class Guard {
 public:
  explicit Guard(Random& entropy);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
};

/// For who measures how long simulations take, guard or not.
double real_seconds();
double cpu_seconds();

}  // namespace bb::simulation
