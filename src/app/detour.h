// The way around a holder that does not answer (design §3.8): latch, fence, journal, reduce-only
// orders, and a verdict only after what is still on its way can have arrived and a second look.
#pragma once

#include "app/session.h"
#include "control/command.h"

namespace bb::app {

/// What a flatten past the holder would do. Changes nothing, the journal included.
Task<control::Report> preview_past_holder(Session& session, std::string directory,
                                          control::Command command);

/// Of flatten and loss-cut; nothing else ever goes around. `directory` is the account's,
/// `obstacle` what it goes around: "a holder that did not answer".
Task<control::Report> act_past_holder(Session& session, std::string directory,
                                      control::Command command, std::string obstacle);

}  // namespace bb::app
