// What the account is doing now: state, open positions with their protection, candles.
#include <fmt/format.h>

#include <algorithm>

#include "dashboard/impl/api.h"
#include "dashboard/impl/curves.h"
#include "dashboard/impl/fields.h"
#include "dashboard/impl/params.h"

namespace bb::dashboard {

namespace {

using net::JsonWriter;

constexpr Hours kDay{24};
constexpr std::size_t kCurveRows = 400;  // spans of five minutes
const std::vector<std::string_view> kIntervals{"1m", "5m", "15m", "1h", "4h", "1d"};

bool is_stop(const LiveOrder& order) { return order.type.starts_with("STOP"); }
bool is_target(const LiveOrder& order) { return order.type.starts_with("TAKE_PROFIT"); }

/// It closes the short when it fires.
bool protects(const LiveOrder& order, const store::Holding& held) {
  return order.symbol == held.symbol && order.position_side == str(held.side) &&
         order.side == "BUY" && (order.closes_position || order.qty >= held.qty);
}

bool is_of(const LivePosition& position, const store::Holding& held) {
  return position.symbol == held.symbol && position.side == str(held.side);
}

void write_order(JsonWriter& json, std::string_view name, const LiveView* live,
                 const store::Holding& held, bool (*is_kind)(const LiveOrder&)) {
  json.key(name);
  const LiveOrder* found = nullptr;
  if (live != nullptr)
    for (const auto& order : live->orders)
      if (protects(order, held) && is_kind(order) && (found == nullptr || order.closes_position))
        found = &order;
  if (found == nullptr) {
    json.null();
    return;
  }
  json.begin_object().field("type", found->type).field("order_id", found->order_id);
  json.field("client_order_id", found->client_order_id);
  field(json, "trigger", found->trigger);
  json.field("closes_position", found->closes_position);
  field(json, "since", found->since);
  field(json, "confirmed_at", live->as_of);
  json.end_object();
}

void write_live_position(JsonWriter& json, const LivePosition& position) {
  field(json, "mark", position.mark);
  field(json, "exchange_qty", position.qty);
  field(json, "liquidation", position.liquidation);
  field(json, "unrealized", position.unrealized);
  field(json, "margin", position.margin);
  field(json, "notional", (position.mark * position.qty).abs());
}

void write_position(JsonWriter& json, const store::HoldingResult& result, const LiveView* live) {
  const auto& held = result.holding;
  json.begin_object().field("id", held.id).field("run_id", held.run_id);
  json.field("symbol", held.symbol.str()).field("side", str(held.side));
  json.field("status", str(held.status));
  field(json, "qty", held.qty);
  field(json, "entry_price", held.entry_price);
  field(json, "liq_price_latest", held.liq_price_latest);
  field(json, "tp_price", held.tp_price);
  field(json, "sl_price", held.sl_price);
  field(json, "opened_at", held.opened_at);
  field(json, "expire_at", held.expire_at);
  field(json, "realized", result.realized);
  field(json, "commission", result.commission);
  field(json, "funding", result.funding);
  text_or_null(json, "last_error", held.last_error);
  write_order(json, "stop_order", live, held, is_stop);
  write_order(json, "target_order", live, held, is_target);
  const LivePosition* now = nullptr;
  if (live != nullptr)
    for (const auto& position : live->positions)
      if (is_of(position, held)) now = &position;
  json.field("on_exchange", now != nullptr);
  if (now != nullptr) write_live_position(json, *now);
  json.end_object();
}

void write_latch(JsonWriter& json, const Site& site) {
  const auto latch = store::Latch(site.options.account.directory).read();
  json.key("latch");
  if (!latch) {
    json.null();
    return;
  }
  json.begin_object().field("kind", latch->kind == store::LatchKind::paused ? "paused" : "halted");
  json.field("who", latch->who).field("why", latch->why);
  field(json, "since", latch->since);
  json.end_object();
}

void write_holder(JsonWriter& json, const Site& site) {
  const auto& holder = site.news.holder();
  json.key("holder").begin_object().field("state", str(holder.kind));
  field(json, "asked_at", holder.asked);
  if (site.news.holder_answers())
    json.field("command", holder.who.command).field("pid", holder.who.pid);
  else
    json.field("text", holder.text);
  json.end_object();
}

void write_live(JsonWriter& json, const Site& site) {
  json.key("exchange").begin_object().field("asked", site.live.exists());
  text_or_null(json, "error", site.live.problem());
  if (const auto& live = site.live.view()) {
    field(json, "as_of", live->as_of);
    field(json, "wallet", live->wallet);
    field(json, "available", live->available);
    Usdt unrealized, exposure, margin;
    for (const auto& position : live->positions) {
      unrealized += position.unrealized;
      exposure += (position.mark * position.qty).abs();
      margin += position.margin;
    }
    field(json, "unrealized", unrealized);
    field(json, "exposure", exposure);
    field(json, "margin", margin);
    json.field("positions", live->positions.size()).field("orders", live->orders.size());
  }
  json.end_object();
}

/// Equity now, growth and drawdown since 24 hours, and how old the newest sample is.
Status write_day(JsonWriter& json, store::Reader& reader, const Site& site) {
  const TimePoint now = site.clock.utc_now();
  const auto last = reader.load_last_snapshot();
  if (!last) return std::unexpected(last.error());
  json.key("equity");
  if (!*last) {
    json.null();
    return {};
  }
  auto day = reader.load_curve(now - kDay, now, kCurveRows);
  if (!day) return std::unexpected(day.error());
  const auto flows = reader.load_flows(site.options.account.asset);
  if (!flows) return std::unexpected(flows.error());
  const auto points = make_curve(day->points, *flows);
  const auto fall = measure_growth(points);
  json.begin_object();
  field(json, "amount", (*last)->equity);
  field(json, "as_of", (*last)->captured_at);
  if (!points.empty()) {
    field(json, "day_pnl", points.back().equity - points.back().flows - points.front().equity);
    json.field("day_growth_pct", (points.back().growth - 1) * 100);
    json.field("day_drawdown_pct", fall.current_pct).field("day_max_drawdown_pct", fall.max_pct);
  }
  json.end_object();
  return {};
}

void write_schedule(JsonWriter& json, const Site& site) {
  const auto& options = site.options;
  const NextJobs jobs = options.next_jobs ? options.next_jobs(site.clock.utc_now()) : NextJobs();
  json.key("schedule").begin_object().field("timezone", options.timezone);
  field(json, "next_entry", jobs.entry);
  field(json, "next_loss_cut", jobs.loss_cut);
  json.end_object();
}

Result<std::string> read_state(store::Reader* reader, Site& site, const std::string& problem) {
  const auto& options = site.options;
  JsonWriter json;
  json.begin_object().field("account", options.account.name);
  json.field("environment", options.account.environment).field("version", BB_VERSION);
  field(json, "now", site.clock.utc_now());
  json.field("service_enabled", options.service_enabled);
  json.field("refresh_sec", options.refresh_sec).field("asset", options.account.asset);
  write_schedule(json, site);
  write_holder(json, site);
  write_latch(json, site);
  write_live(json, site);
  write_replay(json, site);
  json.field("entry_catchup_enabled", options.entry_catchup());
  text_or_null(json, "database_error", problem);
  if (reader != nullptr) {
    store::HoldingFilter open;
    open.open = true;
    const auto holdings = reader->load_holdings(open);
    if (!holdings) return std::unexpected(holdings.error());
    const auto errors = std::ranges::count_if(
        *holdings, [](const auto& each) { return !each.holding.last_error.empty(); });
    json.field("open_positions", holdings->size()).field("positions_with_error", errors);
    const auto runs = reader->load_runs(1);
    if (!runs) return std::unexpected(runs.error());
    json.key("latest_run");
    if (runs->empty())
      json.null();
    else
      write(json, runs->front());
    if (const auto day = write_day(json, *reader, site); !day) return std::unexpected(day.error());
  }
  json.end_object();
  return json.take();
}

}  // namespace

void write(JsonWriter& json, const store::Run& run) {
  json.begin_object().field("run_id", run.run_id).field("trade_day_utc", run.trade_day_utc);
  field(json, "started_at", run.started_at);
  field(json, "completed_at", run.completed_at);
  json.field("status", str(run.status)).field("message", run.message).end_object();
}

std::string_view last_segment(const Request& request) {
  const std::string_view path = request.path;
  return path.substr(path.rfind('/') + 1);
}

Task<net::ServerReply> get_state(Site& site, const Request& request) {
  Params params(request);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  site.live.want();
  auto reader = site.library.open();
  if (reader) {
    auto whole = read_state(*reader, site, {});
    if (whole) co_return answer_json(std::move(*whole));
    site.library.close();
    reader = std::unexpected(whole.error());
  }
  // Without its database the page still says who holds the account and what the exchange reports.
  auto rest = read_state(nullptr, site, reader.error().text);
  co_return answer_json(std::move(*rest));
}

Task<net::ServerReply> get_accounts(Site& site, const Request& request) {
  Params params(request);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  JsonWriter json;
  json.begin_object().key("accounts").begin_array().begin_object();
  json.field("name", site.options.account.name);
  json.field("environment", site.options.account.environment);
  json.field("holder", str(site.news.holder().kind));
  json.end_object().end_array().end_object();
  co_return answer_json(json.take());
}

Task<net::ServerReply> get_positions(Site& site, const Request& request) {
  Params params(request);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  site.live.want();
  co_return co_await with_reader(site, [&](store::Reader& reader) -> Result<std::string> {
    store::HoldingFilter open;
    open.open = true;
    open.limit = 1000;
    const auto holdings = reader.load_holdings(open);
    if (!holdings) return std::unexpected(holdings.error());
    const LiveView* live = site.live.view() ? &*site.live.view() : nullptr;
    JsonWriter json;
    json.begin_object().key("positions").begin_array();
    for (const auto& result : *holdings)
      write_position(json, result, live);
    json.end_array();
    // What the exchange reports and no row of ours knows.
    json.key("foreign").begin_array();
    if (live != nullptr)
      for (const auto& position : live->positions)
        if (std::ranges::none_of(*holdings,
                                 [&](const auto& each) { return is_of(position, each.holding); })) {
          json.begin_object().field("symbol", position.symbol.str()).field("side", position.side);
          field(json, "entry_price", position.entry);
          write_live_position(json, position);
          json.end_object();
        }
    json.end_array();
    field(json, "exchange_as_of", live != nullptr ? std::optional(live->as_of) : std::nullopt);
    text_or_null(json, "exchange_error", site.live.problem());
    json.end_object();
    return json.take();
  });
}

Task<net::ServerReply> get_position(Site& site, const Request& request) {
  Params params(request);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  const std::int64_t id = std::strtoll(std::string(last_segment(request)).c_str(), nullptr, 10);
  co_return co_await with_reader(site, [&](store::Reader& reader) -> Result<std::string> {
    const auto found = reader.load_holding(id);
    if (!found) return std::unexpected(found.error());
    if (!*found) return fail(ErrorKind::conflict, "no position has that number", kNotFound);
    const auto fills = reader.load_fills_of(id);
    if (!fills) return std::unexpected(fills.error());
    const LiveView* live = site.live.view() ? &*site.live.view() : nullptr;
    JsonWriter json;
    json.begin_object().key("position");
    write_position(json, **found, live);
    field(json, "closed_at", (*found)->holding.closed_at);
    json.field("close_reason", (*found)->holding.close_reason);
    field(json, "close_price", close_price(**found));
    field(json, "net_pnl", net_pnl(**found));
    json.key("fills").begin_array();
    for (const auto& fill : *fills)
      write(json, fill);
    json.end_array().end_object();
    return json.take();
  });
}

Task<net::ServerReply> get_candles(Site& site, const Request& request) {
  Params params(request);
  CandleQuery query;
  const std::string symbol = params.text("symbol", 40);
  query.interval = params.choice("interval", "15m", kIntervals);
  query.from = params.time("from").value_or(TimePoint{});
  query.to = params.time("to").value_or(TimePoint{});
  query.limit = static_cast<int>(params.integer("limit", 500, 1, 1000));
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  if (const auto wrong = control::complaint_of_symbol(symbol); !wrong.empty())
    co_return answer_error(422, wrong);
  query.symbol = Symbol(symbol);
  // Each costs request weight, which is the address's, and the trader's first of all.
  const std::string asked = fmt::format("{} {} {} {} {}", symbol, query.interval, to_ms(query.from),
                                        to_ms(query.to), query.limit);
  if (const auto* known = site.candles.find(asked, "")) co_return net::ServerReply{*known};
  const auto candles = co_await site.live.candles(query);
  if (!candles) co_return answer_error(candles.error());
  JsonWriter json;
  json.begin_object().key("candles").begin_array();
  for (const auto& candle : *candles) {
    json.begin_array().value(to_ms(candle.at)).raw(candle.open.str()).raw(candle.high.str());
    json.raw(candle.low.str()).raw(candle.close.str()).value(candle.volume).end_array();
  }
  json.end_array().end_object();
  auto reply = answer_json(json.take());
  site.candles.keep(asked, "", reply.response);
  co_return reply;
}

}  // namespace bb::dashboard
