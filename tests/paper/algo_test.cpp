#include <doctest/doctest.h>

#include "paper/words.h"
#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

namespace {

Task<void> expect(World& world, std::string params, std::int64_t code, std::string text) {
  const std::string sent = params;
  const auto answer = co_await world.post("/fapi/v1/algoOrder", std::move(params));
  INFO(sent);
  CHECK(answer.status == 400);
  CHECK(answer.code() == code);
  CHECK(answer.msg() == text);
}

std::string missing(const std::string& name) {
  return "Mandatory parameter '" + name + "' was not sent, was empty/null, or malformed.";
}

}  // namespace

TEST_CASE("algo: numbers of the open list are written as a Java double is") {
  const auto text = [](std::string_view decimal) {
    return as_java_double(*Decimal::parse(decimal));
  };
  CHECK(text("0") == "0.0");
  CHECK(text("0.0007") == "7.0E-4");
  CHECK(text("0.00012345") == "1.2345E-4");
  CHECK(text("0.001") == "0.001");
  CHECK(text("0.05") == "0.05");
  CHECK(text("74457.10") == "74457.1");
  CHECK(text("8310") == "8310.0");
  CHECK(text("9999999") == "9999999.0");
  CHECK(text("10000000") == "1.0E7");
  CHECK(text("123456789.5") == "1.234567895E8");
  CHECK(text("-0.5") == "-0.5");
}

TEST_CASE("algo: parameters are checked in the recorded order") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    co_await expect(world, "", -1102, missing("symbol"));
    co_await expect(world, "symbol=AAAUSDT", -1117, "Invalid side.");
    co_await expect(world, "symbol=AAAUSDT&side=BUY", -1102, missing("algotype"));
    co_await expect(world, "symbol=AAAUSDT&side=BUY&algoType=STOP_MARKET", -4500,
                    "Invalid algoType.");
    co_await expect(world, "symbol=AAAUSDT&side=BUY&algoType=CONDITIONAL", -1102, missing("type"));
    co_await expect(world, "symbol=AAAUSDT&side=BUY&algotype=CONDITIONAL&type=STOP_MARKET", -1102,
                    missing("triggerprice"));
    const std::string head = "symbol=AAAUSDT&side=BUY&algoType=CONDITIONAL&triggerPrice=110&type=";
    co_await expect(world, head + "STOP_MARKET", -1102, missing("quantity"));
    co_await expect(world, head + "MARKET", -1116, "Invalid orderType.");
    co_await expect(world, head + "STOP_MARKET&closePosition=true&quantity=1", -4137,
                    "Quantity must be zero with closePosition equals true");
    co_await expect(world, head + "STOP_MARKET&closePosition=true&reduceOnly=true", -1106,
                    "Parameter 'reduceOnly' sent when not required.");
    co_await expect(
        world, head + "TRAILING_STOP_MARKET&closePosition=true", -4136,
        "Target strategy invalid for orderType TRAILING_STOP_MARKET,closePosition true");
    co_await expect(world, head + "STOP&quantity=1", -1102, missing("price"));
    co_await expect(world, head + "STOP_MARKET&quantity=1&workingType=INDEX", -4031,
                    "Invalid parameter working type: INDEX");
    co_await world.close();
  });
}

TEST_CASE(
    "algo: closePosition needs a position and one of a kind; a take profit may stand beside") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto early = co_await world.close_stop("AAAUSDT", "110", "early");
    CHECK(early.code() == -4509);
    CHECK(early.msg() ==
          "Time in Force (TIF) GTE can only be used with open positions. Please ensure that "
          "positions are available.");
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const auto first = co_await world.close_stop("AAAUSDT", "110", "first");
    CHECK(first.status == 200);
    const auto second = co_await world.close_stop("AAAUSDT", "111", "second");
    CHECK(second.code() == -4130);
    CHECK(second.msg() ==
          "An open stop or take profit order with GTE and closePosition in the direction is "
          "existing.");
    const auto profit = co_await world.post(
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=AAAUSDT&side=BUY&type=TAKE_PROFIT_MARKET&closePosition=true&"
        "triggerPrice=80&workingType=MARK_PRICE&priceProtect=true");
    CHECK(profit.status == 200);
    CHECK(profit.at("workingType") == "MARK_PRICE");
    CHECK(profit.at("priceProtect") == "true");
    const auto immediate = co_await world.post(
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=AAAUSDT&side=BUY&type=STOP_MARKET&quantity=1&triggerPrice=90");
    CHECK(immediate.body == R"({"code":-2021,"msg":"Order would immediately trigger."})");
    const auto regular = co_await world.get_signed("/fapi/v1/openOrders", "symbol=AAAUSDT");
    CHECK(regular.body == "[]");
    co_await world.close();
  });
}

TEST_CASE("algo: a cancel shows late, in the query and as -4130 to the successor") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    (void)co_await world.close_stop("AAAUSDT", "110", "old");
    const auto canceled = co_await world.del("/fapi/v1/algoOrder", "clientAlgoId=old");
    CHECK(canceled.at("code") == "200");
    const auto right_after = co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=old");
    CHECK(right_after.at("algoStatus") == "NEW");
    const auto listed = co_await world.get_signed("/fapi/v1/openAlgoOrders");
    CHECK(count(listed.body) == 1);
    const auto blocked = co_await world.close_stop("AAAUSDT", "109", "new");
    CHECK(blocked.code() == -4130);
    // The other kind, and plain quantities, are not blocked.
    const auto other = co_await world.post(
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=AAAUSDT&side=BUY&type=STOP_MARKET&quantity=1&"
        "reduceOnly=true&triggerPrice=109");
    CHECK(other.status == 200);
    co_await sleep_for(loop.clock, Millis(1199));
    const auto still = co_await world.close_stop("AAAUSDT", "109", "new");
    CHECK(still.code() == -4130);
    co_await sleep_for(loop.clock, Millis(1));
    const auto seen = co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=old");
    CHECK(seen.at("algoStatus") == "CANCELED");
    const auto placed = co_await world.close_stop("AAAUSDT", "109", "new");
    CHECK(placed.status == 200);
    const auto again = co_await world.del("/fapi/v1/algoOrder", "clientAlgoId=old");
    CHECK(again.body == R"({"code":-2011,"msg":"Unknown order sent."})");
    co_await world.close();
  });
}

TEST_CASE("algo: with the lag off a cancel shows at once") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.algo_visibility_lag = Millis(0);
    World world(loop, options);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    (void)co_await world.close_stop("AAAUSDT", "110", "old");
    (void)co_await world.del("/fapi/v1/algoOrder", "clientAlgoId=old");
    const auto seen = co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=old");
    CHECK(seen.at("algoStatus") == "CANCELED");
    const auto placed = co_await world.close_stop("AAAUSDT", "109", "new");
    CHECK(placed.status == 200);
    co_await world.close();
  });
}

TEST_CASE("algo: a fresh position is unseen by closePosition for the configured lag") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.position_visibility_lag = Millis(200);
    World world(loop, options);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const auto early = co_await world.close_stop("AAAUSDT", "110", "a");
    CHECK(early.code() == -4509);
    co_await sleep_for(loop.clock, Millis(200));
    const auto seen = co_await world.close_stop("AAAUSDT", "110", "b");
    CHECK(seen.status == 200);
    co_await world.close();
  });
}

TEST_CASE("algo: after the trigger the query names the child that closed the position") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    (void)co_await world.close_stop("AAAUSDT", "110", "stop");
    (void)co_await world.post(
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=AAAUSDT&side=BUY&type=TAKE_PROFIT_MARKET&closePosition=true&"
        "triggerPrice=80&clientAlgoId=profit");
    co_await sleep_for(loop.clock, Hours(31));
    const auto stop = co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=stop");
    CHECK(stop.at("algoStatus") == "FINISHED");
    CHECK(stop.at("actualType") == "MARKET");
    CHECK(stop.at("actualQty") == "1.000");
    CHECK(stop.at("triggerTime") == std::to_string(to_ms(some_day() + Hours(30))));
    const auto child = co_await world.get_signed(
        "/fapi/v1/order", "symbol=AAAUSDT&orderId=" + stop.at("actualOrderId"));
    CHECK(child.at("status") == "FILLED");
    CHECK(child.at("avgPrice") == stop.at("actualPrice"));
    CHECK(child.at("clientOrderId") == "stop");
    const auto profit = co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=profit");
    CHECK(profit.at("algoStatus") == "EXPIRED");
    const auto risk = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(risk.body == "[]");
    co_await world.close();
  });
}

TEST_CASE("algo: a client id is unique among open ones; all of a symbol are cancelled at once") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    (void)co_await world.close_stop("AAAUSDT", "110", "one");
    const auto duplicate = co_await world.post(
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=AAAUSDT&side=BUY&type=STOP_MARKET&quantity=1&"
        "triggerPrice=111&clientAlgoId=one");
    CHECK(duplicate.body == R"({"code":-4116,"msg":"ClientOrderId is duplicated."})");
    const auto canceled = co_await world.del("/fapi/v1/algoOpenOrders", "symbol=AAAUSDT");
    CHECK(canceled.body ==
          R"({"code":200,"msg":"The operation of cancel all open order is done."})");
    co_await sleep_for(loop.clock, Millis(1200));
    const auto open = co_await world.get_signed("/fapi/v1/openAlgoOrders", "symbol=AAAUSDT");
    CHECK(open.body == "[]");
    co_await world.close();
  });
}
