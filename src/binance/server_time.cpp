#include "binance/server_time.h"

#include <algorithm>

#include "base/check.h"
#include "base/plant.h"

namespace bb::binance {

namespace {
constexpr Minutes kMeasureEvery{30};
constexpr Millis kJump{500};
}  // namespace

TimePoint ServerTime::now() const {
  if (!measured_ || planted("no_time_sync")) return clock_.utc_now();
  return from_ms(
      std::chrono::floor<Millis>(anchor_server_ + (clock_.steady_now() - anchor_steady_)).count());
}

void ServerTime::adopt(std::span<const TimeSample> samples) {
  BB_CHECK(!samples.empty(), "an offset needs at least one sample");
  const auto& best = *std::ranges::min_element(
      samples, {}, [](const TimeSample& s) { return s.received - s.sent; });
  round_trip_ = best.received - best.sent;
  anchor_steady_ = best.sent + round_trip_ / 2;
  anchor_server_ = best.server.time_since_epoch() + Micros(500);  // the middle of what was cut
  wall_offset_ = wall_minus_steady();
  measured_ = true;
  distrusted_ = false;
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
