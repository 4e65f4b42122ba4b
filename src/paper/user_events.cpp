#include "paper/user_events.h"

#include <algorithm>

namespace bb::paper::user_event {

namespace {

using exchange::OrderView;
using net::JsonWriter;
using Kind = sim::JournalEntry::Kind;

// At least so many decimals has an average price of an order.
constexpr int kAveragePlaces = 5;

/// Amounts of money: eight decimals, except whole ones.
std::string money(Usdt amount) {
  return amount.value().is_multiple_of(Decimal::from_int(1)) ? amount.str() : eight(amount);
}

JsonWriter begin(std::string_view event, TimePoint time, TimePoint now) {
  JsonWriter json;
  json.begin_object().field("e", event).field("T", to_ms(time)).field("E", to_ms(now));
  return json;
}

std::string_view word(sim::SelfTradePrevention mode) {
  switch (mode) {
    case sim::SelfTradePrevention::none:
      return "NONE";
    case sim::SelfTradePrevention::expire_taker:
      return "EXPIRE_TAKER";
    case sim::SelfTradePrevention::expire_maker:
      return "EXPIRE_MAKER";
    case sim::SelfTradePrevention::expire_both:
      return "EXPIRE_BOTH";
  }
  return "NONE";
}

std::string_view word(sim::PriceMatch match) {
  static constexpr std::string_view kWords[] = {"NONE",        "OPPONENT",    "OPPONENT_5",
                                                "OPPONENT_10", "OPPONENT_20", "QUEUE",
                                                "QUEUE_5",     "QUEUE_10",    "QUEUE_20"};
  return kWords[static_cast<std::size_t>(match)];
}

std::int64_t good_till(const sim::OrderDetail& detail) { return to_ms(detail.terms.good_till); }

std::string_view execution_of(const sim::JournalEntry& entry) {
  switch (entry.kind) {
    case Kind::order_accepted:
      return "NEW";
    case Kind::fill:
      return is_forced(*entry.order) ? "CALCULATED" : "TRADE";
    case Kind::order_amended:
      return "AMENDMENT";
    default:
      return entry.order->status == OrderStatus::canceled ? "CANCELED" : "EXPIRED";
  }
}

std::string_view type_of(const OrderView& order) {
  const bool is_liquidation = order.client_order_id.str().starts_with("autoclose-");
  return is_liquidation ? "LIQUIDATION" : paper::word(order.type);
}

void write_fill(JsonWriter& json, const sim::JournalEntry& entry, const Contract& contract) {
  const auto& order = *entry.order;
  const auto* fill = entry.fill ? &*entry.fill : nullptr;
  json.field("l", fill ? fill->qty.str() : "0")
      .field("z", order.executed_qty.str())
      .field("L", fill ? padded(fill->price, contract.price_places) : "0");
  if (fill && !fill->commission.is_zero())
    json.field("n", eight(fill->commission)).field("N", fill->commission_asset);
}

/// As the exchange rounds it: five decimals, more where the contract's prices have more.
std::string average(Price price, int price_places) {
  if (price.is_zero()) return "0";
  const int places = std::max(kAveragePlaces, price_places);
  std::int64_t step = 1;
  for (int i = places; i < 8; ++i)
    step *= 10;
  return price.value().round_to(Decimal::from_raw(step), Rounding::nearest).str_fixed(places);
}

}  // namespace

bool is_forced(const OrderView& order) {
  const auto& id = order.client_order_id.str();
  return id.starts_with("autoclose-") || id.starts_with("adl_autoclose");
}

std::string order_update(const sim::JournalEntry& entry, const Contract& contract,
                         const Resting& resting, TimePoint now) {
  const auto& order = *entry.order;
  const auto& detail = *entry.detail;
  const auto* fill = entry.fill ? &*entry.fill : nullptr;
  auto json = begin("ORDER_TRADE_UPDATE", entry.time, now);
  json.key("o").begin_object();
  json.field("s", order.symbol.str())
      .field("c", order.client_order_id.str())
      .field("S", paper::word(order.side))
      .field("o", type_of(order))
      .field("f", paper::word(detail.time_in_force))
      .field("q", order.qty.str())
      .field("p", order.price.is_zero() ? "0" : padded(order.price, contract.price_places))
      .field("ap", average(order.average_price, contract.price_places))
      .field("sp", "0")
      .field("x", execution_of(entry))
      .field("X", paper::word(order.status))
      .field("i", order.order_id);
  write_fill(json, entry, contract);
  json.field("T", to_ms(entry.time))
      .field("t", fill ? fill->trade_id : 0)
      .field("b", resting.bids.str())
      .field("a", resting.asks.str())
      .field("m", fill ? fill->maker : false)
      .field("R", order.reduce_only)
      .field("wt", paper::word(detail.working_type))
      .field("ot", type_of(order))
      .field("ps", paper::word(order.position_side))
      .field("cp", order.close_position)
      .field("rp", fill ? money(fill->realized_pnl) : "0")
      .field("pP", detail.terms.price_protect)
      .field("si", 0)
      .field("ss", 0)
      .field("V", word(detail.terms.self_trade))
      .field("pm", word(detail.terms.price_match))
      .field("gtd", good_till(detail))
      .field("er", std::to_string(detail.expiry_reason));
  if (entry.kind == Kind::order_amended && detail.modify_id != 0) json.field("M", detail.modify_id);
  json.end_object().end_object();
  return json.take();
}

std::string trade_lite(const sim::JournalEntry& entry, const Contract& contract, TimePoint now) {
  const auto& order = *entry.order;
  const auto& fill = *entry.fill;
  JsonWriter json;
  json.begin_object()
      .field("e", "TRADE_LITE")
      .field("E", to_ms(now))
      .field("T", to_ms(entry.time))
      .field("s", order.symbol.str())
      .field("q", padded(order.qty, contract.qty_places))
      .field("p", padded(order.price, contract.price_places))
      .field("m", fill.maker)
      .field("c", order.client_order_id.str())
      .field("S", paper::word(order.side))
      .field("L", padded(fill.price, contract.price_places))
      .field("l", padded(fill.qty, contract.qty_places))
      .field("t", fill.trade_id)
      .field("i", order.order_id)
      .end_object();
  return json.take();
}

std::string algo_update(const sim::JournalEntry& entry, TimePoint now) {
  const auto& order = *entry.order;
  const auto& detail = *entry.detail;
  const bool has_child = order.child_order_id != 0;
  const bool is_limit = order.type == OrderType::stop || order.type == OrderType::take_profit;
  auto json = begin("ALGO_UPDATE", entry.time, now);
  json.key("o")
      .begin_object()
      .field("caid", order.client_order_id.str())
      .field("aid", order.order_id)
      .field("at", "CONDITIONAL")
      .field("o", paper::word(order.type))
      .field("s", order.symbol.str())
      .field("S", paper::word(order.side))
      .field("ps", paper::word(order.position_side))
      .field("f", order.close_position ? "GTE_GTC" : paper::word(detail.time_in_force))
      .field("q", order.qty.str())
      .field("X", paper::word(order.status))
      .field("ai", has_child ? std::to_string(order.child_order_id) : "");
  if (has_child)
    json.field("ap", order.average_price.str())
        .field("aq", order.executed_qty.str())
        .field("act", is_limit ? "LIMIT" : "MARKET");
  json.field("tp", order.trigger_price.str())
      .field("p", order.price.str())
      .field("V", word(detail.terms.self_trade))
      .field("wt", paper::word(detail.working_type))
      .field("pm", word(detail.terms.price_match))
      .field("cp", order.close_position)
      .field("pP", detail.terms.price_protect)
      .field("R", order.reduce_only)
      .field("tt", to_ms(detail.trigger_time))
      .field("gtd", good_till(detail));
  if (!detail.reject_reason.empty()) json.field("rm", detail.reject_reason);
  json.field("ia", detail.activated);
  if (!detail.terms.callback_rate.is_zero())
    json.field("cr", Decimal::mul(detail.terms.callback_rate.value(), Decimal::from_int(100),
                                  Rounding::nearest)
                         .str());
  json.end_object().end_object();
  return json.take();
}

std::string account_update(std::string_view reason, const AccountState& state, TimePoint time,
                           TimePoint now) {
  auto json = begin("ACCOUNT_UPDATE", time, now);
  json.key("a").begin_object().key("B").begin_array();
  json.begin_object()
      .field("a", "USDT")
      .field("wb", money(state.wallet))
      .field("cw", money(state.cross_wallet))
      .field("bc", money(state.change))
      .end_object()
      .end_array();
  json.key("P").begin_array();
  for (const auto& [row, realized] : state.positions) {
    const auto& position = row.position;
    const bool is_isolated = row.margin == MarginType::isolated;
    json.begin_object()
        .field("s", position.symbol.str())
        .field("pa", position.qty.str())
        .field("ep", (position.qty.is_zero() ? Price() : position.entry).str())
        .field("cr", money(realized))
        .field("up", money(position.qty.is_zero() ? Usdt() : position.unrealized_pnl))
        .field("mt", is_isolated ? "isolated" : "cross")
        .field("iw", money(position.isolated_wallet))
        .field("ps", paper::word(position.side))
        .field("ma", "USDT")
        .field("bep", (position.qty.is_zero() ? Price() : row.break_even).str())
        .end_object();
  }
  json.end_array().field("m", reason);
  if (!state.symbol.empty()) json.field("S", state.symbol);
  json.end_object().end_object();
  return json.take();
}

std::string margin_call(const sim::Exchange::PositionRow& row, Usdt cross_wallet, TimePoint now) {
  const auto& position = row.position;
  const bool is_isolated = row.margin == MarginType::isolated;
  JsonWriter json;
  json.begin_object().field("e", "MARGIN_CALL").field("E", to_ms(now));
  if (!is_isolated) json.field("cw", money(cross_wallet));
  json.key("p")
      .begin_array()
      .begin_object()
      .field("s", position.symbol.str())
      .field("ps", paper::word(position.side))
      .field("pa", position.qty.str())
      .field("mt", is_isolated ? "ISOLATED" : "CROSSED")
      .field("iw", money(position.isolated_wallet))
      .field("mp", position.mark.str())
      .field("up", money(position.unrealized_pnl))
      .field("mm", money(row.maintenance_margin))
      .end_object()
      .end_array()
      .end_object();
  return json.take();
}

std::string leverage_update(Symbol symbol, int leverage, TimePoint time, TimePoint now) {
  JsonWriter json;
  json.begin_object()
      .field("e", "ACCOUNT_CONFIG_UPDATE")
      .field("E", to_ms(now))
      .field("T", to_ms(time))
      .key("ac")
      .begin_object()
      .field("s", symbol.str())
      .field("l", leverage)
      .end_object()
      .end_object();
  return json.take();
}

std::string multi_assets_update(bool multi_assets, TimePoint time, TimePoint now) {
  JsonWriter json;
  json.begin_object()
      .field("e", "ACCOUNT_CONFIG_UPDATE")
      .field("E", to_ms(now))
      .field("T", to_ms(time))
      .key("ai")
      .begin_object()
      .field("j", multi_assets)
      .end_object()
      .end_object();
  return json.take();
}

std::string listen_key_expired(std::string_view key, TimePoint now) {
  JsonWriter json;
  json.begin_object()
      .field("e", "listenKeyExpired")
      .field("E", to_ms(now))
      .field("listenKey", key)
      .end_object();
  return json.take();
}

}  // namespace bb::paper::user_event
