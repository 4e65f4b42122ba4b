// Watch: what somebody else need not look at all night. It hears the runners' events, samples what
// has none, and tells changes: once when something is wrong, once when it is well again.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "supervise/strategies.h"

namespace bb::supervise {

enum class Trouble {
  failed,       // ended by itself and stays so
  stopped,      // not by us
  crash_loop,   // more restarts than allowed within the window
  unhealthy,    // its health check says so
  stalled,      // no log line for too long
  cpu,          // above the limit, three samples in a row
  memory,       // the same
  vanished,     // its runner answers, and does not have it any more
  runner_down,  // the runner does not answer, twice in a row
};
std::string_view str(Trouble trouble);

/// One change, for the person on call.
struct Change {
  enum class Kind { trouble, crashed, recovered };  // crashed: and its runner restarted it
  Kind kind = Kind::trouble;
  std::string runner, name;  // no name: the runner itself
  Trouble trouble = Trouble::failed;
  std::string text;  // clean
};

/// Decides what changed between looks. Pure: no clock, no I/O; the first look is where it begins
/// and tells nothing.
class WatchMemory {
 public:
  struct Look {
    const Listing* listing = nullptr;
    TimePoint now;
    std::set<std::string> ours;                    // keys of strategies that we act on right now
    std::map<std::string, TimePoint> last_log_at;  // by key, where the rule is on and it is known
  };
  std::vector<Change> judge(const Look& look);
  /// What is wrong now, for a heartbeat: "grid-btc: failed".
  std::vector<std::string> open_troubles() const;
  static std::string key_of(const Strategy& strategy) {
    return strategy.runner + "/" + strategy.name;
  }

 private:
  struct Seen {
    std::string runner, name;
    std::optional<State> state;
    bool was_up = false;  // when it was last up or down: on its way it is neither
    std::int64_t restarts = 0;
    std::deque<TimePoint> restarted;  // within the window
    int cpu_high = 0, memory_high = 0;
    std::set<Trouble> open;
    bool present = false;
  };
  struct Hold;  // what is judged of one strategy in one look
  void judge_runners(const Look& look, std::vector<Change>& out);
  void judge_state(Hold& hold);
  void judge_restarts(Hold& hold);
  void judge_limits(Hold& hold);
  void judge_missing(const Look& look, std::vector<Change>& out);

  bool began_ = false;
  std::map<std::string, Seen> seen_;
  std::map<std::string, int> runner_failures_;
};

/// How long before the n-th attempt (1, 2, ..) to start a failed strategy again.
Millis restart_pause(std::int64_t attempt);

class Watch {
 public:
  /// `kind`: "failed", "crash_loop", .., "crashed", "recovered", "restarted", "gave_up",
  /// "heartbeat". `text`: one message, with the last lines of the log where there are any.
  using Alert = std::function<void(std::string kind, std::string text)>;

  struct Parts {
    boost::asio::io_context& io;
    Clock& clock;
    const Log& log;
    const SuperviseSettings& settings;
    Strategies& strategies;
    Alert alert;
  };
  explicit Watch(Parts parts);
  ~Watch();
  /// Until a stop is requested. Nothing of it throws for what a runner does.
  Task<void> run(Stop& stop);

 private:
  struct Bell;
  Task<void> hear(const Strategies::Runner& runner, Stop& stop);
  Task<void> sample_and_end(Stop& stop, TaskGroup& hearers);
  Task<void> sample(Stop& stop);
  Task<void> look(Stop& stop, TaskGroup& group);
  Task<void> tell(Change change);
  Task<bool> is_failed(std::string word);
  Task<void> revive(Strategy strategy, Stop& stop);
  Task<std::map<std::string, TimePoint>> fetch_log_times(const Listing& listing);
  void beat(const Listing& listing);

  Parts parts_;
  std::unique_ptr<Bell> bell_;
  WatchMemory memory_;
  std::set<std::string> reviving_;
  std::map<std::string, SteadyTime> log_asked_;
  std::map<std::string, TimePoint> log_times_;
  std::string last_beat_;  // the UTC date
  bool began_ = false;
  bool ending_ = false;
};

}  // namespace bb::supervise
