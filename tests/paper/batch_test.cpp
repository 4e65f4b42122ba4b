// Several orders in one request, and amendments.
#include <doctest/doctest.h>

#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

namespace {

const std::string kLimit =
    R"({"symbol":"AAAUSDT","side":"SELL","type":"LIMIT","timeInForce":"GTC",)"
    R"("quantity":"1","price":)";

std::string limit(const std::string& price, const std::string& id) {
  return kLimit + "\"" + price + R"(","newClientOrderId":")" + id + "\"}";
}

std::string encoded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"') {
      out += "%22";
    } else if (c == '{') {
      out += "%7B";
    } else if (c == '}') {
      out += "%7D";
    } else {
      out += c;
    }
  }
  return out;
}

Task<Answer> resting(World& world, std::string id = "mine") {
  return world.post("/fapi/v1/order",
                    "symbol=AAAUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=103&"
                    "newClientOrderId=" +
                        id);
}

Task<Answer> amend(World& world, std::string more) {
  return world.call(Method::put, "/fapi/v1/order", "symbol=AAAUSDT&side=SELL&" + more);
}

}  // namespace

TEST_CASE("batch: each element is placed or refused on its own, in the order of the request") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string orders = "[" + limit("102", "a") + "," + limit("10", "b") + "," +
                               R"({"symbol":"AAAUSDT","side":"SELL","type":"STOP"},)" +
                               limit("103", "c") + "]";
    const auto answer =
        co_await world.post("/fapi/v1/batchOrders", "batchOrders=" + encoded(orders));
    CHECK(answer.status == 200);
    CHECK(count(answer.body) == 4);
    CHECK(answer.body.find(R"({"code":-4024,"msg":"Price is lower)") != std::string::npos);
    CHECK(answer.body.find(R"({"code":-4120,)") != std::string::npos);
    CHECK(answer.at("clientOrderId") == "a");
    CHECK(answer.at("status") == "NEW");
    CHECK(answer.at("avgPrice") == "(absent)");
    const auto open = co_await world.get_signed("/fapi/v1/openOrders", "symbol=AAAUSDT");
    CHECK(column(open.body, "clientOrderId") == "a,c");
    co_await world.close();
  });
}

TEST_CASE("batch: the list may come as it is, with numbers and flags without quotation marks") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto answer = co_await world.post(
        "/fapi/v1/batchOrders",
        R"(batchOrders=[{"symbol":"AAAUSDT","side":"SELL","type":"LIMIT","timeInForce":"GTC",)"
        R"("quantity":1,"price":102.5,"reduceOnly":false}])");
    CHECK(answer.status == 200);
    CHECK(answer.at("price") == "102.50");
    co_await world.close();
  });
}

TEST_CASE("batch: it weighs 5, and counts 5 in ten seconds and 1 in a minute") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto answer =
        co_await world.post("/fapi/v1/batchOrders", "batchOrders=[" + limit("102", "a") + "]");
    CHECK(answer.header("X-MBX-USED-WEIGHT-1M") == "5");
    CHECK(answer.header("X-MBX-ORDER-COUNT-10S") == "5");
    CHECK(answer.header("X-MBX-ORDER-COUNT-1M") == "1");
    co_await world.close();
  });
}

TEST_CASE("batch: lists that are none, empty or too long are refused whole") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string missing =
        "Mandatory parameter 'batchOrders' was not sent, was empty/null, or malformed.";
    for (const std::string text : {"", "batchOrders=", "batchOrders=[", "batchOrders={}",
                                   "batchOrders=[1]", "batchOrders=null"}) {
      INFO(text);
      const auto answer = co_await world.post("/fapi/v1/batchOrders", text);
      CHECK(answer.code() == -1102);
      CHECK(answer.msg() == missing);
    }
    const auto empty = co_await world.post("/fapi/v1/batchOrders", "batchOrders=[]");
    CHECK(empty.body == R"({"code":-4082,"msg":"Invalid number of batch place orders: 0"})");
    std::string six = limit("102", "a");
    for (int i = 0; i < 5; ++i)
      six += "," + limit("102", "b" + std::to_string(i));
    const auto many = co_await world.post("/fapi/v1/batchOrders", "batchOrders=[" + six + "]");
    CHECK(many.code() == -4082);
    const auto open = co_await world.get_signed("/fapi/v1/openOrders", "symbol=AAAUSDT");
    CHECK(open.body == "[]");
    co_await world.close();
  });
}

TEST_CASE("batch: cancels by ids or client ids, under names in lower case, too") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto first = co_await resting(world, "a");
    (void)co_await resting(world, "b");
    (void)co_await resting(world, "c");
    const auto by_id = co_await world.del(
        "/fapi/v1/batchOrders", "symbol=AAAUSDT&orderIdList=[" + first.at("orderId") + ",4711]");
    CHECK(by_id.at("status") == "CANCELED");
    CHECK(by_id.body.find(R"({"code":-2011,"msg":"Unknown order sent."})") != std::string::npos);
    const auto lower = co_await world.del(
        "/fapi/v1/batchOrders", "symbol=AAAUSDT&origclientorderidlist=%5B%22b%22,%22c%22%5D");
    CHECK(column(lower.body, "status") == "CANCELED,CANCELED");
    const auto neither = co_await world.del("/fapi/v1/batchOrders", "symbol=AAAUSDT");
    CHECK(neither.code() == -1102);
    const auto broken = co_await world.del("/fapi/v1/batchOrders", "symbol=AAAUSDT&orderIdList=7");
    CHECK(broken.code() == -1102);
    const auto many = co_await world.del("/fapi/v1/batchOrders",
                                         "symbol=AAAUSDT&orderIdList=[1,2,3,4,5,6,7,8,9,10,11]");
    CHECK(many.code() == -4032);
    co_await world.close();
  });
}

TEST_CASE("amend: the answer is a placed order with pair and modifyId, without fill data") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto placed = co_await resting(world);
    const auto answer =
        co_await amend(world, "origClientOrderId=mine&quantity=2&price=104&modifyId=77");
    CHECK(answer.status == 200);
    CHECK(field_names(answer.body) ==
          "orderId,symbol,pair,status,clientOrderId,price,origQty,executedQty,cumQty,timeInForce,"
          "type,reduceOnly,closePosition,side,positionSide,stopPrice,workingType,priceProtect,"
          "origType,priceMatch,selfTradePreventionMode,goodTillDate,updateTime,modifyId");
    CHECK(answer.at("orderId") == placed.at("orderId"));
    CHECK(answer.at("origQty") == "2.000");
    CHECK(answer.at("price") == "104.00");
    CHECK(answer.at("modifyId") == "77");
    CHECK(answer.at("selfTradePreventionMode") == "NONE");
    CHECK(answer.header("X-MBX-ORDER-COUNT-10S") == "2");
    const auto again = co_await amend(world, "origClientOrderId=mine&quantity=2&price=105");
    CHECK(again.at("modifyId") == "(absent)");
    co_await world.close();
  });
}

TEST_CASE("amend: what is missing or wrong has its code") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await resting(world);
    const auto expect = [&](std::string more, std::int64_t code) -> Task<void> {
      const auto answer = co_await amend(world, more);
      INFO(more);
      CHECK(answer.code() == code);
    };
    co_await expect("origClientOrderId=mine&price=104", -1102);
    co_await expect("origClientOrderId=mine&quantity=2", -1102);
    co_await expect("quantity=2&price=104", -1102);
    co_await expect("origClientOrderId=nope&quantity=2&price=104", -2013);
    co_await expect("origClientOrderId=mine&quantity=1&price=103", -5027);
    co_await expect("origClientOrderId=mine&quantity=0.01&price=103", -5029);
    co_await expect("origClientOrderId=mine&quantity=1&price=90", -4024);
    co_await expect("origClientOrderId=mine&quantity=2&price=104&reduceOnly=true", -5047);
    co_await expect("origClientOrderId=mine&quantity=2&priceMatch=BEST", -5037);
    co_await expect("origClientOrderId=mine&quantity=2&price=104&priceMatch=QUEUE", -1106);
    co_await expect("origClientOrderId=mine&quantity=2&priceMatch=QUEUE", 0);
    const auto batch = co_await world.call(
        Method::put, "/fapi/v1/batchOrders",
        "batchOrders=[{%22symbol%22:%22AAAUSDT%22,%22side%22:%22SELL%22,%22origClientOrderId%22:"
        "%22mine%22,%22quantity%22:%223%22}]");
    CHECK(batch.status == 200);
    CHECK(batch.at("code") == "-1102");
    co_await world.close();
  });
}

TEST_CASE("amend: the history has a row for each, the newest first") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await resting(world);
    (void)co_await amend(world, "origClientOrderId=mine&quantity=1&price=104&modifyId=5");
    (void)co_await amend(world, "origClientOrderId=mine&quantity=2&price=104");
    const auto rows = co_await world.get_signed("/fapi/v1/orderAmendment",
                                                "symbol=AAAUSDT&origClientOrderId=mine");
    CHECK(count(rows.body) == 2);
    CHECK(field_names(rows.body) == "amendmentId,symbol,pair,orderId,clientOrderId,time,amendment");
    CHECK(rows.at("amendment") == R"({"price":{"before":"104.00","after":"104.00"},)"
                                  R"("origQty":{"before":"1.000","after":"2.000"},"count":2})");
    const auto other =
        co_await world.get_signed("/fapi/v1/orderAmendment", "symbol=AAAUSDT&orderId=4711");
    CHECK(other.body == "[]");
    const auto nothing = co_await world.get_signed("/fapi/v1/orderAmendment", "symbol=AAAUSDT");
    CHECK(nothing.code() == -1102);
    co_await world.close();
  });
}
