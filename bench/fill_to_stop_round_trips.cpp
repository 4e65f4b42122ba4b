// From each fill to its resting stop, the worst of ten positions in each of twenty entries, in
// round trips to the exchange. The original program: 127; the floor: 1.0.
#include <fmt/format.h>

#include <algorithm>

#include "round_trips.h"

int main() {
  const auto runs = bb::bench::measure_entries({});
  std::vector<double> values;
  for (const auto& run : runs)
    values.push_back(run.fill_to_stop_worst);
  fmt::print(
      "{{\"name\":\"fill_to_stop_round_trips\",\"value\":{:.3f},\"unit\":\"round trips\","
      "\"runs\":{},\"median_of_worst\":{:.3f},\"symbols\":{},\"original\":127,\"floor\":1.0}}\n",
      std::ranges::max(values), runs.size(), bb::bench::median(values), runs.front().positions);
}
