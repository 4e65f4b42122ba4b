// Margin of isolated positions, the queue of deleveraging, orders that the exchange placed itself.
#include <doctest/doctest.h>

#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

namespace {

Task<void> open_isolated(World& world) {
  (void)co_await world.post("/fapi/v1/marginType", "symbol=AAAUSDT&marginType=ISOLATED");
  (void)co_await world.market("AAAUSDT", "SELL", "1");
}

Task<Answer> change(World& world, std::string more) {
  return world.post("/fapi/v1/positionMargin", "symbol=AAAUSDT&" + more);
}

}  // namespace

TEST_CASE("position margin: adding and reducing, and their history") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    co_await open_isolated(world);
    const auto added = co_await change(world, "amount=100&type=1");
    CHECK(added.body ==
          R"({"amount":100.0,"code":200,"msg":"Successfully modify position margin.","type":1})");
    const auto reduced = co_await change(world, "amount=12.5&type=2");
    CHECK(reduced.at("amount") == "12.5");
    const auto rows =
        co_await world.get_signed("/fapi/v1/positionMargin/history", "symbol=AAAUSDT");
    CHECK(field_names(rows.body) == "symbol,type,deltaType,amount,asset,time,positionSide");
    CHECK(column(rows.body, "type") == "1,2");
    CHECK(column(rows.body, "amount") == "100.00000000,12.50000000");
    const auto only =
        co_await world.get_signed("/fapi/v1/positionMargin/history", "symbol=AAAUSDT&type=2");
    CHECK(column(only.body, "type") == "2");
    co_await world.close();
  });
}

TEST_CASE("position margin: refusals") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto expect = [&](std::string more, std::int64_t code) -> Task<void> {
      const auto answer = co_await change(world, more);
      INFO(more);
      CHECK(answer.code() == code);
    };
    co_await expect("type=1", -1102);
    co_await expect("amount=1", -1102);
    co_await expect("amount=1&type=3", -1130);
    co_await expect("amount=0&type=1", -4055);
    co_await open_isolated(world);
    co_await expect("amount=1&type=1&positionSide=LONG", -4061);
    co_await expect("amount=100000&type=1", -4050);
    co_await expect("amount=100000&type=2", -4051);
    (void)co_await world.post("/fapi/v1/marginType", "symbol=BBBUSDT&marginType=ISOLATED");
    const auto none =
        co_await world.post("/fapi/v1/positionMargin", "symbol=BBBUSDT&amount=1&type=1");
    CHECK(none.code() == -4054);
    (void)co_await world.post("/fapi/v1/marginType", "symbol=BBBUSDT&marginType=CROSSED");
    const auto cross =
        co_await world.post("/fapi/v1/positionMargin", "symbol=BBBUSDT&amount=1&type=1");
    CHECK(cross.code() == -4049);
    co_await world.close();
  });
}

TEST_CASE("deleveraging: the quantiles of what is held, and the order that closed it") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const auto quantiles = co_await world.get_signed("/fapi/v1/adlQuantile");
    CHECK(quantiles.body ==
          R"([{"symbol":"AAAUSDT","adlQuantile":{"LONG":0,"SHORT":0,"BOTH":0}}])");
    REQUIRE(world.exchange().force_adl(0, Symbol("AAAUSDT"), PositionSide::both).has_value());
    const auto orders = co_await world.get_signed("/fapi/v1/forceOrders");
    CHECK(orders.header("X-MBX-USED-WEIGHT-1M") == "55");
    CHECK(field_names(orders.body) ==
          "orderId,symbol,pair,status,clientOrderId,price,avgPrice,origQty,executedQty,cumQuote,"
          "cumBase,timeInForce,type,reduceOnly,closePosition,side,positionSide,stopPrice,"
          "workingType,origType,time,updateTime");
    CHECK(orders.at("clientOrderId") == "adl_autoclose");
    CHECK(orders.at("timeInForce") == "IOC");
    const auto liquidations =
        co_await world.get_signed("/fapi/v1/forceOrders", "autoCloseType=LIQUIDATION");
    CHECK(liquidations.body == "[]");
    const auto adl =
        co_await world.get_signed("/fapi/v1/forceOrders", "symbol=AAAUSDT&autoCloseType=ADL");
    CHECK(count(adl.body) == 1);
    const auto wrong = co_await world.get_signed("/fapi/v1/forceOrders", "autoCloseType=MERCY");
    CHECK(wrong.code() == -1130);
    co_await world.close();
  });
}
