// Many clients of one server from one thread of ours: keep-alive connections that ask, and event
// streams that only hear. What they cost is little, so that the server is what is measured.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace bb::bench {

struct LoadOptions {
  int port = 0;
  std::vector<std::string> targets;  // asked in turn by each connection
  int connections = 0;
  double per_second = 0;  // of all connections together; 0 = each asks again when it is answered
  int streams = 0;        // open event streams of `stream_target`
  std::string stream_target = {};
};

class HttpLoad {
 public:
  /// Returns when the streams are open and the first requests are out. Throws what went wrong.
  explicit HttpLoad(LoadOptions options);
  ~HttpLoad() { stop(); }
  HttpLoad(const HttpLoad&) = delete;
  HttpLoad& operator=(const HttpLoad&) = delete;

  /// Throws when the server closed a connection or refused a request.
  void stop();
  /// Time of each answer in ms, from when it was due to be asked. Valid after stop().
  const std::vector<double>& latencies() const { return latencies_; }
  std::size_t pieces() const { return pieces_; }  // of the streams

 private:
  struct Client {
    int fd = -1;
    bool is_stream = false;
    bool waits = false;
    std::size_t next = 0;
    std::string text;
    std::chrono::steady_clock::time_point due;
  };
  void run();
  void open(Client& client, const std::string& target);
  void ask(Client& client);
  void hear(Client& client);

  LoadOptions options_;
  int epoll_ = -1;
  std::vector<Client> clients_;
  std::vector<double> latencies_;
  std::size_t pieces_ = 0;
  std::string fault_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

struct Fetched {
  int status = 0;
  std::string head, body;
};
/// One request on a connection of its own.
Fetched fetch(int port, const std::string& target, bool packed = false);

/// In the order of their size; `part` in [0, 1].
double quantile(std::vector<double> values, double part);

}  // namespace bb::bench
