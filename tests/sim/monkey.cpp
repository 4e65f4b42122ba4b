#include "monkey.h"

#include <map>
#include <set>

#include "base/random.h"

namespace bb::sim::test {

namespace {

RandomMarketOptions wild_market(std::uint64_t seed) {
  RandomMarketOptions options;
  options.market.seed = seed;
  options.market.path = PathOrder::seeded;
  options.symbols = kMonkeySymbols;
  options.days = 1;
  options.pumps_per_day = 10;
  options.gaps_per_day = 12;
  options.delistings_per_day = 2;
  return options;
}

}  // namespace

const Market& monkey_market(std::uint64_t seed) {
  static std::map<std::uint64_t, Market> made;
  const auto it = made.find(seed);
  if (it != made.end()) return it->second;
  return made.emplace(seed, make_random_market(wild_market(seed))).first->second;
}

std::vector<Step> random_steps(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  const auto number = [&](int from, int to) {
    return from + static_cast<int>(random.below(static_cast<std::uint64_t>(to - from)));
  };
  std::vector<Step> steps(count);
  for (Step& step : steps)
    step = {number(0, kMonkeyActs), number(0, kMonkeySymbols), number(0, 2),
            number(1, 60),          number(-60, 60),           number(0, 20),
            number(0, 64)};
  return steps;
}

Monkey::Monkey(std::uint64_t market_seed)
    : market_(monkey_market(market_seed)), exchange_(market_) {
  exchange_.add_account(
      {.balance = usdt("3000"), .default_margin = MarginType::isolated, .fees = {}});
  exchange_.add_account({.balance = usdt("2000"), .fees = {}});
  exchange_.add_account({.balance = usdt("2500"), .hedge = true, .fees = {}});
  exchange_.advance(market_.begin() + Hours(2), Micros(0));
}

void Monkey::act(const Step& step) {
  exchange_.advance(exchange_.now() + Minutes(step.wait) + Millis(step.size), Micros(step.wait));
  const int account = step.flags % 3;
  const auto rules = market_.rules(exchange_.now());
  const auto& rule = rules[static_cast<std::size_t>(step.symbol) % rules.size()];
  const Usdt amount(Decimal::from_int(step.offset));
  const auto side = exchange_.hedge(account)
                        ? (step.side == 0 ? PositionSide::long_ : PositionSide::short_)
                        : PositionSide::both;
  switch (step.what) {
    case 0:
      return cancel_some(account, step);
    case 1:
      return void(exchange_.set_leverage(account, rule.symbol, step.size));
    case 2:
      return void(exchange_.transfer(account, amount));
    case 3:
      return void(exchange_.set_margin_type(
          account, rule.symbol, step.side == 0 ? MarginType::isolated : MarginType::cross));
    case 16:
    case 17:
      return amend_some(account, rule, step);
    case 18:
      return void(exchange_.change_isolated_margin(account, rule.symbol, side, amount));
    case 19:
      if (step.size < 20) (void)exchange_.force_adl(account, rule.symbol, side);
      return;
    case 20:
      return void(exchange_.set_countdown(account, rule.symbol, Seconds(step.size)));
    case 21:
      return exchange_.reprice(rule.symbol);  // nothing has changed: nothing may
    default:
      return order_something(account, rule, step);
  }
}

void Monkey::settle() { exchange_.advance(exchange_.now() + Millis(2), Micros(0)); }

void Monkey::order_something(int account, const SymbolRules& rule, const Step& step) {
  const OrderRequest order = request(account, rule, step);
  (void)exchange_.place(account, order, terms(order, step));
}

void Monkey::cancel_some(int account, const Step& step) {
  const auto open = exchange_.open_orders(account, step.side == 0);
  if (open.empty()) return;
  (void)exchange_.cancel(account, open[static_cast<std::size_t>(step.size) % open.size()].ref());
}

void Monkey::amend_some(int account, const SymbolRules& rule, const Step& step) {
  for (const auto& order : exchange_.open_orders(account, false)) {
    if (order.symbol != rule.symbol) continue;
    Amendment change;
    change.side = order.side;
    change.price = near(rule, step);
    change.qty = Qty((order.qty.value() + order.qty.value()).floor_to(rule.lot.step.value()));
    if (step.size < 30) change.qty = order.qty;
    (void)exchange_.amend(account, order.ref(), change);
    return;
  }
}

Price Monkey::near(const SymbolRules& rules, const Step& step) const {
  const Price last = market_.last(rules.symbol, exchange_.now())->price;
  return Price(Decimal::mul(last.value(), Decimal::from_raw(100'000'000 + step.offset * 500'000),
                            Rounding::nearest)
                   .round_to(rules.tick.value(), Rounding::nearest));
}

OrderRequest Monkey::request(int account, const SymbolRules& rules, const Step& step) const {
  OrderRequest order;
  order.symbol = rules.symbol;
  order.side = step.side == 0 ? Side::buy : Side::sell;
  if (exchange_.hedge(account))
    order.position_side = step.flags % 2 == 0 ? PositionSide::long_ : PositionSide::short_;
  const Price last = market_.last(rules.symbol, exchange_.now())->price;
  const Price at = near(rules, step);
  const Usdt value(Decimal::from_int(5 + step.size * step.size / 2));
  order.qty = Qty((value / last).value().floor_to(rules.lot.step.value()));
  const bool reduce = (step.flags & 8) != 0;
  if (reduce && order.position_side == PositionSide::both) order.reduce_only = true;
  if (step.what <= 6) {
    order.type = OrderType::market;
  } else if (step.what <= 8 || step.what == 22) {
    order.type = OrderType::limit;
    order.price = at;
    order.time_in_force = static_cast<TimeInForce>(step.flags % 6);
  } else if (step.what == 23) {
    order.type = OrderType::trailing_stop_market;
  } else {
    order.type = static_cast<OrderType>(2 + step.flags % 4);
    order.trigger_price = at;
    order.working_type = static_cast<WorkingType>(step.flags % 2);
    if (order.type == OrderType::stop || order.type == OrderType::take_profit) {
      order.price = at;
    } else if ((step.flags & 48) != 0) {
      order.close_position = true;
      order.reduce_only = false;
      order.qty = {};
    }
  }
  return order;
}

OrderTerms Monkey::terms(const OrderRequest& order, const Step& step) const {
  OrderTerms said;
  said.self_trade = static_cast<SelfTradePrevention>(step.size % 4);
  if (order.time_in_force == TimeInForce::gtd)
    said.good_till = exchange_.now() + Minutes(11 + step.size);
  if (order.type == OrderType::trailing_stop_market)
    said.callback_rate = Ratio(Decimal::from_raw(100'000 * step.size));
  return said;
}

std::string wrong_with_money(const Exchange& exchange) {
  static const std::set<std::string> kKinds = {"TRANSFER", "REALIZED_PNL", "FUNDING_FEE",
                                               "COMMISSION", "INSURANCE_CLEAR"};
  for (int account = 0; account < exchange.account_count(); ++account) {
    const auto balance = exchange.balance(account);
    Usdt sum, isolated, pnl;
    for (const auto& row : exchange.income(account)) {
      if (!kKinds.contains(row.type)) return "money of an unknown kind: " + row.type;
      sum += row.amount;
    }
    for (const auto& row : exchange.positions(account)) {
      isolated += row.position.isolated_wallet;
      pnl += row.position.unrealized_pnl;
    }
    if (balance.wallet != sum) return "the wallet is not the sum of its income";
    if (balance.wallet != balance.cross_wallet + isolated) return "isolated wallets do not add up";
    if (balance.unrealized_pnl != pnl) return "unrealized profits do not add up";
  }
  return {};
}

std::string wrong_with_positions(const Exchange& exchange, const Market& market) {
  for (int account = 0; account < exchange.account_count(); ++account) {
    std::map<std::pair<Symbol, PositionSide>, Qty> held;
    Usdt realized, paid;
    for (const auto& rules : market.rules(exchange.now()))
      for (const auto& fill : exchange.fills(account, rules.symbol)) {
        held[{rules.symbol, fill.position_side}] += fill.side == Side::buy ? fill.qty : -fill.qty;
        realized += fill.realized_pnl;
        paid += fill.commission;
      }
    for (const auto& row : exchange.positions(account)) {
      if (held[{row.position.symbol, row.position.side}] != row.position.qty)
        return "a position is not the sum of its fills";
      held.erase({row.position.symbol, row.position.side});
    }
    for (const auto& [leg, qty] : held)
      if (!qty.is_zero()) return "fills without a position";
    for (const auto& row : exchange.income(account)) {
      if (row.type == "REALIZED_PNL") realized -= row.amount;
      if (row.type == "COMMISSION") paid += row.amount;
    }
    if (!realized.is_zero() || !paid.is_zero()) return "fills and income do not agree";
  }
  return {};
}

std::string wrong_with_margin(const Exchange& exchange) {
  for (int account = 0; account < exchange.account_count(); ++account) {
    const auto balance = exchange.balance(account);
    bool has_cross = false, is_flat = true;
    for (const auto& row : exchange.positions(account)) {
      if (row.position.qty.is_zero()) continue;
      is_flat = false;
      has_cross = has_cross || row.margin == MarginType::cross;
      if (row.margin == MarginType::isolated &&
          (row.position.isolated_wallet + row.position.unrealized_pnl).is_negative())
        return "an isolated position has less than nothing";
    }
    if (has_cross && (balance.cross_wallet + balance.cross_unrealized_pnl).is_negative())
      return "a cross account has less than nothing";
    // Beside an unrealized profit it may be: realized losses come first.
    if (is_flat && balance.wallet.is_negative()) return "a wallet is below zero";
  }
  return {};
}

}  // namespace bb::sim::test
