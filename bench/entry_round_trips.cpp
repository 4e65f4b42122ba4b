// From the scheduled moment to the last of ten stops, in round trips to the exchange; the median.
// The original program: 335; the floor of this design: 1.5.
#include <fmt/format.h>

#include <algorithm>

#include "round_trips.h"

int main() {
  const auto runs = bb::bench::measure_entries({});
  std::vector<double> values;
  for (const auto& run : runs)
    values.push_back(run.scheduled_to_last_stop);
  fmt::print(
      "{{\"name\":\"entry_round_trips\",\"value\":{:.3f},\"unit\":\"round trips\",\"runs\":{},"
      "\"worst\":{:.3f},\"symbols\":{},\"original\":335,\"floor\":1.5}}\n",
      bb::bench::median(values), runs.size(), std::ranges::max(values), runs.front().positions);
}
