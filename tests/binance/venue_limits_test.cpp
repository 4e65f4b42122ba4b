// Weight, pauses and bans as a client of the exchange meets them.
#include <doctest/doctest.h>

#include "binance/scripted_exchange.h"

namespace bb::binance::test {
namespace {

constexpr const char* kBalance = "GET /fapi/v3/balance";
constexpr const char* kOrder = "POST /fapi/v1/order";

net::ServerReply balance_with_weight(int used) {
  return json_reply(golden("balance.json"), 200, {{"X-MBX-USED-WEIGHT-1M", std::to_string(used)}});
}

void accept_orders(World& world) {
  world.exchange.on(kOrder, [](const Seen& seen) {
    return json_reply(order_json(seen.param("newClientOrderId")));
  });
}

TEST_CASE(
    "weight: when only the reserve is left, queries wait for the minute and commands do not") {
  in_world([](World& world) -> Task<void> {
    accept_orders(world);
    world.exchange.on(kBalance, balance_with_weight(1680));  // seventy percent of 2400
    co_await world.account->fetch_balances();
    CHECK(world.venue->health().weight_used == 1680);
    const auto placed = co_await world.account->place(market_sell("t-1"));
    CHECK(placed.done() != nullptr);
    CHECK(world.loop.clock.utc_now() < some_day() + Seconds(2));
    const auto balances = co_await world.account->fetch_balances();
    CHECK(balances.has_value());
    const auto sent = world.exchange.seen(kBalance);
    REQUIRE(sent.size() == 2);
    CHECK(sent[1].at >= some_day() + Minutes(1));
    CHECK(sent[1].at < some_day() + Seconds(62));
  });
}

TEST_CASE("weight: a burst of queries stays inside the minute's budget on its own count") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on("GET /fapi/v1/ticker/24hr", json_reply(golden("ticker_24hr.json")));
    std::vector<Task<Result<exchange::AsOf<std::vector<exchange::Ticker>>>>> tasks;
    for (int i = 0; i < 60; ++i)
      tasks.push_back(world.market->fetch_tickers());
    const auto results = co_await gather(std::move(tasks));
    for (const auto& result : results)
      CHECK(result.has_value());
    int in_first_minute = 0;
    for (const auto& each : world.exchange.seen("GET /fapi/v1/ticker/24hr"))
      if (each.at < some_day() + Minutes(1)) ++in_first_minute;
    CHECK(in_first_minute == 41);  // 41 * 40 and the five questions for the time
  });
}

TEST_CASE("429: Retry-After is honoured by the query that met it, and by all others") {
  in_world([](World& world) -> Task<void> {
    accept_orders(world);
    world.exchange.on(kBalance, balance_with_weight(10));
    world.exchange.once(kBalance, error_reply(-1003, 429, {{"Retry-After", "20"}}));
    const auto begin = world.exchange.now();
    const auto balances = co_await world.account->fetch_balances();
    CHECK(balances.has_value());
    const auto sent = world.exchange.seen(kBalance);
    REQUIRE(sent.size() == 2);
    CHECK(sent[1].at - begin >= Seconds(20));
    CHECK(sent[1].at - begin < Seconds(21));
  });
}

TEST_CASE("429: a command in the pause is refused at once, and nothing is sent") {
  in_world([](World& world) -> Task<void> {
    accept_orders(world);
    world.exchange.once(kOrder, error_reply(-1003, 429, {{"Retry-After", "20"}}));
    const auto first = co_await world.account->place(market_sell("t-1"));
    CHECK(first.code() == -1003);
    const auto begin = world.loop.clock.steady_now();
    const auto second = co_await world.account->place(market_sell("t-2"));
    REQUIRE(second.refused() != nullptr);
    CHECK(second.code() == 0);
    CHECK(world.loop.clock.steady_now() == begin);
    CHECK(world.exchange.count(kOrder) == 1);
    co_await sleep_for(world.loop.clock, Seconds(20));
    const auto third = co_await world.account->place(market_sell("t-3"));
    CHECK(third.done() != nullptr);
  });
}

TEST_CASE(
    "429: without Retry-After the pause ends with the minute, and grows when it comes again") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kBalance, balance_with_weight(10));
    world.exchange.once(kBalance, error_reply(-1003, 429));
    world.exchange.once(kBalance, error_reply(-1003, 429));
    const auto balances = co_await world.account->fetch_balances();
    CHECK(balances.has_value());
    const auto sent = world.exchange.seen(kBalance);
    REQUIRE(sent.size() == 3);
    CHECK(sent[1].at >= some_day() + Minutes(1));
    CHECK(sent[1].at < some_day() + Seconds(61));
    CHECK(sent[2].at >= some_day() + Seconds(125));
    CHECK(sent[2].at < some_day() + Seconds(126));
  });
}

TEST_CASE("429: refusals of requests that left together count once") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kBalance, balance_with_weight(10));
    std::vector<Task<Result<std::vector<exchange::AssetBalance>>>> tasks;
    for (int i = 0; i < 4; ++i) {
      world.exchange.once(kBalance, error_reply(-1003, 429, {{"Retry-After", "5"}}));
      tasks.push_back(world.account->fetch_balances());
    }
    const auto prepared = co_await world.venue->prepare(4);
    CHECK(prepared.has_value());
    const auto begin = world.loop.clock.steady_now();
    const auto results = co_await gather(std::move(tasks));
    for (const auto& result : results)
      CHECK(result.has_value());
    CHECK(world.loop.clock.steady_now() - begin < Seconds(6));
    CHECK(world.exchange.count(kBalance) == 8);
  });
}

TEST_CASE("418: a ban that is met while the time is asked stops the query behind it") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kBalance, balance_with_weight(10));
    co_await sleep_for(world.loop.clock, Minutes(31));
    world.exchange.once("GET /fapi/v1/time", error_reply(-1003, 418));
    const auto balances = co_await world.account->fetch_balances();
    REQUIRE_FALSE(balances.has_value());
    CHECK(balances.error().kind == ErrorKind::rate_limited);
    CHECK(world.exchange.count(kBalance) == 0);
  });
}

TEST_CASE("429: -1015 closes the account's orders, and nothing else") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kBalance, balance_with_weight(10));
    accept_orders(world);
    world.exchange.once(kOrder, error_reply(-1015, 429));
    const auto first = co_await world.account->place(market_sell("t-1"));
    CHECK(first.code() == -1015);
    const auto second = co_await world.account->place(market_sell("t-2"));
    CHECK(second.code() == 0);
    const auto begin = world.loop.clock.steady_now();
    const auto balances = co_await world.account->fetch_balances();
    CHECK(balances.has_value());
    CHECK(world.loop.clock.steady_now() - begin < Seconds(1));
    co_await sleep_for(world.loop.clock, Seconds(10));
    const auto third = co_await world.account->place(market_sell("t-3"));
    CHECK(third.done() != nullptr);
  });
}

TEST_CASE("418: until the ban ends nothing is sent, and everything is answered at once") {
  in_world([](World& world) -> Task<void> {
    accept_orders(world);
    world.exchange.on(kBalance, balance_with_weight(10));
    const auto until = some_day() + Minutes(5);
    world.exchange.once(
        kBalance,
        json_reply("{\"code\":-1003,\"msg\":\"Way too many requests; IP(1.2.3.4) banned until " +
                       std::to_string(to_ms(until)) + ".\"}",
                   418));
    const auto banned = co_await world.account->fetch_balances();
    REQUIRE_FALSE(banned.has_value());
    CHECK(banned.error().kind == ErrorKind::rate_limited);
    REQUIRE(world.venue->health().banned_until.has_value());
    CHECK(std::chrono::abs(*world.venue->health().banned_until - until) <= Millis(2));

    const auto requests = world.exchange.seen().size();
    const auto begin = world.loop.clock.steady_now();
    const auto query = co_await world.account->fetch_balances();
    CHECK(query.error().kind == ErrorKind::rate_limited);
    const auto command = co_await world.account->place(market_sell("t-1"));
    CHECK(command.refused() != nullptr);
    CHECK(command.code() == 0);
    const auto prepared = co_await world.venue->prepare(3);
    CHECK_FALSE(prepared.has_value());
    CHECK(world.loop.clock.steady_now() == begin);
    CHECK(world.exchange.seen().size() == requests);
    CHECK(world.lines.find("exchange banned this address") != std::string::npos);

    co_await sleep_for(world.loop.clock, Minutes(5));
    CHECK_FALSE(world.venue->health().banned_until.has_value());
    const auto after = co_await world.account->fetch_balances();
    CHECK(after.has_value());
  });
}

TEST_CASE("418: a ban without a time lasts two minutes, and one with Retry-After that long") {
  in_world([](World& world) -> Task<void> {
    world.exchange.once(kOrder, json_reply("teapot", 418));
    const auto unknown = co_await world.account->place(market_sell("t-1"));
    CHECK(unknown.unknown() != nullptr);
    co_await sleep_for(world.loop.clock, Seconds(119));
    CHECK(world.venue->health().banned_until.has_value());
    co_await sleep_for(world.loop.clock, Seconds(2));
    CHECK_FALSE(world.venue->health().banned_until.has_value());
    world.exchange.once(kOrder, error_reply(-1003, 418, {{"Retry-After", "600"}}));
    const auto refused = co_await world.account->place(market_sell("t-2"));
    CHECK(refused.code() == -1003);
    co_await sleep_for(world.loop.clock, Seconds(599));
    CHECK(world.venue->health().banned_until.has_value());
  });
}

TEST_CASE("418: a ban that is met by a WebSocket handshake stops requests too") {
  in_world([](World& world) -> Task<void> {
    const Error refused{ErrorKind::rejected, "refused the WebSocket", 418};
    const Error unreachable{ErrorKind::unreachable, "no route", 418};
    const int before = world.venue->health().weight_used;
    world.venue->note_handshake(5, &unreachable);
    CHECK_FALSE(world.venue->obstacle());
    CHECK(world.venue->health().weight_used == before + 5);
    world.venue->note_handshake(5, &refused);
    CHECK(world.venue->obstacle()->find("banned") != std::string::npos);
    const auto balances = co_await world.account->fetch_balances();
    CHECK_FALSE(balances.has_value());
    CHECK(world.exchange.seen(kBalance).empty());
  });
}

TEST_CASE("orders: the account's pool keeps room for what reduces risk") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kOrder, [](const Seen& seen) {
      return json_reply(order_json(seen.param("newClientOrderId")), 200,
                        {{"X-MBX-ORDER-COUNT-10S", "250"}, {"X-MBX-ORDER-COUNT-1M", "250"}});
    });
    co_await world.account->place(market_sell("t-1"));
    const auto entry = co_await world.account->place(market_sell("t-2"));
    CHECK(entry.code() == 0);
    CHECK(entry.refused() != nullptr);
    auto closing = market_sell("t-3");
    closing.reduce_only = true;
    const auto close = co_await world.account->place(closing);
    CHECK(close.done() != nullptr);
    CHECK(world.exchange.count(kOrder) == 2);
  });
}

TEST_CASE("prepare: connections are open before they are needed") {
  in_world([](World& world) -> Task<void> {
    accept_orders(world);
    const auto prepared = co_await world.market->prepare(5);
    CHECK(prepared.has_value());
    CHECK(world.exchange.connections() == 5);
    const auto begin = world.loop.clock.steady_now();
    std::vector<Task<exchange::Outcome<exchange::OrderView>>> orders;
    for (int i = 0; i < 5; ++i)
      orders.push_back(world.account->place(market_sell("t-" + std::to_string(i))));
    const auto outcomes = co_await gather(std::move(orders));
    for (const auto& outcome : outcomes)
      CHECK(outcome.done() != nullptr);
    CHECK(world.loop.clock.steady_now() - begin == Millis(50));
    CHECK(world.exchange.connections() == 5);
  });
}

}  // namespace
}  // namespace bb::binance::test
