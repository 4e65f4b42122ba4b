// Margin of isolated positions, and where positions stand in the queue of deleveraging.
#include <algorithm>
#include <map>

#include "paper/handlers.h"
#include "paper/order_params.h"
#include "paper/page.h"

namespace bb::paper {

namespace {

using net::JsonWriter;

constexpr std::int64_t kAdd = 1;
constexpr std::int64_t kReduce = 2;

std::string bad_type() { return "Data sent for parameter 'type' is not valid."; }

}  // namespace

Reply change_position_margin(Call& call) {
  auto& params = call.params;
  const auto* contract = call.required_symbol();
  const Usdt amount(params.required_decimal("amount"));
  const auto type = params.required_integer("type");
  if (!params.error() && type != kAdd && type != kReduce) params.complain(-1130, bad_type());
  const auto side = read_position_side(params);
  if (params.error()) return refuse(*params.error());
  const auto changed = call.exchange().change_isolated_margin(call.account, contract->symbol, side,
                                                              type == kAdd ? amount : -amount);
  if (!changed) return refuse(changed.error());
  JsonWriter json;
  json.begin_object()
      .key("amount")
      .raw(as_java_double(amount.value()))
      .field("code", 200)
      .field("msg", "Successfully modify position margin.")
      .field("type", type)
      .end_object();
  return ok(json);
}

Reply position_margin_history(Call& call) {
  auto& params = call.params;
  const auto* contract = call.required_symbol();
  const auto type = params.optional_integer("type");
  if (type && *type != kAdd && *type != kReduce) params.complain(-1130, bad_type());
  const auto window = read_window(call, std::chrono::days(30));
  const auto limit = params.limit(500, 500);
  if (params.error()) return refuse(*params.error());
  auto rows = call.exchange().margin_changes(call.account, contract->symbol);
  std::erase_if(rows, [&](const sim::MarginChange& row) {
    return (type && (*type == kAdd) != row.amount.is_positive()) || row.time < window.from ||
           row.time > window.to;
  });
  JsonWriter json;
  json.begin_array();
  for (const auto& row : page(rows, window.has_start, limit)) {
    json.begin_object()
        .field("symbol", row.symbol.str())
        .field("type", row.amount.is_positive() ? kAdd : kReduce)
        .field("deltaType", "USER_ADJUST")
        .field("amount", eight(row.amount.abs()))
        .field("asset", "USDT")
        .field("time", to_ms(row.time))
        .field("positionSide", word(row.side))
        .end_object();
  }
  json.end_array();
  return ok(json);
}

Reply adl_quantiles(Call& call) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  struct Quantiles {
    int both = 0, long_side = 0, short_side = 0;
    bool is_cross = false;
  };
  std::map<Symbol, Quantiles> symbols;
  for (const auto& row : call.exchange().positions(call.account)) {
    const auto& position = row.position;
    if (position.qty.is_zero() || (contract && position.symbol != contract->symbol)) continue;
    Quantiles& quantiles = symbols[position.symbol];
    quantiles.is_cross = row.margin == MarginType::cross;
    (position.side == PositionSide::both    ? quantiles.both
     : position.side == PositionSide::long_ ? quantiles.long_side
                                            : quantiles.short_side) = row.adl_quantile;
  }
  const bool hedge = call.exchange().hedge(call.account);
  JsonWriter json;
  json.begin_array();
  for (const auto& [symbol, quantiles] : symbols) {
    json.begin_object().field("symbol", symbol.str()).key("adlQuantile").begin_object();
    json.field("LONG", quantiles.long_side).field("SHORT", quantiles.short_side);
    // In a cross hedge the two legs stand together; the marker says so.
    if (hedge && quantiles.is_cross) {
      json.field("HEDGE", 0);
    } else {
      json.field("BOTH", quantiles.both);
    }
    json.end_object().end_object();
  }
  json.end_array();
  return ok(json);
}

}  // namespace bb::paper
