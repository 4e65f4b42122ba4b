// `bubble-buster service` as its users run it: a process of its own, over verified TLS, on a paper
// exchange of 550 contracts with 10 open positions.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "process.h"
#include "tls_paper.h"

namespace bb::bench {

class ServiceRun {
 public:
  /// Each answer of the exchange takes `round_trip` longer.
  explicit ServiceRun(std::chrono::microseconds round_trip);
  ~ServiceRun();

  /// One daily entry; throws unless 10 positions stand.
  void enter();
  std::unique_ptr<Process> start_service() const;
  int symbols() const;
  int positions() const;

 private:
  std::string folder_;
  std::unique_ptr<TlsPaper> paper_;
};

}  // namespace bb::bench
