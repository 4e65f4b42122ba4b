// From the scheduled moment to the last of ten stops, in round trips to the exchange.
// The original program: 335; the floor of this design: 1.5.
#include <fmt/format.h>

#include "round_trips.h"

int main() {
  const auto figures = bb::bench::measure_entry();
  fmt::print(
      "{{\"name\":\"entry_round_trips\",\"value\":{:.3f},\"unit\":\"round trips\","
      "\"symbols\":{},\"original\":335,\"floor\":1.5}}\n",
      figures.scheduled_to_last_stop, figures.positions);
}
