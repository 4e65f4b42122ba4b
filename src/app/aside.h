// Aside: work that takes long and touches nothing of the loop's (a picture, a look through years of
// records), on a thread of its own. The loop goes on; trading never waits for it.
#pragma once

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/park.h"

namespace bb::app {

/// What `work` returns or throws. It is moved to the thread and may share nothing with anybody.
template <class T, class Work>
Task<T> run_aside(Work work) {
  const auto executor = co_await boost::asio::this_coro::executor;
  std::optional<T> result;
  std::exception_ptr fault;
  std::thread thread;  // det-ok: on data of its own, and joined here
  co_await park([&](Resume resume) {
    auto loop = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
    const auto back = std::make_shared<Resume>(std::move(resume));
    try {
      thread = std::thread([&, work = std::move(work), back, loop]() mutable {  // det-ok: the same
        try {
          result.emplace(work());
        } catch (...) {
          fault = std::current_exception();
        }
        // On the loop, where the coroutine and its handler live.
        boost::asio::post(loop, [back = std::move(back)] { (*back)(); });
      });
    } catch (...) {  // no thread can be had
      fault = std::current_exception();
      (*back)();
    }
  });
  if (thread.joinable()) thread.join();
  if (fault) std::rethrow_exception(fault);
  co_return std::move(*result);
}

}  // namespace bb::app
