// Truths that no sequence of requests on no market may break.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <sstream>

#include "exchange_world.h"

namespace bb::sim::test {
namespace {

using Kind = JournalEntry::Kind;

constexpr int kSymbols = 4;

RandomMarketOptions wild_market(std::uint64_t seed) {
  RandomMarketOptions options;
  options.market.seed = seed;
  options.market.path = PathOrder::seeded;
  options.symbols = kSymbols;
  options.days = 1;
  options.pumps_per_day = 10;
  options.gaps_per_day = 12;
  options.delistings_per_day = 2;
  return options;
}

// Worlds are expensive to make and never change.
const Market& market_of(std::uint64_t seed) {
  static std::map<std::uint64_t, Market> made;
  const auto it = made.find(seed);
  if (it != made.end()) return it->second;
  return made.emplace(seed, make_random_market(wild_market(seed))).first->second;
}

// inRange() alone would grow with the length of the test.
rc::Gen<int> number(int from, int to) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, to));
}

std::uint64_t any_seed() { return static_cast<std::uint64_t>(*number(1, 13)); }

// One request, made of plain numbers so that a failing sequence shrinks.
struct Step {
  int what = 0, symbol = 0, side = 0, size = 0, offset = 0, wait = 0, flags = 0;
};

void showValue(const Step& s, std::ostream& os) {
  os << "{" << s.what << ", " << s.symbol << ", " << s.side << ", " << s.size << ", " << s.offset
     << ", " << s.wait << ", " << s.flags << "}";
}

rc::Gen<Step> any_step() {
  return rc::gen::build<Step>(
      rc::gen::set(&Step::what, number(0, 16)), rc::gen::set(&Step::symbol, number(0, kSymbols)),
      rc::gen::set(&Step::side, number(0, 2)), rc::gen::set(&Step::size, number(1, 60)),
      rc::gen::set(&Step::offset, number(-60, 60)), rc::gen::set(&Step::wait, number(0, 20)),
      rc::gen::set(&Step::flags, number(0, 64)));
}

// A client that knows the rules about as well as a monkey.
class Monkey {
 public:
  explicit Monkey(std::uint64_t seed) : market_(market_of(seed)), exchange_(market_) {
    exchange_.add_account(
        {.balance = usdt("3000"), .default_margin = MarginType::isolated, .fees = {}});
    exchange_.add_account({.balance = usdt("2000"), .fees = {}});
    exchange_.add_account({.balance = usdt("2500"), .hedge = true, .fees = {}});
    exchange_.advance(market_.begin() + Hours(2), Micros(0));
  }

  void act(const Step& step) {
    exchange_.advance(exchange_.now() + Minutes(step.wait) + Millis(step.size), Micros(step.wait));
    const int account = step.flags % 3;
    const auto rules = market_.rules(exchange_.now());
    const auto& rule = rules[static_cast<std::size_t>(step.symbol) % rules.size()];
    switch (step.what) {
      case 0:
        cancel_some(account, step);
        return;
      case 1:
        (void)exchange_.set_leverage(account, rule.symbol, step.size);
        return;
      case 2:
        (void)exchange_.transfer(account, Usdt(Decimal::from_int(step.offset)));
        return;
      case 3:
        (void)exchange_.set_margin_type(account, rule.symbol,
                                        step.side == 0 ? MarginType::isolated : MarginType::cross);
        return;
      default:
        (void)exchange_.place(account, request(account, rule, step));
    }
  }

  Exchange& exchange() { return exchange_; }
  const Market& market() const { return market_; }

 private:
  void cancel_some(int account, const Step& step) {
    const auto open = exchange_.open_orders(account, step.side == 0);
    if (open.empty()) return;
    (void)exchange_.cancel(account, open[static_cast<std::size_t>(step.size) % open.size()].ref());
  }

  OrderRequest request(int account, const SymbolRules& rules, const Step& step) const {
    OrderRequest order;
    order.symbol = rules.symbol;
    order.side = step.side == 0 ? Side::buy : Side::sell;
    if (exchange_.hedge(account))
      order.position_side = step.flags % 2 == 0 ? PositionSide::long_ : PositionSide::short_;
    const Price last = market_.last(rules.symbol, exchange_.now())->price;
    const Decimal near =
        Decimal::mul(last.value(), Decimal::from_raw(100'000'000 + step.offset * 500'000),
                     Rounding::nearest)
            .round_to(rules.tick.value(), Rounding::nearest);
    const Usdt value(Decimal::from_int(5 + step.size * step.size / 2));
    order.qty = Qty((value / last).value().floor_to(rules.lot.step.value()));
    const bool reduce = (step.flags & 8) != 0;
    if (reduce && order.position_side == PositionSide::both) order.reduce_only = true;
    if (step.what <= 6) {
      order.type = OrderType::market;
    } else if (step.what <= 8) {
      order.type = OrderType::limit;
      order.price = Price(near);
      order.time_in_force = static_cast<TimeInForce>(step.flags % 4);
    } else {
      order.type = static_cast<OrderType>(2 + step.flags % 4);
      order.trigger_price = Price(near);
      order.working_type = static_cast<WorkingType>(step.flags % 2);
      if (order.type == OrderType::stop || order.type == OrderType::take_profit) {
        order.price = Price(near);
      } else if ((step.flags & 48) != 0) {
        order.close_position = true;
        order.reduce_only = false;
        order.qty = {};
      }
    }
    return order;
  }

  const Market& market_;
  Exchange exchange_;
};

Usdt sum_of_income(const Exchange& exchange, int account) {
  Usdt sum;
  for (const auto& row : exchange.income(account))
    sum += row.amount;
  return sum;
}

void check_money(const Exchange& exchange) {
  for (int account = 0; account < exchange.account_count(); ++account) {
    const auto balance = exchange.balance(account);
    RC_ASSERT(balance.wallet == sum_of_income(exchange, account));
    Usdt isolated, pnl;
    for (const auto& row : exchange.positions(account)) {
      isolated += row.position.isolated_wallet;
      pnl += row.position.unrealized_pnl;
    }
    RC_ASSERT(balance.wallet == balance.cross_wallet + isolated);
    RC_ASSERT(balance.unrealized_pnl == pnl);
  }
}

void check_positions(const Exchange& exchange, const Market& market) {
  for (int account = 0; account < exchange.account_count(); ++account) {
    std::map<std::pair<Symbol, PositionSide>, Qty> held;
    for (const auto& rules : market.rules(exchange.now()))
      for (const auto& fill : exchange.fills(account, rules.symbol))
        held[{rules.symbol, fill.position_side}] += fill.side == Side::buy ? fill.qty : -fill.qty;
    for (const auto& row : exchange.positions(account)) {
      RC_ASSERT((held[{row.position.symbol, row.position.side}]) == row.position.qty);
      held.erase({row.position.symbol, row.position.side});
    }
    for (const auto& [leg, qty] : held)
      RC_ASSERT(qty.is_zero());
  }
}

// From the journal alone: reducing fills reduce, and protection is as the open orders say.
void check_journal(const Exchange& exchange) {
  std::map<std::tuple<int, Symbol, PositionSide>, Qty> held;
  std::map<std::tuple<int, Symbol, PositionSide>, bool> covered;
  for (const JournalEntry& entry : exchange.journal()) {
    const auto leg = std::tuple(entry.account, entry.symbol, entry.side);
    if (entry.kind == Kind::fill) {
      const Qty before = held[leg], after = entry.position_qty;
      const bool reduces =
          entry.order->reduce_only || entry.side == PositionSide::both
              ? entry.order->reduce_only
              : (entry.side == PositionSide::long_) == (entry.order->side == Side::sell);
      if (reduces) {
        RC_ASSERT(after.abs() < before.abs());
        RC_ASSERT(after.is_zero() || after.is_negative() == before.is_negative());
      }
      held[leg] = after;
    }
    if (entry.kind == Kind::protected_from) covered[leg] = true;
    if (entry.kind == Kind::unprotected_from) covered[leg] = false;
    if (entry.kind == Kind::position_closed) covered.erase(leg);
  }
  for (const auto& [leg, qty] : held) {
    if (qty.is_zero()) continue;
    Qty sum;
    bool whole = false;
    for (const auto& order : exchange.open_orders(std::get<0>(leg), true)) {
      const bool stop = order.type == OrderType::stop || order.type == OrderType::stop_market;
      const bool closes = order.side == (qty.is_negative() ? Side::buy : Side::sell);
      if (order.symbol != std::get<1>(leg) || order.position_side != std::get<2>(leg) || !stop ||
          !closes)
        continue;
      sum += order.qty;
      whole = whole || order.close_position;
    }
    RC_ASSERT(covered.at(leg) == (whole || sum >= qty.abs()));
  }
}

std::string print(const Exchange& exchange) {
  std::ostringstream out;
  for (const JournalEntry& e : exchange.journal()) {
    out << static_cast<int>(e.kind) << ' ' << to_ms(e.time) << ' ' << e.precise.count() << ' '
        << e.account << ' ' << e.symbol.str() << ' ' << e.position_qty.str();
    if (e.order) out << ' ' << e.order->order_id << ' ' << static_cast<int>(e.order->status);
    if (e.fill) out << ' ' << e.fill->trade_id << ' ' << e.fill->price.str();
    if (e.income) out << ' ' << e.income->transaction_id << ' ' << e.income->amount.str();
    out << '\n';
  }
  return out.str();
}

using Steps = std::vector<Step>;

Steps any_steps() { return *rc::gen::resize(80, rc::gen::container<Steps>(any_step())); }

TEST_CASE("whatever is ordered: wallets are sums of income, positions are sums of fills") {
  CHECK(rc::check([] {
    Monkey monkey(any_seed());
    for (const Step& step : any_steps()) {
      monkey.act(step);
      check_money(monkey.exchange());
    }
    check_positions(monkey.exchange(), monkey.market());
    check_journal(monkey.exchange());
  }));
}

TEST_CASE("the same calls write the same journal") {
  CHECK(rc::check([] {
    const auto seed = any_seed();
    const Steps steps = any_steps();
    Monkey one(seed), two(seed);
    for (const Step& step : steps)
      one.act(step);
    for (const Step& step : steps)
      two.act(step);
    RC_ASSERT(print(one.exchange()) == print(two.exchange()));
  }));
}

TEST_CASE("the journal does not depend on how the walk is cut into pieces") {
  CHECK(rc::check([] {
    const auto seed = any_seed();
    const int pieces = *rc::gen::inRange(2, 200);
    const Steps steps = any_steps();
    Monkey one(seed), two(seed);
    for (const Step& step : steps) {
      one.act(step);
      two.act(step);
    }
    Exchange& left = one.exchange();
    Exchange& right = two.exchange();
    const Millis rest = Hours(10);
    const TimePoint end = left.now() + rest;
    left.advance(end, Micros(0));
    for (TimePoint at = right.now(); at < end;) {
      at = std::min(end, at + rest / pieces);
      right.advance(at, at - end);
    }
    RC_ASSERT(print(left) == print(right));
  }));
}

TEST_CASE("nineteen days with ten protected positions are walked, and funded") {
  RandomMarketOptions options;
  options.days = 20;
  options.symbols = 12;
  options.delistings_per_day = 0;
  const Market market = make_random_market(options);
  Exchange exchange(market);
  const int account =
      exchange.add_account({.balance = usdt("10000000"), .default_leverage = 1, .fees = {}});
  exchange.advance(market.begin() + Hours(1), Micros(0));
  int opened = 0;
  for (const auto& rules : market.rules(exchange.now())) {
    if (opened == 10) break;
    const Price last = market.last(rules.symbol, exchange.now())->price;
    OrderRequest order;
    order.symbol = rules.symbol;
    order.qty = rules.market_lot.step;
    while (last * order.qty < usdt("60"))
      order.qty += order.qty;
    if (!exchange.place(account, order)) continue;
    order.side = Side::buy;
    order.qty = {};
    order.close_position = true;
    order.type = OrderType::stop_market;
    order.trigger_price = last + last + last + last + last + last + last + last;
    const bool stop = exchange.place(account, order).has_value();
    order.type = OrderType::take_profit_market;
    order.trigger_price = rules.tick;
    if (stop && exchange.place(account, order)) ++opened;
  }
  REQUIRE(opened == 10);
  const TimePoint end = market.begin() + Hours(24 * 19 + 2);
  while (exchange.now() < end)
    exchange.advance(exchange.now() + Seconds(10), Micros(0));
  CHECK(exchange.income(account).size() > 100);  // the positions were there to be funded
}

}  // namespace
}  // namespace bb::sim::test
