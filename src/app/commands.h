// The commands: each runs to its end and answers with an exit code. Results go to standard output,
// everything else to the log and standard error.
#pragma once

#include "app/cli.h"
#include "app/config.h"

namespace bb::app {

struct CommandContext {
  const Config& config;
  bool json = false;
};

int run_command(const CommandContext& context, const EntryCommand& command);
int run_command(const CommandContext& context, const ManageCommand& command);
int run_command(const CommandContext& context, const LossCutCommand& command);
int run_command(const CommandContext& context, const FlattenCommand& command);
int run_command(const CommandContext& context, const PauseCommand& command);
int run_command(const CommandContext& context, const ResumeCommand& command);
int run_command(const CommandContext& context, const StatusCommand& command);
int run_command(const CommandContext& context, const ServiceCommand& command);
int run_command(const CommandContext& context, const DashboardCommand& command);
int run_command(const CommandContext& context, const RunCommand& command);
int run_command(const CommandContext& context, const BoardCommand& command);
int run_command(const CommandContext& context, const AuditCommand& command);
int run_command(const CommandContext& context, const DoctorCommand& command);
int run_command(const CommandContext& context, const StrategiesCommand& command);
int run_command(const CommandContext& context, const PaperCommand& command);

/// Says on standard error what went wrong (and on standard output as JSON, when asked for).
int report_error(const Error& error, bool json);

}  // namespace bb::app
