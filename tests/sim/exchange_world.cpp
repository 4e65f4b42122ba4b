#include "exchange_world.h"

#include <doctest/doctest.h>

#include <cmath>

#include "sim/impl/market_data.h"

namespace bb::sim::test {

namespace {

constexpr Millis kMinute{60'000};

Market build(const std::vector<Course>& courses) {
  auto data = std::make_shared<Market::Data>();
  data->step = kMinute;
  data->begin = start();
  std::size_t longest = 0;
  for (const Course& course : courses) {
    impl::Column column;
    column.rules = course.rules;
    column.rules.symbol = Symbol(course.symbol);
    column.brackets = course.brackets;
    column.first = start();
    const double tick = course.rules.tick.value().to_double();
    const auto ticks = [&](double value) {
      return static_cast<std::int32_t>(std::lround(value / tick));
    };
    const auto bars_of = [&](const std::vector<Candle>& candles) {
      std::vector<impl::Bar> bars;
      for (const Candle& c : candles)
        bars.push_back({ticks(c.open), ticks(c.high), ticks(c.low), ticks(c.close), course.volume});
      return bars;
    };
    column.bars = bars_of(course.candles);
    if (!course.marks.empty()) {
      column.mark = std::make_shared<impl::Column>();
      column.mark->rules.tick = course.rules.tick;
      column.mark->first = start();
      column.mark->step = course.mark_step;
      column.mark->bars = bars_of(course.marks);
    }
    column.funding = course.funding;
    longest = std::max(longest, course.candles.size());
    data->columns.push_back(std::move(column));
  }
  data->end = data->begin + kMinute * static_cast<std::int64_t>(longest);
  data->seal();
  return Market(data);
}

}  // namespace

SymbolRules Course::default_rules() {
  SymbolRules rules;
  rules.status = SymbolStatus::trading;
  rules.contract = ContractType::perpetual;
  rules.base_asset = "ABC";
  rules.quote_asset = rules.margin_asset = "USDT";
  rules.delivery_time = impl::kNoDelivery;
  rules.tick = price("0.01");
  rules.min_price = price("1");
  rules.max_price = price("10000");
  rules.lot = {qty("0.1"), qty("100000"), qty("0.1")};
  rules.market_lot = {qty("0.1"), qty("50000"), qty("0.1")};
  rules.min_notional = usdt("5");
  rules.price_up = ratio("1.05");
  rules.price_down = ratio("0.95");
  rules.market_take_bound = ratio("0.05");
  rules.liquidation_fee = ratio("0.0125");
  return rules;
}

Brackets Course::default_brackets() {
  return {{20, usdt("0"), usdt("1000000"), ratio("0.01"), usdt("0")},
          {10, usdt("1000000"), usdt("90000000000"), ratio("0.02"), usdt("10000")}};
}

std::vector<Candle> rest(int count, double at) {
  return std::vector<Candle>(static_cast<std::size_t>(count), Candle{at, at, at, at});
}

std::vector<Candle> operator+(std::vector<Candle> a, const std::vector<Candle>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TimePoint start() { return from_ms(1'760'054'400'000); }

World::World(std::vector<Course> courses, ExchangeOptions options)
    : market(build(courses)), exchange(market, options) {
  open_account();
}

World::World(std::vector<Candle> candles)
    : World(std::vector<Course>{Course{.candles = std::move(candles)}}) {}

void World::open_account() {
  account = add({.balance = usdt("10000"),
                 .default_leverage = 10,
                 .default_margin = MarginType::isolated,
                 .fees = {}});
}

int World::add(AccountOptions options) { return exchange.add_account(std::move(options)); }

void World::to(double seconds) {
  const auto ms = static_cast<std::int64_t>(std::llround(seconds * 1000));
  exchange.advance(start() + Millis(ms), Micros(ms * 1000));
}

int World::refused(const OrderRequest& order, const OrderTerms& terms) {
  const auto answer = place(order, terms);
  return answer ? 0 : answer.error().code;
}

OrderView World::accepted(const OrderRequest& order, const OrderTerms& terms) {
  const auto answer = place(order, terms);
  INFO("refused: " << (answer ? "no" : answer.error().text));
  REQUIRE(answer.has_value());
  return *answer;
}

Exchange::PositionRow World::position(PositionSide side) const {
  for (auto& row : exchange.positions(account))
    if (row.position.symbol == symbol && row.position.side == side) return row;
  return {};
}

OrderView World::order(const OrderView& placed) const {
  const auto found = exchange.find_order(account, placed.ref());
  REQUIRE(found.has_value());
  REQUIRE(found->has_value());
  return **found;
}

OrderDetail World::detail(const OrderView& placed) const {
  const auto found = exchange.detail(account, placed.ref());
  REQUIRE(found.has_value());
  return *found;
}

OrderView World::child(const OrderView& placed) const {
  const OrderView parent = order(placed);
  const auto found = exchange.find_order(
      account, {.symbol = parent.symbol, .client_order_id = {}, .order_id = parent.child_order_id});
  REQUIRE(found.has_value());
  REQUIRE(found->has_value());
  return **found;
}

std::vector<JournalEntry> World::entries(JournalEntry::Kind kind) const {
  std::vector<JournalEntry> out;
  for (const JournalEntry& entry : exchange.journal())
    if (entry.kind == kind && entry.account == account) out.push_back(entry);
  return out;
}

std::vector<exchange::Income> World::income(const std::string& type) const {
  std::vector<exchange::Income> out;
  for (auto& row : exchange.income(account))
    if (row.type == type) out.push_back(row);
  return out;
}

bool World::money_adds_up(int number) const {
  Usdt sum;
  for (const auto& row : exchange.income(number))
    sum += row.amount;
  return sum == exchange.balance(number).wallet;
}

OrderRequest market_order(Side side, const std::string& amount) {
  OrderRequest order;
  order.symbol = Symbol("ABCUSDT");
  order.side = side;
  order.type = OrderType::market;
  order.qty = qty(amount);
  return order;
}

OrderRequest limit_order(Side side, const std::string& amount, const std::string& at,
                         TimeInForce tif) {
  OrderRequest order = market_order(side, amount);
  order.type = OrderType::limit;
  order.price = price(at);
  order.time_in_force = tif;
  return order;
}

OrderRequest conditional(OrderType type, Side side, const std::string& amount,
                         const std::string& trigger) {
  OrderRequest order = market_order(side, amount);
  order.type = type;
  order.trigger_price = price(trigger);
  return order;
}

OrderRequest close_position(OrderType type, Side side, const std::string& trigger) {
  OrderRequest order = conditional(type, side, "0", trigger);
  order.close_position = true;
  return order;
}

OrderRequest reduce_only(OrderRequest order) {
  order.reduce_only = true;
  return order;
}

OrderTerms prevents(SelfTradePrevention mode) {
  OrderTerms terms;
  terms.self_trade = mode;
  return terms;
}

OrderTerms matches(PriceMatch match) {
  OrderTerms terms;
  terms.price_match = match;
  return terms;
}

OrderTerms until(double seconds) {
  OrderTerms terms;
  terms.good_till = start() + Millis(std::llround(seconds * 1000));
  return terms;
}

OrderTerms trails(const std::string& rate, const std::string& activate) {
  OrderTerms terms;
  terms.callback_rate = ratio(rate);
  terms.activate_price = price(activate);
  return terms;
}

OrderRequest on(PositionSide side, OrderRequest order) {
  order.position_side = side;
  return order;
}

OrderRequest named(const std::string& id, OrderRequest order) {
  order.client_order_id = ClientOrderId(id);
  return order;
}

OrderRequest in(const std::string& symbol, OrderRequest order) {
  order.symbol = Symbol(symbol);
  return order;
}

}  // namespace bb::sim::test
