// Dashboard: a Server with a thread and a loop of its own, so that no client of it can delay an
// order. Nothing but the log, which locks, is shared with other threads.
#pragma once

#include <memory>

#include "dashboard/server.h"

namespace bb::dashboard {

class Dashboard {
 public:
  /// Runs when it returns. Errors as Server::open().
  static Result<std::unique_ptr<Dashboard>> start(Options options, Log log);
  /// Ends connections and joins the thread.
  ~Dashboard();
  std::uint16_t port() const;
  /// "http://127.0.0.1:8787/".
  std::string url() const;

 private:
  struct State;
  explicit Dashboard(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bb::dashboard
