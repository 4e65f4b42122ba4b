// Program: one run of `bubble-buster service` for one account, on a simulated host: the account,
// the service with all its loops, the commands of other processes, the messages, as the service
// command puts them together. What is not here: signals and the door's socket (the world calls what
// lies behind the door).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/config.h"
#include "app/wiring.h"
#include "control/command.h"
#include "simulation/plan.h"
#include "simulation/queue.h"
#include "simulation/wire.h"

namespace bb::service {
class Commands;
}

namespace bb::simulation {

class Program {
 public:
  struct Parts {
    Queue& queue;
    Wire& wire;
    Trace& trace;
    const AccountPlan& plan;
    int process = 0;  // its number on the host
    /// Every line of its log.
    std::function<void(LogLevel, std::string_view)> on_line;
  };
  explicit Program(Parts parts);
  ~Program();

  void start();
  /// SIGTERM: ends soon by itself.
  void stop() { stop_.request(); }
  /// Carries a command out as a process that came through the door would have it done. False where
  /// nobody is there to take it.
  using Told = std::function<void(const control::Report&)>;
  bool carry_out(control::Command command, Told told);

  Actor& actor() { return actor_; }
  int process() const { return parts_.process; }
  const AccountPlan& plan() const { return parts_.plan; }
  const app::Config& config() const { return *config_; }
  bool ended() const { return ended_; }
  bool stopping() const { return stop_.requested(); }
  /// It holds the account and serves.
  bool is_serving() const { return account_ != nullptr && !ended_; }
  app::Account& account() { return *account_; }
  SteadyTime started() const { return started_; }

 private:
  Task<void> run();
  Task<void> serve();
  Task<void> keep(control::Command command, Told told);

  Parts parts_;
  Actor actor_;
  std::unique_ptr<app::Config> config_;
  Log log_;
  Stop stop_;
  std::unique_ptr<net::Dialer> dialer_;
  std::unique_ptr<app::Account> account_;
  service::Commands* commands_ = nullptr;
  std::unique_ptr<TaskGroup> asked_;
  SteadyTime started_{};
  bool ended_ = false;
};

}  // namespace bb::simulation
