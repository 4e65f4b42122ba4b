// Random: a seeded generator whose sequence is the same on every platform (xoshiro256**).
// system_entropy() is the only place that asks the machine for randomness.
#pragma once

#include <array>
#include <cstdint>

namespace bb {

class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();
  /// Uniform in [0, bound); bound must be positive.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
  bool chance(double probability) { return unit() < probability; }
  /// Standard normal (sum of uniforms, exact to what a market model needs).
  double normal();

 private:
  std::array<std::uint64_t, 4> state_;
};

/// 64 bits from the operating system, for instance ids and nonces of real runs.
std::uint64_t system_entropy();

}  // namespace bb
