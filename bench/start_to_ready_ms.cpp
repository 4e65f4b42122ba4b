// From the start of the process to reconciled and armed, after a clean end, with ten positions and
// 1 ms to the exchange: how long a restart leaves the book alone.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "service_run.h"

int main() {
  constexpr int kRuns = 7;
  constexpr std::chrono::seconds kNextMinute{61};
  bb::bench::ServiceRun run(std::chrono::milliseconds(1));
  run.enter();
  // The entry and too many starts would use up the minute's weight, and queries wait then.
  {
    const auto service = run.start_service();
    service->let_run(kNextMinute);
    if (service->end() != 0) throw std::runtime_error("the service did not end well");
  }
  std::vector<double> times;
  for (int i = 0; i < kRuns; ++i) {
    const auto service = run.start_service();
    const auto ready = service->wait_for("service ready", std::chrono::seconds(60));
    times.push_back(std::chrono::duration<double, std::milli>(ready - service->begun()).count());
    if (service->end() != 0) throw std::runtime_error("the service did not end well");
  }
  std::ranges::sort(times);
  fmt::print(
      "{{\"name\":\"start_to_ready_ms\",\"value\":{:.0f},\"unit\":\"ms\",\"reach\":300,"
      "\"worst_ms\":{:.0f},\"runs\":{},\"symbols\":{},\"positions\":{}}}\n",
      times[times.size() / 2], times.back(), kRuns, run.symbols(), run.positions());
}
