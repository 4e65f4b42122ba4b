// What patrols, loss cuts and the schedule tell people, as outbox rows: Chinese first, English
// beside it. Pure; the rows get their id from put_message().
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "desk/flatten.h"
#include "service/schedule.h"
#include "store/bypass_journal.h"
#include "store/command_record.h"
#include "store/latch.h"
#include "store/store.h"
#include "trading/loss_cut.h"
#include "trading/patrol.h"

namespace bb::service {

/// Nothing when the patrol has nothing to tell; a stop that moved alone is not worth a message.
std::optional<store::OutboxMessage> patrol_message(const trading::PatrolReport& report,
                                                   TimePoint now);

/// Nothing when nothing was closed and nothing went wrong. `time_text` is the configured time with
/// its zone, or how it was started: "11:55 Asia/Shanghai", "manual".
std::optional<store::OutboxMessage> loss_cut_message(const trading::LossCutReport& report,
                                                     trading::LossCutScope scope,
                                                     std::string_view time_text, TimePoint now);

/// A slot of the schedule that did not start.
store::OutboxMessage missed_message(Job job, const Slot& slot, std::string_view time_text,
                                    std::string_view reason, TimePoint now);

/// The daily check of the database found damage, or could not be made.
store::OutboxMessage damage_message(std::string_view why, TimePoint now);

/// Nothing that adds risk is sent from now on, and why.
store::OutboxMessage latch_message(const store::LatchNote& note, TimePoint now);
store::OutboxMessage resumed_message(TimePoint now);
store::OutboxMessage flatten_message(const desk::FlattenReport& report, std::string_view who,
                                     TimePoint now);
/// This holder did not answer, and others acted past it.
store::OutboxMessage bypass_message(const std::vector<store::BypassCommand>& commands, int orders,
                                    TimePoint now);

/// Who asked for what, and what came of it.
store::OutboxMessage operator_message(const store::CommandRecord& record, TimePoint now);
/// Something around the account is wrong, or right again; `kind` of notify/kinds.h.
store::OutboxMessage trouble_message(std::string kind, std::string title, std::string_view what,
                                     TimePoint now);

/// Gives the message its id and adds it to the batch.
void put_message(store::Store& store, store::Batch& batch, store::OutboxMessage message);

}  // namespace bb::service
