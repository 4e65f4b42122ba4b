// Signed market orders per second through HTTP, with 500 stream subscribers.
#include <fmt/format.h>

#include "paper_load.h"

int main() {
  const auto load = bb::bench::measure_paper();
  fmt::print(
      "{{\"name\":\"paper_orders_per_second\",\"value\":{:.3f},\"unit\":\"orders/"
      "s\",\"reach\":20000,"
      "\"orders\":{},\"orders_per_cpu_second\":{:.0f},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},"
      "\"rss_mb\":{:.1f},\"rss_loaded_mb\":{:.1f},\"symbols\":{},\"subscribers\":{}}}\n",
      load.orders_per_second, load.orders, load.orders_per_cpu_second, load.p50_ms, load.p99_ms,
      load.rss_mb, load.rss_loaded_mb, load.symbols, load.subscribers);
}
