// Runs a coroutine test body: in virtual time (deterministic, no waiting), or on a real loop for
// tests with sockets. Test bodies are named coroutine functions or lambdas without captures.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>

#include "base/async.h"
#include "base/clock.h"

namespace bb::test {

/// 2025-10-10T00:00:00Z, the day of the crash: a good start for most tests.
TimePoint some_day();

/// A virtual world: its own loop and clock.
struct SimLoop {
  explicit SimLoop(TimePoint start = some_day()) : clock(io, start) {}
  boost::asio::io_context io{1};
  SimClock clock;
};

using SimBody = std::function<Task<void>(SimLoop&)>;
void run_sim(const SimBody& body, TimePoint start = some_day());

struct RealLoop {
  boost::asio::io_context io{1};
  SystemClock clock{io};
};

using RealBody = std::function<Task<void>(RealLoop&)>;
void run_real(const RealBody& body);

/// A folder that is removed with everything in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace bb::test
