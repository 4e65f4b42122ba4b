// join_after(): work beside children that refer to what the work owns.
#pragma once

#include "base/async.h"

namespace bb {

/// Awaits `body` and then the group, also when the body throws: what the children refer to lives
/// until they have ended. The body's exception goes before a child's.
Task<void> join_after(TaskGroup& group, Task<void> body);

}  // namespace bb
