// Resident memory of the exchange with 550 contracts after the load.
#include <fmt/format.h>

#include "paper_load.h"

int main() {
  const auto load = bb::bench::measure_paper();
  fmt::print(
      "{{\"name\":\"paper_rss_mb\",\"value\":{:.3f},\"unit\":\"MB\",\"reach\":150,"
      "\"orders\":{},\"orders_per_cpu_second\":{:.0f},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},"
      "\"rss_mb\":{:.1f},\"symbols\":{},\"subscribers\":{}}}\n",
      load.rss_mb, load.orders, load.orders_per_cpu_second, load.p50_ms, load.p99_ms, load.rss_mb,
      load.symbols, load.subscribers);
}
