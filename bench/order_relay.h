// A relay between the program and its exchange, in a thread of its own, that notes when things are
// said: a fill when its first word (answer or event) is about to be readable for the program, a
// stop when its last byte has left the program.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace bb::bench {

class OrderRelay {
 public:
  explicit OrderRelay(int exchange_port);
  ~OrderRelay();
  OrderRelay(const OrderRelay&) = delete;
  OrderRelay& operator=(const OrderRelay&) = delete;
  int port() const { return port_; }

  /// From fill to stop in microseconds, of every short since the last call.
  std::vector<double> take_reactions();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Way {
    int to = -1;
    bool to_program = false;
  };
  void run();
  void accept_one();
  void hear(std::string_view bytes, bool to_program, Time now);

  int exchange_port_;
  int listener_ = -1, epoll_ = -1, port_ = 0;
  std::map<int, Way> ways_;  // by the socket that is read
  std::mutex mutex_;
  std::map<std::string, Time> filled_;
  std::vector<double> reactions_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace bb::bench
