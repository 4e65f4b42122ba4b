// Journeys: what the service and the one-shot commands do alike: one entry slot, one patrol with
// its samples, one loss cut, each with its records and messages.
#pragma once

#include <string>

#include "desk/desk.h"
#include "service/schedule.h"
#include "service/settings.h"
#include "trading/entry.h"
#include "trading/loss_cut.h"
#include "trading/patrol.h"
#include "trading/watch.h"

namespace bb::service {

/// Runs or resumes an entry slot and keeps its row in `slots`.
Task<trading::EntryReport> run_entry(desk::Desk& desk, trading::Entry& entry, Slot slot);

/// Puts one message into the outbox.
Task<void> put_note(desk::Desk& desk, store::OutboxMessage message);

/// One round over the positions, and its message when there is something to tell.
Task<trading::PatrolReport> run_patrol(desk::Desk& desk, trading::Patrol& patrol);

/// The message of a round, when there is something to tell.
Task<void> tell(desk::Desk& desk, trading::PatrolReport report);

/// One equity sample and the money movements, as configured.
/// Why the account could not be read, or nothing.
Task<std::optional<Error>> take_samples(desk::Desk& desk, const Settings& settings);

/// Reads every page of the database, and tells people when that finds damage.
Task<void> check_database(desk::Desk& desk);

/// One loss cut in the configured scope, and its message. `trade_day` names its orders.
Task<trading::LossCutReport> run_loss_cut(desk::Desk& desk, const Settings& settings,
                                          std::string trade_day, std::string time_text);

/// True when the slot of that date needs nothing any more. A later slot that ended ends it too: a
/// clock that was set back fires nothing twice.
bool is_slot_over(const store::Store& store, Job job, LocalDate date);

/// Records how a slot ended.
Task<void> end_slot(desk::Desk& desk, Job job, Slot slot, store::SlotState state,
                    std::string reason);

/// Ends a slot that did not start in time, and tells people.
Task<void> skip_slot(desk::Desk& desk, Job job, Slot slot, std::string time_text,
                     std::string reason);

trading::LossCutScope loss_cut_scope(const Settings& settings);
/// "11:55 Asia/Shanghai".
std::string time_text(const DailySchedule& schedule);

}  // namespace bb::service
