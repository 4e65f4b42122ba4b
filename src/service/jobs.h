// Jobs: the journeys of one holder, each of them one at a time, for its schedule and for commands
// of other processes alike. Start from here whatever is started: what was sent past this holder is
// taken over first, and a latch is seen.
#pragma once

#include <optional>

#include "desk/turns.h"
#include "service/journeys.h"
#include "trading/reconcile.h"

namespace bb::service {

class Jobs {
 public:
  struct Parts {
    desk::Desk& desk;
    const trading::Settings& strategy;
    const Settings& settings;
  };
  explicit Jobs(Parts parts);

  Task<Status> prepare_entry(Slot slot);
  Task<Status> decide_entry(Slot slot);
  /// A failed report, and nothing sent, while a latch is set. `not_after` is a wall time: a command
  /// that waited for another entry beyond it is too old; nothing is reported and nothing was done.
  Task<std::optional<trading::EntryReport>> enter(Slot slot,
                                                  std::optional<TimePoint> not_after = {});
  Task<trading::PatrolReport> patrol();
  /// The whole account anew: settles the doubts about it. An error: it could not be read.
  Task<Result<trading::PatrolReport>> reconcile();
  /// For the watch, which looks at single symbols beside the patrol.
  trading::Patrol& eyes() { return patrol_; }
  /// The last patrol saw something absent that only a second one, two seconds later, may believe.
  bool wants_second_look() const { return patrol_.wants_second_look(); }
  Task<trading::LossCutReport> cut_losses(std::string trade_day, std::string time_text);

  /// Takes over what was sent past this holder (store/bypass_journal.h). True when that is complete
  /// and in the records, or there is nothing.
  Task<bool> take_over();
  /// Logs a latch that changed since the last look, and tells people. `at_start` tells one that
  /// stands, too.
  Task<void> tell_latch(bool at_start = false);

  /// A patrol's end: how status tells a holder that lives from one that only exists.
  struct Beat {
    TimePoint at{};        // wall time
    bool readable = true;  // it could read the account
  };
  const std::optional<Beat>& last_patrol() const { return last_patrol_; }
  desk::Desk& desk() { return parts_.desk; }
  const Settings& settings() const { return parts_.settings; }
  /// From the next look at the schedule on, in place of what the settings say.
  void set_catch_up(bool is_on) { catch_up_ = is_on; }
  StartWindow entry_window() const;

 private:
  std::optional<store::LatchNote> read_latch() const;

  Parts parts_;
  trading::Entry entry_;
  trading::Patrol patrol_;
  desk::Turns turns_;  // of jobs, as the desk's are of symbols
  std::optional<Beat> last_patrol_;
  std::optional<store::LatchNote> told_latch_;
  std::optional<bool> catch_up_;
};

/// "paused by shell since 2025-10-10T23:40:00+00:00: flatten".
std::string describe(const store::LatchNote& note);

}  // namespace bb::service
