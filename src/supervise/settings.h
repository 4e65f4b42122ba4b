// Sections [supervise], [runner.NAME] and [process.NAME]. A strategy is a section of its own
// because [strategy] holds the numbers of the daily short: [process.grid-btc] declares the process
// grid-btc.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/settings.h"
#include "base/time.h"

namespace bb::supervise {

enum class RunnerKind { pm2, docker, swarm, systemd, systemd_user };
std::string_view str(RunnerKind kind);
/// "pm2", "docker", "swarm", "systemd", "systemd-user", any letter case (CTRL_MODE).
Result<RunnerKind> parse_runner_kind(std::string_view text);

/// One runner: a PM2 home, a Docker engine, a systemd manager.
struct RunnerSettings {
  std::string name;  // of its section; the kind itself for those that need none
  RunnerKind kind = RunnerKind::pm2;
  std::string host;        // where it is, for people
  std::string home;        // PM2: its PM2_HOME
  std::string address;     // Docker: unix:///path or tcp://host:port; systemd: the bus's socket
  std::string tls_folder;  // Docker over TCP: ca.pem, cert.pem and key.pem
  std::vector<std::string> strategies;  // selectors, as in SuperviseSettings
  std::vector<std::string> units{};     // systemd: the units to look at, from what is declared
};

/// What the watch looks for in one strategy; 0 switches a rule off.
struct WatchRules {
  std::int64_t restarts_in_window = 3;  // more than this many within the window: a crash loop
  std::int64_t window_min = 10;
  std::int64_t stalled_min = 0;  // no new log line for so long
  std::int64_t cpu_percent_max = 0;
  std::int64_t memory_mb_max = 0;
  std::int64_t restart_attempts = 0;  // restarts by us after a failure, with back-off; then give up
};

/// One declared strategy.
struct StrategySettings {
  std::string name;    // as people call it
  std::string runner;  // a [runner.NAME], or a kind; empty = that of ctrl_mode
  std::string target;  // exact name under the runner; empty = name
  std::string account, group;
  std::vector<std::string> operators;  // user ids that may act on it; empty = all operators
  std::int64_t grace_sec = 30;         // to end by itself after a stop
  std::string log_file;                // instead of the runner's own log
  WatchRules rules;
};

struct SuperviseSettings {
  std::string ctrl_mode = "pm2";
  /// Who may be touched besides what is declared: NAME, namespace:NAME, label:KEY or
  /// label:KEY=VALUE.
  std::vector<std::string> strategies;
  std::int64_t action_limit_sec = 60;
  std::int64_t answer_limit_ms = 3000;
  std::int64_t sample_ms = 1500;  // so that a list of 2 s needs no read
  std::string heartbeat_utc = "08:00";
  bool watch = true;
  // The sections of a file, by NAME; pointers stay valid.
  std::map<std::string, std::unique_ptr<RunnerSettings>> runners;
  std::map<std::string, std::unique_ptr<StrategySettings>> declared;
  Environment environment;  // where the runners of no section are: PM2_HOME, DOCKER_HOST, ..
};

/// Rows whose targets are the members of `settings`, which must outlive the section.
SettingsSection supervise_section(SuperviseSettings& settings);
SettingsSection runner_section(RunnerSettings& settings);
SettingsSection process_section(StrategySettings& settings);

/// A section for every [runner.NAME] and [process.NAME] of `file`, whose targets are new members of
/// `settings`.
std::vector<SettingsSection> declared_sections(const IniFile& file, SuperviseSettings& settings);

/// CTRL_MODE and STRATEGIES win over the file; the rest of `environment` says where runners are.
void apply_environment(SuperviseSettings& settings, const Environment& environment);

/// Faults across rows: names, targets and runners that do not fit. Empty when all is well.
std::vector<std::string> validate(const SuperviseSettings& settings);

/// Where a runner of that kind is without a section: PM2_HOME, DOCKER_HOST, XDG_RUNTIME_DIR, ..
RunnerSettings default_runner(RunnerKind kind, const Environment& environment);

/// A name that people may give: letters, digits, '_', '.' and '-', at most 64, no leading '-'.
bool is_strategy_name(std::string_view text);
/// A unit's own name ("grid.service", "grid@btc.service"), never a pattern or an option.
bool is_unit_name(std::string_view text);

}  // namespace bb::supervise
