// Service: the scheduler of one account. Start-up is recovery; then the entry, the loss cut and the
// patrol each run in a loop of their own, so that none waits for another. Per symbol the desk's
// turns keep them apart. The event loop reads the account's stream and records its facts; the watch
// loop looks after what they name. The last loop has the database checked once a day, far from the
// entry.
//
// The schedule is read on exchange time. Loops sleep in slices and ask next_fire() again, so a
// clock that jumps neither fires a slot twice nor loses one.
#pragma once

#include <optional>

#include "service/jobs.h"
#include "service/sentinel.h"

namespace bb::service {

struct Parts {
  desk::Desk& desk;
  const trading::Settings& strategy;
  const Settings& settings;
};

class Service {
 public:
  explicit Service(Parts parts);
  /// Runs until `stop` is requested; every loop finishes the step in hand.
  Task<void> run(Stop& stop);
  /// What commands of other processes share with the schedule.
  Jobs& jobs() { return jobs_; }

 private:
  Task<void> recover();
  Task<void> entry_loop(Stop& stop);
  Task<void> entry_step(Stop& stop);
  Task<void> get_ready(Slot slot, Millis left);
  Task<void> fire_entry(Slot slot);
  Task<void> loss_cut_loop(Stop& stop);
  Task<void> loss_cut_step(Stop& stop);
  Task<void> fire_loss_cut(Slot slot);
  Task<void> patrol_loop(Stop& stop);
  Task<void> patrol_step();
  Task<void> event_loop(Stop& stop);
  Task<void> event_step(Stop& stop);
  Task<void> record(exchange::AccountEvent event);
  Task<void> watch_loop(Stop& stop);
  Task<void> watch_step();
  void wake_watch();
  Task<void> check_loop(Stop& stop);
  Task<void> check_step(Stop& stop);
  Task<bool> guard(const char* what, Task<void> step);
  Task<void> wait_for(Stop& stop, Millis left);
  bool is_over(Job job, LocalDate date) const;

  Parts parts_;
  Jobs jobs_;
  trading::Watch watch_;
  Sentinel sentinel_;
  std::optional<Stop> watch_nap_;  // ends early when there is something to look at
  std::optional<LocalDate> newest_entry_, newest_cut_;  // ended in this process
  std::optional<LocalDate> prepared_, decided_;
  std::optional<LocalDate> checked_;
  int failures_ = 0;        // of the entry slot in hand
  SteadyTime entry_again_;  // not before
};

}  // namespace bb::service
