// Structured concurrency on one thread: children belong to a gather() or a TaskGroup that the
// parent joins; a child's exception reaches the parent. There is no detached coroutine.
//
// Nothing here cancels a coroutine. A loop asks its Stop at the top and finishes the step in hand;
// a network operation ends because its own deadline closes its stream.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace bb {

/// Something that happens once or many times, for coroutines of the same loop to wait for.
class Event {
 public:
  Event();
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  /// Wakes every coroutine that waits now.
  void notify();
  /// Returns after the next notify().
  Task<void> wait();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "Finish the step in hand, then return": set once, by a signal or an owner; loops ask it.
class Stop {
 public:
  explicit Stop(Clock& clock);
  ~Stop();
  void request();
  bool requested() const { return requested_; }
  /// Sleeps until `when`, or until a stop is requested; says whether the time was reached.
  Task<bool> sleep_until(SteadyTime when);

 private:
  struct Sleeper;
  Clock& clock_;
  bool requested_ = false;
  std::vector<std::weak_ptr<Sleeper>> sleepers_;
};

/// Children that run at the same time on the parent's loop. The parent awaits join() before the
/// group dies; join() rethrows the first exception of a child after all have ended.
class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::any_io_executor executor);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  /// Starts the child: it runs at once, up to its first suspension.
  void spawn(Task<void> child);
  Task<void> join();
  std::size_t running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

namespace detail {
template <class T>
Task<void> store_result(Task<T> task, std::optional<T>& slot) {
  slot.emplace(co_await std::move(task));
}
}  // namespace detail

/// Runs all tasks at the same time and returns their results in order.
template <class T>
Task<std::vector<T>> gather(std::vector<Task<T>> tasks) {
  std::vector<std::optional<T>> slots(tasks.size());
  TaskGroup group(co_await boost::asio::this_coro::executor);
  for (std::size_t i = 0; i < tasks.size(); ++i)
    group.spawn(detail::store_result(std::move(tasks[i]), slots[i]));
  co_await group.join();
  std::vector<T> results;
  results.reserve(slots.size());
  for (auto& slot : slots)
    results.push_back(std::move(*slot));
  co_return results;
}

/// Runs two tasks at the same time.
template <class A, class B>
Task<std::pair<A, B>> both(Task<A> first, Task<B> second) {
  std::optional<A> a;
  std::optional<B> b;
  TaskGroup group(co_await boost::asio::this_coro::executor);
  group.spawn(detail::store_result(std::move(first), a));
  group.spawn(detail::store_result(std::move(second), b));
  co_await group.join();
  co_return std::pair<A, B>(std::move(*a), std::move(*b));
}

/// Runs `task` on a real loop until it ends; its exception leaves here. For main() and tests.
void run_to_end(boost::asio::io_context& io, Task<void> task);
/// The same in virtual time. Ending with an idle queue before the task did is an error (throws).
void run_to_end(SimClock& clock, boost::asio::io_context& io, Task<void> task);

}  // namespace bb
