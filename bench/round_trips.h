// One entry of ten shorts against a paper exchange in another thread, over real sockets, with 50 ms
// per round trip: half before the exchange acts, half before it answers. Instants are those of the
// exchange's own clock, so "sent at the scheduled moment" arrives half a round trip after it.
#pragma once

#include <cstdint>
#include <vector>

namespace bb::bench {

struct EntryTrial {
  double lost_answers = 0;  // this part of all commands is done, and its answer lost
  std::uint64_t seed = 1;   // which ones
};

struct RoundTrips {
  int positions = 0;
  double scheduled_to_last_stop = 0;  // in round trips
  double fill_to_stop_worst = 0;
  double naked_ms_worst = 0;  // of all positions, also those that never got a stop
  int doubled = 0;            // symbols with more than one entry that filled
  int lost = 0;               // answers
};

/// Throws std::runtime_error when the entry did not happen, or, where no answer is lost, when it
/// did not open everything.
RoundTrips measure_entry(const EntryTrial& trial = {});

/// As often as BB_BENCH_RUNS says (20), each with a seed of its own; a run takes a quarter minute.
std::vector<RoundTrips> measure_entries(EntryTrial trial);
double median(std::vector<double> values);

}  // namespace bb::bench
