// Terms of orders on the wire: dates, self-trade prevention, price match, trailing stops; order
// tests, countdown.
#include <doctest/doctest.h>

#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

namespace {

const std::string kLimit = "symbol=AAAUSDT&side=SELL&type=LIMIT&quantity=1&";
const std::string kTrailing =
    "algoType=CONDITIONAL&symbol=AAAUSDT&side=SELL&type=TRAILING_STOP_MARKET&quantity=1&";

Task<void> expect(World& world, std::string path, std::string params, std::int64_t code) {
  const std::string sent = params;
  const auto answer = co_await world.post(std::move(path), std::move(params));
  INFO(sent);
  CHECK(answer.code() == code);
}

std::string ms_after(std::int64_t ms) { return std::to_string(to_ms(some_day()) + ms); }

}  // namespace

TEST_CASE("terms: a good-till date is shown to the second, and ends the order") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto placed = co_await world.post(
        "/fapi/v1/order",
        kLimit + "price=103&timeInForce=GTD&newClientOrderId=g&goodTillDate=" + ms_after(700'999));
    CHECK(placed.at("timeInForce") == "GTD");
    CHECK(placed.at("goodTillDate") == ms_after(700'000));
    co_await sleep_for(loop.clock, Seconds(701));
    const auto ended =
        co_await world.get_signed("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=g");
    CHECK(ended.at("status") == "EXPIRED");
    co_await world.close();
  });
}

TEST_CASE("terms: refusals of dates, modes and matches") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string order = "/fapi/v1/order";
    const auto gtd = [&](std::int64_t ms) {
      return kLimit + "price=103&timeInForce=GTD&goodTillDate=" + ms_after(ms);
    };
    co_await expect(world, order, gtd(600'000), -5040);
    co_await expect(world, order, kLimit + "price=103&timeInForce=GTD", -1102);
    co_await expect(world, order,
                    kLimit + "price=103&timeInForce=GTC&goodTillDate=" + ms_after(700'000), -1106);
    co_await expect(world, order,
                    kLimit + "price=103&timeInForce=GTC&selfTradePreventionMode=MAYBE", -5039);
    co_await expect(world, order, kLimit + "timeInForce=GTC&priceMatch=BEST", -5037);
    co_await expect(world, order, kLimit + "timeInForce=GTC&priceMatch=OPPONENT_10", -5037);
    co_await expect(world, order, kLimit + "timeInForce=GTC&priceMatch=QUEUE_20", -5041);
    co_await expect(world, order, kLimit + "timeInForce=GTC&price=103&priceMatch=QUEUE", -1106);
    co_await expect(world, order,
                    "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=1&priceMatch=QUEUE", -5038);
    co_await expect(world, order, kLimit + "timeInForce=FOK&price=103", -5021);
    co_await expect(world, order, kLimit + "timeInForce=GTX&price=99", -5022);
    co_await expect(world, order, kLimit + "timeInForce=RPI&price=99", -5022);
    co_await world.close();
  });
}

TEST_CASE("terms: the price of a match and the mode of self-trade prevention are in the answer") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto placed = co_await world.post(
        "/fapi/v1/order",
        kLimit + "timeInForce=GTC&priceMatch=QUEUE&selfTradePreventionMode=EXPIRE_BOTH");
    CHECK(placed.at("priceMatch") == "QUEUE");
    CHECK(placed.at("price") == "100.01");
    CHECK(placed.at("selfTradePreventionMode") == "EXPIRE_BOTH");
    const auto taker = co_await world.post(
        "/fapi/v1/order",
        "symbol=AAAUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=100.01&"
        "selfTradePreventionMode=EXPIRE_TAKER&newOrderRespType=RESULT");
    CHECK(taker.at("status") == "EXPIRED_IN_MATCH");
    co_await world.close();
  });
}

TEST_CASE("terms: an order test judges, and places nothing") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto right =
        co_await world.post("/fapi/v1/order/test", kLimit + "price=103&timeInForce=GTC");
    CHECK(right.status == 200);
    CHECK(right.at("orderId") == "0");
    CHECK(right.at("status") == "NEW");
    CHECK(right.header("X-MBX-USED-WEIGHT-1M") == "0");
    co_await expect(world, "/fapi/v1/order/test", kLimit + "price=10&timeInForce=GTC", -4024);
    co_await expect(world, "/fapi/v1/order/test", kLimit + "price=103", -1102);
    const auto open = co_await world.get_signed("/fapi/v1/openOrders", "symbol=AAAUSDT");
    CHECK(open.body == "[]");
    co_await world.close();
  });
}

TEST_CASE("terms: the countdown answers with its time as text, and cancels when nobody renews it") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.post("/fapi/v1/order",
                              kLimit + "price=103&timeInForce=GTC&newClientOrderId=c");
    const auto set =
        co_await world.post("/fapi/v1/countdownCancelAll", "symbol=AAAUSDT&countdownTime=5000");
    CHECK(set.body == R"({"symbol":"AAAUSDT","countdownTime":"5000"})");
    CHECK(set.header("X-MBX-USED-WEIGHT-1M") == "10");
    co_await sleep_for(loop.clock, Millis(4999));
    const auto before =
        co_await world.get_signed("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=c");
    CHECK(before.at("status") == "NEW");
    co_await sleep_for(loop.clock, Millis(1));
    const auto after =
        co_await world.get_signed("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=c");
    CHECK(after.at("status") == "CANCELED");
    co_await expect(world, "/fapi/v1/countdownCancelAll", "symbol=AAAUSDT", -1102);
    co_await expect(world, "/fapi/v1/countdownCancelAll", "countdownTime=1", -1102);
    co_await expect(world, "/fapi/v1/countdownCancelAll",
                    "symbol=AAAUSDT&countdownTime=99999999999999", -1130);
    co_await world.close();
  });
}

TEST_CASE("algo: a trailing stop under both names of its activate price") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "BUY", "1");
    const auto placed =
        co_await world.post("/fapi/v1/algoOrder", kTrailing + "callbackRate=1&activatePrice=110");
    CHECK(placed.status == 200);
    CHECK(placed.at("activatePrice") == "110.00");
    CHECK(placed.at("callbackRate") == "1.0");
    CHECK(placed.at("orderType") == "TRAILING_STOP_MARKET");
    const auto old_name = co_await world.post("/fapi/v1/algoOrder",
                                              kTrailing + "callbackRate=20&activationPrice=111");
    CHECK(old_name.at("activatePrice") == "111.00");
    const auto at_once = co_await world.post("/fapi/v1/algoOrder", kTrailing + "callbackRate=0.1");
    CHECK(at_once.at("activatePrice").empty());
    co_await world.close();
  });
}

TEST_CASE("algo: refusals of trailing stops") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string algo = "/fapi/v1/algoOrder";
    co_await expect(world, algo, kTrailing, -1102);
    co_await expect(world, algo, kTrailing + "callbackRate=0.05", -1130);
    co_await expect(world, algo, kTrailing + "callbackRate=20.1", -1130);
    co_await expect(world, algo, kTrailing + "callbackRate=1&triggerPrice=90", -1106);
    co_await expect(world, algo, kTrailing + "callbackRate=1&activatePrice=0", -4135);
    co_await expect(world, algo, kTrailing + "callbackRate=1&activatePrice=99", -2021);
    co_await expect(world, algo,
                    "algoType=CONDITIONAL&symbol=AAAUSDT&side=SELL&type=STOP_MARKET&quantity=1&"
                    "triggerPrice=90&callbackRate=1",
                    -1106);
    co_await expect(world, algo, kTrailing + "callbackRate=1&newOrderRespType=FULL", -1136);
    co_await world.close();
  });
}

TEST_CASE("algo: a reduce-only stop without a position, in its three unmeasured ways") {
  const std::string stop =
      "algoType=CONDITIONAL&symbol=AAAUSDT&side=BUY&type=STOP_MARKET&quantity=1&triggerPrice=110&"
      "reduceOnly=true&clientAlgoId=q";
  const auto status_after = [&](sim::StopWithoutPosition way) {
    std::string seen;
    run_sim([&](SimLoop& loop) -> Task<void> {
      auto options = default_options();
      options.exchange.stop_without_position = way;
      World world(loop, options);
      const auto placed = co_await world.post("/fapi/v1/algoOrder", stop);
      seen = placed.status == 200 ? placed.at("algoStatus") : std::to_string(placed.code());
      co_await sleep_for(loop.clock, Seconds(1));
      const auto later = co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=q");
      if (later.status == 200) seen += "," + later.at("algoStatus");
      co_await world.close();
    });
    return seen;
  };
  CHECK(status_after(sim::StopWithoutPosition::refused) == "-2022");
  CHECK(status_after(sim::StopWithoutPosition::accepted) == "NEW,NEW");
  CHECK(status_after(sim::StopWithoutPosition::expired) == "NEW,EXPIRED");
}
