// What became of orders: histories with windows and limits.
#include <algorithm>
#include <tuple>

#include "paper/handlers.h"
#include "paper/order_json.h"
#include "paper/order_params.h"
#include "paper/page.h"

namespace bb::paper {

namespace {

using exchange::OrderView;
using net::JsonWriter;

// Rows of the exchange's own; they stay where they are while a request is answered.
struct Row {
  const OrderView* view = nullptr;
  const sim::OrderDetail* detail = nullptr;
};

void collect(Call& call, Symbol symbol, std::int64_t from_id, const HistoryWindow* window,
             std::vector<Row>& rows) {
  call.exchange().visit_orders(call.account, symbol, false, from_id,
                               [&](const OrderView& view, const sim::OrderDetail& detail) {
                                 if (window != nullptr && view.create_time > window->to)
                                   return false;
                                 if (window == nullptr || view.create_time >= window->from)
                                   rows.push_back({&view, &detail});
                                 return true;
                               });
}

void write_fill(JsonWriter& json, const Contract& contract, const exchange::Fill& fill) {
  json.begin_object()
      .field("symbol", fill.symbol.str())
      .field("pair", fill.symbol.str())
      .field("id", fill.trade_id)
      .field("orderId", fill.order_id)
      .field("side", word(fill.side))
      .field("price", padded(fill.price, contract.price_places))
      .field("qty", padded(fill.qty, contract.qty_places))
      .field("quoteQty", padded(fill.price * fill.qty, 2))
      .field("baseQty", "0")
      .field("realizedPnl", eight(fill.realized_pnl))
      .field("marginAsset", "USDT")
      .field("commission", eight(fill.commission))
      .field("commissionAsset", fill.commission_asset)
      .field("time", to_ms(fill.time))
      .field("positionSide", word(fill.position_side))
      .field("buyer", fill.side == Side::buy)
      .field("maker", fill.maker)
      .end_object();
}

void write_change(JsonWriter& json, std::string_view name, const std::string& before,
                  const std::string& after) {
  json.key(name).begin_object().field("before", before).field("after", after).end_object();
}

void write_amendment(JsonWriter& json, const Contract& contract, const sim::AmendmentRecord& row) {
  json.begin_object()
      .field("amendmentId", row.amendment_id)
      .field("symbol", row.symbol.str())
      .field("pair", row.symbol.str())
      .field("orderId", row.order_id)
      .field("clientOrderId", row.client_order_id.str())
      .field("time", to_ms(row.time))
      .key("amendment")
      .begin_object();
  write_change(json, "price", padded(row.price_before, contract.price_places),
               padded(row.price_after, contract.price_places));
  write_change(json, "origQty", padded(row.qty_before, contract.qty_places),
               padded(row.qty_after, contract.qty_places));
  json.field("count", row.count);
  if (row.modify_id != 0) json.field("modifyId", row.modify_id);
  json.end_object().end_object();
}

}  // namespace

Reply all_orders(Call& call) {
  const auto* contract = call.optional_symbol();
  const auto from_id = call.params.optional_integer("orderId");
  const auto window = read_window(call, std::chrono::days(7));
  const auto limit = call.params.limit(500, 1000);
  if (call.params.error()) return refuse(*call.params.error());
  std::vector<Row> rows;
  const auto* within = from_id ? nullptr : &window;
  if (contract) {
    collect(call, contract->symbol, from_id.value_or(0), within, rows);
  } else {
    // Ids grow per symbol only: across symbols the time decides.
    for (const auto& rules : call.venue.market().rules(call.now))
      collect(call, rules.symbol, from_id.value_or(0), within, rows);
    std::ranges::sort(rows, {}, [](const Row& row) {
      return std::tuple(row.view->create_time, row.view->symbol, row.view->order_id);
    });
  }
  JsonWriter json;
  json.begin_array();
  for (const auto& row : page(rows, from_id || window.has_start, limit))
    write_order(json, call, *row.view, *row.detail, OrderShape::listed);
  json.end_array();
  return ok(json);
}

Reply user_trades(Call& call) {
  const auto* contract = call.required_symbol();
  const auto order_id = call.params.optional_integer("orderId");
  const auto from_id = call.params.optional_integer("fromId");
  if (from_id && (call.params.has("startTime") || call.params.has("endTime")))
    call.params.complain(-1128, "Combination of optional parameters invalid.");
  const auto window = read_window(call, std::chrono::days(7));
  const auto limit = call.params.limit(500, 1000);
  if (window.has_start && call.now - window.from > kOrderMemory)
    call.params.complain(-4166, "Search window is restricted to recent 90 days only.");
  if (call.params.error()) return refuse(*call.params.error());
  std::vector<const exchange::Fill*> rows;
  call.exchange().visit_fills(call.account, contract->symbol, from_id.value_or(0),
                              [&](const exchange::Fill& fill) {
                                if (!from_id && fill.time > window.to) return false;
                                const bool is_wanted = !order_id || fill.order_id == *order_id;
                                if (is_wanted && (from_id || fill.time >= window.from))
                                  rows.push_back(&fill);
                                return true;
                              });
  JsonWriter json;
  json.begin_array();
  for (const auto* row : page(rows, from_id || window.has_start, limit))
    write_fill(json, *contract, *row);
  json.end_array();
  return ok(json);
}

Reply amendments(Call& call) {
  const auto ref = read_ref(call);
  if (!ref) return refuse(*call.params.error());
  const auto window = read_window(call, kOrderMemory);
  const auto limit = call.params.limit(50, 100);
  if (call.params.error()) return refuse(*call.params.error());
  const auto& contract = call.venue.contract(ref->symbol);
  auto rows = call.exchange().amendments(call.account, ref->symbol);
  std::erase_if(rows, [&](const sim::AmendmentRecord& row) {
    const bool is_named = ref->order_id != 0 ? row.order_id == ref->order_id
                                             : row.client_order_id == ref->client_order_id;
    return !is_named || row.time < window.from || row.time > window.to;
  });
  // The newest first.
  std::ranges::reverse(rows);
  JsonWriter json;
  json.begin_array();
  for (const auto& row : page(rows, true, limit))
    write_amendment(json, contract, row);
  json.end_array();
  return ok(json);
}

Reply forced_orders(Call& call) {
  using Cause = sim::ForcedOrder::Cause;
  const auto* contract = call.optional_symbol();
  const auto cause = call.params.optional("autoCloseType");
  if (cause && *cause != "LIQUIDATION" && *cause != "ADL")
    call.params.complain(-1130, "Data sent for parameter 'autoCloseType' is not valid.");
  const auto window = read_window(call, std::chrono::days(7));
  const auto limit = call.params.limit(50, 100);
  if (call.params.error()) return refuse(*call.params.error());
  auto rows = call.exchange().forced_orders(call.account);
  std::erase_if(rows, [&](const sim::ForcedOrder& row) {
    return (contract && row.symbol != contract->symbol) || row.time < window.from ||
           row.time > window.to || (cause && (*cause == "ADL") != (row.cause == Cause::adl));
  });
  JsonWriter json;
  json.begin_array();
  for (const auto& row : page(rows, window.has_start, limit)) {
    const exchange::OrderRef ref{
        .symbol = row.symbol, .client_order_id = {}, .order_id = row.order_id};
    const auto order = call.exchange().find_order(call.account, ref);
    const auto detail = call.exchange().detail(call.account, ref);
    if (order && *order && detail) write_order(json, call, **order, *detail, OrderShape::forced);
  }
  json.end_array();
  return ok(json);
}

}  // namespace bb::paper
