// A dashboard over a long history, as a process of its own: five million equity samples (nine and a
// half years of minutes) and a million order events, one more sample each second while it serves.
#pragma once

#include <memory>
#include <string>

#include "process.h"

namespace bb::bench {

inline constexpr int kSamples = 5'000'000;
inline constexpr int kOrderEvents = 1'000'000;

/// Where this program was started as that process, it serves until SIGTERM; else false at once.
bool serves_history(int count, char** arguments);

class DashboardProcess {
 public:
  /// Makes the history and starts this program again as its server.
  DashboardProcess();
  ~DashboardProcess();
  int port() const { return port_; }
  double rss_mb() const { return rss_mb_of(process_->pid()); }
  double fill_seconds() const { return fill_seconds_; }

 private:
  std::string folder_;
  std::unique_ptr<Process> process_;
  int port_ = 0;
  double fill_seconds_ = 0;
};

}  // namespace bb::bench
