// How results of commands are written, by whoever carried them out.
#pragma once

#include "app/report.h"
#include "service/commands.h"

namespace bb::app {

control::Report render(const service::CommandResult& result);

/// The same report, and who carried it out: a line of text, a member of the JSON.
control::Report signed_by(control::Report report, const control::Holder& by, std::string_view how);

/// Text or JSON to standard output, the text of a failure to standard error; the exit code.
int print(const control::Report& report, bool json);

int exit_code_of(desk::FlattenVerdict verdict);

}  // namespace bb::app
