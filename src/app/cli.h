// The command line, parsed into one of a closed set of commands. Pure: it reads no file and starts
// nothing. Options that every command has stand before or after the sub-command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/settings.h"
#include "base/time.h"

namespace bb::app {

/// One account of the paper exchange, as `alias:key:secret:balance` names it.
struct PaperAccountSpec {
  std::string alias;
  std::string key;
  std::string secret;
  Decimal balance;
};
Result<PaperAccountSpec> parse_account_spec(const std::string& text);
/// Exchange seconds per second, as --speed names them.
Result<Decimal> parse_speed(const std::string& text);

struct EntryCommand {
  std::string trade_day_utc;  // empty = today's slot
};
struct ManageCommand {
  bool loop = false;
};
struct LossCutCommand {
  std::string at_local;  // "11:55": only within that minute of [runtime] timezone; empty = now
};
struct FlattenCommand {
  Decimal percent = Decimal::from_int(100);
  std::vector<std::string> symbols;  // empty = all
  bool tracked = false;
  std::string side;  // "long", "short"; empty = both
  bool losers = false;
  bool winners = false;
  bool preview = false;
};
struct CancelCommand {
  std::vector<std::string> symbols;  // empty = all
};
struct PauseCommand {
  std::string reason;
};
struct ResumeCommand {};
struct StatusCommand {};
struct ServiceCommand {};
struct DashboardCommand {
  std::optional<std::string> host;
  std::optional<std::int64_t> port;
  bool hash_password = false;
};
/// Service and dashboard (and what else is configured) in one process.
struct RunCommand {};
struct BotCommand {
  bool unlock = false;   // ends a lock of the bot, does nothing else
  std::string new_totp;  // a user's id: prints a secret for his authenticator, does nothing else
};
struct BoardCommand {
  bool push = false;
};
struct AuditCommand {};
struct DoctorCommand {
  bool send = false;
};
struct StrategiesCommand {
  std::string verb = "list";        // list, start, stop, restart, logs, watch
  std::optional<std::string> name;  // exactly as given; none = all shown, or the group
  std::string group;
  bool all = false;  // list what nothing declares, too
  std::int64_t lines = 50;
};
struct PaperCommand {
  std::optional<std::string> data, path, address;
  std::optional<std::string> live;  // base of the source's REST
  std::string proxy;                // to that source; empty = the configured one
  std::optional<std::int64_t> port, days, delay_ms, weight_limit;
  std::optional<std::uint64_t> seed;
  std::vector<PaperAccountSpec> accounts;
  std::optional<std::string> accounts_file;
  bool no_limits = false;
  bool hedge = false;
  bool expose_journal = false;
  std::optional<Decimal> speed;  // exchange seconds per second
  std::optional<TimePoint> at;
  bool paused = false;
  std::optional<Millis> interval;
  std::optional<std::int64_t> control_port;
  std::string control_address = "127.0.0.1";
  std::string control_token_file;
  std::string db;
  bool db_rebase = false;
  std::string stop_without_position = "refused";
};
struct DemoCommand {
  std::optional<std::string> data, path;
  std::optional<std::int64_t> days;
  std::optional<std::uint64_t> seed;
  std::optional<std::int64_t> latency_ms;  // each way
  double speed = 0;                  // virtual seconds per real second; 0 = as fast as possible
  std::optional<std::int64_t> port;  // of the page; without a terminal, too
  bool exit = false;
};
/// A first configuration, asked for or from options; ends with `doctor`.
struct InitCommand {
  std::string config_path;
  std::string exchange;  // paper, testnet, live
  std::string base_url;
  // Secrets come from files, so that they stand in no process list; "-" = standard input, a line
  // each in this order.
  std::string api_key_file, api_secret_file, telegram_token_file;
  std::string telegram_chat;  // known already: nobody needs to send a code
  std::string telegram_api_url;
  std::int64_t telegram_wait_sec = 120;
  bool no_telegram = false;
  bool no_input = false;  // asks nothing: what no option says has its default
  bool force = false;     // an existing file is kept beside the new one
  bool no_doctor = false;
};
/// The Python program's files.
struct ImportCommand {
  std::string config_path;
  std::string from, from_db;
  bool no_db = false;  // the configuration alone
  bool live = false;
  bool apply = false;
};
struct BackupCommand {
  std::string to;                    // folder; empty = `backups` in the account's directory
  std::optional<std::int64_t> keep;  // copies; the oldest beyond are removed
};
struct RestoreCommand {
  std::string file;    // empty = the newest backup
  std::string folder;  // where it looks for that
  bool drill = false;  // into a temporary folder, and nothing else
  bool apply = false;
};
/// Only prints: help, version, a usage error.
struct PrintCommand {
  std::string text;
  int exit_code = 0;
};

using Command =
    std::variant<PrintCommand, EntryCommand, ManageCommand, LossCutCommand, FlattenCommand,
                 CancelCommand, PauseCommand, ResumeCommand, StatusCommand, ServiceCommand,
                 BotCommand, BoardCommand, AuditCommand, DoctorCommand, StrategiesCommand,
                 DashboardCommand, RunCommand, PaperCommand, DemoCommand, InitCommand,
                 ImportCommand, BackupCommand, RestoreCommand>;

struct Invocation {
  std::string config_path = "config.ini";
  bool config_named = false;  // by --config or BUBBLE_BUSTER_CONFIG
  bool json = false;
  bool print_config = false;
  bool print_reference = false;  // every key as Markdown: docs/config.md
  std::string name;              // of the sub-command; empty with a --print option alone
  /// Whom it is about, as typed: names, "group:NAME", "all"; empty = the account of [binance].
  std::vector<std::string> accounts;
  Command command;
};

Invocation parse_command_line(const std::vector<std::string>& arguments,
                              const Environment& environment);

}  // namespace bb::app
