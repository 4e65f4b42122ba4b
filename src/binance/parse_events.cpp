#include "binance/parse_events.h"

#include <array>
#include <utility>

#include "binance/words.h"

namespace bb::binance {

namespace {

using exchange::AccountEvent;
using exchange::OrderView;
using net::JsonView;
using Kind = StreamMessage::Kind;

bool is_given(JsonView row, std::string_view name) {
  return row.has(name) && !(row.at(name).is_string() && row.at(name).text().empty());
}

Decimal exact(JsonView row, std::string_view name) {
  return is_given(row, name) ? row.at(name).decimal() : Decimal();
}

Decimal rounded(JsonView row, std::string_view name, Rounding rounding) {
  return is_given(row, name) ? row.at(name).decimal(rounding) : Decimal();
}

std::int64_t whole(JsonView row, std::string_view name) {
  return is_given(row, name) ? row.at(name).integer() : 0;
}

bool flag(JsonView row, std::string_view name) {
  return is_given(row, name) && row.at(name).boolean();
}

std::string words(JsonView row, std::string_view name) {
  if (!row.has(name)) return {};
  return row.at(name).is_string() ? std::string(row.at(name).text()) : row.at(name).raw();
}

/// The time of the transaction; of the event where that is not told.
TimePoint time_of(JsonView root) { return from_ms(whole(root, is_given(root, "T") ? "T" : "E")); }

/// Why an order ended, by the number of `er` (reference §14.2).
std::string expiry_reason(JsonView order) {
  static constexpr std::array<std::string_view, 10> kReasons{
      "",
      "self-trade prevention",
      "IOC remainder",
      "IOC remainder because of self-trade prevention",
      "lost a reduce-only conflict",
      "account liquidation",
      "GTE condition gone",
      "symbol delisted",
      "initial order after a stop or take-profit triggered",
      "MARKET remainder"};
  const auto number = words(order, "er");
  if (number.size() == 1 && number[0] >= '0' && number[0] <= '9')
    return std::string(kReasons[static_cast<std::size_t>(number[0] - '0')]);
  return number;
}

std::optional<exchange::Fill> fill_of(JsonView row, const OrderView& order) {
  const auto qty = exact(row, "l");
  const auto id = whole(row, "t");
  if (id <= 0 || qty.is_zero()) return std::nullopt;
  exchange::Fill fill;
  fill.symbol = order.symbol;
  fill.trade_id = id;
  fill.order_id = order.order_id;
  fill.side = order.side;
  fill.position_side = order.position_side;
  fill.qty = Qty(qty);
  fill.price = Price(row.at("L").decimal());
  fill.realized_pnl = Usdt(rounded(row, "rp", Rounding::nearest));
  fill.commission = Usdt(rounded(row, "n", Rounding::nearest));
  fill.commission_asset = words(row, "N");
  fill.maker = flag(row, "m");
  fill.time = order.update_time;
  return fill;
}

AccountEvent order_event(JsonView root) {
  const auto row = root.at("o");
  exchange::OrderChanged out;
  OrderView& order = out.order;
  order.symbol = Symbol(row.at("s").text());
  order.client_order_id = ClientOrderId(words(row, "c"));
  order.order_id = row.at("i").integer();
  order.side = read_side(row.at("S"));
  order.position_side = read_position_side(row.at("ps"));
  order.type = read_order_type(row.at("o"));
  order.status = read_order_status(row.at("X"));
  order.qty = Qty(exact(row, "q"));
  order.executed_qty = Qty(exact(row, "z"));
  order.price = Price(exact(row, "p"));
  order.average_price = Price(rounded(row, "ap", Rounding::nearest));
  order.trigger_price = Price(exact(row, "sp"));
  order.reduce_only = flag(row, "R");
  order.close_position = flag(row, "cp");
  order.update_time = is_given(row, "T") ? from_ms(row.at("T").integer()) : time_of(root);
  // No event tells when the order was made; it is as old as its last change.
  order.create_time = order.update_time;
  out.fill = fill_of(row, order);
  out.reason = expiry_reason(row);
  return out;
}

AccountEvent algo_event(JsonView root) {
  const auto row = root.at("o");
  exchange::OrderChanged out;
  OrderView& order = out.order;
  order.conditional = true;
  order.symbol = Symbol(row.at("s").text());
  order.client_order_id = ClientOrderId(words(row, "caid"));
  order.order_id = row.at("aid").integer();
  order.side = read_side(row.at("S"));
  order.position_side = read_position_side(row.at("ps"));
  order.type = read_order_type(row.at("o"));
  order.status = read_algo_status(row.at("X"));
  order.qty = Qty(exact(row, "q"));
  order.executed_qty = Qty(exact(row, "aq"));
  order.price = Price(exact(row, "p"));
  order.average_price = Price(rounded(row, "ap", Rounding::nearest));
  order.trigger_price = Price(exact(row, "tp"));
  order.reduce_only = flag(row, "R");
  order.close_position = flag(row, "cp");
  order.child_order_id = whole(row, "ai");
  order.update_time = time_of(root);
  order.create_time = order.update_time;
  out.reason = words(row, "rm");
  return out;
}

AccountEvent positions_event(JsonView root) {
  const auto account = root.at("a");
  exchange::PositionsChanged out;
  out.reason = words(account, "m");
  if (!account.has("P")) return out;
  account.at("P").for_each([&](JsonView row) {
    exchange::Position position;
    position.symbol = Symbol(row.at("s").text());
    position.side = read_position_side(row.at("ps"));
    position.qty = Qty(row.at("pa").decimal());
    const bool is_short = position.qty.is_negative();
    position.entry = Price(rounded(row, "ep", is_short ? Rounding::down : Rounding::up));
    position.unrealized_pnl = Usdt(rounded(row, "up", Rounding::down));
    position.isolated_wallet = Usdt(rounded(row, "iw", Rounding::down));
    position.update_time = time_of(root);
    out.positions.push_back(std::move(position));
  });
  return out;
}

AccountEvent settings_event(JsonView root) {
  exchange::SettingsChanged out;
  if (root.has("ac")) {
    exchange::SymbolSettings symbol;
    symbol.symbol = Symbol(root.at("ac").at("s").text());
    symbol.leverage = static_cast<int>(root.at("ac").at("l").integer());
    out.symbol = symbol;
  }
  if (root.has("ai")) out.multi_assets = root.at("ai").at("j").boolean();
  return out;
}

AccountEvent margin_call(JsonView root) {
  exchange::MarginCalled out;
  root.at("p").for_each([&](JsonView row) { out.symbols.emplace_back(row.at("s").text()); });
  return out;
}

/// Retired by the exchange, but it says that protection may have failed: look at the account.
AccountEvent trigger_rejected(JsonView root) {
  const auto why = root.has("or") ? words(root.at("or"), "r") : std::string();
  return exchange::Gap{time_of(root),
                       "the exchange rejected a conditional order's trigger: " + why};
}

constexpr std::array<std::pair<std::string_view, AccountEvent (*)(JsonView)>, 6> kEvents{{
    {"ORDER_TRADE_UPDATE", order_event},
    {"ALGO_UPDATE", algo_event},
    {"ACCOUNT_UPDATE", positions_event},
    {"ACCOUNT_CONFIG_UPDATE", settings_event},
    {"MARGIN_CALL", margin_call},
    {"CONDITIONAL_ORDER_TRIGGER_REJECT", trigger_rejected},
}};

}  // namespace

StreamMessage parse_stream_message(JsonView root) {
  if (root.has("stream") && root.has("data")) return parse_stream_message(root.at("data"));
  StreamMessage out;
  if (!root.has("e") || !root.at("e").is_string()) return out;
  out.type = root.at("e").text();
  for (const auto& [type, parse] : kEvents)
    if (out.type == type) {
      out.kind = Kind::event;
      out.event = parse(root);
      return out;
    }
  if (out.type == "TRADE_LITE") out.kind = Kind::seen;
  if (out.type == "STRATEGY_UPDATE" || out.type == "GRID_UPDATE") out.kind = Kind::ignored;
  if (out.type == "listenKeyExpired") {
    out.kind = Kind::expired;
    out.key = words(root, "listenKey");
  }
  return out;
}

}  // namespace bb::binance
