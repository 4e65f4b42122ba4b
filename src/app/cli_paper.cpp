// The options of `paper` and `demo`.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "app/cli_options.h"
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

}  // namespace

void add_paper(CLI::App& app, Targets& t) {
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
  paper
      ->add_option("--weight-limit", p.weight_limit,
                   "Request weight that an address may use a minute (default 2400)")
      ->check(CLI::Range(1, 10'000'000));
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
}

void add_demo(CLI::App& app, Targets& t) {
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
  demo->add_option("--speed", d.speed,
                   "Virtual seconds per real second; 0 = 1800 with the dashboard, else as fast as "
                   "possible")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  demo->add_option("--port", d.port,
                   "Of the dashboard in which the days go by (default: [runtime] dashboard_port; "
                   "without a terminal there is one only with this option; 0 = any free port)")
      ->check(CLI::Range(0, 65'535));
  demo->add_flag("--exit", d.exit, "No dashboard: trade all days at once, report and end");
}

PaperCommand paper_command(Targets& t) {
  for (const auto& text : t.accounts)
    t.paper.accounts.push_back(parse_account_spec(text).value());
  if (!t.speed.empty()) t.paper.speed = parse_speed(t.speed).value();
  if (!t.interval.empty()) t.paper.interval = interval_of(t.interval);
  if (!t.live.empty()) t.paper.live = t.live;
  if (!t.at.empty()) t.paper.at = parse_utc_instant(t.at).value();
  return t.paper;
}

}  // namespace bb::app
