#include "app/audit.h"

#include <doctest/doctest.h>

#include "support/run.h"

namespace bb::app::test {
namespace {

Qty qty(const char* text) { return Qty::parse(text).value(); }
Price price(const char* text) { return Price::parse(text).value(); }
const Symbol kCoin("COINUSDT");
const TimePoint kNow = bb::test::some_day() + Hours(240);

/// An entry of ours that filled, its position and its resting stop, seen alike from both sides.
struct Books {
  ExchangeView exchange;
  StoreView store;
  AuditRules rules{kNow, true, true};

  Books() {
    add_order("entry1", 11, false, "100", OrderStatus::filled);
    add_order("stop1", 900, true, "0", OrderStatus::open);
    add_fill(1, 11, "100");
    exchange.positions.push_back({});
    exchange.positions.back().symbol = kCoin;
    exchange.positions.back().qty = qty("-100");
    store.open_holdings.push_back({});
    store.open_holdings.back().symbol = kCoin;
    store.open_holdings.back().qty = qty("100");
  }

  void add_order(const char* id, std::int64_t number, bool conditional, const char* executed,
                 OrderStatus status) {
    exchange::OrderView order;
    order.symbol = kCoin;
    order.client_order_id = ClientOrderId(id);
    order.order_id = number;
    order.conditional = conditional;
    order.status = status;
    order.executed_qty = qty(executed);
    order.side = conditional ? Side::buy : Side::sell;
    order.close_position = conditional;
    if (conditional)
      order.trigger_price = price("1.5");
    else
      order.qty = qty("100");
    exchange.orders.push_back(order);
    store::Intent intent;
    intent.client_order_id = order.client_order_id;
    intent.symbol = kCoin;
    intent.side = order.side;
    intent.type = conditional ? OrderType::stop_market : OrderType::market;
    intent.order_id = number;
    intent.qty = order.qty;
    intent.executed_qty = order.executed_qty;
    intent.trigger_price = order.trigger_price;
    intent.close_position = order.close_position;
    intent.state = store::IntentState::done;
    intent.sent_at = kNow - Hours(1);
    store.intents.push_back(intent);
  }

  void add_fill(std::int64_t trade, std::int64_t order, const char* amount) {
    exchange::Fill fill;
    fill.symbol = kCoin;
    fill.trade_id = trade;
    fill.order_id = order;
    fill.qty = qty(amount);
    fill.price = price("1.2");
    fill.time = kNow - Hours(1);
    exchange.fills.push_back(fill);
    store::FillRecord record;
    record.symbol = kCoin;
    record.trade_id = trade;
    record.order_id = order;
    record.side = fill.side;
    record.qty = fill.qty;
    record.price = fill.price;
    record.time = fill.time;
    store.fills.push_back(record);
  }

  AuditReport run() const { return compare(exchange, store, rules); }
};

TEST_CASE("audit: equal books are equal, and everything was looked at") {
  const auto report = Books().run();
  CHECK(report.ok());
  CHECK(report.orders == 2);
  CHECK(report.fills == 1);
  CHECK(report.positions == 1);
}

TEST_CASE("audit: an order that the exchange does not know is a difference") {
  Books books;
  books.exchange.orders.erase(books.exchange.orders.begin());
  books.rules.exchange_forgets = true;
  const auto report = books.run();
  REQUIRE(report.differences.size() == 1);
  CHECK(report.differences[0].find("entry1") != std::string::npos);
}

TEST_CASE("audit: the exchange may have forgotten an order without fills after three days") {
  Books books;
  books.exchange.orders.pop_back();
  CHECK_FALSE(books.run().ok());
  books.store.intents[1].sent_at = kNow - Hours(73);
  CHECK(books.run().ok());
  books.rules.exchange_forgets = false;
  CHECK_FALSE(books.run().ok());
}

TEST_CASE("audit: what is refused or unsettled in the store must be so at the exchange") {
  Books books;
  books.store.intents[0].state = store::IntentState::refused;
  CHECK(books.run().differences.at(0).find("refused") != std::string::npos);
  books.store.intents[0].state = store::IntentState::unknown;
  CHECK(books.run().differences.at(0).find("not settled") != std::string::npos);
}

TEST_CASE("audit: every field of an order and of a fill counts") {
  Books books;
  books.store.intents[0].qty = qty("99");
  books.store.intents[0].executed_qty = qty("99");
  books.store.intents[1].trigger_price = price("1.6");
  books.store.fills[0].price = price("1.3");
  books.store.fills[0].commission = Usdt::parse("0.1").value();
  CHECK(books.run().differences.size() == 5);
}

TEST_CASE("audit: a fill that only one side has is a difference") {
  Books missing;
  missing.store.fills.clear();
  CHECK(missing.run().differences.at(0).find("not in the store") != std::string::npos);
  Books extra;
  extra.exchange.fills.clear();
  CHECK(extra.run().differences.at(0).find("unknown to the exchange") != std::string::npos);
}

TEST_CASE("audit: the fills of a triggered stop are ours by its child") {
  Books books;
  books.exchange.orders[1].child_order_id = 12;
  exchange::Fill fill;
  fill.symbol = kCoin;
  fill.trade_id = 2;
  fill.order_id = 12;
  fill.qty = qty("100");
  books.exchange.fills.push_back(fill);
  const auto report = books.run();
  REQUIRE(report.differences.size() == 1);
  CHECK(report.differences[0].find("fill COINUSDT 2") != std::string::npos);
}

TEST_CASE("audit: orders, fills and positions of others are counted, not blamed") {
  Books books;
  exchange::OrderView order;
  order.symbol = kCoin;
  order.client_order_id = ClientOrderId("web_123");
  order.order_id = 77;
  order.status = OrderStatus::filled;
  order.executed_qty = qty("5");
  books.exchange.orders.push_back(order);
  exchange::Fill fill;
  fill.symbol = kCoin;
  fill.trade_id = 5;
  fill.order_id = 77;
  books.exchange.fills.push_back(fill);
  exchange::Position other;
  other.symbol = Symbol("OTHERUSDT");
  other.qty = qty("3");
  books.exchange.positions.push_back(other);
  const auto report = books.run();
  CHECK(report.ok());
  CHECK(report.foreign == 3);
  books.rules.allow_foreign = false;
  CHECK(books.run().differences.size() == 3);
}

TEST_CASE("audit: a position of another size is a difference") {
  Books books;
  books.exchange.positions[0].qty = qty("-90");
  CHECK(books.run().differences.at(0).find("-100 in the store, -90") != std::string::npos);
  books.exchange.positions.clear();
  CHECK(books.run().differences.at(0).find("0 at the exchange") != std::string::npos);
}

TEST_CASE("audit: a difference counts when two looks have it") {
  AuditReport earlier, later;
  earlier.differences = {"settles meanwhile", "stays"};
  later.differences = {"stays", "is under way"};
  later.orders = 7;
  const auto confirmed = confirm(earlier, later);
  CHECK(confirmed.differences == std::vector<std::string>{"stays"});
  CHECK(confirmed.orders == 7);
}

}  // namespace
}  // namespace bb::app::test
