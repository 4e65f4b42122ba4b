// Delays of single routes: fixed, or spread evenly over a range, drawn from a seed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/http.h"

namespace bb::paper {

struct LatencyRule {
  std::optional<net::Method> method{};
  std::string path;  // whole; empty = every route
  Micros before{0};  // between arrival and acting
  Micros after{0};   // between acting and answering
  Micros spread{0};  // up to so much more, on each side by its own draw
};

class Latencies {
 public:
  struct Delay {
    Micros before{0}, after{0};
  };
  explicit Latencies(std::uint64_t seed = 1) : random_(seed) {}

  /// In place of an earlier rule for the same method and path.
  void set(LatencyRule rule);
  void clear() { rules_.clear(); }
  const std::vector<LatencyRule>& rules() const { return rules_; }
  /// The sum of all rules that match.
  Delay draw(net::Method method, std::string_view path);

 private:
  std::vector<LatencyRule> rules_;
  Random random_;
};

}  // namespace bb::paper
