#include "base/clock.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "base/park.h"

namespace bb {

namespace asio = boost::asio;

struct SystemClock::Timers {
  explicit Timers(asio::io_context& context) : io(context) {}

  asio::io_context& io;
  TimerId next = 1;
  std::map<TimerId, std::unique_ptr<asio::steady_timer>> pending;
};

SystemClock::SystemClock(asio::io_context& io) : timers_(std::make_unique<Timers>(io)) {}
SystemClock::~SystemClock() = default;

TimePoint SystemClock::utc_now() const {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return SteadyTime(std::chrono::duration_cast<Micros>(now));
}

TimerId SystemClock::call_at(SteadyTime when, std::move_only_function<void()> action) {
  const TimerId id = timers_->next++;
  auto timer = std::make_unique<asio::steady_timer>(timers_->io);
  // SteadyTime::max() is more than the system's clock can say: it would be in the past.
  const SteadyTime farthest = after(Hours(24 * 365));
  timer->expires_at(
      std::chrono::steady_clock::time_point(std::min(when, farthest).time_since_epoch()));
  timer->async_wait([timers = timers_.get(), id,
                     run = std::move(action)](boost::system::error_code error) mutable {
    // Two timers may expire in one pass of the loop: cancelled is what cancel() erased.
    if (error || timers->pending.erase(id) == 0) return;
    run();
  });
  timers_->pending.emplace(id, std::move(timer));
  return id;
}

void SystemClock::cancel(TimerId id) { timers_->pending.erase(id); }

SimClock::SimClock(asio::io_context& io, TimePoint start) : io_(io), start_(start) {}
SimClock::~SimClock() = default;

TimePoint SimClock::utc_now() const {
  return start_ + wall_offset_ + std::chrono::floor<Millis>(now_.time_since_epoch());
}

TimerId SimClock::call_at(SteadyTime when, std::move_only_function<void()> action) {
  const TimerId id = next_++;
  const SteadyTime due = std::max(when, now_);
  queue_.emplace(Key(due, id), std::move(action));
  times_.emplace(id, due);
  return id;
}

void SimClock::cancel(TimerId id) {
  const auto found = times_.find(id);
  if (found == times_.end()) return;
  queue_.erase(Key(found->second, id));
  times_.erase(found);
}

bool SimClock::run(const std::function<bool()>& done) {
  for (;;) {
    io_.restart();
    io_.poll();
    if (done()) return true;
    if (queue_.empty()) return false;
    auto entry = queue_.extract(queue_.begin());
    const auto [when, id] = entry.key();
    times_.erase(id);
    if (when > now_ && on_jump_) on_jump_(when);
    now_ = when;
    entry.mapped()();
  }
}

Task<void> sleep_until(Clock& clock, SteadyTime when) {
  co_await park([&clock, when](Resume resume) {
    clock.call_at(when, [held = std::move(resume)]() mutable { held(); });
  });
}

}  // namespace bb
