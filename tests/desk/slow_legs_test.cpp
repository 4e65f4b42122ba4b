// One slow leg of a close holds back neither the repeats nor the proof of the others.
#include "desk/closing.h"
#include "desk/flatten.h"
#include "regressions/scenes.h"

namespace bb::test {
namespace {

using desk::FlattenRequest;
using desk::FlattenVerdict;
using paper::FaultRule;

FlattenRequest everything() {
  FlattenRequest request;
  request.reason = "TEST";
  return request;
}

FaultRule closes_of(const char* symbol, FaultRule::Effect effect) {
  auto rule = fault_on(net::Method::post, "/fapi/v1/order", effect);
  rule.param = "symbol";
  rule.value = symbol;
  rule.every = 1;
  return rule;
}

struct Seen {
  bool others_closed = false;
  bool slow_one_stands = false;
};

Task<Seen> look_after(SimWorld& world, Micros span) {
  co_await world.sleep(span);
  Seen seen;
  seen.others_closed = world.position("C02USDT").is_zero() && world.position("C03USDT").is_zero();
  seen.slow_one_stands = !world.position("C01USDT").is_zero();
  co_return seen;
}

Task<Seen> hold_turn(SimWorld& world, const char* symbol, Micros span) {
  const auto turn = co_await world.desk().turns().take(Symbol(symbol));
  co_return co_await look_after(world, span);
}

TEST_CASE("close: a leg whose answer is slow does not hold back the repeats of the others") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto slow = closes_of("C01USDT", FaultRule::Effect::delay);
    slow.before = Seconds(3);
    world.server().faults().add(slow);
    auto overload = closes_of("C02USDT", FaultRule::Effect::refuse);
    overload.count = 2;
    overload.code = -1008;
    world.server().faults().add(overload);
    const auto [seen, report] =
        co_await both(look_after(world, Seconds(2)), desk::flatten(world.desk(), everything()));
    CHECK(seen.others_closed);
    CHECK(seen.slow_one_stands);
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(world.position("C01USDT").is_zero());
    CHECK(world.store().open_holdings().empty());
  });
}

TEST_CASE("close: fills that are slow to read hold back no proof") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto slow = fault_on(net::Method::get, "/fapi/v1/userTrades", FaultRule::Effect::delay);
    slow.param = "symbol";
    slow.value = "C01USDT";
    slow.every = 1;
    slow.before = Seconds(3);
    world.server().faults().add(slow);
    auto overload = closes_of("C02USDT", FaultRule::Effect::refuse);
    overload.count = 2;
    overload.code = -1008;
    world.server().faults().add(overload);
    const TimePoint begin = world.market().exchange_now();
    const auto [seen, report] =
        co_await both(look_after(world, Seconds(2)), desk::flatten(world.desk(), everything()));
    CHECK(seen.others_closed);
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(report.as_of - begin < Seconds(2));
  });
}

TEST_CASE("close: a leg that waits for its turn holds back no other, and keeps its patience") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto overload = fault_on(net::Method::post, "/fapi/v1/order", FaultRule::Effect::refuse);
    overload.every = 1;
    overload.count = 4;
    overload.code = -1008;
    world.server().faults().add(overload);
    const auto [seen, report] = co_await both(hold_turn(world, "C01USDT", Seconds(40)),
                                              desk::flatten(world.desk(), everything()));
    CHECK(seen.others_closed);
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(world.position("C01USDT").is_zero());
  });
}

TEST_CASE("close: answers that come one after another are proved by one read") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto late = closes_of("C01USDT", FaultRule::Effect::delay);
    late.before = Millis(30);
    world.server().faults().add(late);
    const TimePoint begin = world.market().exchange_now();
    const auto before = world.server().request_log().size();
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(report.as_of - begin <= Millis(182));
    int reads = 0;
    const auto& log = world.server().request_log();
    for (std::size_t i = before; i < log.size(); ++i)
      if (log[i].path == "/fapi/v3/positionRisk") ++reads;
    CHECK(reads == 2);
  });
}

TEST_CASE("F19 close: what a resting limit held up is sent again in the same turn") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().advance();
    exchange::OrderRequest limit;
    limit.symbol = Symbol("C01USDT");
    limit.side = Side::buy;
    limit.qty = world.position("C01USDT").abs();
    limit.type = OrderType::limit;
    limit.price = Price(Decimal::parse("1.55").value());
    limit.reduce_only = true;
    limit.client_order_id = ClientOrderId("by-hand");
    REQUIRE(world.exchange().place(0, limit).has_value());
    const TimePoint begin = world.market().exchange_now();
    const auto report = co_await desk::flatten(world.desk(), everything());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(report.as_of - begin <= Millis(310));  // read, close, look, cancel, close, read
  });
}

}  // namespace
}  // namespace bb::test
