#include "app/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "app/wiring.h"

namespace bb::app {

namespace {

constexpr Hours kUnfilledMemory{3 * 24};
constexpr Hours kOrderMemory{89 * 24};  // 90 days, less a margin for the way there
constexpr Hours kBeforeFirst{1};
constexpr Minutes kIncomeLate{5};
constexpr Micros kBetweenLooks{2'000'000};

using OrderKey = std::pair<Symbol, std::int64_t>;  // order ids are unique per symbol
using IdKey = std::pair<ClientOrderId, bool>;      // id, conditional
using PositionKey = std::pair<Symbol, PositionSide>;

bool has_ended_unfilled(const exchange::OrderView& order) {
  return !is_live(order.status) && order.executed_qty.is_zero();
}

class Comparison {
 public:
  Comparison(const ExchangeView& e, const StoreView& s, const AuditRules& r)
      : exchange_(e), store_(s), rules_(r) {
    // A conditional order and the regular one that it becomes may share a client id.
    for (const auto& order : e.orders)
      by_client_id_.emplace(IdKey{order.client_order_id, order.conditional}, &order);
    for (const auto& intent : s.intents)
      intents_.emplace(intent.client_order_id, &intent);
  }

  AuditReport run() {
    for (const auto& intent : store_.intents)
      check_intent(intent);
    for (const auto& order : exchange_.orders)
      check_order(order);
    check_fills();
    check_positions();
    check_wallets();
    return std::move(report_);
  }

 private:
  template <class... Args>
  void differ(fmt::format_string<Args...> text, Args&&... args) {
    report_.differences.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  void check_intent(const store::Intent& intent) {
    ++report_.orders;
    const auto found =
        by_client_id_.find(IdKey{intent.client_order_id, is_conditional(intent.type)});
    const auto* order = found == by_client_id_.end() ? nullptr : found->second;
    const auto& id = intent.client_order_id.str();
    const auto& symbol = intent.symbol.str();
    switch (intent.state) {
      case store::IntentState::sent:
      case store::IntentState::unknown:
        differ("order {} {}: its fate is not settled in the store ({})", symbol, id,
               order != nullptr ? "the exchange has it" : "the exchange does not know it");
        return;
      case store::IntentState::refused:
        if (order != nullptr)
          differ("order {} {}: refused in the store, but the exchange has it", symbol, id);
        return;
      case store::IntentState::done:
        if (order != nullptr)
          compare_order(intent, *order);
        else if (!may_be_forgotten(intent))
          differ("order {} {}: in the store, unknown to the exchange", symbol, id);
        return;
    }
  }

  bool may_be_forgotten(const store::Intent& intent) const {
    if (!rules_.exchange_forgets) return false;
    const auto age = rules_.now - intent.sent_at;
    return age > kOrderMemory || (age > kUnfilledMemory && intent.executed_qty.is_zero());
  }

  void compare_order(const store::Intent& intent, const exchange::OrderView& order) {
    const auto field = [&](const char* name, const auto& ours, const auto& theirs) {
      if (ours != theirs)
        differ("order {} {}: {} is {} in the store, {} at the exchange", intent.symbol.str(),
               intent.client_order_id.str(), name, text(ours), text(theirs));
    };
    field("symbol", intent.symbol, order.symbol);
    field("side", intent.side, order.side);
    field("position side", intent.position_side, order.position_side);
    field("order id", intent.order_id, order.order_id);
    field("close-position", intent.close_position, order.close_position);
    if (!intent.close_position) field("quantity", intent.qty, order.qty);
    if (order.conditional) field("trigger", intent.trigger_price, order.trigger_price);
    // The fills of a conditional order belong to the order that it became.
    if (!order.conditional) field("executed", intent.executed_qty, order.executed_qty);
  }

  void check_order(const exchange::OrderView& order) {
    const bool is_ours = intents_.contains(order.client_order_id);
    if (is_ours) {
      if (order.order_id != 0 && !order.conditional) own_.insert({order.symbol, order.order_id});
      if (order.child_order_id != 0) own_.insert({order.symbol, order.child_order_id});
      return;
    }
    foreign_orders_.push_back(&order);
  }

  void check_fills() {
    // What a conditional order of ours became carries no id of ours; it is known by its parent.
    for (const auto* order : foreign_orders_) {
      if (own_.contains({order->symbol, order->order_id}) && !order->conditional) continue;
      ++report_.foreign;
      if (!rules_.allow_foreign && !has_ended_unfilled(*order) && !is_exchanges_own(*order))
        differ("order {} {}: at the exchange, not in the store", order->symbol.str(),
               order->client_order_id.str());
    }
    std::map<OrderKey, const store::FillRecord*> known;
    for (const auto& fill : store_.fills)
      known.emplace(OrderKey{fill.symbol, fill.trade_id}, &fill);
    std::set<OrderKey> seen;
    for (const auto& fill : exchange_.fills) {
      const OrderKey key{fill.symbol, fill.trade_id};
      if (!seen.insert(key).second) continue;
      const auto found = known.find(key);
      if (found != known.end()) {
        ++report_.fills;
        compare_fill(*found->second, fill);
      } else if (own_.contains({fill.symbol, fill.order_id}) || !rules_.allow_foreign) {
        ++report_.fills;
        differ("fill {} {}: {} at {} at the exchange, not in the store", fill.symbol.str(),
               fill.trade_id, fill.qty.str(), fill.price.str());
      } else {
        ++report_.foreign;
      }
    }
    for (const auto& [key, fill] : known)
      if (!seen.contains(key) && !(rules_.exchange_forgets && is_old(fill->time)))
        differ("fill {} {}: in the store, unknown to the exchange", key.first.str(), key.second);
  }

  // Liquidations and settlements are orders of the exchange; their fills are compared all the same.
  static bool is_exchanges_own(const exchange::OrderView& order) {
    const auto& id = order.client_order_id.str();
    return id.starts_with("autoclose-") || id.starts_with("adl_autoclose") ||
           id.starts_with("settlement_autoclose-");
  }

  bool is_old(TimePoint when) const { return rules_.now - when > kOrderMemory; }

  void compare_fill(const store::FillRecord& ours, const exchange::Fill& theirs) {
    const auto field = [&](const char* name, const auto& a, const auto& b) {
      if (a != b)
        differ("fill {} {}: {} is {} in the store, {} at the exchange", ours.symbol.str(),
               ours.trade_id, name, text(a), text(b));
    };
    field("order id", ours.order_id, theirs.order_id);
    field("side", ours.side, theirs.side);
    field("quantity", ours.qty, theirs.qty);
    field("price", ours.price, theirs.price);
    field("realized pnl", ours.realized_pnl, theirs.realized_pnl);
    field("commission", ours.commission, theirs.commission);
  }

  void check_positions() {
    std::map<PositionKey, Qty> held;
    for (const auto& position : exchange_.positions)
      if (!position.qty.is_zero()) held[{position.symbol, position.side}] = position.qty;
    for (const auto& holding : store_.open_holdings) {
      ++report_.positions;
      const auto found = held.find({holding.symbol, holding.side});
      const Qty there = found == held.end() ? Qty() : found->second;
      if (there != -holding.qty)
        differ("position {}: {} in the store, {} at the exchange", holding.symbol.str(),
               (-holding.qty).str(), there.str());
      if (found != held.end()) held.erase(found);
    }
    for (const auto& [key, qty] : held) {
      if (rules_.allow_foreign) {
        ++report_.foreign;
        continue;
      }
      ++report_.positions;
      differ("position {}: {} at the exchange, not in the store", key.first.str(), qty.str());
    }
  }

  // The youngest reading may be ahead of the income that explains it, until the next sample.
  void check_wallets() {
    auto readings = store_.wallets;
    std::erase_if(readings,
                  [&](const auto& reading) { return rules_.now - reading.answered < kIncomeLate; });
    for (auto& fault : store::check_equity(std::move(readings), store_.income))
      report_.differences.push_back(std::move(fault));
  }

  static std::string text(Side value) { return std::string(str(value)); }
  static std::string text(PositionSide value) { return std::string(str(value)); }
  static std::string text(std::int64_t value) { return std::to_string(value); }
  static std::string text(bool value) { return value ? "true" : "false"; }
  template <class T>
    requires requires(const T& v) { v.str(); }
  static std::string text(const T& value) {
    return std::string(value.str());
  }

  const ExchangeView& exchange_;
  const StoreView& store_;
  const AuditRules& rules_;
  AuditReport report_;
  std::map<IdKey, const exchange::OrderView*> by_client_id_;
  std::map<ClientOrderId, const store::Intent*> intents_;
  std::set<OrderKey> own_;  // regular orders whose fills must be ours
  std::vector<const exchange::OrderView*> foreign_orders_;
};

Task<Result<AuditReport>> look(AccountView& view) {
  const auto opened = view.open_store();
  if (!opened) co_return std::unexpected(opened.error());
  const auto store = load_store_view(**opened);
  if (!store) co_return std::unexpected(store.error());
  AuditRules rules;
  rules.now = view.market().exchange_now();
  const auto exchange = co_await fetch_exchange_view(view.exchange(), *store, rules.now);
  if (!exchange) co_return std::unexpected(exchange.error());
  co_return compare(*exchange, *store, rules);
}

}  // namespace

AuditReport compare(const ExchangeView& exchange, const StoreView& store, const AuditRules& rules) {
  return Comparison(exchange, store, rules).run();
}

Result<StoreView> load_store_view(const store::Store& store) {
  auto intents = store.load_intents();
  if (!intents) return std::unexpected(intents.error());
  auto fills = store.load_fills();
  if (!fills) return std::unexpected(fills.error());
  const auto readings = store.load_journal("wallet");
  if (!readings) return std::unexpected(readings.error());
  auto income = store.load_income();
  if (!income) return std::unexpected(income.error());
  return StoreView{std::move(*intents), std::move(*fills), store.open_holdings(),
                   store::wallet_points(*readings), std::move(*income)};
}

Task<Result<ExchangeView>> fetch_exchange_view(exchange::TradingAccount& account,
                                               const StoreView& store, TimePoint now) {
  std::map<Symbol, TimePoint> since;
  const auto note = [&](Symbol symbol, TimePoint when) {
    const TimePoint from = std::max(when - kBeforeFirst, now - kOrderMemory);
    const auto [found, is_new] = since.emplace(symbol, from);
    if (!is_new) found->second = std::min(found->second, from);
  };
  for (const auto& intent : store.intents)
    note(intent.symbol, intent.sent_at);
  for (const auto& fill : store.fills)
    note(fill.symbol, fill.time);
  for (const auto& holding : store.open_holdings)
    note(holding.symbol, holding.opened_at);
  ExchangeView view;
  for (const auto& [symbol, from] : since) {
    auto orders = co_await account.fetch_orders(symbol, from);
    if (!orders) co_return std::unexpected(orders.error());
    auto fills = co_await account.fetch_fills(symbol, from);
    if (!fills) co_return std::unexpected(fills.error());
    view.orders.insert(view.orders.end(), orders->begin(), orders->end());
    view.fills.insert(view.fills.end(), fills->begin(), fills->end());
  }
  auto positions = co_await account.fetch_positions();
  if (!positions) co_return std::unexpected(positions.error());
  view.positions = std::move(*positions);
  co_return view;
}

AuditReport confirm(const AuditReport& earlier, AuditReport later) {
  std::erase_if(later.differences, [&](const std::string& difference) {
    return std::ranges::find(earlier.differences, difference) == earlier.differences.end();
  });
  return later;
}

Task<Result<AuditReport>> audit_account(AccountView& view) {
  auto first = co_await look(view);
  if (!first || first->ok()) co_return first;
  co_await sleep_for(view.clock(), kBetweenLooks);
  auto second = co_await look(view);
  if (!second) co_return second;
  co_return confirm(*first, std::move(*second));
}

}  // namespace bb::app
