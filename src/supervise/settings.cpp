#include "supervise/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "supervise/text.h"

namespace bb::supervise {

namespace {

constexpr std::array kKinds = {RunnerKind::pm2, RunnerKind::docker, RunnerKind::swarm,
                               RunnerKind::systemd, RunnerKind::systemd_user};
constexpr std::size_t kNameMax = 64;
constexpr std::size_t kTargetMax = 200;
constexpr std::string_view kRunnerPrefix = "runner.";
constexpr std::string_view kProcessPrefix = "process.";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto item = text.substr(0, comma);
    const auto from = item.find_first_not_of(" \t");
    if (from != std::string_view::npos)
      out.emplace_back(item.substr(from, item.find_last_not_of(" \t") - from + 1));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return out;
}

bool is_word_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == '.' || c == '-';
}

/// "unix:path=/run/user/1000/bus,guid=.." -> the path.
std::string path_of_bus(std::string_view address) {
  constexpr std::string_view kPath = "unix:path=";
  if (!address.starts_with(kPath)) return {};
  address.remove_prefix(kPath.size());
  return std::string(address.substr(0, address.find_first_of(",;")));
}

std::string user_bus(const Environment& environment) {
  const auto address = path_of_bus(value_of(environment, "DBUS_SESSION_BUS_ADDRESS"));
  if (!address.empty()) return address;
  const auto runtime = value_of(environment, "XDG_RUNTIME_DIR");
  return runtime.empty() ? std::string() : runtime + "/bus";
}

Status set_kind(RunnerKind& target, std::string_view text) {
  const auto kind = parse_runner_kind(text);
  if (!kind) return std::unexpected(kind.error());
  target = *kind;
  return {};
}

/// Fills what the section leaves open.
void complete(RunnerSettings& runner, const Environment& environment) {
  const auto usual = default_runner(runner.kind, environment);
  if (runner.home.empty()) runner.home = usual.home;
  if (runner.address.empty()) {
    runner.address = usual.address;
    if (runner.tls_folder.empty()) runner.tls_folder = usual.tls_folder;
  }
}

}  // namespace

std::string_view str(RunnerKind kind) {
  switch (kind) {
    case RunnerKind::pm2:
      return "pm2";
    case RunnerKind::docker:
      return "docker";
    case RunnerKind::swarm:
      return "swarm";
    case RunnerKind::systemd:
      return "systemd";
    case RunnerKind::systemd_user:
      return "systemd-user";
  }
  return "pm2";
}

Result<RunnerKind> parse_runner_kind(std::string_view text) {
  const auto word = lower(text);
  for (const auto kind : kKinds)
    if (word == str(kind)) return kind;
  return fail(ErrorKind::configuration,
              quote_word(text) + " is no runner; known: pm2, docker, swarm, systemd, systemd-user");
}

bool is_strategy_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameMax && text[0] != '-' && text[0] != '.' &&
         std::ranges::all_of(text, is_word_byte);
}

bool is_unit_name(std::string_view text) {
  const auto is_unit_byte = [](char c) {
    return is_word_byte(c) || c == '@' || c == ':' || c == '\\';
  };
  return text.size() > 8 && text.size() <= 255 && text[0] != '-' && text.ends_with(".service") &&
         std::ranges::all_of(text, is_unit_byte);
}

SettingsSection supervise_section(SuperviseSettings& settings) {
  SettingsSection section("supervise");
  section
      .custom(
          "ctrl_mode",
          [&settings](std::string_view text) -> Status {
            const auto kind = parse_runner_kind(text);
            if (!kind) return std::unexpected(kind.error());
            settings.ctrl_mode = str(*kind);
            return {};
          },
          [&settings] { return settings.ctrl_mode; }, "pm2, docker, swarm, systemd or systemd-user",
          "The runner of strategies that name none (the original's CTRL_MODE, any letter case)")
      .list("strategies", settings.strategies,
            "What that runner has and may be touched without a section of its own: NAME, "
            "namespace:NAME, label:KEY or label:KEY=VALUE (STRATEGIES in the environment)")
      .integer("action_limit_sec", settings.action_limit_sec, 1, 3600,
               "How long a start, stop or restart may take until the state is what was asked")
      .integer("answer_limit_ms", settings.answer_limit_ms, 100, 60'000,
               "How long a runner may take to answer a question")
      .integer("sample_ms", settings.sample_ms, 250, 600'000,
               "How often the watch looks where no event says that something changed")
      .flag("watch", settings.watch, "Watch the declared strategies and alert on changes")
      .text("heartbeat_utc", settings.heartbeat_utc,
            "When the watch says once a day that it is alive, HH:MM; empty = never");
  return section;
}

SettingsSection runner_section(RunnerSettings& settings) {
  SettingsSection section(std::string(kRunnerPrefix) + settings.name);
  section
      .custom(
          "kind", [&settings](std::string_view text) { return set_kind(settings.kind, text); },
          [&settings] { return std::string(str(settings.kind)); },
          "pm2, docker, swarm, systemd or systemd-user", "What runs the processes")
      .text("host", settings.host, "The machine, as people call it; shown beside each strategy")
      .text("home", settings.home, "PM2: its PM2_HOME (default: $PM2_HOME, else ~/.pm2)")
      .text("address", settings.address,
            "Docker: unix:///path or tcp://host:port (default: $DOCKER_HOST, else "
            "unix:///var/run/docker.sock); systemd: the path of the bus's socket")
      .text("tls_folder", settings.tls_folder,
            "Docker over TCP: the folder of ca.pem, cert.pem and key.pem (mutual TLS)")
      .list("strategies", settings.strategies,
            "What of it may be touched without a section of its own, as in [supervise]");
  return section;
}

SettingsSection process_section(StrategySettings& settings) {
  SettingsSection section(std::string(kProcessPrefix) + settings.name);
  auto& rules = settings.rules;
  section
      .text("runner", settings.runner,
            "NAME of a [runner.NAME], or a kind of runner (default: ctrl_mode)")
      .text("target", settings.target,
            "Its exact name under that runner; a unit's whole name (default: NAME of the section)")
      .text("account", settings.account, "The account it trades on; a flatten may stop it first")
      .text("group", settings.group, "For commands on all of a group")
      .list("operators", settings.operators, "User ids that may touch it (default: all operators)")
      .integer("grace_sec", settings.grace_sec, 0, 3600,
               "Docker: seconds to end by itself after a stop, before it is killed")
      .text("log_file", settings.log_file, "Read this file instead of the runner's own log")
      .integer("restarts_in_window", rules.restarts_in_window, 0, 10'000,
               "More restarts than this within the window are a crash loop; 0 = off")
      .integer("window_min", rules.window_min, 1, 1440, "That window, in minutes")
      .integer("stalled_min", rules.stalled_min, 0, 10'080,
               "Alert after so many minutes without a new log line; 0 = off")
      .integer("cpu_percent_max", rules.cpu_percent_max, 0, 100'000,
               "Alert above this share of one core; 0 = off")
      .integer("memory_mb_max", rules.memory_mb_max, 0, 1'000'000'000,
               "Alert above this many MB; 0 = off")
      .integer("restart_attempts", rules.restart_attempts, 0, 100,
               "Start it again after a failure, so many times with growing pauses; 0 = off");
  return section;
}

std::vector<SettingsSection> declared_sections(const IniFile& file, SuperviseSettings& settings) {
  std::vector<SettingsSection> out;
  for (const auto& section : file.sections) {
    const std::string_view name = section;
    if (name.starts_with(kRunnerPrefix)) {
      auto& runner = settings.runners[std::string(name.substr(kRunnerPrefix.size()))];
      runner = std::make_unique<RunnerSettings>();
      runner->name = name.substr(kRunnerPrefix.size());
      out.push_back(runner_section(*runner));
    } else if (name.starts_with(kProcessPrefix)) {
      auto& declared = settings.declared[std::string(name.substr(kProcessPrefix.size()))];
      declared = std::make_unique<StrategySettings>();
      declared->name = name.substr(kProcessPrefix.size());
      out.push_back(process_section(*declared));
    }
  }
  return out;
}

void apply_environment(SuperviseSettings& settings, const Environment& environment) {
  for (const auto* name :
       {"HOME", "PM2_HOME", "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH",
        "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"})
    if (const auto found = environment.find(name); found != environment.end())
      settings.environment.insert(*found);
  if (const auto mode = value_of(environment, "CTRL_MODE"); !mode.empty())
    settings.ctrl_mode = lower(mode);
  if (const auto names = value_of(environment, "STRATEGIES"); !names.empty())
    settings.strategies = split_list(names);
  for (auto& [name, runner] : settings.runners)
    complete(*runner, settings.environment);
  for (auto& [name, declared] : settings.declared) {
    if (declared->target.empty()) declared->target = declared->name;
    if (declared->runner.empty()) declared->runner = settings.ctrl_mode;
    const auto runner = settings.runners.find(declared->runner);
    const auto kind = runner == settings.runners.end() ? parse_runner_kind(declared->runner)
                                                       : Result<RunnerKind>(runner->second->kind);
    const bool is_unit =
        kind && (*kind == RunnerKind::systemd || *kind == RunnerKind::systemd_user);
    if (is_unit && !declared->target.ends_with(".service")) declared->target += ".service";
  }
}

std::vector<std::string> validate(const SuperviseSettings& settings) {
  std::vector<std::string> faults;
  if (const auto kind = parse_runner_kind(settings.ctrl_mode); !kind)
    faults.push_back("CTRL_MODE: " + kind.error().text);
  const auto check_name = [&](std::string_view prefix, const std::string& name) {
    if (!is_strategy_name(name))
      faults.push_back(fmt::format(
          "section [{}NAME]: {} is no name; use letters, digits, '_', '.', '-', at most {}", prefix,
          quote_word(name), kNameMax));
  };
  for (const auto& [name, runner] : settings.runners)
    check_name(kRunnerPrefix, name);
  for (const auto& [name, declared] : settings.declared) {
    check_name(kProcessPrefix, name);
    const auto where = fmt::format("[{}{}]", kProcessPrefix, clean_text(name, kNameMax));
    const auto runner = settings.runners.find(declared->runner);
    const auto kind = runner == settings.runners.end() ? parse_runner_kind(declared->runner)
                                                       : Result<RunnerKind>(runner->second->kind);
    if (!kind) {
      faults.push_back(
          fmt::format("{} runner: {} is neither a [runner.NAME] of this file nor a "
                      "kind of runner",
                      where, quote_word(declared->runner)));
      continue;
    }
    const bool is_systemd = *kind == RunnerKind::systemd || *kind == RunnerKind::systemd_user;
    const bool is_text =
        declared->target.size() <= kTargetMax && std::ranges::all_of(declared->target, [](char c) {
          return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
        });
    if (is_systemd ? !is_unit_name(declared->target) : !is_text)
      faults.push_back(fmt::format("{} target: {} is no name of a {}", where,
                                   quote_word(declared->target),
                                   is_systemd ? "unit (grid.service)" : "process"));
  }
  std::map<std::pair<std::string, std::string>, std::string> targets;
  for (const auto& [name, declared] : settings.declared) {
    const auto [other, is_new] = targets.try_emplace({declared->runner, declared->target}, name);
    if (!is_new)
      faults.push_back(fmt::format("[{0}{1}] and [{0}{2}] mean the same target {3}; remove one",
                                   kProcessPrefix, clean_text(other->second, kNameMax),
                                   clean_text(name, kNameMax), quote_word(declared->target)));
  }
  const auto& at = settings.heartbeat_utc;
  const bool is_clock = at.size() == 5 && at[2] == ':' && at.substr(0, 2) < "24" &&
                        at.substr(3) < "60" &&
                        at.find_first_not_of("0123456789:") == std::string::npos;
  if (!at.empty() && !is_clock)
    faults.push_back("[supervise] heartbeat_utc: " + quote_word(at) + " is no HH:MM");
  return faults;
}

RunnerSettings default_runner(RunnerKind kind, const Environment& environment) {
  RunnerSettings out;
  out.name = str(kind);
  out.kind = kind;
  switch (kind) {
    case RunnerKind::pm2:
      out.home = value_of(environment, "PM2_HOME");
      if (out.home.empty()) out.home = value_of(environment, "HOME") + "/.pm2";
      break;
    case RunnerKind::docker:
    case RunnerKind::swarm:
      out.address = value_of(environment, "DOCKER_HOST");
      if (out.address.empty()) out.address = "unix:///var/run/docker.sock";
      if (!value_of(environment, "DOCKER_TLS_VERIFY").empty())
        out.tls_folder = value_of(environment, "DOCKER_CERT_PATH");
      break;
    case RunnerKind::systemd:
      out.address = path_of_bus(value_of(environment, "DBUS_SYSTEM_BUS_ADDRESS"));
      if (out.address.empty()) out.address = "/run/dbus/system_bus_socket";
      break;
    case RunnerKind::systemd_user:
      out.address = user_bus(environment);
      break;
  }
  return out;
}

}  // namespace bb::supervise
