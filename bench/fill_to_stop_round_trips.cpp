// From the fill of a short to its resting stop, the worst of ten, in round trips to the exchange.
// The original program: 127; the floor of this design: 1.0.
#include <fmt/format.h>

#include "round_trips.h"

int main() {
  const auto figures = bb::bench::measure_entry();
  fmt::print(
      "{{\"name\":\"fill_to_stop_round_trips\",\"value\":{:.3f},\"unit\":\"round trips\","
      "\"symbols\":{},\"original\":127,\"floor\":1.0}}\n",
      figures.fill_to_stop_worst, figures.positions);
}
