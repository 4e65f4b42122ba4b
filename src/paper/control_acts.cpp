#include <fmt/format.h>

#include "paper/control_acts.h"
#include "paper/live_feed.h"

namespace bb::paper {

namespace {

using net::JsonView;
using net::JsonWriter;

Symbol symbol_of(const ControlCall& call) {
  const std::string name(call.body.at("symbol").text());
  const auto now = call.server().now();
  for (const auto& rules : call.parts.market.rules(now))
    if (rules.symbol.str() == name) return rules.symbol;
  throw net::JsonError(fmt::format("{} is not listed at {}", name, iso_seconds(now)));
}

void write_clock(JsonWriter& json, const Server& server, const Timeline& timeline) {
  json.key("clock")
      .begin_object()
      .field("now", to_ms(server.now()))
      .field("utc", iso_millis(server.now()))
      .field("speed", timeline.speed().str())
      .field("paused", timeline.paused())
      .end_object();
}

void write_account(JsonWriter& json, const sim::Exchange& exchange, int account) {
  const auto balance = exchange.balance(account);
  json.begin_object()
      .field("account", exchange.alias(account))
      .field("wallet", balance.wallet.str())
      .field("available", balance.available.str())
      .field("unrealizedProfit", balance.unrealized_pnl.str())
      .field("openOrders", exchange.open_orders(account, false).size())
      .field("openAlgoOrders", exchange.open_orders(account, true).size())
      .key("positions")
      .begin_array();
  for (const auto& row : exchange.positions(account)) {
    if (row.position.qty.is_zero()) continue;
    json.begin_object()
        .field("symbol", row.position.symbol.str())
        .field("qty", row.position.qty.str())
        .field("entry", row.position.entry.str())
        .field("mark", row.position.mark.str())
        .end_object();
  }
  json.end_array().end_object();
}

/// A price that is held, or released, from now on; as it was before unless that is kept.
class HeldPrice {
 public:
  HeldPrice(sim::Market& market, sim::Exchange& exchange, Symbol symbol)
      : market_(market),
        exchange_(exchange),
        symbol_(symbol),
        before_(market.held(symbol, exchange.now())) {}
  ~HeldPrice() {
    if (!is_set_ || is_kept_) return;
    try {
      (void)set(before_);
    } catch (const DecimalOverflow&) {
      // The price is back; what was foreseen at it is found again with the next change.
    }
  }
  HeldPrice(const HeldPrice&) = delete;
  HeldPrice& operator=(const HeldPrice&) = delete;

  Status set(std::optional<Price> price) {
    if (!price) {
      market_.release(symbol_, exchange_.now());
    } else if (auto held = market_.hold(symbol_, *price, exchange_.now()); !held) {
      return held;
    }
    is_set_ = true;
    exchange_.reprice(symbol_);
    return {};
  }
  void keep() { is_kept_ = true; }

 private:
  sim::Market& market_;
  sim::Exchange& exchange_;
  Symbol symbol_;
  std::optional<Price> before_;
  bool is_set_ = false;
  bool is_kept_ = false;
};

ControlReply moved(const Status& status) {
  return status ? control_done()
                : control_error(status.error().kind == ErrorKind::conflict ? 409 : 400,
                                status.error().text);
}

ControlReply is_live(std::string_view what) {
  return control_error(409, fmt::format("this exchange is live: {} are its source's", what));
}

ControlReply beyond_end(const ControlCall& call) {
  return control_error(400, "the market ends at " + iso_seconds(call.parts.market.end()));
}

}  // namespace

ControlReply show_state(const ControlCall& call) {
  Server& server = call.server();
  server.advance();
  JsonWriter json;
  json.begin_object();
  write_clock(json, server, server.timeline());
  json.key("market")
      .begin_object()
      .field("begin", to_ms(call.parts.market.begin()))
      .field("end", to_ms(call.parts.market.end()))
      .key("held")
      .begin_object();
  for (const auto& rules : call.parts.market.rules(server.now()))
    if (const auto price = call.parts.market.held(rules.symbol, server.now()))
      json.field(rules.symbol.str(), price->str());
  json.end_object().end_object();
  if (call.parts.source != nullptr) {
    json.field("suspended", server.suspended()).key("source");
    call.parts.source->describe(json);
  }
  json.key("accounts").begin_array();
  for (int account = 0; account < server.exchange().account_count(); ++account)
    write_account(json, server.exchange(), account);
  json.end_array().end_object();
  return {200, json.take()};
}

ControlReply set_price(const ControlCall& call) {
  if (call.parts.market.is_live()) return is_live("prices");
  const Symbol symbol = symbol_of(call);
  Server& server = call.server();
  server.advance();
  HeldPrice held(call.parts.market, server.exchange(), symbol);
  if (call.body.has("release") && call.body.at("release").boolean()) {
    held.set(std::nullopt);
  } else if (auto set = held.set(Price(call.body.at("price").decimal())); !set) {
    return control_error(400, set.error().text);
  }
  // Where figures would grow beyond all bounds this throws, before anything is traded.
  auto& exchange = server.exchange();
  for (int account = 0; account < exchange.account_count(); ++account)
    (void)exchange.balance(account);
  server.advance();
  held.keep();
  return control_done();
}

ControlReply set_balance(const ControlCall& call) {
  const int account = call.account();
  Server& server = call.server();
  server.advance();
  auto& exchange = server.exchange();
  if (call.body.has("balance") == call.body.has("change"))
    return control_error(400, "give either \"balance\", the wallet as it shall be, or \"change\"");
  const Usdt change = call.body.has("change") ? Usdt(call.body.at("change").decimal())
                                              : Usdt(call.body.at("balance").decimal()) -
                                                    exchange.balance(account).wallet;
  if (change.is_zero()) return control_done();
  const auto transferred = exchange.transfer(account, change);
  server.advance();
  return transferred ? control_done() : control_error(400, transferred.error().text);
}

ControlReply set_position(const ControlCall& call) {
  const int account = call.account();
  const Symbol symbol = symbol_of(call);
  Server& server = call.server();
  server.advance();
  auto& exchange = server.exchange();
  sim::Exchange::ForcedFill fill;
  fill.symbol = symbol;
  const std::string side = call.text("positionSide", exchange.hedge(account) ? "LONG" : "BOTH");
  if (side == "SHORT")
    fill.position_side = PositionSide::short_;
  else if (side == "LONG")
    fill.position_side = PositionSide::long_;
  else if (side != "BOTH")
    return control_error(400, "positionSide is BOTH, LONG or SHORT");
  Qty held;
  for (const auto& row : exchange.positions(account, symbol))
    if (row.position.side == fill.position_side) held = row.position.qty;
  const Qty wanted(call.body.at("qty").decimal());
  const Qty change = wanted - held;
  if (change.is_zero()) return control_done();
  fill.side = change.is_positive() ? Side::buy : Side::sell;
  fill.qty = change.is_negative() ? -change : change;
  if (call.body.has("price")) {
    fill.price = Price(call.body.at("price").decimal());
  } else {
    fill.price = call.parts.market.last(symbol, exchange.now())->price;
  }
  const auto filled = exchange.force_fill(account, fill);
  server.advance();
  return filled ? control_done() : control_error(400, filled.error().text);
}

ControlReply set_latency(const ControlCall& call) {
  if (call.body.has("clear") && call.body.at("clear").boolean()) {
    call.server().latencies().clear();
    return control_done();
  }
  LatencyRule rule;
  rule.path = call.text("route", "");
  if (!rule.path.empty() && !rule.path.starts_with('/'))
    return control_error(400, "a route is a path as /fapi/v1/order");
  if (call.body.has("method")) {
    const auto method = call.text("method", "");
    if (method != "GET" && method != "POST" && method != "PUT" && method != "DELETE")
      return control_error(400, "a method is GET, POST, PUT or DELETE");
    rule.method = method == "GET"    ? net::Method::get
                  : method == "POST" ? net::Method::post
                  : method == "PUT"  ? net::Method::put
                                     : net::Method::del;
  }
  rule.before = call.span("before_ms", Millis(0));
  rule.after = call.span("after_ms", Millis(0));
  rule.spread = call.span("spread_ms", Millis(0));
  call.server().latencies().set(std::move(rule));
  return control_done();
}

ControlReply set_switch(const ControlCall& call) {
  const std::string value(call.body.at("stop_without_position").text());
  if (value != "refused" && value != "accepted" && value != "expired")
    return control_error(400, "stop_without_position is refused, accepted or expired");
  call.server().exchange().set_stop_without_position(
      value == "accepted"  ? sim::StopWithoutPosition::accepted
      : value == "expired" ? sim::StopWithoutPosition::expired
                           : sim::StopWithoutPosition::refused);
  return control_done();
}

ControlReply set_key(const ControlCall& call) {
  const std::string key(call.body.at("key").text());
  if (!call.server().set_key_revoked(key, call.body.at("revoked").boolean()))
    return control_error(400, fmt::format("there is no key {}", key));
  return control_done();
}

Task<ControlReply> set_clock(ControlCall call) {
  Timeline& timeline = call.server().timeline();
  const std::string action(call.body.at("action").text());
  if (call.parts.market.is_live() && action != "skew") co_return is_live("time and speed");
  if (action == "pause") {
    timeline.pause();
  } else if (action == "resume") {
    timeline.resume();
  } else if (action == "speed") {
    const auto set = timeline.set_speed(call.body.at("speed").decimal());
    if (!set) co_return moved(set);
  } else if (action == "step") {
    const Millis ms(call.body.at("ms").integer());
    if (ms > call.parts.market.end() - call.server().now()) co_return beyond_end(call);
    const auto stepped = co_await timeline.step(ms);
    if (!stepped) co_return moved(stepped);
  } else if (action == "jump") {
    const auto to = call.body.at("to");
    Result<TimePoint> at = to.is_string() ? parse_utc_instant(to.text()) : from_ms(to.integer());
    if (!at) co_return control_error(400, at.error().text);
    if (*at > call.parts.market.end()) co_return beyond_end(call);
    const auto jumped = co_await timeline.jump(*at);
    if (!jumped) co_return moved(jumped);
  } else if (action == "skew") {
    const auto ms = call.body.at("ms").integer();
    constexpr std::int64_t kMost = Millis(Hours(48)).count();
    if (ms < -kMost || ms > kMost) co_return control_error(400, "a skew is at most two days");
    call.server().set_skew(Millis(ms));
  } else {
    co_return control_error(400, "an action is pause, resume, speed, step, jump or skew");
  }
  call.server().advance();
  JsonWriter json;
  json.begin_object();
  write_clock(json, call.server(), timeline);
  json.end_object();
  co_return ControlReply{200, json.take()};
}

}  // namespace bb::paper
