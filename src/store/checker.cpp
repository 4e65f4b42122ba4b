#include "store/checker.h"

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include "store/schema.h"

namespace bb::store {

namespace asio = boost::asio;

Checker::Checker(std::string path, Millis busy_timeout, asio::any_io_executor executor)
    : path_(std::move(path)),
      busy_timeout_(busy_timeout),
      executor_(std::move(executor)),
      is_running_(std::make_shared<bool>(false)) {}

Checker::~Checker() {
  if (thread_.joinable()) thread_.join();
}

bool Checker::start(Done done) {
  if (*is_running_) return false;
  if (thread_.joinable()) thread_.join();  // it has ended: its answer was read
  *is_running_ = true;
  thread_ = std::thread([path = path_, busy_timeout = busy_timeout_, running = is_running_,
                         loop = asio::prefer(executor_, asio::execution::outstanding_work.tracked),
                         answer = std::move(done)]() mutable {
    const Status status = check_file(path, busy_timeout);
    asio::post(loop, [running, answer = std::move(answer), status] {
      *running = false;
      answer(status);
    });
  });
  return true;
}

}  // namespace bb::store
