// Faults that a test or an operator plants on streams. Connections stay up; what would be told
// comes wrongly, or not at all.
#pragma once

#include "base/time.h"

namespace bb::paper {

struct StreamFault {
  bool silent = false;  // nothing is told
  int drop = 0;         // the next so many events are lost
  int duplicate = 0;    // the next so many come twice
  int truncate = 0;     // of the next so many only the first half is told
  int swap = 0;         // of so many pairs of events the second comes first
  Micros delay{0};      // everything comes so much later, in order
};

struct StreamFaults {
  StreamFault user{};
  StreamFault market{};
};

}  // namespace bb::paper
