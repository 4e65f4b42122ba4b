// park(): suspends the calling coroutine and hands out the Resume that wakes it. The own async
// primitives of the house (timers, events, memory streams) are made of it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace bb {

/// A parked coroutine. Calling it resumes the coroutine on its own loop, later, exactly once;
/// destroying it uncalled abandons the coroutine.
class Resume {
 public:
  Resume() = default;
  template <class Handler>
    requires(!std::same_as<std::decay_t<Handler>, Resume>)
  explicit Resume(Handler&& handler)
      : executor_(boost::asio::get_associated_executor(handler)),
        handler_(std::forward<Handler>(handler)) {}
  explicit operator bool() const { return static_cast<bool>(handler_); }
  void operator()() {
    boost::asio::post(executor_, [run = std::exchange(handler_, {})]() mutable { run(); });
  }

 private:
  // Not any_completion_handler: in Boost 1.81 one such handler inside another corrupts the heap.
  boost::asio::any_io_executor executor_;
  std::move_only_function<void()> handler_;
};

/// `keep` is called with the Resume before park() suspends.
template <class Keep>
boost::asio::awaitable<void> park(Keep keep) {
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
      [&keep](auto handler) { keep(Resume(std::move(handler))); }, boost::asio::use_awaitable);
}

}  // namespace bb
