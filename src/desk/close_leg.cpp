#include "desk/impl/close_leg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/plant.h"
#include "desk/impl/journal.h"
#include "exchange/settle.h"

namespace bb::desk {

namespace {

// An order that never reached the exchange cannot be accepted later than recvWindow (5 s) after it
// was signed.
constexpr Micros kMayStillArrive{6'000'000};

struct Sent {
  Qty executed;
  std::int64_t order_id = 0;
  int code = 0;
  bool is_unknown = false;
  bool is_done = false;   // executed as asked
  bool is_short = false;  // ended with less
  std::string text;
};

Sent sent_of(Qty asked, const exchange::OrderView& order) {
  Sent sent;
  sent.executed = order.executed_qty;
  sent.is_done = sent.executed >= asked || order.status == OrderStatus::filled;
  sent.is_unknown = !sent.is_done && is_live(order.status);
  sent.is_short = !sent.is_done && !sent.is_unknown;
  if (!sent.is_short || sent.executed.is_positive()) sent.order_id = order.order_id;
  if (!sent.is_done)
    sent.text = fmt::format("{} of {} were executed ({})", sent.executed.str(), asked.str(),
                            str(order.status));
  return sent;
}

exchange::OrderRequest closing_request(const exchange::Position& position, Qty piece) {
  exchange::OrderRequest request;
  request.symbol = position.symbol;
  request.side = position.qty.is_negative() ? Side::buy : Side::sell;
  request.position_side = position.side;
  request.type = OrderType::market;
  request.qty = piece;
  request.reduce_only = position.side == PositionSide::both && !planted("reduce_only_missing");
  if (planted("step_ignored")) request.qty = piece + Qty(Decimal::from_raw(1));
  return request;
}

// The band edge of PERCENT_PRICE: the furthest price an order may have when MARKET is refused with
// -4131.
Price band_edge(const SymbolRules& rules, Side side, Price mark) {
  const Price edge = mark * (side == Side::buy ? rules.price_up : rules.price_down);
  return Price(
      edge.value().round_to(rules.tick.value(), side == Side::buy ? Rounding::down : Rounding::up));
}

// Resting limits that reduce use up the position's capacity: the exchange then refuses a close with
// -4118 or -2022. Whether any of them is gone now.
Task<bool> cancel_reducing_limits(Desk& desk, const exchange::Position& position) {
  const auto open = co_await desk.parts().account.fetch_open_regular_orders();
  if (!open) co_return false;
  const Side reducing = position.qty.is_negative() ? Side::buy : Side::sell;
  std::vector<Task<bool>> cancels;
  for (const auto& order : *open) {
    const bool reduces = order.reduce_only || order.position_side != PositionSide::both;
    if (order.symbol == position.symbol && order.position_side == position.side &&
        order.side == reducing && reduces)
      cancels.push_back(desk.cancel_order(order.ref()));
  }
  const auto gone = co_await gather(std::move(cancels));
  co_return std::ranges::find(gone, true) != gone.end();
}

Task<exchange::Outcome<exchange::OrderView>> journaled(Desk& desk, exchange::OrderRequest& request,
                                                       std::int64_t holding_id,
                                                       const ClosePurpose& purpose) {
  int attempt = 0;
  request.client_order_id =
      desk.next_id(purpose.trade_day, purpose.job, request.symbol, purpose.kind, &attempt);
  auto intent = make_intent(desk.parts(), request, purpose.trade_day, purpose.job, purpose.kind,
                            attempt, {}, holding_id);
  co_return co_await send_reducing(desk.parts(), std::move(intent), request);
}

Task<Sent> send_piece(Desk& desk, exchange::Position position, Qty piece, bool is_whole,
                      std::int64_t holding_id, const ClosePurpose& purpose) {
  auto request = closing_request(position, piece);
  auto outcome = co_await journaled(desk, request, holding_id, purpose);
  const auto* rules = desk.book().find_rules(request.symbol);
  if (outcome.code() == -4131 && rules != nullptr) {
    request.type = OrderType::limit;
    request.time_in_force = TimeInForce::ioc;
    request.price = band_edge(*rules, request.side, position.mark);
    outcome = co_await journaled(desk, request, holding_id, purpose);
  }
  const auto* done = outcome.done();
  const bool is_open = outcome.unknown() != nullptr || (done != nullptr && is_live(done->status));
  if (is_open && !is_whole) {
    const auto settled =
        co_await exchange::settle(desk.parts().account, desk.parts().clock,
                                  {request.symbol, request.client_order_id, 0, false});
    if (settled.order) co_return sent_of(piece, *settled.order);
  }
  if (done != nullptr) co_return sent_of(piece, *done);
  Sent sent;
  sent.code = outcome.code();
  sent.is_unknown = outcome.unknown() != nullptr;
  sent.text = outcome.describe();
  co_return sent;
}

// Overloads, rate limits, clocks and thin books: time heals them, however long it takes (F07).
bool is_passing(const Sent& sent) {
  if (sent.is_short) return sent.executed.is_positive();
  constexpr std::array kPassing{0, -1003, -1008, -1015, -1021};
  return sent.is_unknown || std::ranges::find(kPassing, sent.code) != kPassing.end();
}

// The exchange's rules are not what we think they are (F32).
bool is_about_rules(int code) {
  constexpr std::array kRules{-1013, -1111, -1122, -4003, -4004, -4005,
                              -4013, -4014, -4022, -4023, -4140, -4141};
  return std::ranges::find(kRules, code) != kRules.end();
}

std::vector<Qty> pieces_of(const Book& book, const exchange::Position& position, Qty size) {
  const auto* rules = book.find_rules(position.symbol);
  if (rules == nullptr) return {size};
  auto pieces = split_market_close(*rules, size);
  if (pieces.empty()) pieces.push_back(size);  // below the step: the exchange decides
  return pieces;
}

}  // namespace

void CloseLeg::note_start(Qty now) {
  const bool is_late = before && before->is_zero() && !now.is_zero();
  if (is_late && holding_id != 0 && !now.is_negative()) return;  // a person's long
  if (before && !is_late) return;
  before = now;
  there_since.reset();
}

bool CloseLeg::is_there(Qty now) const {
  if (now.is_zero()) return true;
  if (!before) return false;
  if (now.is_negative() != is_short()) return true;
  return now.abs() <= wish.keep;
}

bool CloseLeg::is_explained(Qty now) const {
  if (!before || before->is_zero()) return false;
  if (!now.is_zero() && now.is_negative() != before->is_negative()) return false;
  return result.closed >= before->abs() - now.abs();
}

Qty CloseLeg::size_to_send(Qty now) const {
  const Qty above = now.abs() - wish.keep;
  if (is_whole() || !before) return above;
  return std::min(above, before->abs() - wish.keep - result.closed);
}

namespace {

/// What became of one sending of a leg.
struct Trouble {
  std::optional<Sent> worst;  // nothing = all was executed as asked
  Qty executed;
  bool is_unknown = false;
};

Task<Trouble> send_pieces(Desk& desk, CloseLeg& leg, const exchange::Position& position, Qty size,
                          const ClosePurpose& purpose) {
  std::vector<Task<Sent>> sends;
  for (const Qty piece : pieces_of(desk.book(), position, size)) {
    sends.push_back(send_piece(desk, position, piece, leg.is_whole(), leg.holding_id, purpose));
    if (planted("close_without_proof")) break;
  }
  const auto answers = co_await gather(std::move(sends));
  Trouble trouble;
  for (const auto& sent : answers) {
    trouble.executed += sent.executed;
    if (sent.order_id != 0) leg.result.order_id = sent.order_id;
    if (!sent.is_done && (!trouble.worst || is_passing(*trouble.worst))) trouble.worst = sent;
    trouble.is_unknown = trouble.is_unknown || sent.is_unknown;
  }
  leg.result.closed += trouble.executed;
  co_return trouble;
}

}  // namespace

Task<void> send_down(Desk& desk, CloseLeg& leg, exchange::Position position, ClosePurpose purpose) {
  for (bool is_repeated = false;; is_repeated = true) {
    const Qty size = leg.size_to_send(position.qty);
    if (!size.is_positive()) {
      ++leg.refusals;
      leg.result.text = "as much as was asked is closed, and more than was to be left stands";
      co_return;
    }
    if (leg.first_sent == TimePoint{}) leg.first_sent = desk.parts().market.exchange_now();
    const auto trouble = co_await send_pieces(desk, leg, position, size, purpose);
    leg.result.text = trouble.worst ? trouble.worst->text : std::string();
    if (!trouble.worst) {
      leg.busy = 0;
      co_return;
    }
    if (trouble.is_unknown && !leg.is_whole())
      leg.quiet_until = desk.parts().clock.after(kMayStillArrive);
    if (is_passing(*trouble.worst)) {
      ++leg.busy;
      co_return;
    }
    const int code = trouble.worst->code;
    const bool is_held = code == -4118 || code == -2022;
    if (is_held && !is_repeated && co_await cancel_reducing_limits(desk, position)) {
      position.qty += position.qty.is_negative() ? trouble.executed : -trouble.executed;
      continue;
    }
    ++leg.refusals;
    if (is_about_rules(code) && !std::exchange(leg.rules_refreshed, true))
      (void)co_await desk.book().refresh();
    co_return;
  }
}

}  // namespace bb::desk
