// The market's public executions: rows of the tape, and its groups as aggregates. The fills of
// paper accounts are not among them.
#include <algorithm>

#include "paper/handlers.h"
#include "sim/tape.h"

namespace bb::paper {

namespace {

using net::JsonWriter;

constexpr Hours kAggregatesReach{48};
constexpr std::chrono::days kHistoryReach{30};

/// When the contract's own market began; recorded markets know only its first bar.
TimePoint listed_at(Call& call, Symbol symbol) {
  const auto first =
      call.venue.market().klines(symbol, Millis(1), TimePoint{}, call.now, 1, call.now);
  return first.empty() ? call.now : first.front().open_time;
}

/// The newest instant the contract has traded at.
TimePoint traded_until(Call& call, Symbol symbol) {
  const auto last = call.venue.market().last(symbol, call.now);
  return last ? last->time : call.now;
}

std::string quote_of(const Contract& contract, Price price, Qty qty) {
  return (price * qty).value().str_fixed(contract.price_places);
}

Reply write_rows(const Contract& contract, const std::vector<sim::TapeRow>& rows) {
  JsonWriter json;
  json.begin_array();
  for (const auto& row : rows) {
    json.begin_object()
        .field("id", row.id)
        .field("price", padded(row.price, contract.price_places))
        .field("qty", padded(row.qty, contract.qty_places))
        .field("quoteQty", quote_of(contract, row.price, row.qty))
        .field("time", to_ms(row.time))
        .field("isBuyerMaker", row.buyer_is_maker)
        .field("isRPITrade", false)
        .end_object();
  }
  json.end_array();
  return ok(json);
}

std::vector<sim::TapeRow> newest_rows(Call& call, Symbol symbol, std::size_t limit) {
  const auto end = sim::Tape::first_row_at(symbol, traded_until(call, symbol) + Millis(1));
  const auto begin = sim::Tape::first_row_at(symbol, listed_at(call, symbol));
  const auto first = std::max(begin, end - static_cast<std::int64_t>(limit));
  return sim::Tape(call.venue.market()).rows(symbol, first, limit, call.now);
}

}  // namespace

Reply recent_executions(Call& call) {
  const auto* contract = call.required_symbol();
  const auto limit = call.params.limit(500, 1000);
  if (call.params.error()) return refuse(*call.params.error());
  return write_rows(*contract, newest_rows(call, contract->symbol, limit));
}

Reply old_executions(Call& call) {
  const auto* contract = call.required_symbol();
  const auto limit = call.params.limit(100, 500);
  const auto from_id = call.params.optional_integer("fromId");
  if (call.params.error()) return refuse(*call.params.error());
  const Symbol symbol = contract->symbol;
  if (!from_id) return write_rows(*contract, newest_rows(call, symbol, limit));
  const auto oldest = std::max(listed_at(call, symbol), call.now - kHistoryReach);
  const auto first = std::max(*from_id, sim::Tape::first_row_at(symbol, oldest));
  return write_rows(*contract, sim::Tape(call.venue.market()).rows(symbol, first, limit, call.now));
}

Reply aggregates(Call& call) {
  const auto* contract = call.required_symbol();
  const auto from_id = call.params.optional_integer("fromId");
  const auto from = call.params.optional_time("startTime");
  const auto to = call.params.optional_time("endTime");
  const auto limit = call.params.limit(500, 1000);
  if (from && to && *from > *to)
    call.params.complain(-1023, "Start time is greater than end time.");
  if (from && to && *to - *from >= Hours(1))
    call.params.complain(-1127, "More than 1 hours between startTime and endTime.");
  if (from_id && (from || to))
    call.params.complain(-1128, "Combination of optional parameters invalid.");
  if (call.params.error()) return refuse(*call.params.error());

  const Symbol symbol = contract->symbol;
  const auto oldest = std::max(listed_at(call, symbol), call.now - kAggregatesReach);
  const auto begin = sim::Tape::first_group_at(symbol, oldest);
  const TimePoint until = std::min(to.value_or(call.now), traded_until(call, symbol));
  const auto end = sim::Tape::first_group_at(symbol, until + Millis(1));
  auto first = end - static_cast<std::int64_t>(limit);
  if (from) first = sim::Tape::first_group_at(symbol, *from);
  if (from_id) first = *from_id;
  first = std::max(first, begin);

  JsonWriter json;
  json.begin_array();
  const auto count = std::min<std::int64_t>(static_cast<std::int64_t>(limit), end - first);
  if (count > 0) {
    const sim::Tape tape(call.venue.market());
    for (const auto& group :
         tape.groups(symbol, first, static_cast<std::size_t>(count), call.now)) {
      const auto qty = padded(group.qty, contract->qty_places);
      json.begin_object()
          .field("a", group.id)
          .field("p", padded(group.price, contract->price_places))
          .field("q", qty)
          .field("nq", qty)
          .field("f", group.first)
          .field("l", group.last)
          .field("T", to_ms(group.time))
          .field("m", group.buyer_is_maker)
          .end_object();
    }
  }
  json.end_array();
  return ok(json);
}

}  // namespace bb::paper
