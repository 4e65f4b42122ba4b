// Checker: reads every page of a database file on a thread of its own, because that takes seconds
// where years are kept.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/time.h"

namespace bb::store {

class Checker {
 public:
  Checker(std::string path, Millis busy_timeout, boost::asio::any_io_executor executor);
  /// Waits for the check in hand.
  ~Checker();
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  /// `done` is called on the loop, which has work until then. False, and nothing happens, while a
  /// check is in hand.
  using Done = std::function<void(Status)>;
  bool start(Done done);

 private:
  std::string path_;
  Millis busy_timeout_;
  boost::asio::any_io_executor executor_;
  std::shared_ptr<bool> is_running_;  // of the loop; outlives the checker in answers on their way
  std::thread thread_;
};

}  // namespace bb::store
