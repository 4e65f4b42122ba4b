#include "dashboard/impl/throttle.h"

#include <algorithm>

namespace bb::dashboard {

namespace {

constexpr int kFreeFailures = 3;
constexpr Micros kFirstWait{2'000'000};
constexpr Micros kLongestWait{900'000'000};
constexpr Micros kMemory{3'600'000'000};
constexpr std::size_t kEntriesMax = 4096;
constexpr double kBudget = 10;            // tries at once, by everybody together
constexpr double kBudgetPerSecond = 0.5;  // each costs a tenth of a second of this thread
constexpr double kMicrosPerSecond = 1e6;

}  // namespace

Micros Throttle::take(const std::string& address) {
  const SteadyTime now = clock_.steady_now();
  forget_old(now);
  if (const auto found = entries_.find(address);
      found != entries_.end() && found->second.not_before > now)
    return found->second.not_before - now;
  const auto passed = static_cast<double>((now - filled_).count()) / kMicrosPerSecond;
  budget_ = std::min(kBudget, budget_ + passed * kBudgetPerSecond);
  filled_ = now;
  if (budget_ < 1)
    return Micros(static_cast<std::int64_t>((1 - budget_) / kBudgetPerSecond * kMicrosPerSecond));
  budget_ -= 1;
  return Micros(0);
}

void Throttle::failed(const std::string& address) {
  const SteadyTime now = clock_.steady_now();
  auto& entry = entries_[address];
  ++entry.failures;
  entry.last = now;
  if (entry.failures <= kFreeFailures) return;
  const int doublings = std::min(entry.failures - kFreeFailures - 1, 16);
  entry.not_before = now + std::min(kLongestWait, kFirstWait * (1 << doublings));
}

void Throttle::forget_old(SteadyTime now) {
  std::erase_if(entries_, [&](const auto& each) { return now - each.second.last > kMemory; });
  // Too many addresses at once are one attacker: the oldest go, the common budget stays.
  while (entries_.size() > kEntriesMax)
    entries_.erase(
        std::ranges::min_element(entries_, {}, [](const auto& each) { return each.second.last; }));
}

}  // namespace bb::dashboard
