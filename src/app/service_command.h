// What commands with a service share: their world, and the service itself.
#pragma once

#include <functional>

#include "app/commands.h"
#include "app/session.h"

namespace bb::app {

/// Opens the log, settles the account's files and runs the body in a Session; its exit code.
int run_session(const CommandContext& context, const std::function<Task<int>(Session&)>& body,
                AfterStop after_stop = AfterStop::success);

/// Takes the account and serves it until the session stops. kBusy: another process holds it.
Task<int> serve_account(Session& session);

}  // namespace bb::app
