// Bars of weeks and months, and what streams tell behind a jump of exchange time.
#include <doctest/doctest.h>

#include <algorithm>

#include "paper/stream_client.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

namespace {

/// "t T o h l c" of a bar that a stream told, and of the last bar that REST gives.
std::string bar_of(const std::string& event) {
  std::string all;
  for (const char* name : {"k.t", "k.T", "k.o", "k.h", "k.l", "k.c"})
    all += member(event, name) + " ";
  return all;
}

Task<std::string> newest_bar(World& world, std::string target) {
  const auto answer = co_await world.get(std::move(target));
  const auto document = net::JsonDocument::parse(answer.body);
  std::vector<std::string> row;
  document->root().for_each([&](net::JsonView bar) {
    row.clear();
    bar.for_each(
        [&](net::JsonView v) { row.push_back(v.is_string() ? std::string(v.text()) : v.raw()); });
  });
  co_return row.size() < 7
      ? answer.body
      : row[0] + " " + row[6] + " " + row[1] + " " + row[2] + " " + row[3] + " " + row[4] + " ";
}

}  // namespace

TEST_CASE("kline streams: weeks begin on Monday, months on the first, as the bars over REST") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    struct Case {
      std::string stream, question;
    };
    const std::vector<Case> cases = {
        {"aaausdt@kline_1w", "klines?symbol=AAAUSDT&interval=1w"},
        {"aaausdt@kline_1M", "klines?symbol=AAAUSDT&interval=1M"},
        {"aaausdt_perpetual@continuousKline_1w",
         "continuousKlines?pair=AAAUSDT&contractType=PERPETUAL&interval=1w"},
        {"aaausdt_perpetual@continuousKline_1M",
         "continuousKlines?pair=AAAUSDT&contractType=PERPETUAL&interval=1M"}};
    // 30 hours in, the price has moved: high and low differ.
    const auto moved = co_await world.server().timeline().jump(some_day() + Hours(31));
    REQUIRE(moved.has_value());
    for (const auto& [stream, question] : cases) {
      CAPTURE(stream);
      auto client = co_await StreamClient::open(world, "/market/ws/" + stream);
      const auto told = co_await client->next();
      const auto asked = co_await newest_bar(world, "/fapi/v1/" + question);
      CHECK(bar_of(told) == asked);
      CHECK(member(told, "k.x") == "false");
      CHECK(member(told, "k.i") == stream.substr(stream.size() - 2));
      co_await client->close();
    }
    co_await world.close();
  });
}

TEST_CASE("kline streams: a week and a month close once, at their ends") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client =
        co_await StreamClient::open(world, "/market/ws/aaausdt@kline_1w/aaausdt@kline_1M");
    const TimePoint monday = some_day() + std::chrono::days(3);  // 2025-10-13
    const TimePoint november = some_day() + std::chrono::days(22);
    for (const TimePoint end : {monday, november}) {
      const auto moved = co_await world.server().timeline().jump(end - Seconds(2));
      REQUIRE(moved.has_value());
      const auto told = co_await client->collect(Seconds(4));
      std::string closed, begun;
      for (const auto& bar : told) {
        if (member(bar, "k.x") == "true")
          closed += member(bar, "k.i") + " " + member(bar, "k.T") + " ";
        if (member(bar, "k.t") == std::to_string(to_ms(end))) begun = member(bar, "k.i");
      }
      const std::string which = end == monday ? "1w" : "1M";
      CHECK(closed == which + " " + std::to_string(to_ms(end) - 1) + " ");
      CHECK(begun == which);
    }
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("kline streams: behind a jump of weeks the present is told, and nobody is cut off") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(
        world,
        "/market/ws/aaausdt@kline_1m/bbbusdt@kline_1m/aaausdt_perpetual@continuousKline_1m/"
        "bbbusdt_perpetual@continuousKline_1m/aaausdt@aggTrade/aaausdt@markPrice@1s");
    (void)co_await client->collect(Seconds(2));
    const TimePoint to = some_day() + std::chrono::days(28) + Seconds(10);
    world.server().timeline().pause();
    const auto moved = co_await world.server().timeline().jump(to);
    REQUIRE(moved.has_value());
    const auto told = co_await client->collect(Seconds(5));
    CHECK(client->socket().is_open());
    int bars = 0, marks = 0;
    for (const auto& event : told) {
      marks += member(event, "e") == "markPriceUpdate";
      if (member(event, "k.t") == "(absent)") continue;
      ++bars;
      CHECK(member(event, "k.t") == std::to_string(to_ms(to) - 10'000));
    }
    // Time stands still behind the jump: told once, as it stands.
    CHECK(bars == 4);
    CHECK(marks == 1);
    world.server().timeline().resume();
    const auto later = co_await client->collect(Seconds(2));
    CHECK(later.size() > 4);
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("kline streams: a step tells its bars, of a long one the newest 500") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/market/ws/aaausdt@kline_1m");
    (void)co_await client->collect(Seconds(1));
    world.server().timeline().pause();
    auto moved = co_await world.server().timeline().step(Minutes(90));
    REQUIRE(moved.has_value());
    auto told = co_await client->collect(Seconds(1));
    CHECK(std::ranges::count(told, "true", [](const auto& bar) { return member(bar, "k.x"); }) ==
          90);
    moved = co_await world.server().timeline().step(Hours(20));
    REQUIRE(moved.has_value());
    told = co_await client->collect(Seconds(1));
    // Some of them on the way, the rest at its end.
    REQUIRE(told.size() >= 500);
    CHECK(told.size() < 600);
    const auto open = to_ms(world.server().now()) / 60'000 * 60'000;
    CHECK(member(told.back(), "k.t") == std::to_string(open));
    CHECK(member(told[told.size() - 500], "k.t") == std::to_string(open - 499 * 60'000));
    co_await client->close();
    co_await world.close();
  });
}
