#include <doctest/doctest.h>

#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

namespace {

std::string ms(TimePoint t) { return std::to_string(to_ms(t)); }

Task<Answer> resting_limit(World& world, std::string id) {
  return world.post("/fapi/v1/order",
                    "symbol=AAAUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=103&"
                    "newClientOrderId=" +
                        id);
}

}  // namespace

TEST_CASE("history: cancelled orders without a fill are forgotten after three days") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await resting_limit(world, "gone");
    (void)co_await world.del("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=gone");
    (void)co_await resting_limit(world, "open");
    (void)co_await world.market("BBBUSDT", "SELL", "100", "&newClientOrderId=filled");
    co_await sleep_for(loop.clock, std::chrono::days(3));
    const std::string gone = "symbol=AAAUSDT&origClientOrderId=gone";
    const auto within = co_await world.get_signed("/fapi/v1/order", gone);
    CHECK(within.at("status") == "CANCELED");
    co_await sleep_for(loop.clock, Millis(1));
    const auto beyond = co_await world.get_signed("/fapi/v1/order", gone);
    CHECK(beyond.code() == -2013);
    const auto all = co_await world.get_signed("/fapi/v1/allOrders", "symbol=AAAUSDT");
    CHECK(column(all.body, "clientOrderId") == "open");
    const auto filled =
        co_await world.get_signed("/fapi/v1/order", "symbol=BBBUSDT&origClientOrderId=filled");
    CHECK(filled.at("status") == "FILLED");
    co_await sleep_for(loop.clock, std::chrono::days(88));
    const auto long_ago =
        co_await world.get_signed("/fapi/v1/order", "symbol=BBBUSDT&origClientOrderId=filled");
    CHECK(long_ago.code() == -2013);
    co_await world.close();
  });
}

TEST_CASE("history: cancelled algo orders are forgotten after three days, too") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("BBBUSDT", "SELL", "100");
    (void)co_await world.close_stop("BBBUSDT", "0.6", "stop");
    (void)co_await world.del("/fapi/v1/algoOrder", "clientAlgoId=stop");
    co_await sleep_for(loop.clock, std::chrono::days(3));
    const auto within = co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=stop");
    CHECK(within.at("algoStatus") == "CANCELED");
    const auto listed = co_await world.get_signed("/fapi/v1/allAlgoOrders", "symbol=BBBUSDT");
    CHECK(count(listed.body) == 1);
    co_await sleep_for(loop.clock, Millis(1));
    const auto beyond = co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=stop");
    CHECK(beyond.code() == -2013);
    const auto none = co_await world.get_signed("/fapi/v1/allAlgoOrders", "symbol=BBBUSDT");
    CHECK(none.body == "[]");
    co_await world.close();
  });
}

TEST_CASE("history: a span is seven days at most, and the last seven by default") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("BBBUSDT", "SELL", "100", "&newClientOrderId=first");
    co_await sleep_for(loop.clock, std::chrono::days(8));
    (void)co_await world.market("BBBUSDT", "SELL", "200", "&newClientOrderId=second");
    const auto span = [&](std::string path, Millis length) {
      return world.get_signed(std::move(path), "symbol=BBBUSDT&startTime=" + ms(some_day()) +
                                                   "&endTime=" + ms(some_day() + length));
    };
    for (const std::string path :
         {"/fapi/v1/allOrders", "/fapi/v1/userTrades", "/fapi/v1/allAlgoOrders"}) {
      INFO(path);
      const auto week = co_await span(path, std::chrono::days(7));
      CHECK(week.status == 200);
      const auto more = co_await span(path, std::chrono::days(7) + Millis(1));
      CHECK(more.body == R"({"code":-4165,"msg":"Maximum time interval is 7 days."})");
      const auto reversed = co_await world.get_signed(path, "symbol=BBBUSDT&startTime=2&endTime=1");
      CHECK(reversed.body == R"({"code":-1023,"msg":"Start time is greater than end time."})");
    }
    const auto recent = co_await world.get_signed("/fapi/v1/userTrades", "symbol=BBBUSDT");
    CHECK(column(recent.body, "qty") == "200");
    const auto early = co_await world.get_signed("/fapi/v1/userTrades",
                                                 "symbol=BBBUSDT&startTime=" + ms(some_day()));
    CHECK(column(early.body, "qty") == "100");
    const auto by_id = co_await world.get_signed("/fapi/v1/userTrades", "symbol=BBBUSDT&fromId=0");
    CHECK(column(by_id.body, "qty") == "100,200");
    const auto mixed =
        co_await world.get_signed("/fapi/v1/userTrades", "symbol=BBBUSDT&fromId=1&startTime=5");
    CHECK(mixed.body == R"({"code":-1128,"msg":"Combination of optional parameters invalid."})");
    const auto ancient = co_await world.get_signed(
        "/fapi/v1/userTrades",
        "symbol=BBBUSDT&startTime=" + ms(world.server().now() - std::chrono::days(91)));
    CHECK(ancient.code() == -4166);
    const auto orders = co_await world.get_signed("/fapi/v1/allOrders", "symbol=BBBUSDT&orderId=0");
    CHECK(column(orders.body, "clientOrderId") == "first,second");
    (void)co_await world.market("AAAUSDT", "SELL", "1", "&newClientOrderId=third");
    const auto of_all = co_await world.get_signed("/fapi/v1/allOrders");
    CHECK(column(of_all.body, "clientOrderId") == "third,second");
    co_await world.close();
  });
}

TEST_CASE("history: limits cut from the front after a start, and from the back without") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    for (const std::string qty : {"100", "200", "300"}) {
      (void)co_await world.market("BBBUSDT", "SELL", qty);
      co_await sleep_for(loop.clock, Seconds(1));
    }
    const auto newest = co_await world.get_signed("/fapi/v1/userTrades", "symbol=BBBUSDT&limit=2");
    CHECK(column(newest.body, "qty") == "200,300");
    const auto oldest = co_await world.get_signed(
        "/fapi/v1/userTrades", "symbol=BBBUSDT&limit=2&startTime=" + ms(some_day()));
    CHECK(column(oldest.body, "qty") == "100,200");
    const auto too_many =
        co_await world.get_signed("/fapi/v1/userTrades", "symbol=BBBUSDT&limit=1001");
    CHECK(too_many.code() == -1130);
    co_await world.close();
  });
}

TEST_CASE("history: income is paged, filtered, a week by default and three months at most") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("BBBUSDT", "SELL", "100");
    co_await sleep_for(loop.clock, std::chrono::days(10));
    const std::string funding = "symbol=BBBUSDT&incomeType=FUNDING_FEE";
    const auto week = co_await world.get_signed("/fapi/v1/income", funding + "&limit=1000");
    CHECK(count(week.body) ==
          22);  // 08:00, 16:00, 24:00, and the one a week ago to the millisecond
    const auto all = co_await world.get_signed("/fapi/v1/income",
                                               funding + "&limit=1000&startTime=" + ms(some_day()));
    CHECK(count(all.body) == 30);
    const auto second = co_await world.get_signed(
        "/fapi/v1/income", funding + "&limit=20&page=2&startTime=" + ms(some_day()));
    CHECK(count(second.body) == 10);
    const auto third = co_await world.get_signed(
        "/fapi/v1/income", funding + "&limit=20&page=3&startTime=" + ms(some_day()));
    CHECK(third.body == "[]");
    const auto newest = co_await world.get_signed("/fapi/v1/income", funding + "&limit=1");
    CHECK(column(newest.body, "time") == ms(some_day() + std::chrono::days(10)));
    const auto other = co_await world.get_signed("/fapi/v1/income", "symbol=AAAUSDT");
    CHECK(other.body == "[]");
    const auto page = co_await world.get_signed("/fapi/v1/income", "page=0");
    CHECK(page.code() == -1130);
    co_await sleep_for(loop.clock, std::chrono::days(85));
    const auto old = co_await world.get_signed("/fapi/v1/income",
                                               "incomeType=TRANSFER&startTime=" + ms(some_day()));
    CHECK(old.body == "[]");
    co_await world.close();
  });
}
