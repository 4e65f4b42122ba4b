#include "desk/cancel_orders.h"

#include "regressions/scenes.h"

namespace bb::test {
namespace {

exchange::OrderRequest limit(const char* symbol, Side side, const char* price, bool reduce_only,
                             const char* id) {
  exchange::OrderRequest order;
  order.symbol = Symbol(symbol);
  order.side = side;
  order.type = OrderType::limit;
  order.qty = Qty(Decimal::from_int(10));
  order.price = Price(Decimal::parse(price).value());
  order.reduce_only = reduce_only;
  order.client_order_id = ClientOrderId(id);
  return order;
}

TEST_CASE("cancel: what would open goes, protection and what reduces stays") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto held = co_await world.account().fetch_positions();
    REQUIRE((held && held->size() >= 2));
    const std::string mine = held->front().symbol.str();
    const auto protection = world.conditional_orders(mine).size();
    REQUIRE(protection == 2);
    const Price far = held->front().mark * Ratio(Decimal::parse("1.2").value());
    const std::string above =
        far.value().round_to(Decimal::parse("0.01").value(), Rounding::nearest).str();
    const Price near = held->front().mark * Ratio(Decimal::parse("0.8").value());
    const std::string below =
        near.value().round_to(Decimal::parse("0.01").value(), Rounding::nearest).str();
    auto opening = limit(mine.c_str(), Side::sell, above.c_str(), false, "opens");
    auto reducing = limit(mine.c_str(), Side::buy, below.c_str(), true, "reduces");
    const auto placed_first = co_await world.account().place(opening);
    const auto placed_second = co_await world.account().place(reducing);
    REQUIRE_MESSAGE(placed_first.done() != nullptr, placed_first.describe());
    REQUIRE_MESSAGE(placed_second.done() != nullptr, placed_second.describe());

    const auto other = co_await desk::cancel_opening_orders(world.desk(), {held->back().symbol});
    CHECK(other.canceled == 0);
    CHECK_FALSE(other.is_sent);
    const auto report = co_await desk::cancel_opening_orders(world.desk(), {});
    CHECK(report.canceled == 1);
    CHECK(report.left == 0);
    CHECK(report.problem.empty());
    CHECK(world.conditional_orders(mine).size() == protection);
    const auto orders = co_await world.account().fetch_open_orders();
    REQUIRE(orders.has_value());
    int reduces = 0;
    for (const auto& order : *orders) {
      CHECK_FALSE(desk::may_open(order));
      if (order.client_order_id == ClientOrderId("reduces")) ++reduces;
    }
    CHECK(reduces == 1);
  });
}

TEST_CASE("cancel: an order that is filled before it is canceled is not called canceled") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    const auto tops = co_await world.market().fetch_book_tickers();
    REQUIRE(tops.has_value());
    auto order = limit("C01USDT", Side::buy, "1", false, "opens");
    for (const auto& top : tops->value)
      if (top.symbol == order.symbol)
        order.price = Price((top.bid * Ratio(Decimal::parse("0.99").value()))
                                .value()
                                .round_to(Decimal::parse("0.01").value(), Rounding::down));
    const auto placed = co_await world.account().place(order);
    REQUIRE_MESSAGE(placed.done() != nullptr, placed.describe());
    // The cancel comes too late, as the exchange tells it of an order that was filled.
    auto late =
        fault_on(net::Method::del, "/fapi/v1/order", paper::FaultRule::Effect::act_then_error);
    late.every = 1;
    late.status = 400;
    late.code = -2011;
    late.text = "Unknown order sent.";
    world.server().faults().add(std::move(late));
    const auto report = co_await desk::cancel_opening_orders(world.desk(), {});
    CHECK(report.canceled == 0);
    CHECK(report.gone == 1);
    REQUIRE(report.details.size() == 1);
    CHECK(report.details.front().find("look at the position") != std::string::npos);
  });
}

TEST_CASE("cancel: an account that cannot be read is told, and nothing is called done") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    auto rule = fault_on(net::Method::get, "/fapi/v1/openOrders", paper::FaultRule::Effect::drop);
    rule.every = 1;
    world.server().faults().add(std::move(rule));
    const auto report = co_await desk::cancel_opening_orders(world.desk(), {});
    CHECK_FALSE(report.problem.empty());
    CHECK_FALSE(report.is_sent);
    CHECK(report.canceled == 0);
  });
}

}  // namespace
}  // namespace bb::test
