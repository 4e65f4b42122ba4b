// World: one simulated world of one seed, from its first instant to its verdict: the exchange, the
// host with its disk, a program per account, the network, people, and everything that goes wrong.
//
// Two phases. Safety: faults happen, and what must always hold is judged at each event. Liveness:
// faults are over; within kConverge everything is protected and the books agree, and within
// kSettle every order has its end.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "simulation/judge.h"
#include "simulation/program.h"

namespace bb::simulation {

inline constexpr Minutes kConverge{6};
inline constexpr Minutes kSettle{75};

struct Verdict {
  std::vector<Violation> violations;
  std::string hash;
  double account_days = 0;
  std::uint64_t requests = 0, faults = 0, crashes = 0, restarts = 0, events = 0, checks = 0;
  std::uint64_t entries = 0, fills = 0;
  std::uint64_t disk_writes = 0, disk_syncs = 0, wire_bytes = 0;
  Micros longest_unprotected{0};
  std::array<std::uint64_t, kSites> hits{};
  std::vector<Hit> hit_list;
};

/// What a run may be asked beside its plan.
struct RunOptions {
  std::function<void(std::string_view)> on_trace;  // every line of the trace
  std::optional<std::set<Hit>> only;               // faults that may happen; the shrinker's
};

/// Where a program may die: between two of its effects, or in one.
struct CrashPoint {
  std::uint64_t number = 0;
  const char* what = "";
};

class World {
 public:
  World(const Plan& plan, const RunOptions& options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Both phases, and the restarts behind them.
  Verdict run();

  // For scenarios, which play themselves.
  void begin();
  /// Lets the world live until then; the programs that end are started again.
  void live_until(TimePoint when);
  void live_for(Micros span) { live_until(queue_.utc() + std::chrono::ceil<Millis>(span)); }
  /// Faults are over from now on.
  void heal();
  void rest(bool settled);
  void restart_twice();
  Verdict verdict();
  enum class Crash { killed, power_lost };
  void crash(Crash how);
  /// Another loss of power: what survives is drawn anew.
  void salt_tears(std::uint64_t salt) { tear_salt_ = salt; }
  /// The program in the middle of whose step this is dies now, or all with the power.
  std::function<void(const CrashPoint&)> on_crash_point;
  void start_program(std::size_t account);
  void ask(std::size_t account, control::Command command);
  control::Command command_of(control::CommandKind kind);

  Queue& queue() { return queue_; }
  paper::Server& server() { return *server_; }
  Disk& disk() { return disk_; }
  Judge& judge() { return *judge_; }
  Program* program(std::size_t account) { return programs_.at(account); }
  const Plan& plan() const { return plan_; }
  TimePoint start() const { return start_; }

 private:
  friend class Nemesis;
  Task<net::ServerReply> answer(net::HttpRequest request);
  void plant(const net::HttpRequest& request);
  void point(const char* what, Actor* actor);
  void revive();
  void tick();

  Plan plan_;
  TimePoint start_;
  Trace trace_;
  Random entropy_;
  Faults faults_;
  Queue queue_;
  Actor& exchange_;
  Disk disk_;
  Wire wire_;
  const sim::Market& market_;
  std::unique_ptr<paper::Server> server_;
  net::HttpHandler handler_;
  Stop never_;
  TaskGroup connections_;
  std::unique_ptr<Judge> judge_;
  std::unique_ptr<class Nemesis> nemesis_;
  std::vector<Program*> programs_;  // of each account; the dead stay in memory as they are
  std::vector<SteadyTime> revive_at_;
  int processes_ = 0;
  bool is_planted_ = false;
  std::uint64_t points_ = 0, requests_ = 0, crashes_ = 0, restarts_ = 0;
  SteadyTime next_look_{};
  SteadyTime recovering_until_{};
  std::uint64_t commands_ = 0;
  std::uint64_t tear_salt_ = 0;
};

}  // namespace bb::simulation
