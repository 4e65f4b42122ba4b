// What keeps a restored database from repeating what it does not know of.
#pragma once

#include <string>

#include "base/async.h"
#include "service/schedule.h"
#include "store/store.h"

namespace bb::app {

/// The entry that was due last at `now` does not run any more, by the record: whether it ran after
/// the copy was taken, or ended otherwise than the copy says, nobody knows. One that the copy
/// itself knows as over (done, partial, skipped) stays as it is.
Task<Status> skip_latest_entry(store::Store& store, const service::DailySchedule& schedule,
                               TimePoint now, std::string why);

}  // namespace bb::app
