// The paper exchange as its users run it, under load: the program in a process of its own, 500
// stream subscribers, and signed orders over keep-alive connections of loopback.
#pragma once

namespace bb::bench {

struct PaperLoad {
  double orders_per_second = 0;      // market orders, signed, matched and answered
  double orders_per_cpu_second = 0;  // of the exchange's one thread
  double p50_ms = 0;
  double p99_ms = 0;
  double rss_mb = 0;         // of the exchange with its subscribers, before any order
  double rss_loaded_mb = 0;  // after the load: it remembers the orders
  int symbols = 0;
  int subscribers = 0;
  long long orders = 0;
};

/// Runs the load for some seconds. Throws when the exchange refuses an order or dies.
PaperLoad measure_paper();

}  // namespace bb::bench
