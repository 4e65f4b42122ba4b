#include <doctest/doctest.h>

#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

namespace {

Task<void> expect(World& world, std::string params, std::int64_t code, std::string text) {
  const std::string sent = params;
  const auto answer = co_await world.post("/fapi/v1/order", std::move(params));
  INFO(sent);
  CHECK(answer.status == 400);
  CHECK(answer.code() == code);
  CHECK(answer.msg() == text);
}

}  // namespace

TEST_CASE("orders: an acknowledgement says NEW, a result says FILLED, both have filled") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto ack = co_await world.market("AAAUSDT", "SELL", "1", "&newClientOrderId=m-1");
    CHECK(ack.at("status") == "NEW");
    CHECK(ack.at("executedQty") == "0.000");
    const auto result = co_await world.market("AAAUSDT", "SELL", "1", "&newOrderRespType=RESULT");
    CHECK(result.at("status") == "FILLED");
    CHECK(result.at("executedQty") == "1.000");
    const auto queried =
        co_await world.get_signed("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=m-1");
    CHECK(queried.at("status") == "FILLED");
    CHECK(queried.at("avgPrice") != "0.00");
    CHECK(queried.at("cumQuote") != "0.00000");
    const auto open =
        co_await world.get_signed("/fapi/v1/openOrder", "symbol=AAAUSDT&origClientOrderId=m-1");
    CHECK(open.code() == -2013);
    co_await world.close();
  });
}

TEST_CASE("orders: a client id is unique among open orders only, so a market order fills twice") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto first = co_await world.market("AAAUSDT", "SELL", "1", "&newClientOrderId=same");
    const auto second = co_await world.market("AAAUSDT", "SELL", "1", "&newClientOrderId=same");
    CHECK(first.status == 200);
    CHECK(second.status == 200);
    const auto risk = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(column(risk.body, "positionAmt") == "-2.000");
    co_await world.close();
  });
}

TEST_CASE("orders: conditional types belong to the algo service") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string text =
        "Order type not supported for this endpoint. Please use the Algo Order API endpoints "
        "instead.";
    for (const std::string type :
         {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})
      co_await expect(world, "symbol=AAAUSDT&side=BUY&stopPrice=110&quantity=1&type=" + type, -4120,
                      text);
    co_await world.close();
  });
}

TEST_CASE("orders: parameters are complained about in Binance's words") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto missing = [](std::string name) {
      return "Mandatory parameter '" + name + "' was not sent, was empty/null, or malformed.";
    };
    const std::string base = "symbol=AAAUSDT&side=SELL&";
    co_await expect(world, "side=SELL&type=MARKET&quantity=1", -1102, missing("symbol"));
    co_await expect(world, "symbol=&side=SELL&type=MARKET&quantity=1", -1102, missing("symbol"));
    co_await expect(world, "symbol=aaausdt&side=SELL&type=MARKET&quantity=1", -1121,
                    "Invalid symbol.");
    co_await expect(world, "symbol=AAAUSDT&type=MARKET&quantity=1", -1102, missing("side"));
    co_await expect(world, "symbol=AAAUSDT&side=sell&type=MARKET&quantity=1", -1117,
                    "Invalid side.");
    co_await expect(world, base + "quantity=1", -1102, missing("type"));
    co_await expect(world, base + "type=BEST&quantity=1", -1116, "Invalid orderType.");
    co_await expect(world, base + "type=MARKET", -1102, missing("quantity"));
    co_await expect(world, base + "type=MARKET&quantity=", -1102, missing("quantity"));
    co_await expect(world, base + "type=MARKET&quantity=-1", -1100,
                    "Illegal characters found in parameter 'quantity'; legal range is "
                    "'^([0-9]{1,20})(\\.[0-9]{1,20})?$'.");
    co_await expect(world, base + "type=MARKET&quantity=1e1", -1100,
                    "Illegal characters found in parameter 'quantity'; legal range is "
                    "'^([0-9]{1,20})(\\.[0-9]{1,20})?$'.");
    co_await expect(world, base + "type=MARKET&quantity=1.000000001", -1111,
                    "Precision is over the maximum defined for this asset.");
    co_await expect(world, base + "type=MARKET&quantity=1&price=100", -1106,
                    "Parameter 'price' sent when not required.");
    co_await expect(world, base + "type=MARKET&quantity=1&timeInForce=GTC", -1106,
                    "Parameter 'timeInForce' sent when not required.");
    co_await expect(world, base + "type=LIMIT&quantity=1&price=100", -1102, missing("timeInForce"));
    co_await expect(world, base + "type=LIMIT&quantity=1&price=100&timeInForce=DAY", -1115,
                    "Invalid timeInForce.");
    co_await expect(world, base + "type=LIMIT&quantity=1&timeInForce=GTC", -1102, missing("price"));
    co_await expect(world, base + "type=MARKET&quantity=1&positionSide=", -1105,
                    "Parameter 'positionSide' was empty.");
    co_await expect(world, base + "type=MARKET&quantity=1&positionSide=UP", -4060,
                    "Invalid position side.");
    co_await expect(world, base + "type=MARKET&quantity=1&reduceOnly=yes", -1130,
                    "Data sent for parameter 'reduceOnly' is not valid.");
    co_await expect(world, base + "type=MARKET&quantity=1&newOrderRespType=FULL", -1136,
                    "Invalid newOrderRespType.");
    co_await expect(world, base + "type=MARKET&quantity=1&quantity=2", -1101,
                    "Duplicate values for a parameter detected.");
    co_await expect(world, base + "type=MARKET&quantity=1&newClientOrderId=a%20b", -1100,
                    "Illegal characters found in parameter 'newClientOrderId'; legal range is "
                    "'^[\\.A-Z\\:/a-z0-9_-]{1,36}$'.");
    CHECK(world.exchange().positions(0).empty());
    co_await world.close();
  });
}

TEST_CASE("orders: the exchange's own refusals come through with code and text") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string base = "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=";
    co_await expect(world, base + "0", -4003, "Quantity less than or equal to zero.");
    co_await expect(world, base + "0.0001", -1111,
                    "Precision is over the maximum defined for this asset.");
    co_await expect(world, base + "90000000000", -4005, "Quantity greater than max quantity.");
    co_await expect(world, base + "0.01", -4164,
                    "Order's notional must be no smaller than 5 (unless you choose reduce only).");
    co_await expect(world, base + "3000", -2019, "Margin is insufficient.");
    co_await expect(world, base + "1&reduceOnly=true", -2022, "ReduceOnly Order is rejected.");
    co_await expect(world, base + "1&positionSide=SHORT", -4061,
                    "Order's position side does not match user's setting.");
    co_await expect(world, base + "1&newClientOrderId=" + std::string(40, 'x'), -4015,
                    "Client order id length should be less than 36 chars");
    const auto longest =
        co_await world.market("AAAUSDT", "SELL", "1", "&newClientOrderId=" + std::string(36, 'x'));
    CHECK(longest.status == 200);
    co_await world.close();
  });
}

TEST_CASE("orders: hedge mode wants a position side and no reduceOnly") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Signing beta;
    beta.key = "key-b";
    beta.secret = "secret-b";
    const auto place = [&](std::string more) {
      return world.call(Method::post, "/fapi/v1/order",
                        "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=1" + more, beta);
    };
    const auto without = co_await place("");
    CHECK(without.code() == -4061);
    const auto reduce = co_await place("&positionSide=SHORT&reduceOnly=true");
    CHECK(reduce.code() == -1106);
    CHECK(reduce.msg() == "Parameter 'reduceOnly' sent when not required.");
    const auto right = co_await place("&positionSide=SHORT");
    CHECK(right.status == 200);
    const auto risk = co_await world.call(Method::get, "/fapi/v3/positionRisk", "", beta);
    CHECK(column(risk.body, "positionSide").find("SHORT") != std::string::npos);
    co_await world.close();
  });
}

TEST_CASE("orders: an unknown order is -2013 to a query and -2011 to a cancel") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto query =
        co_await world.get_signed("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=nope");
    CHECK(query.body == R"({"code":-2013,"msg":"Order does not exist."})");
    const auto cancel =
        co_await world.del("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=nope");
    CHECK(cancel.body == R"({"code":-2011,"msg":"Unknown order sent."})");
    const auto nothing = co_await world.get_signed("/fapi/v1/order", "symbol=AAAUSDT");
    CHECK(nothing.body ==
          R"({"code":-1102,"msg":"Param 'origClientOrderId' or 'orderId' must be sent, but )"
          R"(both were empty/null!"})");
    co_await world.close();
  });
}

TEST_CASE("orders: cancelling all of a symbol leaves others and algo orders alone") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const std::string limit = "&side=SELL&type=LIMIT&timeInForce=GTC&price=";
    (void)co_await world.post("/fapi/v1/order", "symbol=AAAUSDT&quantity=1" + limit + "103");
    (void)co_await world.post("/fapi/v1/order", "symbol=AAAUSDT&quantity=1" + limit + "104");
    (void)co_await world.post("/fapi/v1/order", "symbol=BBBUSDT&quantity=20" + limit + "0.51");
    (void)co_await world.close_stop("AAAUSDT", "110", "stop");
    const auto canceled = co_await world.del("/fapi/v1/allOpenOrders", "symbol=AAAUSDT");
    CHECK(canceled.body ==
          R"({"code":200,"msg":"The operation of cancel all open order is done."})");
    const auto open = co_await world.get_signed("/fapi/v1/openOrders");
    CHECK(column(open.body, "symbol") == "BBBUSDT");
    const auto algo = co_await world.get_signed("/fapi/v1/openAlgoOrders");
    CHECK(column(algo.body, "clientAlgoId") == "stop");
    co_await world.close();
  });
}
