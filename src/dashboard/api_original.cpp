// The original's addresses with its fields and its formulas, for whoever reads them by script.
// Where its formula is known to mislead, the right figure is in /api/v1 (docs/dashboard.md).
#include <fmt/format.h>

#include <algorithm>

#include "dashboard/impl/api.h"
#include "dashboard/impl/curves.h"
#include "dashboard/impl/fields.h"
#include "dashboard/impl/log_tail.h"
#include "dashboard/impl/params.h"

namespace bb::dashboard {

namespace {

using net::JsonWriter;

constexpr std::size_t kCurveRows = 6000;
constexpr int kRuns = 30, kPositions = 100, kEvents = 120, kFlows = 80, kScanned = 120;
constexpr double kHoursMax = 8784;

template <class Tag>
void number(JsonWriter& json, std::string_view name, const std::optional<Amount<Tag>>& amount) {
  field(json, name, amount);
}

void time(JsonWriter& json, std::string_view name, std::optional<TimePoint> at) {
  if (at)
    json.field(name, iso_seconds(*at));
  else
    json.key(name).null();
}

void write_service(JsonWriter& json, const Site& site) {
  const bool running = site.news.holder_answers();
  json.key("service").begin_object().field("enabled", site.options.service_enabled);
  json.field("running", running);
  text_or_null(json, "error", running ? "" : site.news.holder().text);
  json.end_object();
}

void write_settings(JsonWriter& json, const Site& site) {
  json.field("entry_catchup_enabled", site.options.entry_catchup());
  json.field("source", "CONFIG").field("mutable", site.needs_sign_in());
  json.field("config_path", site.options.config_path);
}

void write_curve(JsonWriter& json, std::string_view name, const std::vector<CurvePoint>& points,
                 bool is_strategy) {
  json.key(name).begin_array();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& point = points[i];
    const Usdt before = i == 0 ? point.equity : points[i - 1].equity;
    json.begin_object().field("t", iso_seconds(point.at));
    field(json, "equity", point.equity);
    field(json, "pnl", point.equity - before);
    field(json, "cum_pnl", point.equity - points.front().equity);
    field(json, "drawdown", point.drawdown);
    json.field("drawdown_pct", point.drawdown_pct);
    if (is_strategy) field(json, "cum_cashflow", point.flows);
    json.end_object();
  }
  json.end_array();
}

struct Shown {
  std::vector<CurvePoint> points;
  Drawdown fall;
};

void write_stats(JsonWriter& json, std::string_view name, const Shown& curve,
                 const TradeStatistics* trades, Usdt net_flows) {
  static const TradeStatistics kNone;
  const TradeStatistics& s = trades != nullptr ? *trades : kNone;
  const auto& points = curve.points;
  json.key(name).begin_object();
  number(json, "wallet_balance_usdt",
         points.empty() ? std::nullopt : std::optional(points.back().equity));
  field(json, "total_realized_pnl",
        points.empty() ? Usdt() : points.back().equity - points.front().equity);
  json.field("closed_trades_priced", s.priced).field("wins", s.wins).field("losses", s.losses);
  json.field("breakeven", s.breakeven).field("win_rate_pct", s.win_rate_pct());
  field(json, "gross_profit", s.gross_profit);
  field(json, "gross_loss_abs", s.gross_loss);
  field(json, "avg_win", s.average_win());
  field(json, "avg_loss_abs", s.average_loss());
  field(json, "profit_factor", s.profit_factor());
  field(json, "avg_win_loss_ratio", s.average_ratio());
  field(json, "max_drawdown", curve.fall.max);
  json.field("max_drawdown_pct", curve.fall.max_pct);
  field(json, "current_drawdown", curve.fall.current);
  json.field("current_drawdown_pct", curve.fall.current_pct);
  json.field("unpriced_closed_positions", s.unpriced);
  number(json, "equity_baseline",
         points.empty() ? std::nullopt : std::optional(points.front().equity));
  if (trades != nullptr) {
    field(json, "net_cashflow_usdt", net_flows);
    field(json, "trade_realized_pnl", s.total);
  }
  json.end_object();
}

Status write_curves(JsonWriter& json, store::Reader& reader, Site& site, TimePoint since,
                    std::size_t target) {
  const auto raw = reader.load_curve(since, site.clock.utc_now(), kCurveRows);
  if (!raw) return std::unexpected(raw.error());
  const auto flows = reader.load_flows(site.options.account.asset);
  if (!flows) return std::unexpected(flows.error());
  const auto trades = site.statistics.get(reader);
  if (!trades) return std::unexpected(trades.error());
  const auto points = make_curve(raw->points, *flows);
  Shown account{thin(points, target), {}};
  Shown strategy{thin(without_flows(points), target), {}};
  account.fall = measure(account.points);
  strategy.fall = measure(strategy.points);
  const Usdt net_flows = points.empty() ? Usdt() : points.back().flows;
  write_curve(json, "strategy_equity_curve", strategy.points, true);
  write_curve(json, "balance_curve", account.points, false);
  write_curve(json, "equity_curve", strategy.points, true);
  write_stats(json, "drawdown_stats_strategy", strategy, &(*trades)->original, net_flows);
  write_stats(json, "drawdown_stats_balance", account, nullptr, net_flows);
  write_stats(json, "drawdown_stats", account, nullptr, net_flows);
  return {};
}

Status write_rows(JsonWriter& json, store::Reader& reader) {
  store::EventFilter newest;
  newest.limit = kEvents;
  const auto events = reader.load_events(newest);
  if (!events) return std::unexpected(events.error());
  json.key("events").begin_array();
  for (const auto& [id, row] : *events) {
    const auto& event = row.event;
    json.begin_object().field("id", id);
    if (event.holding_id == 0)
      json.key("position_id").null();
    else
      json.field("position_id", event.holding_id);
    json.field("symbol", event.symbol.str()).field("order_id", event.order_id);
    json.field("client_order_id", event.client_order_id.str()).field("type", event.type);
    json.field("side", event.side);
    field(json, "price", event.price);
    field(json, "qty", event.qty);
    json.field("status", event.status);
    time(json, "event_time_utc", event.event_time);
    text_or_null(json, "position_status", row.position_status);
    text_or_null(json, "position_close_reason", row.position_close_reason);
    json.end_object();
  }
  json.end_array();
  const auto flows = reader.load_cashflows(kFlows);
  if (!flows) return std::unexpected(flows.error());
  json.key("cashflow_events").begin_array();
  for (const auto& flow : *flows) {
    json.begin_object();
    time(json, "event_time_utc", flow.time);
    json.field("asset", flow.asset);
    field(json, "amount", flow.amount);
    json.field("income_type", flow.type);
    text_or_null(json, "symbol", flow.symbol);
    json.field("tran_id", flow.transaction_id);
    text_or_null(json, "info", flow.info);
    json.end_object();
  }
  json.end_array();
  store::HoldingFilter scanned;
  scanned.limit = kScanned;
  const auto closed = reader.load_holdings(scanned);
  if (!closed) return std::unexpected(closed.error());
  json.key("unpriced_closed_details").begin_array();
  for (const auto& result : *closed) {
    if (gross_pnl(result)) continue;
    const auto& held = result.holding;
    const bool is_whole = held.qty.is_positive() && held.entry_price.is_positive();
    json.begin_object().field("id", held.id).field("symbol", held.symbol.str());
    json.field("status", str(held.status)).field("close_reason", held.close_reason);
    json.field("close_order_id", held.close_order_id);
    json.field("detected_reason", is_whole ? "MISSING_FILL_PRICE" : "INVALID_POSITION_FIELDS");
    time(json, "closed_at_utc", held.closed_at);
    json.end_object();
  }
  json.end_array();
  return {};
}

void write_run(JsonWriter& json, const store::Run& run) {
  json.begin_object().field("run_id", run.run_id).field("trade_day_utc", run.trade_day_utc);
  time(json, "started_at_utc", run.started_at);
  time(json, "completed_at_utc", run.completed_at);
  json.field("status", str(run.status)).field("message", run.message).end_object();
}

void write_holding(JsonWriter& json, const store::Holding& held) {
  json.begin_object().field("id", held.id).field("run_id", held.run_id);
  json.field("symbol", held.symbol.str()).field("side", str(held.side));
  field(json, "qty", held.qty);
  field(json, "entry_price", held.entry_price);
  field(json, "liq_price_latest", held.liq_price_latest);
  field(json, "tp_price", held.tp_price);
  field(json, "sl_price", held.sl_price);
  time(json, "opened_at_utc", held.opened_at);
  time(json, "expire_at_utc", held.expire_at);
  json.field("status", str(held.status));
  text_or_null(json, "last_error", held.last_error);
  json.end_object();
}

Status write_account(JsonWriter& json, store::Reader& reader, Site& site) {
  const auto runs = reader.load_runs(kRuns);
  if (!runs) return std::unexpected(runs.error());
  store::HoldingFilter open;
  open.open = true;
  open.limit = kPositions;
  const auto held = reader.load_holdings(open);
  if (!held) return std::unexpected(held.error());
  const auto last = reader.load_last_snapshot();
  if (!last) return std::unexpected(last.error());
  const auto flows = reader.load_flows(site.options.account.asset);
  if (!flows) return std::unexpected(flows.error());
  const auto errors = std::ranges::count_if(
      *held, [](const auto& each) { return !each.holding.last_error.empty(); });
  Usdt net_flows;
  for (const auto& flow : *flows)
    net_flows += flow.amount;
  const auto equity = *last ? std::optional((*last)->equity) : std::nullopt;
  json.key("summary").begin_object().field("open_positions", held->size());
  json.field("open_symbols", held->size()).field("recent_errors", errors);
  text_or_null(json, "last_run_status", runs->empty() ? "" : str(runs->front().status));
  number(json, "wallet_balance_usdt", equity);
  field(json, "net_cashflow_usdt", net_flows);
  json.end_object().key("wallet").begin_object();
  number(json, "balance_usdt", equity);
  time(json, "as_of_utc", *last ? std::optional((*last)->captured_at) : std::nullopt);
  json.field("source", "DB").key("error").null().field("live_source", false).end_object();
  json.key("latest_run");
  if (runs->empty())
    json.null();
  else
    write_run(json, runs->front());
  json.key("runs").begin_array();
  for (const auto& run : *runs)
    write_run(json, run);
  json.end_array().key("open_positions").begin_array();
  for (const auto& each : *held)
    write_holding(json, each.holding);
  json.end_array();
  return {};
}

void write_head(JsonWriter& json, const Site& site, double hours, std::int64_t points) {
  const auto& options = site.options;
  const TimePoint now = site.clock.utc_now();
  const NextJobs jobs = options.next_jobs ? options.next_jobs(now) : NextJobs();
  const auto local = [&](std::optional<TimePoint> at) {
    return at && options.local_text ? options.local_text(*at) : std::string();
  };
  json.begin_object().field("generated_at_utc", iso_seconds(now));
  json.field("timezone", options.timezone).field("now_local", local(now));
  text_or_null(json, "next_entry_local", local(jobs.entry));
  json.key("seconds_to_next_entry");
  if (jobs.entry)
    json.value(std::chrono::floor<Seconds>(*jobs.entry - now).count());
  else
    json.null();
  json.field("curve_window_hours", hours).field("curve_points", points);
}

std::string read_all(store::Reader* reader, Site& site, double hours, std::int64_t points,
                     std::int64_t log_lines, std::string& problem) {
  JsonWriter json;
  write_head(json, site, hours, points);
  if (reader != nullptr) {
    const TimePoint since =
        site.clock.utc_now() - Millis(static_cast<std::int64_t>(hours * 3'600'000));
    Status done = write_account(json, *reader, site);
    if (done) done = write_rows(json, *reader);
    if (done) done = write_curves(json, *reader, site, since, static_cast<std::size_t>(points));
    if (!done) {
      problem = done.error().text;
      return {};
    }
  } else {
    json.key("summary").begin_object().field("open_positions", 0).field("open_symbols", 0);
    json.field("recent_errors", 0).field("last_run_status", "DB_ERROR");
    json.key("wallet_balance_usdt").null().key("net_cashflow_usdt").null().end_object();
    json.field("db_error", problem);
  }
  json.key("log_tail").begin_array();
  LogQuery query;
  query.lines = static_cast<std::size_t>(log_lines);
  if (const auto lines = load_log_tail(site.options.log_dir, query); lines && log_lines > 0)
    for (const auto& line : *lines)
      json.value(line);
  json.end_array().field("config_path", site.options.config_path);
  json.field("db_path", site.options.account.db_path);
  write_service(json, site);
  json.key("runtime_settings").begin_object();
  write_settings(json, site);
  json.end_object().end_object();
  return json.take();
}

}  // namespace

Task<net::ServerReply> get_dashboard(Site& site, const Request& request) {
  Params params(request);
  const auto log_lines = params.integer("log_lines", 80, 0, 300);
  const auto hours = params.number("window_hours", 24, 0, kHoursMax);
  const auto points = params.integer("curve_points", site.options.curve_points, 100, 5000);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  std::string problem;
  if (auto reader = site.library.open()) {
    auto json = read_all(*reader, site, hours, points, log_lines, problem);
    if (problem.empty()) co_return answer_json(std::move(json));
    site.library.close();
  } else {
    problem = reader.error().text;
  }
  co_return answer_json(read_all(nullptr, site, hours, points, log_lines, problem));
}

Task<net::ServerReply> get_runtime_settings(Site& site, const Request& request) {
  Params params(request);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  JsonWriter json;
  json.begin_object();
  write_settings(json, site);
  json.end_object();
  co_return answer_json(json.take());
}

Task<net::ServerReply> post_entry_catchup(Site& site, const Request& request) {
  Params params(request);
  const bool enabled = params.flag("enabled", false);
  const bool persist = params.flag("persist", true);
  const bool is_asked =
      std::ranges::any_of(request.query, [](const auto& each) { return each.first == "enabled"; });
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  if (!is_asked) co_return answer_error(422, "parameter enabled: true or false is needed");
  if (!persist)
    co_return answer_error(422,
                           "parameter persist: it must be true; a switch that the next start "
                           "forgets is a trap");
  control::Command command;
  command.kind = control::CommandKind::catch_up;
  command.reason = enabled ? "on" : "off";
  command.who = who_of(request);
  command.id = control::make_command_id();
  command.made_at = site.clock.utc_now();
  const auto reply =
      co_await control::hand_over(site.io, site.clock, site.options.account.directory, command);
  if (reply.kind != control::Reply::Kind::answered) co_return answer_error(502, reply.text);
  const auto& report = reply.answer.report;
  if (report.exit_code != 0) co_return answer_error(409, report.text);
  JsonWriter json;
  json.begin_object();
  write_settings(json, site);
  json.field("applied_runtime", true);
  json.field("persisted", site.options.entry_catchup() == enabled).end_object();
  co_return answer_json(json.take());
}

}  // namespace bb::dashboard
