// StreamLine: the way of events from where they are made to the sockets: in order, late by a delay,
// and past the planted faults.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "paper/stream_faults.h"

namespace bb::paper {

template <class Event>
class StreamLine {
 public:
  /// `truncate` takes the end off an event.
  StreamLine(Clock& clock, std::function<void(const Event&)> out,
             std::function<void(Event&)> truncate)
      : clock_(clock), out_(std::move(out)), truncate_(std::move(truncate)) {}
  ~StreamLine() {
    if (timer_) clock_.cancel(*timer_);
  }
  StreamLine(const StreamLine&) = delete;
  StreamLine& operator=(const StreamLine&) = delete;

  StreamFault fault{};

  void push(Event event, Micros delay) {
    if (fault.silent) return;
    if (fault.drop > 0) {
      --fault.drop;
      return;
    }
    if (fault.truncate > 0) {
      --fault.truncate;
      truncate_(event);
    }
    if (fault.swap > 0 && !held_) {
      held_ = std::move(event);
      return;
    }
    const bool twice = fault.duplicate > 0;
    if (twice) --fault.duplicate;
    enqueue(event, delay);
    if (twice) enqueue(event, delay);
    if (held_) {
      if (fault.swap > 0) --fault.swap;
      enqueue(*std::exchange(held_, std::nullopt), delay);
    }
  }

 private:
  void enqueue(Event event, Micros delay) {
    const Micros late = delay + fault.delay;
    if (late <= Micros(0) && queue_.empty()) return out_(event);
    // A delay that has become shorter lets nobody pass.
    auto due = clock_.after(std::max(late, Micros(0)));
    if (!queue_.empty()) due = std::max(due, queue_.back().first);
    queue_.emplace_back(due, std::move(event));
    if (!timer_) arm();
  }

  void arm() {
    timer_ = clock_.call_at(queue_.front().first, [this] {
      timer_.reset();
      while (!queue_.empty() && queue_.front().first <= clock_.steady_now()) {
        const Event event = std::move(queue_.front().second);
        queue_.pop_front();
        out_(event);
      }
      if (!queue_.empty()) arm();
    });
  }

  Clock& clock_;
  std::function<void(const Event&)> out_;
  std::function<void(Event&)> truncate_;
  std::optional<Event> held_;
  std::deque<std::pair<SteadyTime, Event>> queue_;
  std::optional<TimerId> timer_;
};

}  // namespace bb::paper
