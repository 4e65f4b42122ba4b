#include "sim/impl/checks_form.h"

#include <algorithm>

#include "sim/impl/refusals.h"

namespace bb::sim::impl {

namespace {

constexpr std::size_t kClientIdMax = 36;

// Decimal places that a value needs.
int places_of(Decimal value) {
  int places = 8;
  for (std::int64_t raw = value.raw(); places > 0 && raw % 10 == 0; raw /= 10)
    --places;
  return places;
}

bool is_id_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == ':' || c == '/' || c == '_' || c == '-';
}

Verdict check_client_id(const ClientOrderId& id) {
  if (id.str().size() > kClientIdMax) return refuse::client_id(true);
  if (!std::all_of(id.str().begin(), id.str().end(), is_id_character))
    return refuse::client_id(false);
  return {};
}

Verdict check_status(const SymbolRules& rules, bool reduces) {
  switch (rules.status) {
    case SymbolStatus::trading:
      return {};
    case SymbolStatus::settling:
      return reduces ? Verdict() : refuse::not_opening_now();
    case SymbolStatus::closed:
      return refuse::symbol_closed();
    case SymbolStatus::pending:
    case SymbolStatus::halted:
    case SymbolStatus::unknown:
      return refuse::bad_symbol_status();
  }
  return {};
}

Verdict check_sides(const Situation& at, const OrderRequest& request) {
  const bool hedge_side = request.position_side != PositionSide::both;
  if (hedge_side != at.account.options.hedge) return refuse::wrong_position_side();
  if (hedge_side && request.reduce_only) return refuse::parameter_unwanted("reduceOnly");
  return {};
}

Verdict check_close_position(const OrderRequest& request) {
  const bool market_like =
      request.type == OrderType::stop_market || request.type == OrderType::take_profit_market;
  const bool opens = (request.position_side == PositionSide::long_ && request.side == Side::buy) ||
                     (request.position_side == PositionSide::short_ && request.side == Side::sell);
  if (!market_like || opens) return refuse::no_close_position_for(request.type);
  if (!request.qty.is_zero()) return refuse::qty_with_close_position();
  if (request.reduce_only) return refuse::parameter_unwanted("reduceOnly");
  return {};
}

// Second precision, more than ten minutes ahead (reference §11.1).
Verdict check_good_till(const Core& core, const OrderRequest& request, const OrderTerms& terms) {
  constexpr Millis kSoonest{600'000};
  constexpr TimePoint kEndOfTime = from_ms(253'402'300'799'000);
  const bool is_sent = terms.good_till != TimePoint();
  if (request.time_in_force != TimeInForce::gtd)
    return is_sent ? refuse::parameter_unwanted("goodTillDate") : Verdict();
  if (!is_sent) return refuse::parameter_missing("goodTillDate");
  if (terms.good_till <= core.now + kSoonest || terms.good_till >= kEndOfTime)
    return refuse::good_till_date();
  return {};
}

Verdict check_trailing(const SymbolRules& rules, const OrderRequest& request,
                       const OrderTerms& terms) {
  constexpr Ratio kLeast = Ratio(Decimal::from_raw(100'000));    // 0.1 %
  constexpr Ratio kMost = Ratio(Decimal::from_raw(20'000'000));  // 20 % since 2026-10-23
  if (request.type != OrderType::trailing_stop_market) {
    if (!terms.callback_rate.is_zero()) return refuse::parameter_unwanted("callbackRate");
    if (!terms.activate_price.is_zero()) return refuse::parameter_unwanted("activatePrice");
    return {};
  }
  if (!request.trigger_price.is_zero()) return refuse::parameter_unwanted("triggerPrice");
  if (terms.callback_rate.is_zero()) return refuse::parameter_missing("callbackRate");
  if (terms.callback_rate < kLeast || terms.callback_rate > kMost)
    return refuse::bad_value("callbackRate");
  const Price activate = terms.activate_price;
  if (activate.is_negative() || (rules.max_price.is_positive() && activate > rules.max_price))
    return refuse::activation_price();
  return {};
}

Verdict check_price_match(const OrderRequest& request, const OrderTerms& terms) {
  if (terms.price_match == PriceMatch::none) return {};
  if (!has_limit_price(request.type)) return refuse::price_match_type();
  if (!request.price.is_zero()) return refuse::parameter_unwanted("price");
  return {};
}

Verdict check_trigger(const SymbolRules& rules, const OrderRequest& request) {
  if (!is_conditional(request.type)) {
    if (!request.trigger_price.is_zero()) return refuse::parameter_unwanted("stopPrice");
    return {};
  }
  if (request.type == OrderType::trailing_stop_market) return {};
  // Off-tick triggers are accepted (seen on the test venue).
  if (!request.trigger_price.is_positive()) return refuse::parameter_missing("triggerprice");
  if (rules.max_price.is_positive() && request.trigger_price > rules.max_price)
    return refuse::trigger_above_max();
  return {};
}

}  // namespace

LotRule lot_for(const SymbolRules& rules, OrderType type) {
  if (has_limit_price(type)) return rules.lot;
  LotRule lot = rules.market_lot;
  if (lot.step.is_zero()) lot.step = rules.lot.step;
  return lot;
}

bool has_limit_price(OrderType type) {
  return type == OrderType::limit || type == OrderType::stop || type == OrderType::take_profit;
}

Verdict check_qty(const LotRule& lot, Qty qty) {
  if (!qty.is_positive()) return refuse::qty_not_positive();
  if (!lot.step.is_zero() && places_of(qty.value()) > places_of(lot.step.value()))
    return refuse::bad_precision();
  if (lot.min.is_positive() && qty < lot.min) return refuse::qty_below_min();
  if (lot.max.is_positive() && qty > lot.max) return refuse::qty_above_max();
  if (!qty.value().is_multiple_of(lot.step.value())) return refuse::qty_off_step();
  return {};
}

Verdict check_price(const SymbolRules& rules, Price price) {
  if (!price.is_positive()) return refuse::parameter_missing("price");
  if (!rules.tick.is_zero() && places_of(price.value()) > places_of(rules.tick.value()))
    return refuse::bad_precision();
  if (rules.min_price.is_positive() && price < rules.min_price) return refuse::price_below_min();
  if (rules.max_price.is_positive() && price > rules.max_price) return refuse::price_above_max();
  if (!(price - rules.min_price).value().is_multiple_of(rules.tick.value()))
    return refuse::price_off_tick();
  return {};
}

Verdict check_form(const Situation& at, const OrderRequest& request, const OrderTerms& terms) {
  const bool reduces = request.reduces_only();
  if (const auto v = check_status(at.rules, reduces); !v) return v;
  if (const auto v = check_client_id(request.client_order_id); !v) return v;
  if (const auto v = check_sides(at, request); !v) return v;
  if (const auto v = check_trigger(at.rules, request); !v) return v;
  if (const auto v = check_trailing(at.rules, request, terms); !v) return v;
  if (const auto v = check_price_match(request, terms); !v) return v;
  if (request.close_position) {
    if (const auto v = check_close_position(request); !v) return v;
  } else {
    if (const auto v = check_qty(lot_for(at.rules, request.type), request.qty); !v) return v;
  }
  if (has_limit_price(request.type)) {
    if (terms.price_match == PriceMatch::none)
      if (const auto v = check_price(at.rules, request.price); !v) return v;
  } else if (!request.price.is_zero()) {
    return refuse::parameter_unwanted("price");
  }
  return check_good_till(at.core, request, terms);
}

}  // namespace bb::sim::impl
