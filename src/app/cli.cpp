#include "app/cli.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <sstream>

#include "app/cli_options.h"
#include "app/exit_codes.h"
#include "app/version.h"
#include "base/plant.h"
#include "control/command.h"
#include "paper/timeline.h"

namespace bb::app {

namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 partly done, 4 lock busy,\n"
    "5 exchange unreachable, 6 outcome not known, 78 configuration.";

std::string complaint_of_minute(const std::string& text) {
  const auto two = [&](std::size_t at) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    return digit(at) && digit(at + 1) ? (text[at] - '0') * 10 + (text[at + 1] - '0') : 99;
  };
  if (text.size() == 5 && text[2] == ':' && two(0) < 24 && two(3) < 60) return {};
  return fmt::format("'{}' is not a time of day; write it as 11:55", text);
}

/// One that is about an account.
CLI::App* add_account_command(CLI::App& app, Targets& t, const char* name, const char* what,
                              const char* examples) {
  auto* command = add_command(app, name, what, examples);
  command->add_option("--account", t.whom,
                      "Of the configuration: a NAME, group:NAME or all; may be repeated "
                      "(default: the account of [binance])");
  return command;
}

void add_journeys(CLI::App& app, Targets& t) {
  auto* entry = add_account_command(app, t, "entry", "One daily entry: rank, short, protect",
                                    "  bubble-buster entry --config config.ini\n"
                                    "  bubble-buster entry --trade-day-utc 2025-10-10\n");
  entry->add_option("--trade-day-utc", t.entry.trade_day_utc,
                    "The slot, by the UTC date of its scheduled instant (default: today's)");
  auto* manage = add_account_command(app, t, "manage", "One patrol over the open positions",
                                     "  bubble-buster manage\n  bubble-buster manage --loop\n");
  manage->add_flag("--loop", t.manage.loop, "Patrol every manager_interval_sec until stopped");
  auto* cut = add_account_command(
      app, t, "loss-cut", "Close what floats at a loss, now",
      "  bubble-buster loss-cut --config /etc/bubble-buster/config_b.ini\n"
      "  * * * * * bubble-buster loss-cut --at-local 11:55 --config /etc/bubble-buster/config_b.ini"
      "\n(cron on a host in any time zone: every minute, and it acts in that one)\n");
  cut->add_option("--at-local", t.loss_cut.at_local,
                  "HH:MM in [runtime] timezone: in any other minute nothing is done")
      ->check([](const std::string& text) { return complaint_of_minute(text); });
  auto* bot = add_command(
      app, "bot", "The Telegram operations bot: all accounts in one hand",
      "  bubble-buster bot --config config.ini\n"
      "  TELEGRAM_TOKEN=.. ENABLED_USERS=123 BINANCE_API_CONFIGS='{..}' bubble-buster bot\n"
      "  bubble-buster bot --new-totp 123\n");
  bot->add_option("--new-totp", t.bot.new_totp,
                  "Print a new authenticator secret for this user id, and do nothing else");
  bot->add_flag("--unlock", t.bot.unlock,
                "End a lock that an admin set with /lock, and nothing else");
  add_account_command(app, t, "service", "The scheduler: entry, loss cut, patrol, equity samples",
                      "  bubble-buster service --config config.ini\n");
}

void add_surfaces(CLI::App& app, Targets& t) {
  auto* dashboard = add_account_command(
      app, t, "dashboard", "The web dashboard, with the service inside or beside one that runs",
      "  bubble-buster dashboard --config config.ini\n"
      "  bubble-buster dashboard --host 127.0.0.1 --port 8787\n"
      "  bubble-buster dashboard --hash-password < password.txt\n");
  auto& d = t.dashboard;
  dashboard->add_option("--host", d.host, "Address (default: [runtime] dashboard_host)");
  dashboard->add_option("--port", d.port, "TCP port; 0 = any free one ([runtime] dashboard_port)")
      ->check(CLI::Range(0, 65'535));
  dashboard->add_flag("--hash-password", d.hash_password,
                      "Read a password from standard input, print its hash for [dashboard] "
                      "password_hash, and do nothing else");
  add_account_command(app, t, "run", "Service and dashboard in one process: the recommended way",
                      "  bubble-buster run --config config.ini\n");
}

void add_safety(CLI::App& app, Targets& t) {
  auto* flatten = add_account_command(
      app, t, "flatten", "Pause entries, close positions, and say what is left",
      "  bubble-buster flatten\n  bubble-buster flatten --percent 50\n"
      "  bubble-buster flatten --symbol BTCUSDT --symbol ETHUSDT\n"
      "  bubble-buster flatten --preview --side short --losers\n"
      "  bubble-buster flatten --tracked --json\n"
      "  bubble-buster flatten --account all\n"
      "Verdicts: FLAT (exit 0), PARTIAL (3: the rest is listed), UNKNOWN (6: look again).\n"
      "Entries stay paused until `bubble-buster resume`.\n");
  flatten->add_option("--percent", t.percent, "Of each position, above 0 and at most 100")
      ->check([](const std::string& text) { return complaint_of(control::parse_percent(text)); });
  flatten->add_option("--symbol", t.flatten.symbols, "Only this one; may be repeated")
      ->check([](const std::string& text) { return control::complaint_of_symbol(text); });
  flatten->add_flag("--tracked", t.flatten.tracked,
                    "Only positions that the database knows as ours (default: the whole account)");
  flatten->add_option("--side", t.flatten.side, "Only positions of this side")
      ->check(CLI::IsMember({"long", "short"}));
  auto* losers = flatten->add_flag("--losers", t.flatten.losers,
                                   "Only positions that float at a loss when it begins");
  flatten->add_flag("--winners", t.flatten.winners, "Only positions that float at a profit")
      ->excludes(losers);
  flatten->add_flag("--preview", t.flatten.preview,
                    "Change nothing: quantities, expected slippage and fee, what cannot be closed");
  auto* cancel = add_account_command(
      app, t, "cancel", "Cancel resting orders that would open or enlarge a position",
      "  bubble-buster cancel\n  bubble-buster cancel --symbol BTCUSDT\n"
      "Stops and take-profits stay.\n");
  cancel->add_option("--symbol", t.cancel.symbols, "Only this one; may be repeated")
      ->check([](const std::string& text) { return control::complaint_of_symbol(text); });
  auto* pause =
      add_account_command(app, t, "pause", "Nothing is opened from now on; protection goes on",
                          "  bubble-buster pause\n  bubble-buster pause --reason holiday\n");
  pause->add_option("--reason", t.pause.reason, "For whoever looks at the status later");
  add_account_command(app, t, "resume", "End a pause or a halt, after one look at the account",
                      "  bubble-buster resume\n");
  add_account_command(app, t, "status",
                      "Who holds the account, whether it may open, positions, orders",
                      "  bubble-buster status\n  bubble-buster status --json\n");
}

void add_reports(CLI::App& app, Targets& t) {
  auto* board = add_command(app, "board", "Today's gainers since 00:00 UTC",
                            "  bubble-buster board\n  bubble-buster board --json\n"
                            "  bubble-buster board --push\n");
  board->add_flag("--push", t.board.push, "Send the board to the configured notifier");
  add_account_command(app, t, "audit",
                      "Compare the store with the exchange, order by order, fill by fill",
                      "  bubble-buster audit --config config.ini --json\n");
  auto* doctor = add_account_command(
      app, t, "doctor", "Check everything a start needs; exit code 1 if it must not start",
      "  bubble-buster doctor\n  bubble-buster doctor --send --json\n");
  doctor->add_flag("--send", t.doctor.send, "Send a test message to the configured notifier");
}

// One NAME, not a list of them: CLI11 would take "[a,b]" for two.
void add_strategies(CLI::App& app, Targets& t) {
  auto* command = add_command(
      app, "strategies", "Strategy processes under PM2, Docker, Swarm and systemd",
      "  bubble-buster strategies\n  bubble-buster strategies stop grid-btc\n"
      "  bubble-buster strategies restart --group live --json\n"
      "  bubble-buster strategies logs grid-btc --lines 200\n"
      "  CTRL_MODE=docker STRATEGIES=label:app=strategy bubble-buster strategies\n"
      "  bubble-buster strategies watch\n"
      "Only what is declared is touched (docs/strategies.md). A NAME that begins with '-' goes\n"
      "behind '--'. The answer of start, stop and restart is the state that was read "
      "afterwards.\n");
  auto& s = t.strategies;
  command->add_option("verb", s.verb, "list (default), start, stop, restart, logs or watch")
      ->check(CLI::IsMember({"list", "start", "stop", "restart", "logs", "watch"}));
  auto* name =
      command->add_option("NAME", t.strategy, "Exact name, runner:name, or the runner's id");
  command->add_option("--group", s.group, "All of a group, in place of a NAME")->excludes(name);
  command->add_flag("--all", s.all, "List what is not declared, too");
  command->add_option("--lines", s.lines, "Last lines of a log")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
}

Command chosen_command(const std::string& name, Targets& t) {
  if (name == "entry") return t.entry;
  if (name == "manage") return t.manage;
  if (name == "loss-cut") return t.loss_cut;
  if (name == "flatten") {
    if (!t.percent.empty()) t.flatten.percent = control::parse_percent(t.percent).value();
    return t.flatten;
  }
  if (name == "cancel") return t.cancel;
  if (name == "pause") return t.pause;
  if (name == "resume") return ResumeCommand{};
  if (name == "status") return StatusCommand{};
  if (name == "service") return ServiceCommand{};
  if (name == "dashboard") return t.dashboard;
  if (name == "run") return RunCommand{};
  if (name == "bot") return t.bot;
  if (name == "board") return t.board;
  if (name == "audit") return AuditCommand{};
  if (name == "doctor") return t.doctor;
  if (name == "demo") return t.demo;
  if (name == "strategies") return t.strategies;
  if (name == "init") return t.init;
  if (name == "import") return t.takeover;
  if (name == "backup") return t.backup;
  if (name == "restore") return t.restore;
  return paper_command(t);
}

std::string_view blank_trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

PrintCommand usage_error(const std::string& text) {
  return {text + "\nRun with --help for the commands, or <command> --help for examples.\n", kUsage};
}

}  // namespace

CLI::App* add_command(CLI::App& app, const char* name, const char* what, const char* examples) {
  CLI::App* command = app.add_subcommand(name, what);
  command->fallthrough(!planted("config_before_command_only"));
  command->footer(fmt::format("Examples:\n{}\n{}", examples, kExitCodes));
  return command;
}

Result<PaperAccountSpec> parse_account_spec(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ':');)
    parts.push_back(part);
  const auto bad = [&] {
    return fail(
        ErrorKind::invalid_input,
        fmt::format("'{}' is not alias:key:secret:balance, as in alice:key1:secret1:1000", text));
  };
  if (parts.size() != 4) return bad();
  for (const auto& part : parts)
    if (part.empty()) return bad();
  const auto balance = Decimal::parse(parts[3]);
  if (!balance || balance->is_negative()) return bad();
  return PaperAccountSpec{parts[0], parts[1], parts[2], *balance};
}

Result<Decimal> parse_speed(const std::string& text) {
  const auto speed = Decimal::parse(text);
  if (!speed || *speed < paper::Timeline::kSlowest || *speed > paper::Timeline::kFastest)
    return fail(ErrorKind::invalid_input,
                fmt::format("'{}' is not a speed between {} and {}", text,
                            paper::Timeline::kSlowest.str(), paper::Timeline::kFastest.str()));
  return *speed;
}

Invocation parse_command_line(const std::vector<std::string>& arguments,
                              const Environment& environment) {
  Invocation out;
  Targets targets;
  CLI::App app("Bubble Buster: shorts the day's top gainers on USDⓈ-M futures", "bubble-buster");
  app.set_version_flag("--version", "bubble-buster " + version_text());
  std::string config;
  app.add_option("--config", config,
                 "Configuration file (default: $BUBBLE_BUSTER_CONFIG, else ./config.ini)");
  app.add_flag("--json", out.json, "Machine-readable output on stdout");
  app.add_flag("--print-config", out.print_config,
               "Print the configuration in effect, secrets hidden, and do nothing else");
  app.add_flag("--print-config-reference", out.print_reference,
               "Print every key with its default, range and meaning, as Markdown");
  app.require_subcommand(0, 1);
  app.footer(std::string("Examples:\n  bubble-buster demo\n  bubble-buster service --config "
                         "config.ini\n  bubble-buster <command> --help\n") +
             kExitCodes);
  add_journeys(app, targets);
  add_surfaces(app, targets);
  add_safety(app, targets);
  add_reports(app, targets);
  add_strategies(app, targets);
  add_paper(app, targets);
  add_demo(app, targets);
  add_upkeep(app, targets);

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    std::ostringstream text;
    std::ostringstream ignored;
    if (error.get_exit_code() == 0) {
      (void)app.exit(error, text, ignored);
      out.command = PrintCommand{text.str(), kDone};
    } else {
      out.command = usage_error(error.what());
    }
    return out;
  }
  if (app.get_subcommand("strategies")->count("NAME") > 0)
    targets.strategies.name = targets.strategy;
  if (!app.get_subcommands().empty()) out.name = app.get_subcommands().front()->get_name();
  if (const auto named = environment.find("BUBBLE_BUSTER_CONFIG");
      config.empty() && named != environment.end())
    config = named->second;
  out.config_named = !config.empty();
  if (out.config_named) out.config_path = config;
  targets.init.config_path = targets.takeover.config_path = out.config_path;
  targets.entry.trade_day_utc = blank_trimmed(targets.entry.trade_day_utc);
  if (out.name.empty()) {
    if (!out.print_config && !out.print_reference)
      out.command = usage_error("A command is needed.\n\n" + app.help());
  } else {
    out.command = chosen_command(out.name, targets);
    out.accounts = targets.whom;
  }
  if (auto* paper = std::get_if<PaperCommand>(&out.command);
      paper != nullptr && paper->live && paper->proxy.empty())
    if (const auto named = environment.find("PROXY_URL"); named != environment.end())
      paper->proxy = named->second;
  return out;
}

}  // namespace bb::app
