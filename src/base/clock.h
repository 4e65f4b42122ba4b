// Clock: the only source of time. Deadlines and ages use steady_now(), schedules and records use
// utc_now(). Two bodies ship: the system's clock, and the virtual one of simulations and `demo`.
//
// Lifetime: a clock outlives everything that was given a reference to it.
// Threads: a clock belongs to the thread of its io_context.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/time.h"

namespace bb {

template <class T>
using Task = boost::asio::awaitable<T>;

using TimerId = std::uint64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint utc_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
  /// Runs `action` once at or after `when` on the loop's thread, never inside call_at itself.
  virtual TimerId call_at(SteadyTime when, std::move_only_function<void()> action) = 0;
  /// Forgets the action if it has not run; unknown ids are ignored.
  virtual void cancel(TimerId id) = 0;

  SteadyTime after(Micros span) const { return steady_now() + span; }
};

/// The wall clock and the monotonic clock of the machine.
class SystemClock final : public Clock {
 public:
  explicit SystemClock(boost::asio::io_context& io);
  ~SystemClock() override;
  TimePoint utc_now() const override;
  SteadyTime steady_now() const override;
  TimerId call_at(SteadyTime when, std::move_only_function<void()> action) override;
  void cancel(TimerId id) override;

 private:
  struct Timers;
  std::unique_ptr<Timers> timers_;
};

/// Virtual time: one ordered queue (time, sequence) of timers and deliveries. Time stands still
/// while anything is ready to run; when nothing is, run() jumps to the next entry.
/// The same program with the same seed sees the same order, always.
class SimClock final : public Clock {
 public:
  SimClock(boost::asio::io_context& io, TimePoint start);
  ~SimClock() override;
  TimePoint utc_now() const override;
  SteadyTime steady_now() const override { return now_; }
  TimerId call_at(SteadyTime when, std::move_only_function<void()> action) override;
  void cancel(TimerId id) override;

  /// Runs until `done()` is true, or until nothing is ready and the queue is empty. Returns whether
  /// done() was reached. An exception that leaves a handler leaves run().
  bool run(const std::function<bool()>& done);
  /// Called before every jump with the time it jumps to; a demo pauses here to be watchable.
  void on_jump(std::function<void(SteadyTime)> hook) { on_jump_ = std::move(hook); }
  /// Moves the wall clock only, as an operator or NTP would; steady time and deadlines stay.
  void step_wall_clock(Millis by) { wall_offset_ += by; }

 private:
  using Key = std::pair<SteadyTime, std::uint64_t>;
  boost::asio::io_context& io_;
  TimePoint start_;
  Millis wall_offset_{0};
  SteadyTime now_{};
  std::uint64_t next_ = 1;
  std::map<Key, std::move_only_function<void()>> queue_;
  std::map<TimerId, SteadyTime> times_;
  std::function<void(SteadyTime)> on_jump_;
};

/// Waits until steady time reaches `when`.
Task<void> sleep_until(Clock& clock, SteadyTime when);
inline Task<void> sleep_for(Clock& clock, Micros span) {
  return sleep_until(clock, clock.after(span));
}

}  // namespace bb
