// Strategies: what of all runners may be seen and touched, by the names people use. The one entry
// for the shell and the bot.
//
// Nothing acts on a word: a word chooses among what the runners listed and the configuration
// allows, byte for byte, and the runner gets the id that it listed itself.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "supervise/supervisor.h"

namespace bb::supervise {

/// Who asks. The shell's user already passed the system's own checks.
struct Actor {
  std::string user;  // an operator's user id; "shell" for the shell
  bool is_shell = false;
};
inline Actor shell_actor() { return {"shell", true}; }

/// One name under one runner. Under PM2 several processes may bear it (cluster mode): an action
/// goes to all of them, and each is reported.
struct Strategy {
  std::string name;  // clean_text() before a person sees it: an undeclared one is the runner's
  std::string runner, host, account, group;
  bool touchable = false;              // declared, or selected
  bool shown = true;                   // in a list that does not ask for all
  std::vector<std::string> operators;  // empty = every operator
  std::int64_t grace_sec = 30;
  std::string log_file;
  WatchRules rules;
  std::vector<Process> processes;  // empty = the runner has none of that name
};

struct RunnerTrouble {
  std::string runner;
  Error error;
};

struct Listing {
  TimePoint read_at;
  std::vector<Strategy> strategies;  // by runner, then name
  std::vector<RunnerTrouble> troubles;
  bool has_trouble(const std::string& runner) const;
};
using ListingPtr = std::shared_ptr<const Listing>;

enum class Verdict {
  done,         // it is as asked, and was seen so
  already,      // it was so before; nothing was ordered
  not_reached,  // ordered, and still not so when the time was over
  refused,      // the runner, or this program, said no; nothing was done
  unknown,      // the runner does not say what is
};
std::string_view str(Verdict verdict);

struct ActionResult {
  std::string name, runner, id;
  Action action = Action::start;
  Verdict verdict = Verdict::refused;
  std::optional<Process> now;            // as read last
  std::string text;                      // what IS, one sentence, clean
  ErrorKind kind = ErrorKind::conflict;  // of a refusal or an unknown
};

/// The strategy a word means: `runner:name`, the exact name, or the exact id of one of its
/// processes (Docker: 12 or more of its digits). Errors: unknown, ambiguous, not declared; the last
/// says how to declare. The pointer is into `listing`.
Result<const Strategy*> choose(const Listing& listing, const std::string& word);
/// Every strategy that the word means, touchable or not; the pointers are into `listing`.
std::vector<const Strategy*> meant_by(const Listing& listing, const std::string& word);
/// An error that names the strategy when the actor is none of its operators.
Status check_operator(const Strategy& strategy, const Actor& actor);

class Strategies {
 public:
  struct Parts {
    boost::asio::io_context& io;
    Clock& clock;
    const Log& log;
    const SuperviseSettings& settings;
    std::vector<Secret> known_secrets;  // never shown in a log, whatever stands around them
  };
  explicit Strategies(Parts parts);
  ~Strategies();

  /// Asks all runners at the same time; one that does not answer within answer_limit_ms is a
  /// trouble in the listing and delays nothing else.
  Task<ListingPtr> read();
  /// The last one read, when it is not older; else read().
  Task<ListingPtr> read_within(Millis age_max);
  /// What read() would say of that word, asking no more runners than needed: for `runner:name` that
  /// one alone.
  Task<ListingPtr> read_for(std::string word);
  /// The last one that was read of all runners, however old; null before the first.
  const ListingPtr& last() const { return last_; }
  const SuperviseSettings& settings() const { return parts_.settings; }

  /// One result per process, at least one. Another action on the same strategy at the same time is
  /// refused (busy).
  Task<std::vector<ActionResult>> act(std::string word, Action action, Actor actor);
  /// Everything touchable of that group (of the configuration, or the runner's: namespace, Compose
  /// project); no such group is one refusal.
  Task<std::vector<ActionResult>> act_on_group(std::string group, Action action, Actor actor);
  /// Everything declared that trades on the account; asks the runners of these alone.
  Task<std::vector<ActionResult>> act_on_account(std::string account, Action action, Actor actor);

  /// These, chosen from `listing`; what is not touchable is refused.
  Task<std::vector<ActionResult>> act_on_all(ListingPtr listing, std::vector<Strategy> chosen,
                                             Action action, Actor actor);

  /// The last lines of every process of it, clean and masked.
  Task<Result<std::string>> read_logs(std::string word, std::size_t lines, Actor actor);

  /// Names of the strategies that an action of ours touches, or touched within the last seconds:
  /// the watch does not take their changes for crashes. As "runner/name".
  bool is_ours(const Strategy& strategy) const;

  // For the watch.
  struct Runner {
    RunnerSettings settings;
    std::unique_ptr<Supervisor> supervisor;  // none: see broken
    Error broken;
  };
  const std::vector<Runner>& runners() const { return runners_; }
  Task<Result<std::optional<TimePoint>>> last_log_at(const Strategy& strategy, Process process);

 private:
  struct Part;
  Task<Part> read_runner(const Runner& runner);
  void add_processes(const Runner& runner, std::vector<Process> processes, Listing& out) const;
  void add_missing(const std::set<std::string>& read, Listing& out) const;
  /// Without the others, as if there were none.
  Task<ListingPtr> read_runners(std::set<std::string> names);
  Supervisor* find_supervisor(const std::string& runner) const;
  Task<std::vector<ActionResult>> act_on(Strategy strategy, Action action, Actor actor);
  Task<ActionResult> act_on_process(Strategy strategy, Process listed, Action action);
  Task<Result<std::string>> read_one_log(Strategy strategy, Process process, std::size_t lines);

  Parts parts_;
  std::vector<Runner> runners_;
  ListingPtr last_;
  SteadyTime last_at_{};
  std::size_t done_ = 0, last_done_ = 0;  // actions ended; so many when last_ was begun
  std::set<std::string> acting_;
  std::map<std::string, SteadyTime> acted_until_;
};

}  // namespace bb::supervise
