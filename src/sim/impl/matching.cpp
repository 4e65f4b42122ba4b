#include "sim/impl/matching.h"

#include <algorithm>

#include "sim/impl/lifecycle.h"
#include "sim/impl/margin.h"

namespace bb::sim::impl {

namespace {

constexpr int kSelfTrade = 1;
constexpr int kImmediateRemainder = 2;
constexpr int kImmediateSelfTrade = 3;
constexpr int kMarketRemainder = 9;

class Taking {
 public:
  Taking(Core& core, Account& account, Seat& seat, Order& order, const SymbolRules& rules)
      : core_(core), account_(account), seat_(seat), order_(order), rules_(rules) {}

  void run() {
    const bool is_market = order_.view.type == OrderType::market;
    const auto limit = is_market ? market_limit(rules_, mark_of(core_, seat_), side())
                                 : std::optional(order_.view.price);
    const std::vector<Level> levels = depth_for(core_, rules_, side());
    for (const Level& level : levels) {
      const bool is_beyond = limit && !within(side(), level.price, *limit);
      meet_own(is_beyond ? *limit : level.price);
      if (is_beyond || !is_live(order_.view.status)) break;
      const Qty left = order_.remaining();
      fill(core_, account_, seat_, order_,
           {.qty = std::min(left, level.qty.value_or(left)), .price = level.price});
      if (order_.remaining().is_zero()) break;
    }
    if (is_live(order_.view.status)) expire_remainder(is_market);
  }

 private:
  Side side() const { return order_.view.side; }

  SelfTradePrevention mode() const {
    // The modes hold for orders that may rest or take a part; the others trade with what they meet.
    return order_.detail.time_in_force == TimeInForce::fok ? SelfTradePrevention::none
                                                           : order_.detail.terms.self_trade;
  }

  void meet_own(Price bound) {
    while (is_live(order_.view.status)) {
      const Order* found = best_own(seat_, side(), bound, order_.view.order_id);
      if (found == nullptr) return;
      Order& own = seat_.regular.open.at(found->view.order_id);
      if (mode() == SelfTradePrevention::none) {
        trade_with(own);
        continue;
      }
      prevented_ = true;
      if (mode() != SelfTradePrevention::expire_taker)
        close_order(core_, account_, seat_, own, OrderStatus::expired_in_match, kSelfTrade);
      if (mode() != SelfTradePrevention::expire_maker)
        close_order(core_, account_, seat_, order_, OrderStatus::expired_in_match,
                    is_immediate() ? kImmediateSelfTrade : kSelfTrade);
    }
  }

  void trade_with(Order& own) {
    const Price price = own.view.price;
    const Qty qty = std::min(order_.remaining(), own.remaining());
    fill(core_, account_, seat_, own, {.qty = qty, .price = price, .maker = true});
    fill(core_, account_, seat_, order_, {.qty = qty, .price = price});
  }

  bool is_immediate() const { return order_.detail.time_in_force == TimeInForce::ioc; }

  void expire_remainder(bool is_market) {
    if (is_market)
      return close_order(core_, account_, seat_, order_, OrderStatus::expired, kMarketRemainder);
    if (is_immediate())
      close_order(core_, account_, seat_, order_, OrderStatus::expired,
                  prevented_ ? kImmediateSelfTrade : kImmediateRemainder);
  }

  Core& core_;
  Account& account_;
  Seat& seat_;
  Order& order_;
  const SymbolRules& rules_;
  bool prevented_ = false;
};

}  // namespace

void execute(Core& core, Account& account, Seat& seat, Order& order, const SymbolRules& rules) {
  Taking(core, account, seat, order, rules).run();
}

void take_from_book(Core& core, Account& account, Seat& seat, Order& order,
                    const SymbolRules& rules, Price limit, Execution as) {
  const std::vector<Level> levels = depth_for(core, rules, order.view.side);
  for (const Level& level : levels) {
    const Qty left = order.remaining();
    if (left.is_zero() || !within(order.view.side, level.price, limit)) break;
    as.qty = std::min(left, level.qty.value_or(left));
    as.price = level.price;
    fill(core, account, seat, order, as);
  }
}

const Order* best_own(const Seat& seat, Side taker, std::optional<Price> bound,
                      std::int64_t except) {
  const Order* best = nullptr;
  for (const auto& [id, own] : seat.regular.open) {
    if (id == except || own.view.side == taker || own.view.type != OrderType::limit) continue;
    if (bound && !within(taker, own.view.price, *bound)) continue;
    const bool is_better =
        best == nullptr || (taker == Side::buy ? own.view.price < best->view.price
                                               : own.view.price > best->view.price);
    if (is_better) best = &own;
  }
  return best;
}

}  // namespace bb::sim::impl
