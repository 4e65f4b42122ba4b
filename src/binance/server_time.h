// The exchange's time line: an anchor (its clock at one of our steady instants) that moves on with
// the steady clock. A jump of the wall clock moves nothing, but it is a hint that the machine slept
// or was set, so the next signed request measures again.
#pragma once

#include <optional>
#include <span>

#include "base/clock.h"

namespace bb::binance {

/// One question for the exchange's time.
struct TimeSample {
  SteadyTime sent;
  SteadyTime received;
  TimePoint server;  // whole milliseconds, cut
};

class ServerTime {
 public:
  explicit ServerTime(const Clock& clock) : clock_(clock) {}
  /// The wall clock until the first adopt().
  TimePoint now() const;
  /// Takes the sample with the shortest round trip: its error is at most half of it. Samples that
  /// disagree with the others are left out. False, and nothing taken, when the rest says that the
  /// exchange's clock jumped by more than five seconds and neither our own wall clock did nor has
  /// the exchange refused a stamp of ours (F75): a time answer alone can be wrong.
  [[nodiscard]] bool adopt(std::span<const TimeSample> samples);
  /// The exchange refused our stamp (-1021, -5028).
  void distrust() { distrusted_ = true; }

  /// A signed request would probably carry a wrong stamp: measure before anything else.
  bool unusable() const;
  /// Good enough to act on, old enough to be measured again with the next query.
  bool aged() const;
  Micros age() const { return clock_.steady_now() - anchor_steady_; }
  /// Half the round trip, the cut milliseconds, and 100 us of drift per second since.
  std::optional<Micros> error_bound() const;

 private:
  Micros wall_minus_steady() const;
  bool is_plausible(const TimeSample& sample) const;
  const Clock& clock_;
  bool measured_ = false;
  bool distrusted_ = false;
  SteadyTime anchor_steady_{};
  Micros anchor_server_{0};  // since the epoch
  Micros round_trip_{0};
  Micros wall_offset_{0};
};

}  // namespace bb::binance
