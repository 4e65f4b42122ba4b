// Timeline: exchange time as a function of the machine's clock. It runs at the clock's own pace, or
// at another speed, stands still, steps and jumps forward; it never runs backwards.
//
// It is a Clock itself, so that everything whose time is the exchange's (countdown cancels, listen
// keys, the 24 h of a stream) waits on it: its timers run when exchange time gets there, whatever
// the speed, and not at all while it is paused. What belongs to the network (delays of requests,
// time-outs of connections) waits on the machine's clock.
//
// At its own pace (speed 1, not paused) exchange time is the clock's UTC and an offset, so it
// follows jumps of the wall clock forward; at any other it follows steady time.
//
// Lifetime: outlives what waits on it; the clock outlives it. One thread, the clock's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/async.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/result.h"

namespace bb::paper {

struct TimelineOptions {
  Millis offset{0};   // exchange time = clock + this, at the start
  TimePoint begin{};  // exchange time at the start, whatever the clock says; epoch = by the offset
  Decimal speed = Decimal::from_int(1);
  bool paused = false;
  /// Begun at another date than the clock's on purpose: a replay.
  bool is_replay = false;
};

class Timeline final : public Clock {
 public:
  /// Exchange seconds per second.
  static constexpr Decimal kSlowest = Decimal::from_raw(Decimal::kScale / 100);
  static constexpr Decimal kFastest = Decimal::from_raw(Decimal::kScale * 100'000);

  /// The speed is within its bounds.
  Timeline(Clock& clock, const TimelineOptions& options);
  ~Timeline() override;
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  TimePoint utc_now() const override;
  SteadyTime steady_now() const override;
  TimerId call_at(SteadyTime when, std::move_only_function<void()> action) override;
  void cancel(TimerId id) override;

  Decimal speed() const { return speed_; }
  bool paused() const { return paused_; }
  Status set_speed(Decimal speed);
  void pause();
  void resume();
  /// Moves forward, paused or not; the timers on the way run each at its own time. Not backwards,
  /// and not while another move is under way.
  Task<Status> step(Millis span);
  Task<Status> jump(TimePoint to);
  /// Moves exchange time against the clock at once. Backwards it stands still until the clock has
  /// caught up.
  void shift(Millis by);

  /// What the wall clock says, when a signed timestamp may lie near it instead of near exchange
  /// time: at a speed other than 1, paused, or away from the wall clock on purpose.
  std::optional<TimePoint> wall() const;

  /// A jump (not a step) is under way: who tells the present waits for its end.
  bool is_jumping() const { return jumping_; }
  /// Called at the end of every jump, and of every shift forward.
  void on_jump(std::function<void()> hook) { on_jump_ = std::move(hook); }

 private:
  using Key = std::pair<SteadyTime, TimerId>;
  bool follows_clock() const;
  /// Takes the present as the point that the new pace counts from.
  void anchor();
  void arm();
  void run_due();
  void move_by(Micros span);
  Task<Status> move_to(TimePoint to);

  Clock& clock_;
  Decimal speed_;
  bool paused_;
  bool displaced_;
  bool moving_ = false;
  bool jumping_ = false;
  std::function<void()> on_jump_;
  Millis offset_;  // while it follows the clock
  SteadyTime real_anchor_;
  SteadyTime anchor_{};
  TimePoint utc_anchor_;
  mutable TimePoint newest_;

  TimerId next_id_ = 1;
  std::map<Key, std::move_only_function<void()>> queue_;
  std::map<TimerId, SteadyTime> times_;
  std::optional<TimerId> armed_;
};

}  // namespace bb::paper
