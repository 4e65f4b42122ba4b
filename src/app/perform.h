// perform(): one command of a shell, by whoever must carry it out: the process that holds the
// account, through its door; this one, if nobody does; or, where positions must be closed and the
// holder does not answer, this one past it (design §3.8).
#pragma once

#include <functional>

#include "app/session.h"
#include "control/command.h"

namespace bb::app {

/// A command of this process, made now.
control::Command make_command(Session& session, control::CommandKind kind);

/// To its end. `told` hears the report as soon as it stands; what follows, messages to people
/// among it, may take seconds more.
Task<void> perform(Session& session, control::Command command,
                   std::function<void(const control::Report&)> told);
/// To its end, printed; the exit code.
Task<int> perform(Session& session, control::Command command);

/// What one process of ours does for the one that asks, in words for people: "shell of uid 0".
std::string describe_caller();

}  // namespace bb::app
