// Aside: work that takes long and touches nothing of the loop's (a picture, a look through years of
// records), on a thread of its own. The loop goes on; trading never waits for it.
#pragma once

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/park.h"

namespace bb::app {

/// What `work` returns. It is moved to the thread and may share nothing with anybody; exceptions
/// must not leave it.
template <class T, class Work>
Task<T> run_aside(Work work) {
  const auto executor = co_await boost::asio::this_coro::executor;
  std::optional<T> result;
  std::thread thread;  // det-ok: on data of its own, and joined here
  co_await park([&](Resume resume) {
    thread = std::thread(  // det-ok: the same
        [&result, work = std::move(work), resume = std::move(resume),
         loop = boost::asio::prefer(executor,
                                    boost::asio::execution::outstanding_work.tracked)]() mutable {
          result.emplace(work());
          // On the loop, where the coroutine and its handler live.
          boost::asio::post(loop, [resume = std::move(resume)]() mutable { resume(); });
        });
  });
  thread.join();
  co_return std::move(*result);
}

}  // namespace bb::app
