// Queue: the one ordered list of everything that will happen in a simulated world. Each entry
// belongs to an actor (the exchange, one run of the program), which has a loop and clocks of its
// own; nothing of a dead actor ever runs again, and what is due while one stands still runs after.
//
// Order: (time, rank, sequence). Ranks are drawn from the seed where ties are shuffled.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"

namespace bb::simulation {

class Queue;

/// One party of the world. It is never destroyed while a coroutine of it exists: who dies is kept
/// as it is, like the memory of a process that was killed, and reached by nothing.
class Actor {
 public:
  Actor(Queue& queue, std::string name);
  ~Actor();
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  boost::asio::io_context& io() { return io_; }
  Clock& clock();
  const std::string& name() const { return name_; }
  bool alive() const { return alive_; }
  /// From this instant on nothing that it does has an effect, and soon it does nothing any more.
  void die();
  /// Stands still until then, as after SIGSTOP: it notices nothing but the time.
  void freeze(SteadyTime until);
  bool frozen() const;
  /// What its wall clock is wrong by.
  void step_wall_clock(Millis by) { wall_offset_ += by; }
  /// Why its main task ended with an exception; empty = it did not.
  std::string failure;
  int process = 0;  // its number on the host

 private:
  friend class Queue;
  class View;
  Queue& queue_;
  std::string name_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<View> view_;
  bool alive_ = true;
  SteadyTime frozen_until_{};
  Millis wall_offset_{0};
};

class Queue {
 public:
  using Action = std::move_only_function<void()>;

  explicit Queue(TimePoint start) : start_(start) {}
  SteadyTime now() const { return now_; }
  /// True time: what a perfect wall clock would say.
  TimePoint utc() const { return start_ + std::chrono::floor<Millis>(now_.time_since_epoch()); }
  SteadyTime at_utc(TimePoint when) const { return SteadyTime(when - start_); }

  TimerId call_at(SteadyTime when, Actor& actor, Action action);
  void cancel(TimerId id);
  /// Entries of one instant come in an order that the seed decides.
  void shuffle_ties(std::uint64_t seed) { seed_ = seed; }

  /// Lets everybody run who can, then takes the next entry if it is not later than `limit`; else
  /// time is `limit`, and the answer false.
  bool step(SteadyTime limit);
  std::uint64_t steps() const { return steps_; }
  /// Called before somebody else than the last one runs.
  std::function<void(Actor&)> on_turn;

 private:
  friend class Actor;
  struct Key {
    SteadyTime when;
    std::uint64_t rank;
    TimerId id;
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    Actor* actor;
    Action action;
  };
  void run_ready();
  void take_turn(Actor& actor);

  TimePoint start_;
  SteadyTime now_{};
  TimerId next_ = 1;
  std::uint64_t seed_ = 0;
  std::uint64_t steps_ = 0;
  Actor* last_ = nullptr;
  std::map<Key, Entry> entries_;
  std::map<TimerId, Key> keys_;
  std::vector<Actor*> actors_;
};

}  // namespace bb::simulation
