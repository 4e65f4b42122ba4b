// The exchange's own journal for audits, benchmarks and tests of real processes: what no client of
// a real exchange can see. Served only where the option `expose_journal` is set.
#include <algorithm>

#include "paper/handlers.h"

namespace bb::paper {

namespace {

using net::JsonWriter;
using sim::JournalEntry;

std::string_view word(JournalEntry::Kind kind) {
  switch (kind) {
    case JournalEntry::Kind::order_accepted:
      return "order_accepted";
    case JournalEntry::Kind::order_updated:
      return "order_updated";
    case JournalEntry::Kind::fill:
      return "fill";
    case JournalEntry::Kind::income:
      return "income";
    case JournalEntry::Kind::position_opened:
      return "position_opened";
    case JournalEntry::Kind::position_closed:
      return "position_closed";
    case JournalEntry::Kind::protected_from:
      return "protected_from";
    case JournalEntry::Kind::unprotected_from:
      return "unprotected_from";
    case JournalEntry::Kind::liquidated:
      return "liquidated";
    case JournalEntry::Kind::order_amended:
      return "order_amended";
    case JournalEntry::Kind::leverage_changed:
      return "leverage_changed";
    case JournalEntry::Kind::margin_type_changed:
      return "margin_type_changed";
    case JournalEntry::Kind::isolated_margin_changed:
      return "isolated_margin_changed";
    case JournalEntry::Kind::margin_call:
      return "margin_call";
  }
  std::unreachable();
}

void write_order(JsonWriter& json, const exchange::OrderView& order) {
  json.field("clientId", order.client_order_id.str())
      .field("orderId", order.order_id)
      .field("conditional", order.conditional)
      .field("type", paper::word(order.type))
      .field("orderSide", paper::word(order.side))
      .field("status", paper::word(order.status))
      .field("qty", order.qty.str())
      .field("executedQty", order.executed_qty.str())
      .field("price", order.average_price.is_zero() ? order.price.str() : order.average_price.str())
      .field("triggerPrice", order.trigger_price.str())
      .field("reduceOnly", order.reduce_only)
      .field("closePosition", order.close_position);
}

void write_entry(JsonWriter& json, std::size_t number, const JournalEntry& entry,
                 const std::string& alias) {
  json.begin_object()
      .field("n", static_cast<std::int64_t>(number))
      .field("kind", word(entry.kind))
      .field("time", to_ms(entry.time))
      .field("us", std::int64_t{entry.precise.count()})
      .field("account", alias)
      .field("symbol", entry.symbol.str())
      .field("positionSide", paper::word(entry.side));
  if (entry.order) write_order(json, *entry.order);
  if (const auto& detail = entry.detail) {
    if (detail->parent_id != 0) json.field("parentId", detail->parent_id);
    if (detail->expiry_reason != 0) json.field("expiryReason", detail->expiry_reason);
    if (!detail->reject_reason.empty()) json.field("rejectReason", detail->reject_reason);
  }
  if (const auto& fill = entry.fill) {
    if (!entry.order) json.field("orderId", fill->order_id);
    json.field("tradeId", fill->trade_id)
        .field("fillSide", paper::word(fill->side))
        .field("fillQty", fill->qty.str())
        .field("fillPrice", fill->price.str())
        .field("realizedPnl", fill->realized_pnl.str())
        .field("commission", fill->commission.str());
  }
  if (const auto& income = entry.income) {
    json.field("incomeType", income->type)
        .field("income", income->amount.str())
        .field("tranId", income->transaction_id);
  }
  json.field("positionQty", entry.position_qty.str()).end_object();
}

}  // namespace

Reply audit_journal(Call& call) {
  const auto from = call.params.optional_integer("from").value_or(0);
  const auto limit = call.params.limit(10'000, 100'000);
  if (call.params.error()) return refuse(*call.params.error());
  const auto& journal = call.exchange().journal();
  Reply reply;
  const auto begin = call.exchange().journal_begin();
  const auto wanted = static_cast<std::size_t>(from);
  const auto first = std::min(wanted > begin ? wanted - begin : 0, journal.size());
  const auto last = first + std::min(limit, journal.size() - first);
  for (auto i = first; i < last; ++i) {
    JsonWriter json;
    write_entry(json, begin + i, journal[i], call.exchange().alias(journal[i].account));
    reply.body += json.str();
    reply.body += '\n';
  }
  return reply;
}

Reply audit_state(Call& call) {
  auto& exchange = call.exchange();
  JsonWriter json;
  json.begin_object()
      .field("marketTime", to_ms(call.now))
      .field("marketEnd", to_ms(call.venue.market().end()))
      .field("journal",
             static_cast<std::int64_t>(exchange.journal_begin() + exchange.journal().size()))
      .key("accounts")
      .begin_array();
  for (int account = 0; account < exchange.account_count(); ++account) {
    const auto balance = exchange.balance(account);
    const auto rows = exchange.positions(account);
    const auto open =
        std::ranges::count_if(rows, [](const auto& row) { return !row.position.qty.is_zero(); });
    json.begin_object()
        .field("account", exchange.alias(account))
        .field("wallet", balance.wallet.str())
        .field("unrealizedPnl", balance.unrealized_pnl.str())
        .field("equity", (balance.wallet + balance.unrealized_pnl).str())
        .field("available", balance.available.str())
        .field("positions", std::int64_t{open})
        .end_object();
  }
  json.end_array().end_object();
  return ok(json);
}

}  // namespace bb::paper
