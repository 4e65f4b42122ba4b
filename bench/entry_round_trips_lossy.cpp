// The same entry when the answer of one command in ten is lost after it was carried out. Fails when
// a symbol was entered twice, or a position stood without a stop for more than three seconds.
#include <fmt/format.h>

#include <algorithm>

#include "round_trips.h"

int main() {
  constexpr double kNakedMax = 3'000;
  const auto runs = bb::bench::measure_entries({.lost_answers = 0.1});
  std::vector<double> values;
  int lost = 0, doubled = 0, positions = 0;
  double naked = 0;
  for (const auto& run : runs) {
    values.push_back(run.scheduled_to_last_stop);
    lost += run.lost;
    doubled += run.doubled;
    positions += run.positions;
    naked = std::max(naked, run.naked_ms_worst);
  }
  fmt::print(
      "{{\"name\":\"entry_round_trips_lossy\",\"value\":{:.3f},\"unit\":\"round trips\","
      "\"runs\":{},\"worst\":{:.3f},\"worst_s\":{:.2f},\"answers_lost\":{},\"positions\":{},"
      "\"entered_twice\":{},\"naked_ms_worst\":{:.0f}}}\n",
      bb::bench::median(values), runs.size(), std::ranges::max(values),
      std::ranges::max(values) * 0.05, lost, positions, doubled, naked);
  return doubled == 0 && naked <= kNakedMax ? 0 : 1;
}
