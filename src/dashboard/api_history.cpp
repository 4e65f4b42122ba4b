// What happened: equity, runs, closed positions, orders, statistics, cash flows, commands.
#include <fmt/format.h>

#include "dashboard/impl/api.h"
#include "dashboard/impl/curves.h"
#include "dashboard/impl/fields.h"
#include "dashboard/impl/params.h"
#include "store/ranking.h"

namespace bb::dashboard {

namespace {

using net::JsonWriter;

constexpr std::size_t kCurveRows = 1500;  // each up to four points
const std::vector<std::string_view> kWindows{"1H", "1D", "1W", "1M", "1Y", "All"};
const std::vector<std::string_view> kReasons{
    "",
    "CLOSED_TP",
    "CLOSED_SL",
    "CLOSED_TIMEOUT",
    "CLOSED_EXTERNAL",
    "CLOSED_RISK_OFF",
    "CLOSED_DAILY_LOSS_CUT",
    "CLOSED_FLATTEN",
};

TimePoint window_start(const std::string& window, TimePoint now) {
  constexpr Hours kDay{24};
  if (window == "1H") return now - Hours(1);
  if (window == "1D") return now - kDay;
  if (window == "1W") return now - kDay * 7;
  if (window == "1M") return now - kDay * 30;
  if (window == "1Y") return now - kDay * 365;
  return {};
}

void write(JsonWriter& json, std::string_view name, const Drawdown& fall) {
  json.key(name).begin_object();
  field(json, "max", fall.max);
  json.field("max_pct", fall.max_pct);
  field(json, "current", fall.current);
  json.field("current_pct", fall.current_pct).end_object();
}

// [time, equity, equity without flows, growth in percent]
void write_points(JsonWriter& json, const std::vector<CurvePoint>& points) {
  constexpr double kHundred = 100;
  json.key("points").begin_array();
  for (const auto& point : points)
    json.begin_array()
        .value(to_ms(point.at))
        .raw(point.equity.str())
        .raw((point.equity - point.flows).str())
        .value((point.growth - 1) * kHundred)
        .end_array();
  json.end_array();
}

void write(JsonWriter& json, std::string_view name, const TradeStatistics& s, bool is_net) {
  json.key(name).begin_object();
  json.field("priced", s.priced).field("unpriced", s.unpriced);
  json.field("wins", s.wins).field("losses", s.losses).field("breakeven", s.breakeven);
  json.field("win_rate_pct", s.win_rate_pct());
  field(json, "total", s.total);
  field(json, "gross_profit", s.gross_profit);
  field(json, "gross_loss", s.gross_loss);
  field(json, "average_win", s.average_win());
  field(json, "average_loss", s.average_loss());
  field(json, "profit_factor", s.profit_factor());
  field(json, "average_ratio", s.average_ratio());
  if (is_net) {
    field(json, "commission", s.commission);
    field(json, "funding", s.funding);
  }
  json.end_object();
}

template <class Key>
void write_groups(JsonWriter& json, std::string_view name,
                  const std::map<Key, TradeStatistics>& groups) {
  json.key(name).begin_object();
  for (const auto& [key, group] : groups)
    write(json, fmt::format("{}", key), group, true);
  json.end_object();
}

void write_closed(JsonWriter& json, const store::HoldingResult& result) {
  const auto& held = result.holding;
  json.begin_object().field("id", held.id).field("run_id", held.run_id);
  json.field("symbol", held.symbol.str()).field("status", str(held.status));
  json.field("close_reason", held.close_reason);
  field(json, "qty", held.qty);
  field(json, "entry_price", held.entry_price);
  field(json, "close_price", close_price(result));
  field(json, "opened_at", held.opened_at);
  field(json, "closed_at", held.closed_at);
  field(json, "gross_pnl", gross_pnl(result));
  field(json, "net_pnl", net_pnl(result));
  field(json, "realized", result.realized);
  field(json, "commission", result.commission);
  field(json, "funding", result.funding);
  json.field("fills", result.fills).field("other_commission", result.other_commission);
  json.end_object();
}

/// null for runs of programs that kept none.
void write(JsonWriter& json, const store::Ranking& ranking) {
  json.key("ranking");
  if (ranking.empty()) {
    json.null();
    return;
  }
  json.begin_object().field("universe", ranking.universe);
  json.field("without_open", ranking.without_open).field("rescaled", ranking.rescaled);
  json.key("contracts").begin_array();
  for (const auto& each : ranking.contracts) {
    json.begin_object().field("rank", each.rank).field("symbol", each.symbol.str());
    field(json, "change", each.change);
    field(json, "last", each.last);
    json.field("verdict", each.verdict);
    text_or_null(json, "reason", each.reason);
    json.end_object();
  }
  json.end_array().end_object();
}

store::HoldingFilter closed_filter(Params& params, std::int64_t limit_max) {
  store::HoldingFilter filter;
  filter.symbol = params.text("symbol", 40);
  filter.reason = params.choice("reason", "", kReasons);
  filter.since = params.time("since");
  filter.until = params.time("until");
  filter.before = params.integer("before", 0, 0, std::int64_t{1} << 53);
  filter.limit = static_cast<int>(params.integer("limit", 100, 1, limit_max));
  return filter;
}

/// A cell that a spreadsheet must not take for a formula.
std::string cell(std::string_view text) {
  std::string out;
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
    out += '\'';
  for (const char c : text)
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return '"' + out + '"';
}

template <class Tag>
std::string number(const std::optional<Amount<Tag>>& amount) {
  return amount ? amount->str() : std::string();
}

std::string csv_line(const store::HoldingResult& result) {
  const auto& held = result.holding;
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", held.id, cell(held.run_id),
                     cell(held.symbol.str()), cell(str(held.status)), cell(held.close_reason),
                     held.qty.str(), held.entry_price.str(), number(close_price(result)),
                     iso_millis(held.opened_at), held.closed_at ? iso_millis(*held.closed_at) : "",
                     number(gross_pnl(result)), number(net_pnl(result)), result.commission.str(),
                     result.funding.str());
}

}  // namespace

void write(JsonWriter& json, const store::FillRecord& fill) {
  json.begin_object().field("symbol", fill.symbol.str()).field("trade_id", fill.trade_id);
  json.field("order_id", fill.order_id).field("client_order_id", fill.client_order_id.str());
  json.field("side", str(fill.side));
  field(json, "qty", fill.qty);
  field(json, "price", fill.price);
  field(json, "realized", fill.realized_pnl);
  field(json, "commission", fill.commission);
  json.field("commission_asset", fill.commission_asset).field("maker", fill.maker);
  field(json, "time", fill.time);
  json.end_object();
}

Task<net::ServerReply> get_equity(Site& site, const Request& request) {
  Params params(request);
  const TimePoint now = site.clock.utc_now();
  const auto window = params.choice("window", "1D", kWindows);
  const TimePoint since = params.time("since").value_or(window_start(window, now));
  const TimePoint until = params.time("until").value_or(now);
  const auto target = params.integer("points", 2000, 100, 5000);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  if (since > until) co_return answer_error(422, "parameter since: it must not be after until");
  co_return co_await with_reader(site, [&](store::Reader& reader) -> Result<std::string> {
    const auto curve = reader.load_curve(since, until, kCurveRows);
    if (!curve) return std::unexpected(curve.error());
    const auto flows = reader.load_flows(site.options.account.asset);
    if (!flows) return std::unexpected(flows.error());
    const auto points = make_curve(curve->points, *flows);
    JsonWriter json;
    json.begin_object().field("window", window);
    json.field("resolution_ms", curve->resolution.count());
    auto account = points;
    auto strategy = without_flows(points);
    write(json, "drawdown_account_original", measure(account));
    write(json, "drawdown_strategy_original", measure(strategy));
    write(json, "drawdown", measure_growth(points));
    field(json, "net_flows", points.empty() ? Usdt() : points.back().flows);
    write_points(json, thin(points, static_cast<std::size_t>(target)));
    json.key("flows").begin_array();
    for (const auto& flow : *flows)
      if (flow.at >= since && flow.at <= until)
        json.begin_array().value(to_ms(flow.at)).raw(flow.amount.str()).end_array();
    json.end_array().end_object();
    return json.take();
  });
}

Task<net::ServerReply> get_runs(Site& site, const Request& request) {
  Params params(request);
  const auto limit = static_cast<int>(params.integer("limit", 60, 1, 1000));
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  co_return co_await with_reader(site, [&](store::Reader& reader) -> Result<std::string> {
    const auto runs = reader.load_runs(limit);
    if (!runs) return std::unexpected(runs.error());
    JsonWriter json;
    json.begin_object().key("runs").begin_array();
    for (const auto& run : *runs)
      write(json, run);
    json.end_array().end_object();
    return json.take();
  });
}

Task<net::ServerReply> get_run(Site& site, const Request& request) {
  Params params(request);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  const std::string id(last_segment(request));
  co_return co_await with_reader(site, [&](store::Reader& reader) -> Result<std::string> {
    const auto run = reader.load_run(id);
    if (!run) return std::unexpected(run.error());
    if (!*run) return fail(ErrorKind::conflict, "no run has that name", kNotFound);
    const auto holdings = reader.load_holdings_of_run(id);
    if (!holdings) return std::unexpected(holdings.error());
    const auto intents = reader.load_intents_of_run(id);
    if (!intents) return std::unexpected(intents.error());
    JsonWriter json;
    json.begin_object().key("run");
    write(json, **run);
    json.key("positions").begin_array();
    for (const auto& result : *holdings)
      write_closed(json, result);
    json.end_array().key("intents").begin_array();
    for (const auto& intent : *intents) {
      json.begin_object().field("client_order_id", intent.client_order_id.str());
      json.field("symbol", intent.symbol.str()).field("attempt", intent.attempt);
      json.field("side", str(intent.side)).field("type", str(intent.type));
      field(json, "qty", intent.qty);
      field(json, "executed_qty", intent.executed_qty);
      field(json, "sent_at", intent.sent_at);
      json.field("state", str(intent.state)).field("evidence", intent.evidence).end_object();
    }
    json.end_array();
    const auto ranking = reader.load_journal_text(store::kRankingSource, id);
    if (!ranking) return std::unexpected(ranking.error());
    write(json, store::parse_ranking(*ranking));
    json.end_object();
    return json.take();
  });
}

Task<net::ServerReply> get_closed(Site& site, const Request& request) {
  Params params(request);
  const auto filter = closed_filter(params, 500);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  co_return co_await with_reader(site, [&](store::Reader& reader) -> Result<std::string> {
    const auto holdings = reader.load_holdings(filter);
    if (!holdings) return std::unexpected(holdings.error());
    JsonWriter json;
    json.begin_object().key("positions").begin_array();
    for (const auto& result : *holdings)
      write_closed(json, result);
    json.end_array().end_object();
    return json.take();
  });
}

Task<net::ServerReply> get_closed_csv(Site& site, const Request& request) {
  Params params(request);
  auto filter = closed_filter(params, 100'000);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  if (request.query.empty()) filter.limit = 100'000;
  auto reader = site.library.open();
  if (!reader) co_return answer_error(reader.error());
  const auto holdings = (*reader)->load_holdings(filter);
  if (!holdings) co_return answer_error(holdings.error());
  net::ServerReply reply;
  reply.response.status = 200;
  reply.response.headers = {
      {"Content-Type", "text/csv; charset=utf-8"},
      {"Content-Disposition", "attachment; filename=\"closed-positions.csv\""}};
  std::string& out = reply.response.body;
  out =
      "id,run_id,symbol,status,close_reason,qty,entry_price,close_price,opened_at,closed_at,"
      "gross_pnl,net_pnl,commission,funding\r\n";
  for (const auto& result : *holdings)
    out += csv_line(result);
  co_return reply;
}

Task<net::ServerReply> get_orders(Site& site, const Request& request) {
  Params params(request);
  store::EventFilter filter;
  filter.holding_id = params.integer("position", 0, 0, std::int64_t{1} << 53);
  filter.symbol = params.text("symbol", 40);
  filter.before = params.integer("before", 0, 0, std::int64_t{1} << 53);
  filter.limit = static_cast<int>(params.integer("limit", 120, 1, 1000));
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  co_return co_await with_reader(site, [&](store::Reader& reader) -> Result<std::string> {
    const auto rows = reader.load_events(filter);
    if (!rows) return std::unexpected(rows.error());
    JsonWriter json;
    json.begin_object().key("events").begin_array();
    for (const auto& [id, row] : *rows) {
      const auto& event = row.event;
      json.begin_object().field("id", id).field("position_id", event.holding_id);
      json.field("symbol", event.symbol.str()).field("order_id", event.order_id);
      json.field("client_order_id", event.client_order_id.str());
      json.field("type", event.type).field("side", event.side);
      field(json, "price", event.price);
      field(json, "qty", event.qty);
      json.field("status", event.status);
      field(json, "time", event.event_time);
      text_or_null(json, "position_status", row.position_status);
      json.end_object();
    }
    json.end_array().end_object();
    return json.take();
  });
}

Task<net::ServerReply> get_statistics(Site& site, const Request& request) {
  Params params(request);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  co_return co_await with_reader(site, [&](store::Reader& reader) -> Result<std::string> {
    const auto all = site.statistics.get(reader);
    if (!all) return std::unexpected(all.error());
    JsonWriter json;
    json.begin_object();
    write(json, "original", (*all)->original, false);
    write(json, "net", (*all)->net, true);
    write_groups(json, "by_reason", (*all)->by_reason);
    write_groups(json, "by_symbol", (*all)->by_symbol);
    write_groups(json, "by_hour_utc", (*all)->by_hour);
    write_groups(json, "by_hold_hours", (*all)->by_hold_hours);
    json.end_object();
    return json.take();
  });
}

Task<net::ServerReply> get_cashflows(Site& site, const Request& request) {
  Params params(request);
  const auto limit = static_cast<int>(params.integer("limit", 80, 1, 1000));
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  co_return co_await with_reader(site, [&](store::Reader& reader) -> Result<std::string> {
    const auto rows = reader.load_cashflows(limit);
    if (!rows) return std::unexpected(rows.error());
    JsonWriter json;
    json.begin_object().key("cashflows").begin_array();
    for (const auto& row : *rows) {
      json.begin_object().field("type", row.type).field("asset", row.asset);
      field(json, "amount", row.amount);
      field(json, "time", row.time);
      json.field("info", row.info).end_object();
    }
    json.end_array().end_object();
    return json.take();
  });
}

Task<net::ServerReply> get_audit(Site& site, const Request& request) {
  Params params(request);
  const auto limit = static_cast<int>(params.integer("limit", 100, 1, 1000));
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  co_return co_await with_reader(site, [&](store::Reader& reader) -> Result<std::string> {
    const auto rows = reader.load_commands(limit);
    if (!rows) return std::unexpected(rows.error());
    JsonWriter json;
    json.begin_object().key("commands").begin_array();
    for (const auto& row : *rows) {
      json.begin_object().field("id", row.id).field("kind", row.kind).field("who", row.who);
      json.field("arguments", row.arguments);
      field(json, "made_at", row.made_at);
      field(json, "ended_at", row.ended_at);
      json.field("state", str(row.state)).field("exit_code", row.exit_code);
      json.field("text", row.report_text).end_object();
    }
    json.end_array().end_object();
    return json.take();
  });
}

}  // namespace bb::dashboard
