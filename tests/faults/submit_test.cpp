// Faults on the way of an order (reliability §2.1).
#include "faults/scene.h"

namespace bb::test {
namespace {

using net::Method;
using paper::FaultRule;

Task<void> enter_and_look(SimWorld& world, int opened) {
  const auto report = co_await world.entry().run(world.slot());
  CHECK(report.opened == opened);
  (void)co_await world.patrol_minutes(2);
  check_safe(world);
}

TEST_CASE("F01: an entry whose answer is lost is found by query, guarded, never sent again") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    plant(world, "answer_lost", Method::post, kOrder);
    co_await enter_and_look(world, 1);
    CHECK(world.order_posts() == 1);
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(world.store().find_open_holding(Symbol("C01USDT"))->qty ==
          world.position("C01USDT").abs());
  });
}

TEST_CASE("F01: a stop whose answer is lost is found, and stands once") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    plant(world, "answer_lost", Method::post, kAlgo);
    co_await enter_and_look(world, 1);
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(take_profits_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("F01: a close whose answer is lost closes once and does not turn the position") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    plant(world, "answer_lost", Method::post, kOrder);
    const auto closed = co_await world.desk().close_position(
        Symbol("C01USDT"), PositionSide::both, OrderKind::close, "2025-10-10", Job::manual);
    CHECK(closed.kind == desk::CloseResult::Kind::flat);
    CHECK(world.position("C01USDT").is_zero());
    check_safe(world);
  });
}

TEST_CASE("F02: an entry that never arrived is not repeated; after an hour without trace it ends") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    plant(world, "request_lost", Method::post, kOrder);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.unknown == 1);
    (void)co_await world.entry().run(world.slot());
    CHECK(world.order_posts() == 1);
    REQUIRE(world.store().unresolved_intents().size() == 1);
    (void)co_await world.patrol_minutes(30);
    CHECK(world.store().unresolved_intents().size() == 1);
    (void)co_await world.patrol_minutes(40);
    CHECK(world.store().unresolved_intents().empty());
    CHECK(world.order_posts() == 1);
    check_safe(world);
  });
}

TEST_CASE("F02: a stop that never arrived is sent again under another id") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    plant(world, "request_lost", Method::post, kAlgo);
    co_await enter_and_look(world, 1);
    CHECK(stops_of(world, "C01USDT") == 1);
    std::vector<std::string> ids;
    for (const auto& request : world.server().request_log())
      if (request.method == Method::post && request.path == kAlgo) ids.push_back(request.client_id);
    std::ranges::sort(ids);
    CHECK(std::ranges::adjacent_find(ids) == ids.end());
  });
}

TEST_CASE("F03: a 503 'Unknown error' whose order executed is no failure") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    plant(world, "unknown_error_executed", Method::post, kOrder);
    co_await enter_and_look(world, 1);
    CHECK(world.order_posts() == 1);
  });
}

TEST_CASE(
    "F04: a 503 'Service Unavailable' is unknown, not refused: nothing is sent in its place") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    plant(world, "service_unavailable", Method::post, kOrder);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.unknown == 1);
    CHECK(report.entry_failed == 0);
    (void)co_await world.patrol_minutes(2);
    CHECK(world.order_posts() == 1);
    CHECK(world.position("C01USDT").is_zero());
    check_safe(world);
  });
}

TEST_CASE("F05: -1006 and -1007 say nothing: the order is asked for") {
  for (const auto* fault : {"unexpected_response", "backend_timeout"}) {
    CAPTURE(fault);
    run_world(one_short(), [fault](SimWorld& world) -> Task<void> {
      plant(world, fault, Method::post, kOrder);
      co_await enter_and_look(world, 1);
      CHECK(world.order_posts() == 1);
    });
  }
}

TEST_CASE(
    "F06: whatever body comes back, what executed is found and what did not is not repeated") {
  const std::vector<std::pair<const char*, bool>> faults = {
      {"internal_error", false},     {"server_error_500", false}, {"bad_gateway_502", false},
      {"gateway_timeout_504", true}, {"html_200", true},          {"firewall_403", false},
      {"body_truncated", true},      {"unknown_error", false},
  };
  for (const auto& [fault, executed] : faults) {
    CAPTURE(fault);
    run_world(one_short(), [name = fault, acted = executed](SimWorld& world) -> Task<void> {
      plant(world, name, Method::post, kOrder);
      const auto report = co_await world.entry().run(world.slot());
      CHECK(report.opened == (acted ? 1 : 0));
      CHECK(report.entry_failed == 0);
      (void)co_await world.patrol_minutes(2);
      CHECK(world.order_posts() == 1);
      CHECK(world.position("C01USDT").is_negative() == acted);
      check_safe(world);
    });
  }
}

TEST_CASE("F06: stops met by broken answers stand all the same") {
  for (const auto* fault : {"internal_error", "server_error_500", "bad_gateway_502",
                            "gateway_timeout_504", "html_200", "body_truncated"}) {
    CAPTURE(fault);
    run_world(one_short(), [fault](SimWorld& world) -> Task<void> {
      plant(world, fault, Method::post, kAlgo);
      co_await enter_and_look(world, 1);
      CHECK(stops_of(world, "C01USDT") == 1);
      CHECK(take_profits_of(world, "C01USDT") == 1);
    });
  }
}

TEST_CASE(
    "F07: throttled entries are not repeated; a close that is throttled goes on until it is") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    auto rule = named_fault("throttled", Method::post, kOrder);
    rule.param = "symbol";
    rule.value = "C01USDT";
    world.server().faults().add(rule);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 2);
    CHECK(world.position("C01USDT").is_zero());
    CHECK(most_sends_of_one_id(world) == 1);
    // The promised exemption of closes, broken for two minutes.
    auto broken = named_fault("throttled", Method::post, kOrder, 0);
    broken.spares_reductions = false;
    const auto number = world.server().faults().add(broken);
    const auto close = [&world]() {
      return world.desk().close_position(Symbol("C02USDT"), PositionSide::both, OrderKind::close,
                                         "2025-10-10", Job::manual);
    };
    const auto first = co_await close();
    CHECK(first.kind != desk::CloseResult::Kind::flat);
    CHECK(stops_of(world, "C02USDT") == 1);
    world.server().faults().end(number);
    const auto second = co_await close();
    CHECK(second.kind == desk::CloseResult::Kind::flat);
    check_safe(world);
  });
}

TEST_CASE("F08: 'client order id is duplicated' means that the order exists, and it is adopted") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    auto rule = fault_on(Method::post, kOrder, FaultRule::Effect::act_then_error);
    rule.status = 400;
    rule.code = -4116;
    rule.text = "ClientOrderId is duplicated.";
    world.server().faults().add(rule);
    co_await enter_and_look(world, 1);
    CHECK(world.order_posts() == 1);
    CHECK(stops_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("F09: the exchange fills the same id twice, and no entry's id is ever sent twice") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    exchange::OrderRequest order;
    order.symbol = Symbol("C09USDT");
    order.qty = Qty(Decimal::from_int(100));
    order.client_order_id = ClientOrderId("the-same");
    const auto first = co_await world.account().place(order);
    const auto second = co_await world.account().place(order);
    CHECK(first.done() != nullptr);
    CHECK(second.done() != nullptr);
    CHECK(world.position("C09USDT").str() == "-200");

    plant(world, "answer_lost", Method::post, kOrder);
    (void)co_await world.entry().run(world.slot());
    co_await world.restart();
    (void)co_await world.patrol().run_once();
    (void)co_await world.entry().run(world.slot());
    CHECK(entries_of(world, "C01USDT") == 1);
    CHECK(world.order_posts() == 3);  // two by hand, one by us
  });
}

TEST_CASE("F10: an acknowledgement without a fill is asked about before anything rests on it") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    auto rule = fault_on(Method::post, kOrder, FaultRule::Effect::act_then_acknowledge);
    world.server().faults().add(rule);
    co_await enter_and_look(world, 1);
    CHECK(world.order_posts() == 1);
    const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(holding.has_value());
    CHECK(holding->qty == world.position("C01USDT").abs());
    CHECK(stops_of(world, "C01USDT") == 1);
  });
}

TEST_CASE("F11: an entry that filled a part is as large as its fills, and guarded") {
  auto options = one_short();
  options.coins = gainers(12);
  // Hardly anybody trades, in a bar so wild that the depth ends beyond the price protection.
  auto& coin = options.coins[0];
  coin.course = {{0, 1.0}, {1400, 1.6}, {1409, 1.6}, {1413, 3.2}, {1440, 3.2}};
  coin.thin_from_minute = 1409;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto report = co_await world.entry().run(world.slot());
    (void)co_await world.patrol_minutes(1);
    const auto orders = world.exchange().orders(0, Symbol("C01USDT"), false);
    REQUIRE(!orders.empty());
    CHECK(orders[0].status == OrderStatus::expired);
    CHECK(orders[0].executed_qty < orders[0].qty);
    CHECK(world.order_posts() <= 2);  // the remainder is not chased
    if (report.opened == 1) {
      const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
      REQUIRE(holding.has_value());
      CHECK(holding->qty == world.position("C01USDT").abs());
    }
    check_safe(world);
  });
}

TEST_CASE("F12: an answer that speaks of another order is not believed") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    auto rule = fault_on(Method::post, kOrder, FaultRule::Effect::act_then_error);
    rule.status = 200;
    rule.raw_body =
        R"({"orderId":4711,"symbol":"C05USDT","status":"FILLED","clientOrderId":"somebodys",)"
        R"("price":"0","origQty":"1","executedQty":"1","timeInForce":"GTC","type":"MARKET",)"
        R"("reduceOnly":false,"closePosition":false,"side":"SELL","positionSide":"BOTH",)"
        R"("stopPrice":"0","workingType":"CONTRACT_PRICE","priceProtect":false,)"
        R"("origType":"MARKET","updateTime":1760139600000})";
    world.server().faults().add(rule);
    co_await enter_and_look(world, 1);
    CHECK(world.order_posts() == 1);
    const auto holding = world.store().find_open_holding(Symbol("C01USDT"));
    REQUIRE(holding.has_value());
    CHECK(holding->qty == world.position("C01USDT").abs());
    CHECK(world.store().find_open_holding(Symbol("C05USDT")) == std::nullopt);
  });
}

TEST_CASE("F13: a request that a box on the way delivered twice: the surplus goes, entries stop") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    plant(world, "request_duplicated", Method::post, kOrder);
    (void)co_await world.entry().run(world.slot());
    (void)co_await world.patrol_minutes(2);
    CHECK(entries_of(world, "C01USDT") == 2);
    const auto orders = world.exchange().orders(0, Symbol("C01USDT"), false);
    REQUIRE(!orders.empty());
    CHECK(world.position("C01USDT").abs() == orders[0].executed_qty);
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(world.longest_unprotected() <= kNakedMax);
    CHECK_FALSE(world.errors().empty());
    const trading::EntrySlot next{"2025-10-11", world.slot().scheduled + Hours(24)};
    const int before = world.order_posts();
    co_await world.sleep(Hours(24));
    (void)co_await world.entry().run(next);
    CHECK(world.order_posts() == before);
  });
}

TEST_CASE("F14: what a query did not know is adopted when it shows after all") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    auto ghost = named_fault("order_ghost", Method::post, kOrder);
    ghost.span = Seconds(90);
    world.server().faults().add(ghost);
    plant(world, "answer_lost", Method::post, kOrder);
    auto late = fault_on(Method::get, kPositions, FaultRule::Effect::stale_positions);
    late.first = 2;
    late.every = 1;
    late.span = Seconds(60);
    world.server().faults().add(late);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.unknown == 1);
    (void)co_await world.patrol_minutes(3);
    CHECK(world.store().find_open_holding(Symbol("C01USDT")).has_value());
    CHECK(stops_of(world, "C01USDT") == 1);
    CHECK(world.order_posts() == 1);
  });
}

TEST_CASE("F14: an answer later than our deadline changes nothing: the query was there first") {
  run_world(one_short(), [](SimWorld& world) -> Task<void> {
    auto slow = fault_on(Method::post, kOrder, FaultRule::Effect::delay);
    slow.after = Seconds(15);
    world.server().faults().add(slow);
    const auto report = co_await world.entry().run(world.slot());
    CHECK(report.opened == 1);
    (void)co_await world.patrol_minutes(2);
    CHECK(world.order_posts() == 1);
    CHECK(entries_of(world, "C01USDT") == 1);
    CHECK(stops_of(world, "C01USDT") == 1);
  });
}

}  // namespace
}  // namespace bb::test
