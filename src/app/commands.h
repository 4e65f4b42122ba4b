// The commands: each runs to its end and answers with an exit code. Results go to standard output,
// everything else to the log and standard error.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "app/cli.h"
#include "app/config.h"
#include "app/session.h"

namespace bb::app {

struct CommandContext {
  Config& config;  // of the one account that it is about
  bool json = false;
  /// Where several were named: the configuration of each, and `config` is nobody's.
  std::vector<std::unique_ptr<Config>> accounts = {};
};

int run_command(const CommandContext& context, const EntryCommand& command);
int run_command(const CommandContext& context, const ManageCommand& command);
int run_command(const CommandContext& context, const LossCutCommand& command);
int run_command(const CommandContext& context, const FlattenCommand& command);
int run_command(const CommandContext& context, const CancelCommand& command);
int run_command(const CommandContext& context, const PauseCommand& command);
int run_command(const CommandContext& context, const ResumeCommand& command);
int run_command(const CommandContext& context, const StatusCommand& command);
int run_command(const CommandContext& context, const ServiceCommand& command);
int run_command(const CommandContext& context, const DashboardCommand& command);
int run_command(const CommandContext& context, const RunCommand& command);
int run_command(const CommandContext& context, const BotCommand& command);
int run_command(const CommandContext& context, const BoardCommand& command);
int run_command(const CommandContext& context, const AuditCommand& command);
int run_command(const CommandContext& context, const DoctorCommand& command);
int run_command(const CommandContext& context, const StrategiesCommand& command);
int run_command(const CommandContext& context, const PaperCommand& command);
int run_command(const CommandContext& context, const InitCommand& command);
int run_command(const CommandContext& context, const ImportCommand& command);
int run_command(const CommandContext& context, const BackupCommand& command);
int run_command(const CommandContext& context, const RestoreCommand& command);

/// A body that begins when the configuration's files are named (settle_files); where that fails
/// it says so and never begins. `config` is the session's own.
std::function<Task<int>(Session&)> settled(Config& config, std::function<Task<int>(Session&)> body);

/// Says on standard error what went wrong (and on standard output as JSON, when asked for).
int report_error(const Error& error, bool json);

}  // namespace bb::app
