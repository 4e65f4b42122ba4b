// A PM2 daemon of the test's own: the frames and methods of rpc.sock as PM2 7.0.4 has them, and a
// record of everything that was asked of it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/async.h"

namespace bb::supervise::test {

struct FakeProcess {
  std::string name, group;
  std::string status = "online";
  int pid = 100;
  int restarts = 0;
};

class FakePm2 {
 public:
  /// Listens at `home`/rpc.sock.
  FakePm2(boost::asio::io_context& io, const std::string& home);
  /// Serves until stop(); connections one after the other.
  Task<void> run();
  void stop();

  std::map<int, FakeProcess> processes;
  std::vector<std::string> orders;  // "stopProcessId 3": all but reading
  std::size_t reads = 0;
  bool is_hung = false;       // takes connections and never answers
  bool starts_die = false;    // what is started ends at once
  bool ignores_stop = false;  // says that it stopped, and does not

 private:
  std::string answer(const std::string& request);
  std::string list() const;
  boost::asio::local::stream_protocol::acceptor acceptor_;
};

}  // namespace bb::supervise::test
