// What the live feed makes of a source that is busy, or damaged in part.
#include "paper/live_world.h"

namespace bb::paper::test {
namespace {

TEST_CASE("live feed: a contract that cannot be read is not gone, and its positions stay") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(2));
    const auto opened = co_await follower.market_order("AAAUSDT", "SELL", "1");
    CHECK(opened.status == 200);
    net::HttpRequest request;
    request.target = "/fapi/v1/exchangeInfo";
    std::string list = (co_await source.world.server().handle(std::move(request))).response.body;
    const auto row = list.find(R"("symbol":"AAAUSDT")");
    REQUIRE(row != std::string::npos);
    const auto tick = list.find(R"("tickSize":")", row);
    REQUIRE(tick != std::string::npos);
    list.replace(tick, 12, R"("tickSize":"x)");
    source.instead = list;
    source.tell_of_a_change();
    co_await follower.wait(Seconds(20));
    CHECK(follower.logged("contracts left out") == 1);
    CHECK(follower.held() == Qty(*Decimal::parse("-1")));
    const auto closed = co_await follower.market_order("AAAUSDT", "BUY", "1");
    CHECK(closed.status == 200);
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE("live feed: a source that says 429 is asked nothing until the time that it names") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(30));
    source.limited_for_s = 40;
    source.tell_of_a_change();
    co_await follower.wait(Seconds(2));
    const auto asked = source.asked("/fapi");
    for (const auto& weak : source.sockets)
      if (const auto socket = weak.lock()) socket->drop("cut");
    co_await follower.wait(Seconds(30));
    CHECK(source.asked("/fapi") == asked);
    source.limited_for_s = 0;
    co_await follower.wait(Seconds(60));
    CHECK(source.asked("/fapi") > asked);
    CHECK_FALSE(follower.server->suspended());
    co_await follower.end();
    co_await source.close();
  });
}

}  // namespace
}  // namespace bb::paper::test
