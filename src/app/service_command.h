// What commands with a service share: their world, and the service itself.
#pragma once

#include <functional>

#include "app/commands.h"
#include "app/session.h"

namespace bb::app {

/// Opens the log, settles the account's files and runs the body in a Session; its exit code.
int run_session(const CommandContext& context, const std::function<Task<int>(Session&)>& body,
                AfterStop after_stop = AfterStop::success);

/// Somebody configured a bot: a token, and who may use it.
bool has_bot(const Config& config);
/// The bot until the session stops; what keeps it from starting is logged. Its exit code.
Task<int> serve_bot(Session& session);

/// Takes the account and serves it until the session stops. kBusy: another process holds it.
Task<int> serve_account(Session& session);

}  // namespace bb::app
