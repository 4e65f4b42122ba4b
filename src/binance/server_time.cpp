#include "binance/server_time.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/plant.h"

namespace bb::binance {

namespace {
constexpr Minutes kMeasureEvery{30};
constexpr Millis kJump{500};
constexpr Seconds kImplausible{5};

/// The exchange's clock minus our steady clock, as a sample has it.
Micros offset_of(const TimeSample& sample) {
  const auto middle = sample.sent + (sample.received - sample.sent) / 2;
  return Micros(sample.server.time_since_epoch()) - middle.time_since_epoch();
}

bool agree(Micros a, Micros b) { return std::chrono::abs(a - b) <= kImplausible; }
}  // namespace

TimePoint ServerTime::now() const {
  if (!measured_ || planted("no_time_sync")) return clock_.utc_now();
  return from_ms(
      std::chrono::floor<Millis>(anchor_server_ + (clock_.steady_now() - anchor_steady_)).count());
}

bool ServerTime::is_plausible(const TimeSample& sample) const {
  if (!measured_ || distrusted_) return true;
  const auto expected = anchor_server_ - anchor_steady_.time_since_epoch();
  const auto wall_jump = wall_minus_steady() - wall_offset_;  // the machine slept, or was set
  return agree(offset_of(sample), expected) || agree(offset_of(sample), expected + wall_jump);
}

bool ServerTime::adopt(std::span<const TimeSample> samples) {
  BB_CHECK(!samples.empty(), "an offset needs at least one sample");
  std::vector<Micros> offsets;
  for (const auto& sample : samples)
    offsets.push_back(offset_of(sample));
  std::ranges::nth_element(offsets, offsets.begin() + std::ssize(offsets) / 2);
  const auto median = offsets[offsets.size() / 2];
  const TimeSample* best = nullptr;
  for (const auto& sample : samples) {
    if (!agree(offset_of(sample), median)) continue;
    if (best == nullptr || sample.received - sample.sent < best->received - best->sent)
      best = &sample;
  }
  if (!is_plausible(*best)) return false;
  round_trip_ = best->received - best->sent;
  anchor_steady_ = best->sent + round_trip_ / 2;
  anchor_server_ = best->server.time_since_epoch() + Micros(500);  // the middle of what was cut
  wall_offset_ = wall_minus_steady();
  measured_ = true;
  distrusted_ = false;
  return true;
}

bool ServerTime::unusable() const {
  if (!measured_ || distrusted_) return true;
  return std::chrono::abs(wall_minus_steady() - wall_offset_) > kJump;
}

bool ServerTime::aged() const { return unusable() || age() > kMeasureEvery; }

std::optional<Micros> ServerTime::error_bound() const {
  if (!measured_ || distrusted_) return std::nullopt;
  return round_trip_ / 2 + Micros(500) + age() / 10'000;
}

Micros ServerTime::wall_minus_steady() const {
  return Micros(clock_.utc_now().time_since_epoch()) - clock_.steady_now().time_since_epoch();
}

}  // namespace bb::binance
