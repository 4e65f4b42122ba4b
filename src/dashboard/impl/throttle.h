// Throttle: how often a password may be tried. Per address it doubles up to a quarter of an hour,
// and for everybody together there is a small budget, so that many addresses gain nothing.
#pragma once

#include <map>
#include <string>

#include "base/clock.h"

namespace bb::dashboard {

class Throttle {
 public:
  explicit Throttle(Clock& clock) : clock_(clock) {}
  /// How long this address has to wait; zero = it may try now, and one try is taken.
  Micros take(const std::string& address);
  void failed(const std::string& address);
  void succeeded(const std::string& address) { entries_.erase(address); }

 private:
  struct Entry {
    int failures = 0;
    SteadyTime not_before{};
    SteadyTime last{};
  };
  void forget_old(SteadyTime now);

  Clock& clock_;
  std::map<std::string, Entry> entries_;
  double budget_ = 10;
  SteadyTime filled_{};
};

}  // namespace bb::dashboard
