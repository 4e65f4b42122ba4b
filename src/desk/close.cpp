#include <fmt/format.h>

#include <algorithm>

#include "base/plant.h"
#include "desk/desk.h"
#include "desk/impl/journal.h"

namespace bb::desk {

namespace {

using Kind = CloseResult::Kind;

struct Look {
  bool known = false;
  Qty qty;  // signed
  Price mark;
};

Task<Look> look(Parts& parts, Symbol symbol, PositionSide side) {
  const auto positions = co_await parts.account.fetch_positions();
  if (!positions) co_return Look{};
  for (const auto& position : *positions)
    if (position.symbol == symbol && position.side == side)
      co_return Look{true, position.qty, position.mark};
  co_return Look{true, Qty(), Price()};
}

exchange::OrderRequest closing_request(Symbol symbol, PositionSide side, Qty position, Qty piece) {
  exchange::OrderRequest request;
  request.symbol = symbol;
  request.side = position.is_negative() ? Side::buy : Side::sell;
  request.position_side = side;
  request.type = OrderType::market;
  request.qty = piece;
  request.reduce_only = side == PositionSide::both;
  return request;
}

// The band edge of PERCENT_PRICE: the furthest price an order may have when MARKET is refused with
// -4131.
Price band_edge(const SymbolRules& rules, Side side, Price mark) {
  const Price edge = mark * (side == Side::buy ? rules.price_up : rules.price_down);
  return Price(
      edge.value().round_to(rules.tick.value(), side == Side::buy ? Rounding::down : Rounding::up));
}

// Resting reduce-only limits use up the position's capacity: the exchange then refuses a close with
// -4118 or -2022.
Task<void> cancel_reducing_limits(Desk& desk, Symbol symbol) {
  const auto open = co_await desk.parts().account.fetch_open_orders();
  if (!open) co_return;
  for (const auto& order : *open)
    if (order.symbol == symbol && !order.conditional && order.reduce_only)
      (void)co_await desk.cancel_order(order.ref());
}

struct Sent {
  Qty executed;
  std::int64_t order_id = 0;
  std::string text;
};

Task<Sent> send_piece(Desk& desk, exchange::OrderRequest request, const Look& before,
                      OrderKind kind, const std::string& trade_day, Job job) {
  Parts& parts = desk.parts();
  int attempt = 0;
  request.client_order_id = desk.next_id(trade_day, job, request.symbol, kind, &attempt);
  auto intent = make_intent(parts, request, trade_day, job, kind, attempt, {}, 0);
  auto outcome = co_await send_reducing(parts, intent, request);
  const auto* rules = desk.book().find_rules(request.symbol);
  if (outcome.code() == -4131 && rules != nullptr) {
    request.type = OrderType::limit;
    request.time_in_force = TimeInForce::ioc;
    request.price = band_edge(*rules, request.side, before.mark);
    request.client_order_id = desk.next_id(trade_day, job, request.symbol, kind, &attempt);
    intent = make_intent(parts, request, trade_day, job, kind, attempt, {}, 0);
    outcome = co_await send_reducing(parts, intent, request);
  }
  if (outcome.code() == -4118 || outcome.code() == -2022)
    co_await cancel_reducing_limits(desk, request.symbol);
  if (const auto* done = outcome.done()) co_return Sent{done->executed_qty, done->order_id, {}};
  co_return Sent{{}, 0, outcome.describe()};
}

}  // namespace

Task<CloseResult> Desk::close_position(Symbol symbol, PositionSide side, OrderKind kind,
                                       std::string trade_day, Job job) {
  CloseResult result;
  std::optional<SteadyTime> seen_flat;
  Qty at_start;
  constexpr int kRounds = 8;
  for (int round = 0; round < kRounds; ++round) {
    const Look now = co_await look(parts_, symbol, side);
    if (!now.known) {
      result.kind = Kind::unknown;
      result.text = "the position could not be read";
      co_await sleep_for(parts_.clock, Millis(500));
      continue;
    }
    if (at_start.is_zero()) at_start = now.qty.abs();
    result.left = now.qty;
    if (now.qty.is_zero()) {
      // Our own fills explain it; otherwise a second read, at least 2 s later, must agree.
      const bool explained = at_start.is_positive() && result.closed >= at_start;
      if (explained || (seen_flat && parts_.clock.steady_now() - *seen_flat >= Seconds(2))) {
        result.kind = Kind::flat;
        result.text.clear();
        co_return result;
      }
      if (!seen_flat) seen_flat = parts_.clock.steady_now();
      co_await sleep_for(parts_.clock, Millis(2000));
      continue;
    }
    seen_flat.reset();
    const auto* rules = book_.find_rules(symbol);
    const auto pieces = rules != nullptr ? split_market_close(*rules, now.qty.abs())
                                         : std::vector<Qty>{now.qty.abs()};
    for (const Qty piece : pieces) {
      auto sent = co_await send_piece(*this, closing_request(symbol, side, now.qty, piece), now,
                                      kind, trade_day, job);
      result.closed += sent.executed;
      if (sent.order_id != 0) result.order_id = sent.order_id;
      result.text = std::move(sent.text);
      if (!result.text.empty()) break;
      if (planted("close_without_proof")) {
        result.kind = Kind::flat;
        co_return result;
      }
    }
    result.kind = Kind::partial;
    if (!result.text.empty()) co_await sleep_for(parts_.clock, Millis(200) * (round + 1));
  }
  parts_.log.error("position not closed",
                   {{"symbol", symbol}, {"left", result.left}, {"why", result.text}});
  co_return result;
}

}  // namespace bb::desk
