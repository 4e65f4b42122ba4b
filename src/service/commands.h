// Commands: what the holder of an account does for other processes, and a shell for itself when
// nobody holds the account: one way for both. Each command is durable before its effect, executed
// at most once, and answered with its result however often it is asked (reliability I33).
#pragma once

#include <functional>
#include <set>
#include <variant>

#include "base/async.h"
#include "control/command.h"
#include "desk/cancel_orders.h"
#include "desk/flatten_preview.h"
#include "service/jobs.h"

namespace bb::service {

struct EntryDone {
  trading::EntryReport report;
  std::string trade_day;
};

struct FlattenDone {
  desk::FlattenReport report;
  std::string latch_problem;  // empty: entries are paused
};

/// The flatten that a command asks for.
desk::FlattenRequest request_of(const control::Command& command);

/// Of pause and resume: what held before, and what holds now.
struct LatchDone {
  bool resumes = false;
  std::optional<store::LatchNote> before, now;
};

/// [runtime] entry_catchup_enabled, as it is in force now.
struct CatchUpDone {
  bool is_on = false;
  std::string problem;  // empty: the configuration says the same
};

/// What a holder tells of itself, from memory.
struct HolderStatus {
  control::Holder self;
  TimePoint started{};
  std::optional<store::LatchNote> latch;
  bool fence_ours = true;
  bool store_healthy = true;
  std::optional<Jobs::Beat> last_patrol;
  Micros patrol_every{};  // zero: nobody expects patrols of it
  std::vector<store::Holding> holdings;
  std::vector<store::Intent> unresolved;
  std::size_t messages_pending = 0;
};

/// What came of a command. An Error: it was refused, or failed before it did anything.
using CommandResult = std::variant<EntryDone, trading::PatrolReport, trading::LossCutReport,
                                   FlattenDone, desk::FlattenPreview, LatchDone, HolderStatus,
                                   desk::CancelReport, CatchUpDone, Error>;

class Commands {
 public:
  using FirstLook = std::optional<std::vector<exchange::Position>>;
  struct Parts {
    Jobs& jobs;
    store::AccountHome& home;
    control::Holder self;
    /// How results are written, as the command line would.
    std::function<control::Report(const CommandResult&)> render;
    /// Writes the switch into the configuration that this holder was started with.
    std::function<Status(bool is_on)> keep_catch_up = {};
  };
  explicit Commands(Parts parts);

  /// Ends what an earlier process left in the middle. Once, before the first command.
  Task<void> begin();
  /// Waits for what follows a verdict: the records of a flatten. After the last command.
  Task<void> finish();
  /// `seen`: positions that the caller has read just now, for a flatten.
  Task<control::Report> carry_out(control::Command command, FirstLook seen = {});
  /// For watchers.
  std::vector<control::Counter> counters() const;

 private:
  Task<control::Report> repeat(control::Command command);
  /// What a resume ends: no more than stood when it was asked for.
  struct Standing {
    std::uint64_t stops = 0;
    std::optional<store::LatchNote> latch;
    Result<std::uint64_t> fence = 0;
  };
  Task<CommandResult> execute(const control::Command& command, const Standing& standing,
                              FirstLook seen);
  Task<CommandResult> enter(std::string trade_day, TimePoint not_after);
  Task<CommandResult> patrol();
  Task<CommandResult> cut_losses();
  Task<CommandResult> flatten(control::Command command, FirstLook seen);
  Task<void> keep_records(Task<void> records, std::vector<store::Holding> held);
  Task<CommandResult> preview(control::Command command);
  Task<CommandResult> cancel(control::Command command);
  Task<CommandResult> pause(control::Command command);
  Task<CommandResult> resume(Standing standing);
  CommandResult set_catch_up(const control::Command& command);
  void pause_for(const control::Command& command, FlattenDone& done) const;
  Task<void> end(store::CommandRecord record, const control::Report& report,
                 store::CommandState state);
  HolderStatus status() const;
  desk::Parts& desk() const { return parts_.jobs.desk().parts(); }

  Parts parts_;
  TimePoint started_;
  std::uint64_t stops_ = 0;  // how many pauses and flattens arrived: a latch that stands hides them
  std::set<std::string> in_hand_;
  Event ended_;
  std::optional<TaskGroup> aftermath_;
};

}  // namespace bb::service
