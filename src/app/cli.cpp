#include "app/cli.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <sstream>

#include "app/exit_codes.h"
#include "base/plant.h"
#include "control/command.h"
#include "paper/live_feed.h"
#include "paper/timeline.h"

namespace bb::app {

namespace {

const std::vector<std::string> kPaths = {"high-first", "low-first", "seeded"};
const std::vector<std::string> kIntervals = {"1m", "3m", "5m", "15m", "30m", "1h",
                                             "2h", "4h", "6h", "8h",  "12h", "1d"};

Millis interval_of(const std::string& text) {
  const int count = std::stoi(text);
  if (text.back() == 'm') return Minutes(count);
  return text.back() == 'h' ? Hours(count) : Hours(24 * count);
}

constexpr const char* kExitCodes =
    "Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 partly done, 4 lock busy,\n"
    "5 exchange unreachable, 6 outcome not known, 78 configuration.";

/// Everything the options write into; one member per sub-command.
struct Targets {
  EntryCommand entry;
  ManageCommand manage;
  FlattenCommand flatten;
  PauseCommand pause;
  DashboardCommand dashboard;
  BoardCommand board;
  DoctorCommand doctor;
  StrategiesCommand strategies;
  PaperCommand paper;
  DemoCommand demo;
  std::vector<std::string> accounts;
  std::string speed, at, interval, live, percent, strategy;
};

template <class T>
std::string complaint_of(const Result<T>& parsed) {
  return parsed ? std::string() : parsed.error().text;
}

CLI::App* add_command(CLI::App& app, const char* name, const char* what, const char* examples) {
  CLI::App* command = app.add_subcommand(name, what);
  command->fallthrough(!planted("config_before_command_only"));
  command->footer(fmt::format("Examples:\n{}\n{}", examples, kExitCodes));
  return command;
}

void add_journeys(CLI::App& app, Targets& t) {
  auto* entry = add_command(app, "entry", "One daily entry: rank, short, protect",
                            "  bubble-buster entry --config config.ini\n"
                            "  bubble-buster entry --trade-day-utc 2025-10-10\n");
  entry->add_option("--trade-day-utc", t.entry.trade_day_utc,
                    "The slot, by the UTC date of its scheduled instant (default: today's)");
  auto* manage = add_command(app, "manage", "One patrol over the open positions",
                             "  bubble-buster manage\n  bubble-buster manage --loop\n");
  manage->add_flag("--loop", t.manage.loop, "Patrol every manager_interval_sec until stopped");
  add_command(app, "loss-cut", "Close what floats at a loss, now",
              "  55 11 * * * bubble-buster loss-cut --config /etc/bubble-buster/config_b.ini\n");
  add_command(app, "service", "The scheduler: entry, loss cut, patrol, equity samples",
              "  bubble-buster service --config config.ini\n");
}

void add_surfaces(CLI::App& app, Targets& t) {
  auto* dashboard = add_command(
      app, "dashboard", "The web dashboard, with the service inside or beside one that runs",
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
  add_command(app, "run", "Service and dashboard in one process: the recommended way",
              "  bubble-buster run --config config.ini\n");
}

void add_safety(CLI::App& app, Targets& t) {
  auto* flatten = add_command(
      app, "flatten", "Pause entries, close positions, and say what is left",
      "  bubble-buster flatten\n  bubble-buster flatten --percent 50\n"
      "  bubble-buster flatten --symbol BTCUSDT --symbol ETHUSDT\n"
      "  bubble-buster flatten --preview --side short --losers\n"
      "  bubble-buster flatten --tracked --json\n"
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
  auto* pause = add_command(app, "pause", "Nothing is opened from now on; protection goes on",
                            "  bubble-buster pause\n  bubble-buster pause --reason holiday\n");
  pause->add_option("--reason", t.pause.reason, "For whoever looks at the status later");
  add_command(app, "resume", "End a pause or a halt, after one look at the account",
              "  bubble-buster resume\n");
  add_command(app, "status", "Who holds the account, whether it may open, positions, orders",
              "  bubble-buster status\n  bubble-buster status --json\n");
}

void add_reports(CLI::App& app, Targets& t) {
  auto* board = add_command(app, "board", "Today's gainers since 00:00 UTC",
                            "  bubble-buster board\n  bubble-buster board --json\n"
                            "  bubble-buster board --push\n");
  board->add_flag("--push", t.board.push, "Send the board to the configured notifier");
  add_command(app, "audit", "Compare the store with the exchange, order by order, fill by fill",
              "  bubble-buster audit --config config.ini --json\n");
  auto* doctor =
      add_command(app, "doctor", "Check everything a start needs; exit code 1 if it must not start",
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

// The market a paper exchange plays, its clock, its control port and its memory.
void add_paper_world(CLI::App& paper, Targets& t) {
  auto& p = t.paper;
  paper.add_option("--interval", t.interval, "Bars to play where several are recorded (finest)")
      ->check(CLI::IsMember(kIntervals));
  paper.add_option("--speed", t.speed, "Exchange seconds per second (default 1)")
      ->check([](const std::string& text) { return complaint_of(parse_speed(text)); });
  paper
      .add_option("--at", t.at,
                  "Begin at this UTC time and keep the recorded dates (foreign clients)")
      ->check([](const std::string& text) { return complaint_of(parse_utc_instant(text)); });
  paper.add_flag("--paused", p.paused, "Exchange time stands still until it is told to go on");
  auto* port =
      paper.add_option("--control-port", p.control_port, "TCP port of the control; 0 = any")
          ->check(CLI::Range(0, 65'535));
  auto* token = paper.add_option("--control-token-file", p.control_token_file,
                                 "File whose first line is the token of the control");
  port->needs(token);
  token->needs(port);
  paper.add_option("--control-address", p.control_address, "Address of the control port")
      ->capture_default_str()
      ->needs(port);
  auto* db = paper.add_option("--db", p.db, "Keep accounts and orders in this file over restarts");
  paper.add_flag("--db-rebase", p.db_rebase, "Continue the --db file on another market")->needs(db);
}

// A live market has its own prices and time.
void add_live(CLI::App& paper, Targets& t) {
  auto* live =
      paper
          .add_option("--live", t.live,
                      "Prices of a real exchange as they come: Binance's, or the source "
                      "at this URL")
          ->expected(0, 1)
          ->default_str(paper::production_source().rest)
          ->check([](const std::string& text) { return complaint_of(paper::live_source(text)); });
  for (const auto* other : {"--data", "--path", "--seed", "--days", "--interval", "--speed", "--at",
                            "--paused", "--db"})
    live->excludes(paper.get_option(other));
  paper
      .add_option("--proxy", t.paper.proxy,
                  "HTTP proxy to the live source: http://host:port (default: $PROXY_URL)")
      ->needs(live);
}

CLI::App* add_paper(CLI::App& app, Targets& t) {
  auto* paper = add_command(
      app, "paper", "The paper exchange as a server, for any Binance client",
      "  bubble-buster paper --port 8790\n"
      "  bubble-buster paper --data bulk/ --at 2025-10-10T20:00 --speed 60\n"
      "  bubble-buster paper --live\n"
      "  bubble-buster paper --account alice:key1:secret1:1000 --account bob:key2:secret2:500\n"
      "  bubble-buster paper --accounts accounts.ini\n");
  auto& p = t.paper;
  paper->add_option("--port", p.port, "TCP port; 0 = any free one (default 8790)")
      ->check(CLI::Range(0, 65'535));
  paper->add_option("--address", p.address, "Address to listen on (default 127.0.0.1)");
  paper->add_option("--data", p.data, "Folder of recorded days (default: data)");
  paper->add_option("--path", p.path, "Order of the extremes within a bar")
      ->check(CLI::IsMember(kPaths));
  paper->add_option("--seed", p.seed, "Seed of seeded paths");
  paper->add_option("--days", p.days, "Days of trading to offer")->check(CLI::Range(1, 3650));
  paper->add_option("--account", t.accounts, "alias:key:secret:balance; may be repeated")
      ->check([](const std::string& text) {
        const auto parsed = parse_account_spec(text);
        return parsed ? std::string() : parsed.error().text;
      });
  paper->add_option("--accounts", p.accounts_file,
                    "File of accounts with keys and permissions (docs/paper-exchange.md)");
  paper->add_flag("--no-limits", p.no_limits, "Rate limits never refuse (benchmarks, simulation)");
  paper->add_flag("--hedge", p.hedge, "Accounts begin in hedge mode");
  paper->add_option("--delay-ms", p.delay_ms, "Delay of every answer: half before it acts")
      ->check(CLI::Range(0, 60'000));
  add_paper_world(*paper, t);
  add_live(*paper, t);
  paper->add_flag("--expose-journal", p.expose_journal, "Serve the exchange's own journal");
  paper
      ->add_option(
          "--reduce-only-stop-without-position", p.stop_without_position,
          "What nobody has measured: such a stop is refused (-2022), accepted, or accepted "
          "and expired within a second")
      ->check(CLI::IsMember({"refused", "accepted", "expired"}));
  return paper;
}

CLI::App* add_demo(CLI::App& app, Targets& t) {
  auto* demo = add_command(app, "demo", "The whole system over recorded days, at speed",
                           "  bubble-buster demo\n  bubble-buster demo --days 3 --json --exit\n"
                           "  bubble-buster demo --latency-ms 100 --path seeded --seed 7\n");
  auto& d = t.demo;
  demo->add_option("--latency-ms", d.latency_ms, "Network latency each way (default 25)")
      ->check(CLI::Range(0, 10'000));
  demo->add_option("--days", d.days, "Days to trade (default: all recorded ones but the first)")
      ->check(CLI::Range(1, 3650));
  demo->add_option("--data", d.data, "Folder of recorded days (default: data)");
  demo->add_option("--path", d.path, "Order of the extremes within a bar")
      ->check(CLI::IsMember(kPaths));
  demo->add_option("--seed", d.seed, "Seed of seeded paths and of jitter");
  demo->add_option("--speed", d.speed, "Virtual seconds per real second; 0 = as fast as possible")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  demo->add_flag("--exit", d.exit, "End after the last day");
  return demo;
}

Command chosen_command(const std::string& name, Targets& t) {
  if (name == "entry") return t.entry;
  if (name == "manage") return t.manage;
  if (name == "loss-cut") return LossCutCommand{};
  if (name == "flatten") {
    if (!t.percent.empty()) t.flatten.percent = control::parse_percent(t.percent).value();
    return t.flatten;
  }
  if (name == "pause") return t.pause;
  if (name == "resume") return ResumeCommand{};
  if (name == "status") return StatusCommand{};
  if (name == "service") return ServiceCommand{};
  if (name == "dashboard") return t.dashboard;
  if (name == "run") return RunCommand{};
  if (name == "board") return t.board;
  if (name == "audit") return AuditCommand{};
  if (name == "doctor") return t.doctor;
  if (name == "demo") return t.demo;
  if (name == "strategies") return t.strategies;
  for (const auto& text : t.accounts)
    t.paper.accounts.push_back(parse_account_spec(text).value());
  if (!t.speed.empty()) t.paper.speed = parse_speed(t.speed).value();
  if (!t.interval.empty()) t.paper.interval = interval_of(t.interval);
  if (!t.live.empty()) t.paper.live = t.live;
  if (!t.at.empty()) t.paper.at = parse_utc_instant(t.at).value();
  return t.paper;
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
  app.set_version_flag("--version", std::string("bubble-buster ") + BB_VERSION);
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
  targets.entry.trade_day_utc = blank_trimmed(targets.entry.trade_day_utc);
  if (out.name.empty()) {
    if (!out.print_config && !out.print_reference)
      out.command = usage_error("A command is needed.\n\n" + app.help());
  } else {
    out.command = chosen_command(out.name, targets);
  }
  if (auto* paper = std::get_if<PaperCommand>(&out.command);
      paper != nullptr && paper->live && paper->proxy.empty())
    if (const auto named = environment.find("PROXY_URL"); named != environment.end())
      paper->proxy = named->second;
  return out;
}

}  // namespace bb::app
