#include "sim/impl/orders.h"

#include <algorithm>

#include "sim/impl/agenda.h"
#include "sim/impl/lifecycle.h"
#include "sim/impl/margin.h"
#include "sim/impl/matching.h"
#include "sim/impl/positions.h"
#include "sim/impl/refusals.h"

namespace bb::sim::impl {

namespace {

// How long an unfounded stop lives where such stops expire (StopWithoutPosition::expired).
constexpr Millis kUnfoundedLife{500};

// Gives the request the price of the book that it asked for.
Verdict match_price(const Situation& at, OrderRequest& request, OrderTerms& terms) {
  if (terms.price_match == PriceMatch::none || is_conditional(request.type)) return {};
  if (const auto v = judge([&] { return check_form(at, request, terms); }); !v) return v;
  const auto price = matched_price(at, request.side, terms.price_match);
  if (!price) return refuse::no_depth();
  request.price = *price;
  terms.price_match = PriceMatch::none;
  return {};
}

Verdict check_all(const Situation& at, OrderRequest& request, OrderTerms terms) {
  if (const auto v = match_price(at, request, terms); !v) return v;
  return judge([&] {
    return is_conditional(request.type) ? check_conditional(at, request, terms)
                                        : check_regular(at, request, terms);
  });
}

void limit_unfounded(Order& order, const Seat& seat, TimePoint now) {
  if (!order.view.conditional || order.view.close_position || !reduces_only(order.view)) return;
  if (!closable(seat.leg(order.view.position_side), order.view.side).is_zero()) return;
  order.founded_by = now + kUnfoundedLife;
}

}  // namespace

Seat default_seat(const Core& core, const Account& account, Symbol symbol) {
  Seat seat;
  seat.symbol = symbol;
  seat.margin = account.options.default_margin;
  seat.leverage = account.options.default_leverage;
  seat.forgotten = core.now;
  static const Brackets kNone;
  seat.brackets = core.market.find_brackets(symbol);
  if (seat.brackets == nullptr) seat.brackets = &kNone;
  int most = 1;
  for (const auto& bracket : *seat.brackets)
    most = std::max(most, bracket.max_leverage);
  if (!seat.brackets->empty()) seat.leverage = std::min(seat.leverage, most);
  return seat;
}

Seat& seat_of(const Core& core, Account& account, Symbol symbol) {
  const auto it = account.seats.find(symbol);
  if (it != account.seats.end()) return it->second;
  return account.seats.emplace(symbol, default_seat(core, account, symbol)).first->second;
}

OrderView as_answer(const Order& order) {
  OrderView answer = order.view;
  answer.average_price = {};
  return answer;
}

Answer<OrderView> place(Core& core, Account& account, OrderRequest request,
                        const OrderTerms& terms) {
  const auto rules = core.market.find_rules(request.symbol, core.now);
  if (!rules) return refuse::bad_symbol();
  Seat& seat = seat_of(core, account, request.symbol);
  const Situation at{core, account, seat, *rules, mark_of(core, request.symbol)};
  if (const auto verdict = check_all(at, request, terms); !verdict)
    return std::unexpected(verdict.error());
  Order fresh = new_order(core, request, terms);
  if (core.options.stop_without_position == StopWithoutPosition::expired)
    limit_unfounded(fresh, seat, core.now);
  Order& order = open_order(core, account, seat, std::move(fresh));
  if (!order.view.conditional) execute(core, account, seat, order, *rules);
  const OrderView answer = as_answer(order);
  tidy(core, account, seat);
  return answer;
}

Verdict check_only(const Core& core, const Account& account, OrderRequest request,
                   const OrderTerms& terms) {
  const auto rules = core.market.find_rules(request.symbol, core.now);
  if (!rules) return refuse::bad_symbol();
  const Price mark = mark_of(core, request.symbol);
  const auto it = account.seats.find(request.symbol);
  if (it != account.seats.end())
    return check_all({core, account, it->second, *rules, mark}, request, terms);
  const Seat seat = default_seat(core, account, request.symbol);
  return check_all({core, account, seat, *rules, mark}, request, terms);
}

const Order* find_order(const Core& core, const Account& account, const exchange::OrderRef& ref) {
  const auto id_in = [&](const auto& newest) -> std::int64_t {
    if (ref.order_id != 0) return ref.order_id;
    const auto it = newest.find(ref.client_order_id.str());
    return it == newest.end() ? 0 : it->second;
  };
  const Order* found = nullptr;
  if (ref.conditional) {
    const auto it = account.algo_seats.find(id_in(account.algo_by_client));
    if (it == account.algo_seats.end()) return nullptr;
    if (!ref.symbol.empty() && ref.symbol != it->second->symbol) return nullptr;
    found = it->second->conditional.find(it->first);
  } else {
    const auto it = account.seats.find(ref.symbol);
    if (it == account.seats.end()) return nullptr;
    found = it->second.regular.find(id_in(it->second.regular.by_client));
  }
  return found != nullptr && is_remembered(*found, core.now) ? found : nullptr;
}

Answer<OrderView> cancel(Core& core, Account& account, const exchange::OrderRef& ref) {
  const Order* found = find_order(core, account, ref);
  if (found == nullptr) return refuse::unknown_order();
  Seat& seat = seat_of(core, account, found->view.symbol);
  auto& open = seat.shelf(ref.conditional).open;
  const auto it = open.find(found->view.order_id);
  if (it == open.end()) return refuse::unknown_order();
  Order& order = it->second;
  close_order(core, account, seat, order, OrderStatus::canceled);
  const OrderView answer = as_answer(order);
  tidy(core, account, seat);
  return answer;
}

Answer<void> set_countdown(Core& core, Account& account, Symbol symbol, Millis after) {
  if (!core.market.find_rules(symbol, core.now)) return refuse::bad_symbol();
  Seat& seat = seat_of(core, account, symbol);
  seat.countdown = after > Millis(0) ? std::optional<TimePoint>(core.now + after) : std::nullopt;
  touch(core, account, seat);
  return {};
}

}  // namespace bb::sim::impl
