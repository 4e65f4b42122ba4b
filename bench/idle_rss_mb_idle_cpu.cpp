// Memory and processor time of a service that has nothing to do but look after ten positions: two
// minutes after its start, and over the second of them.
#include <fmt/format.h>

#include "service_run.h"

int main() {
  constexpr std::chrono::seconds kWarmUp{60};
  constexpr std::chrono::seconds kMeasured{60};
  bb::bench::ServiceRun run(std::chrono::milliseconds(1));
  run.enter();
  const auto service = run.start_service();
  service->wait_for("service ready", std::chrono::seconds(60));
  service->let_run(kWarmUp);
  const double before = bb::bench::cpu_seconds_of(service->pid());
  service->let_run(kMeasured);
  const double cpu = bb::bench::cpu_seconds_of(service->pid()) - before;
  const double rss = bb::bench::rss_mb_of(service->pid());
  const std::string where =
      fmt::format("\"symbols\":{},\"positions\":{}", run.symbols(), run.positions());
  fmt::print("{{\"name\":\"idle_rss_mb\",\"value\":{:.1f},\"unit\":\"MB\",\"reach\":40,{}}}\n", rss,
             where);
  fmt::print("{{\"name\":\"idle_cpu\",\"value\":{:.2f},\"unit\":\"percent of a core\",{}}}\n",
             100 * cpu / std::chrono::duration<double>(kMeasured).count(), where);
}
