#include "app/program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/accounts.h"
#include "app/cli.h"
#include "app/commands.h"
#include "app/demo.h"
#include "app/doctor.h"
#include "app/exit_codes.h"
#include "app/report.h"
#include "app/secret_files.h"

namespace bb::app {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

struct Needs {
  bool file = false;         // the configuration must exist
  bool credentials = false;  // and hold a key
  bool trades = false;       // and say that live is meant
};

Needs needs_of(const Command& command) {
  const Needs account{true, true, false};
  const Needs trading{true, true, true};
  return std::visit(Overloaded{
                        [](const PrintCommand&) { return Needs{}; },
                        [](const BoardCommand&) { return Needs{}; },
                        [](const StrategiesCommand&) { return Needs{}; },
                        [](const PaperCommand&) { return Needs{}; },
                        [](const DemoCommand&) { return Needs{}; },
                        [&](const EntryCommand&) { return trading; },
                        [&](const ManageCommand&) { return trading; },
                        [&](const LossCutCommand&) { return trading; },
                        [&](const FlattenCommand&) { return account; },
                        [&](const CancelCommand&) { return account; },
                        [&](const PauseCommand&) { return account; },
                        [&](const ResumeCommand&) { return account; },
                        [&](const StatusCommand&) { return account; },
                        [&](const ServiceCommand&) { return trading; },
                        [&](const DashboardCommand& dashboard) {
                          return dashboard.hash_password ? Needs{} : account;
                        },
                        [&](const RunCommand&) { return trading; },
                        [](const BotCommand&) { return Needs{}; },
                        [&](const AuditCommand&) { return account; },
                        [](const DoctorCommand&) { return Needs{true, false, false}; },
                        [](const InitCommand&) { return Needs{}; },
                        [](const ImportCommand&) { return Needs{}; },
                        [](const BackupCommand&) { return Needs{true, false, false}; },
                        [](const RestoreCommand&) { return Needs{true, false, false}; },
                    },
                    command);
}

// `paper` and `demo` read ./config.ini only when they are told to: they must work anywhere.
bool reads_file(const Invocation& invocation) {
  // These make the file, or read it in their own time.
  if (std::holds_alternative<InitCommand>(invocation.command) ||
      std::holds_alternative<ImportCommand>(invocation.command))
    return invocation.print_config;
  if (invocation.config_named || needs_of(invocation.command).file) return true;
  const bool is_sandbox = std::holds_alternative<PaperCommand>(invocation.command) ||
                          std::holds_alternative<DemoCommand>(invocation.command);
  std::error_code ignored;
  return !is_sandbox && std::filesystem::exists(invocation.config_path, ignored);
}

int report_faults(const Faults& faults, bool json) {
  Error all{ErrorKind::configuration, "", 0};
  for (const auto& fault : faults) {
    fmt::print(stderr, "bubble-buster: {}\n", fault);
    all.text += (all.text.empty() ? "" : "\n") + fault;
  }
  if (json) print(render_error(all), true);
  return kConfiguration;
}

// The same wish for each of them; everything else is about one account.
bool is_for_several(const Command& command) {
  return std::holds_alternative<FlattenCommand>(command) ||
         std::holds_alternative<CancelCommand>(command) ||
         std::holds_alternative<PauseCommand>(command) ||
         std::holds_alternative<ResumeCommand>(command) ||
         std::holds_alternative<LossCutCommand>(command);
}

/// The configuration of each account that is meant.
std::expected<std::vector<std::unique_ptr<Config>>, Faults> choose(const Config& config,
                                                                   const Invocation& invocation) {
  const auto names = find_accounts(config, invocation.accounts);
  if (!names) return std::unexpected(Faults{names.error().text});
  if (names->size() > 1 && !is_for_several(invocation.command))
    return std::unexpected(Faults{fmt::format("`{}` is about one account, and --account names {}",
                                              invocation.name, names->size())});
  std::vector<std::unique_ptr<Config>> chosen;
  Faults faults;
  for (const auto& name : *names) {
    auto own = config_of_account(config, name);
    if (own)
      chosen.push_back(std::move(*own));
    else
      faults.push_back(own.error().text);
  }
  if (!faults.empty()) return std::unexpected(std::move(faults));
  return chosen;
}

Faults faults_for(const Config& config, const Command& command) {
  const Needs needs = needs_of(command);
  Faults faults;
  if (needs.credentials) faults = check_credentials(config);
  if (needs.trades)
    for (auto& fault : check_environment(config))
      faults.push_back(std::move(fault));
  return faults;
}

int dispatch(const CommandContext& context, const Command& command) {
  return std::visit(Overloaded{
                        [](const PrintCommand& print) { return print.exit_code; },
                        [&](const DemoCommand& demo) {
                          return run_demo_command(context.config, demo, context.json);
                        },
                        [&](const BoardCommand& board) {
                          use_legacy(context.config);
                          return run_command(context, board);
                        },
                        [&](const auto& other) { return run_command(context, other); },
                    },
                    command);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments, const Environment& variables) {
  const auto read = with_secret_files(variables);
  if (!read) return report_faults(read.error(), false);
  const Environment& environment = *read;
  const Invocation invocation = parse_command_line(arguments, environment);
  if (invocation.print_reference) {
    std::fputs(config_reference().c_str(), stdout);
    return kDone;
  }
  if (const auto* print = std::get_if<PrintCommand>(&invocation.command);
      print != nullptr && !invocation.print_config) {
    std::fputs(print->text.c_str(), print->exit_code == kDone ? stdout : stderr);
    return print->exit_code;
  }
  auto config = reads_file(invocation) ? load_config(invocation.config_path, environment)
                                       : default_config(environment);
  if (!config && std::holds_alternative<DoctorCommand>(invocation.command)) {
    const auto report = report_of(config.error());
    print(render(report, isatty(STDOUT_FILENO) != 0), invocation.json);
    return exit_code_of(report);
  }
  if (!config) return report_faults(config.error(), invocation.json);
  if (invocation.print_config) {
    std::fputs(print_settings((*config)->sections).c_str(), stdout);
    return kDone;
  }
  std::vector<std::unique_ptr<Config>> accounts;
  if (!invocation.accounts.empty()) {
    auto chosen = choose(**config, invocation);
    if (!chosen) {
      (void)report_faults(chosen.error(), invocation.json);
      return kUsage;
    }
    accounts = std::move(*chosen);
    if (accounts.size() == 1) *config = std::move(accounts.front());
    if (accounts.size() == 1) accounts.clear();
  }
  Faults faults;
  if (accounts.empty()) faults = faults_for(**config, invocation.command);
  for (const auto& account : accounts)
    for (auto& fault : faults_for(*account, invocation.command))
      faults.push_back(account->account + ": " + fault);
  if (!faults.empty()) return report_faults(faults, invocation.json);
  try {
    return dispatch({**config, invocation.json, std::move(accounts)}, invocation.command);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bubble-buster: {}\n", error.what());
    return kFailed;
  }
}

}  // namespace bb::app
