// What all accounts of a process share, and what outlives the process: weight, and bans.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "binance/ban_file.h"
#include "binance/scripted_exchange.h"

namespace bb::binance::test {
namespace {

constexpr const char* kBalance = "GET /fapi/v3/balance";
constexpr const char* kOpen = "GET /fapi/v1/openAlgoOrders";
constexpr const char* kOrder = "POST /fapi/v1/order";

void accept_orders(World& world) {
  world.exchange.on(kOrder, [](const Seen& seen) {
    return json_reply(order_json(seen.param("newClientOrderId")));
  });
}

int weight_in_first_minute(World& world) {
  int weight = 0;
  for (const auto& each : world.exchange.seen()) {
    if (each.at >= some_day() + Minutes(1)) continue;
    weight += each.route == kOpen ? 40 : each.route == kOrder ? 0 : 1;
  }
  return weight;
}

using Asked = std::vector<Task<Result<std::vector<exchange::OrderView>>>>;

Task<void> all_answered(Asked tasks, bool& is_done) {
  const auto results = co_await gather(std::move(tasks));
  for (const auto& result : results)
    CHECK(result.has_value());
  is_done = true;
}

TEST_CASE("I35: two accounts on one venue share the weight, and either may still protect") {
  in_world([](World& world) -> Task<void> {
    accept_orders(world);
    world.exchange.on(kOpen, json_reply("[]"));
    const auto second = make_account(*world.venue, world.settings);
    Asked tasks;
    for (int i = 0; i < 40; ++i) {
      tasks.push_back(world.account->fetch_open_conditional_orders());
      tasks.push_back(second->fetch_open_conditional_orders());
    }
    bool is_done = false;
    TaskGroup group(world.loop.io.get_executor());
    group.spawn(all_answered(std::move(tasks), is_done));
    co_await sleep_for(world.loop.clock, Seconds(20));
    CHECK_FALSE(is_done);  // what is over seventy percent waits for the next minute
    auto closing = market_sell("t-1");
    closing.reduce_only = true;
    const auto begin = world.loop.clock.steady_now();
    const auto first_close = co_await world.account->place(closing);
    const auto second_close = co_await second->place(closing);
    CHECK(first_close.done() != nullptr);
    CHECK(second_close.done() != nullptr);
    CHECK(world.loop.clock.steady_now() - begin < Seconds(1));
    co_await group.join();
    CHECK(is_done);
    CHECK(weight_in_first_minute(world) <= 1680);
    CHECK(weight_in_first_minute(world) > 1600);
  });
}

TEST_CASE("I35: the accounts of a venue have an order count each") {
  in_world([](World& world) -> Task<void> {
    const auto second = make_account(*world.venue, world.settings);
    world.exchange.on(kOrder, [](const Seen& seen) {
      return json_reply(order_json(seen.param("newClientOrderId")), 200,
                        {{"X-MBX-ORDER-COUNT-10S", "290"}, {"X-MBX-ORDER-COUNT-1M", "290"}});
    });
    const auto first = co_await world.account->place(market_sell("t-1"));
    CHECK(first.done() != nullptr);
    const auto full = co_await world.account->place(market_sell("t-2"));
    CHECK(full.refused() != nullptr);
    const auto other = co_await second->place(market_sell("t-3"));
    CHECK(other.done() != nullptr);
  });
}

Task<void> be_banned(SimLoop& loop, const std::string& ban_file, Minutes length) {
  World world(loop);
  world.venue = std::make_unique<Venue>(world.exchange.dialer(), loop.clock, world.log,
                                        world.settings, VenueOptions{ban_file});
  world.account = make_account(*world.venue, world.settings);
  const auto until = loop.clock.utc_now() + length;
  world.exchange.on(kBalance,
                    json_reply("{\"code\":-1003,\"msg\":\"Way too many requests; IP(1.2.3.4) "
                               "banned until " +
                                   std::to_string(to_ms(until)) + ".\"}",
                               418));
  const auto banned = co_await world.account->fetch_balances();
  CHECK_FALSE(banned.has_value());
  co_await world.close();
}

TEST_CASE("F67: a ban outlives the process: nothing is sent before it ends") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const bb::test::TempDir dir;
    const auto file = dir.file("bans/exchange.ban");
    co_await be_banned(loop, file, Minutes(30));

    World world(loop);
    accept_orders(world);
    world.exchange.on(kBalance, json_reply(golden("balance.json")));
    world.venue = std::make_unique<Venue>(world.exchange.dialer(), loop.clock, world.log,
                                          world.settings, VenueOptions{file});
    world.account = make_account(*world.venue, world.settings);
    REQUIRE(world.venue->health().banned_until.has_value());
    co_await sleep_for(loop.clock, Minutes(29));
    const auto query = co_await world.account->fetch_balances();
    CHECK(query.error().kind == ErrorKind::rate_limited);
    const auto command = co_await world.account->place(market_sell("t-1"));
    CHECK(command.code() == 0);
    CHECK(command.refused() != nullptr);
    Stop stop(loop.clock);
    const auto event = co_await world.account->next_event(stop);
    REQUIRE(event.has_value());
    CHECK(std::get<exchange::Gap>(*event).why.find("banned") != std::string::npos);
    CHECK(world.exchange.seen().empty());
    CHECK(world.exchange.connections() == 0);
    co_await sleep_for(loop.clock, Minutes(1));
    const auto after = co_await world.account->fetch_balances();
    CHECK(after.has_value());
    stop.request();
    (void)co_await world.account->next_event(stop);
    co_await world.close();
  });
}

TEST_CASE("F67: without a file, or with one that is no ban, or of a wrong clock, nobody waits") {
  const bb::test::TempDir dir;
  const BanFile file(dir.file("one.ban"));
  const auto now = some_day();
  CHECK_FALSE(file.load(now).has_value());
  CHECK(file.save(now + Minutes(2)).has_value());
  CHECK(file.load(now) == now + Minutes(2));
  CHECK_FALSE(file.load(now + Minutes(2)).has_value());
  CHECK(file.save(now + Hours(24 * 9)).has_value());
  CHECK_FALSE(file.load(now).has_value());
  std::ofstream(dir.file("one.ban")) << "banned until soon\n";
  CHECK_FALSE(file.load(now).has_value());
  CHECK_FALSE(BanFile("").load(now).has_value());
  CHECK(BanFile("").save(now).has_value());
  CHECK_FALSE(BanFile("/proc/no/such/folder/x").save(now).has_value());
}

TEST_CASE("F67: a ban is of a host and of the way to it") {
  CHECK(ban_file_name("https://fapi.binance.com", "") == "fapi.binance.com_443.ban");
  CHECK(ban_file_name("https://fapi.binance.com", "10.0.0.1_3128") ==
        "fapi.binance.com_443_by_10.0.0.1_3128.ban");
  CHECK(ban_file_name("https://demo-fapi.binance.com/x", "a/b") ==
        "demo-fapi.binance.com_443_by_a_b.ban");
}

}  // namespace
}  // namespace bb::binance::test
