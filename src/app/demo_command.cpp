// The demo as a command: its progress on standard error, its report on standard output.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/commands.h"
#include "app/demo.h"
#include "app/exit_codes.h"
#include "net/json.h"

namespace bb::app {

namespace {

constexpr std::size_t kActionWidth = 60;
constexpr std::size_t kDifferencesMax = 20;

// On a terminal one line that changes every virtual hour; in a file one line per day.
void show(const DemoProgress& progress, bool is_terminal) {
  const bool is_midnight = progress.now - utc_midnight(progress.now) < Hours(1);
  if (!is_terminal && !is_midnight) return;
  const std::string line =
      fmt::format("{}  equity {:>12}  open {:>3}  {}", iso_seconds(progress.now).substr(0, 16),
                  progress.equity.value().str_fixed(2), progress.open_positions,
                  progress.last_action.substr(0, kActionWidth));
  if (is_terminal)
    fmt::print(stderr, "\r\033[K{}", line);
  else
    fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
}

double milliseconds(Micros span) { return static_cast<double>(span.count()) / 1000.0; }

// Somebody sits at a terminal, or asked for the page: there it ends. CI has a terminal at times.
bool wants_page(const Config& config, const DemoCommand& command, bool json) {
  if (command.exit) return false;
  if (command.port) return true;
  return !json && isatty(STDOUT_FILENO) != 0 && !config.environment.contains("CI");
}

void announce(const std::string& url, bool json) {
  if (json) {
    net::JsonWriter line;
    line.begin_object().field("command", "demo").field("url", url).end_object();
    fmt::print("{}\n", line.str());
  } else {
    fmt::print("dashboard: {}\n", url);
    fmt::print("recorded days go by in it; pause and speed are on the page, Ctrl-C ends it\n");
  }
  std::fflush(stdout);
}

Result<DemoOptions> options_of(const PaperSettings& settings, const DemoCommand& command) {
  auto folder = find_data_folder(command.data.value_or(settings.data));
  if (!folder) return std::unexpected(folder.error());
  DemoOptions options;
  options.data_folder = std::move(*folder);
  options.path = command.path.value_or(settings.path);
  options.seed = command.seed.value_or(static_cast<std::uint64_t>(settings.seed));
  options.days = static_cast<int>(command.days.value_or(settings.days));
  options.latency_each_way = Millis(command.latency_ms.value_or(settings.latency_ms));
  options.speed = command.speed;
  options.balance = Usdt(settings.balance);
  options.hedge = settings.hedge;
  return options;
}

}  // namespace

std::string demo_json(const DemoReport& report, double wall_s) {
  net::JsonWriter json;
  json.begin_object()
      .field("days", report.days)
      .field("runs", report.runs)
      .field("opened", report.opened);
  json.key("closed").begin_object();
  for (const auto& [status, count] : report.closed)
    json.field(status, count);
  json.end_object()
      .field("realized_pnl", report.figures.realized_pnl.str())
      .field("fees", report.figures.fees.str())
      .field("funding", report.figures.funding.str())
      .field("equity_start", report.equity_start.str())
      .field("equity_end", report.equity_end.str())
      .field("requests", report.requests)
      .field("max_unprotected_ms", milliseconds(report.figures.unprotected_max));
  json.key("audit")
      .begin_object()
      .field("ok", report.audit.ok())
      .field("orders", report.audit.orders)
      .field("fills", report.audit.fills)
      .field("positions", report.audit.positions);
  json.key("differences").begin_array();
  const auto& differences = report.audit.differences;
  for (std::size_t i = 0; i < differences.size() && i < kDifferencesMax; ++i)
    json.value(differences[i]);
  json.end_array().end_object().field("wall_s", wall_s).end_object();
  return json.take();
}

std::string demo_table(const DemoReport& report) {
  const auto money = [](Usdt amount) {
    return amount.value()
        .round_to(Decimal::from_raw(Decimal::kScale / 100), Rounding::nearest)
        .str_fixed(2);
  };
  const Usdt change = report.equity_end - report.equity_start;
  const Usdt net = report.figures.realized_pnl + report.figures.fees + report.figures.funding;
  std::string out;
  const auto row = [&](std::string_view name, const std::string& value) {
    out += fmt::format("  {:<28}{:>16}\n", name, value);
  };
  out += fmt::format("\nDemo: {} days{}\n", report.days, report.stopped ? " (stopped early)" : "");
  row("daily entries", std::to_string(report.runs));
  row("positions opened", std::to_string(report.opened));
  for (const auto& [status, count] : report.closed)
    row("  " + status, std::to_string(count));
  row("  still open", std::to_string(report.audit.positions));
  row("realized PnL", money(report.figures.realized_pnl));
  row("fees", money(report.figures.fees));
  row("funding", money(report.figures.funding));
  row("net of fees and funding", money(net));
  row("equity at the start", money(report.equity_start));
  row("equity at the end", money(report.equity_end));
  row("change", money(change));
  row("requests", std::to_string(report.requests));
  row("worst unprotected time",
      fmt::format("{:.1f} ms", milliseconds(report.figures.unprotected_max)));
  if (report.figures.unprotected_max > Micros(0))
    row("  at", report.figures.unprotected_symbol.str() + " " +
                    iso_seconds(report.figures.unprotected_from).substr(0, 19));
  row("audit", report.audit.ok() ? "store = exchange" : "DIFFERENCES");
  row("  orders, fills compared", fmt::format("{}, {}", report.audit.orders, report.audit.fills));
  const auto& differences = report.audit.differences;
  for (std::size_t i = 0; i < differences.size() && i < kDifferencesMax; ++i)
    out += "    " + differences[i] + "\n";
  return out;
}

int run_demo_command(Config& config, const DemoCommand& command, bool json) {
  auto options = options_of(config.paper, command);
  if (!options) return report_error(options.error(), json);
  if (wants_page(config, command, json)) {
    options->page.emplace();
    const auto port = command.port.value_or(config.runtime.dashboard_port);
    options->page->port = static_cast<std::uint16_t>(port);
    if (command.speed > 0)
      options->page->speed =
          std::clamp(command.speed, dashboard::kReplaySpeedMin, dashboard::kReplaySpeedMax);
  }
  const bool is_terminal = isatty(STDERR_FILENO) != 0;
  boost::asio::io_context io;
  const SystemClock wall(io);
  const SteadyTime begun = wall.steady_now();
  const auto print = [&](const DemoReport& report) {
    if (is_terminal) fmt::print(stderr, "\r\033[K");
    const double wall_s = milliseconds(wall.steady_now() - begun) / 1000.0;
    const std::string table =
        demo_table(report) + fmt::format("  {:<28}{:>14.1f} s\n", "took", wall_s);
    std::fputs(table.c_str(), json ? stderr : stdout);
    if (json) fmt::print("{}\n", demo_json(report, wall_s));
    std::fflush(stdout);
  };
  bool is_printed = false;
  DemoEars ears;
  ears.progress = [&](const DemoProgress& progress) { show(progress, is_terminal); };
  ears.page = [&](const std::string& url) { announce(url, json); };
  ears.ended = [&](const DemoReport& report) {
    print(report);
    is_printed = true;
    if (!json) fmt::print("the dashboard stays until Ctrl-C\n");
    std::fflush(stdout);
  };
  const auto report = run_demo(*options, config, ears);
  if (!report) {
    if (is_terminal) fmt::print(stderr, "\r\033[K");
    return report_error(report.error(), json);
  }
  if (!is_printed) print(*report);
  if (report->stopped) return kDone;
  return report->audit.ok() ? kDone : kFailed;
}

}  // namespace bb::app
