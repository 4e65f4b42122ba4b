// Truths that no sequence of requests on no market may break.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <sstream>

#include "monkey.h"

namespace bb::sim::test {
namespace {

using Kind = JournalEntry::Kind;

// inRange() alone would grow with the length of the test.
rc::Gen<int> number(int from, int to) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, to));
}

std::uint64_t any_seed() { return static_cast<std::uint64_t>(*number(1, 13)); }

rc::Gen<Step> any_step() {
  return rc::gen::build<Step>(
      rc::gen::set(&Step::what, number(0, kMonkeyActs)),
      rc::gen::set(&Step::symbol, number(0, kMonkeySymbols)),
      rc::gen::set(&Step::side, number(0, 2)), rc::gen::set(&Step::size, number(1, 60)),
      rc::gen::set(&Step::offset, number(-60, 60)), rc::gen::set(&Step::wait, number(0, 20)),
      rc::gen::set(&Step::flags, number(0, 64)));
}

}  // namespace

// Found by its type when a failing sequence is printed.
void showValue(const Step& s, std::ostream& os) {
  os << "{" << s.what << ", " << s.symbol << ", " << s.side << ", " << s.size << ", " << s.offset
     << ", " << s.wait << ", " << s.flags << "}";
}

namespace {

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
      RC_ASSERT(wrong_with_money(monkey.exchange()) == "");
    }
    RC_ASSERT(wrong_with_positions(monkey.exchange(), monkey.market()) == "");
    check_journal(monkey.exchange());
  }));
}

TEST_CASE("three hundred sequences of everything keep books and margin right") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    Monkey monkey(seed % 12 + 1);
    for (const Step& step : random_steps(seed, 40)) {
      monkey.act(step);
      monkey.settle();
      REQUIRE(wrong_with_margin(monkey.exchange()) == "");
    }
    REQUIRE(wrong_with_money(monkey.exchange()) == "");
    REQUIRE(wrong_with_positions(monkey.exchange(), monkey.market()) == "");
  }
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

TEST_CASE("foreseeing an unchanged market once more changes nothing") {
  CHECK(rc::check([] {
    const auto seed = any_seed();
    const Steps steps = any_steps();
    Monkey one(seed), two(seed);
    for (const Step& step : steps) {
      one.act(step);
      two.act(step);
      for (const auto& rules : two.market().rules(two.exchange().now()))
        two.exchange().reprice(rules.symbol);
    }
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
