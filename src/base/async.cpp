#include "base/async.h"

#include <boost/asio/co_spawn.hpp>
#include <stdexcept>

#include "base/park.h"

namespace bb {

namespace asio = boost::asio;
struct Event::State {
  std::vector<Resume> waiting;
};

Event::Event() : state_(std::make_unique<State>()) {}
Event::~Event() = default;

void Event::notify() {
  auto waiting = std::exchange(state_->waiting, {});
  for (auto& resume : waiting)
    resume();
}

Task<void> Event::wait() {
  co_await park([this](Resume resume) { state_->waiting.push_back(std::move(resume)); });
}

struct Stop::Sleeper {
  Resume resume;
  bool reached = false;
};

Stop::Stop(Clock& clock) : clock_(clock) {}
Stop::~Stop() = default;

void Stop::request() {
  requested_ = true;
  for (auto& weak : std::exchange(sleepers_, {})) {
    const auto sleeper = weak.lock();
    if (sleeper && sleeper->resume) sleeper->resume();
  }
}

Task<bool> Stop::sleep_until(SteadyTime when) {
  if (requested_) co_return false;
  auto sleeper = std::make_shared<Sleeper>();
  std::erase_if(sleepers_, [](const auto& weak) { return weak.expired(); });
  sleepers_.push_back(sleeper);
  TimerId timer = 0;
  co_await park([&](Resume resume) {
    sleeper->resume = std::move(resume);
    timer = clock_.call_at(when, [sleeper] {
      sleeper->reached = true;
      if (sleeper->resume) sleeper->resume();
    });
  });
  if (!sleeper->reached) clock_.cancel(timer);
  co_return sleeper->reached;
}

struct TaskGroup::State {
  explicit State(asio::any_io_executor e) : executor(std::move(e)) {}

  asio::any_io_executor executor;
  std::size_t running = 0;
  std::exception_ptr failure;
  Resume joiner;
};

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(Task<void> child) {
  ++state_->running;
  asio::co_spawn(state_->executor, std::move(child), [state = state_](std::exception_ptr error) {
    if (error && !state->failure) state->failure = error;
    if (--state->running == 0 && state->joiner) state->joiner();
  });
}

Task<void> TaskGroup::join() {
  if (state_->running > 0)
    co_await park([this](Resume resume) { state_->joiner = std::move(resume); });
  if (state_->failure) std::rethrow_exception(std::exchange(state_->failure, nullptr));
}

std::size_t TaskGroup::running() const { return state_->running; }

void run_to_end(asio::io_context& io, Task<void> task) {
  std::exception_ptr failure;
  bool ended = false;
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
    failure = error;
    ended = true;
    io.stop();
  });
  io.restart();
  io.run();
  if (failure) std::rethrow_exception(failure);
  if (!ended) throw std::logic_error("the loop ran out of work before the task ended");
}

void run_to_end(SimClock& clock, asio::io_context& io, Task<void> task) {
  std::exception_ptr failure;
  bool ended = false;
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
    failure = error;
    ended = true;
  });
  const bool reached = clock.run([&] { return ended; });
  if (failure) std::rethrow_exception(failure);
  if (!reached) throw std::logic_error("virtual time ran out of events before the task ended");
}

}  // namespace bb
