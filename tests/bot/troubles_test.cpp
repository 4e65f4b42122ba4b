// A full disk, a Telegram that does not listen, a second holder of the token, a restart.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/full_disk.h"
#include "world.h"

namespace bb::bot::test {
namespace {

constexpr const char* kStorm =
    R"({"ok":false,"error_code":429,"description":"Too Many Requests: retry after 40",)"
    R"("parameters":{"retry_after":40}})";
constexpr const char* kConflict =
    R"({"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates )"
    R"(request; make sure that only one bot instance is running"})";
constexpr const char* kWebhook =
    R"({"ok":false,"error_code":409,"description":"Conflict: can't use getUpdates method while )"
    R"(webhook is active; use deleteWebhook to delete the webhook first"})";

int count_of(const World& world, const std::string& part) {
  return static_cast<int>(std::ranges::count_if(
      world.shown, [&](const Shown& shown) { return shown.text.find(part) != std::string::npos; }));
}

TEST_CASE(
    "full disk: everything that closes is shown, confirmed and done once; the rest is refused") {
  run_world([](World& world) -> Task<void> {
    const bb::test::FullDisk disk(0);
    for (const char* line : {"/flatten alice", "/pause alice", "/losscut alice", "/cancel alice"}) {
      co_await world.type(kOwner, line);
      const Shown where = world.newest(kOwner);
      const auto press = world.press_of(kOwner, where, world.data_of(where, "Yes"));
      const auto before = world.performed();
      co_await world.hear({press, press});
      co_await world.hear({press});
      CHECK_MESSAGE(world.performed() == before + 1, line);
    }
    co_await world.type(kOwner, "/status");
    CHECK(world.says(kOwner, "alice"));
    for (const char* line : {"/resume alice", "/mute 8h alice", "/language zh"}) {
      co_await world.type(kOwner, line);
      CHECK_MESSAGE(world.says(kOwner, "database takes nothing"), line);
    }
    CHECK(world.performed() == 4);
  });
}

TEST_CASE("full disk: a button from before it still closes, once") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/flatten alice");
    const Shown where = world.newest(kOwner);
    const auto data = world.data_of(where, "Yes");
    const bb::test::FullDisk disk(0);
    co_await world.hear({world.press_of(kOwner, where, data), world.press_of(kOwner, where, data)});
    co_await world.hear({world.press_of(kOwner, where, data)});
    CHECK(world.performed() == 1);
    CHECK(world.says(kOwner, "FLAT"));
  });
}

TEST_CASE("full disk: polling goes on with a pause, and an update is not asked for again") {
  run_world([](World& world) -> Task<void> {
    Stop stop(world.loop.clock);
    TaskGroup group(co_await boost::asio::this_coro::executor);
    {
      const bb::test::FullDisk disk(0);
      world.polled = world.message(kOwner, kOwner, "/status");
      group.spawn(world.bot->run(stop));
      co_await sleep_for(world.loop.clock, Micros(120'000'000));
    }
    CHECK(std::ranges::count(world.methods, "getUpdates") < 10);
    CHECK(world.newest_offset > 1000);
    CHECK(count_of(world, "alice") == 1);
    stop.request();
    co_await group.join();
  });
}

TEST_CASE("storm: a flatten's result is the first message out, as it is then, and told once") {
  run_world([](World& world) -> Task<void> {
    world.account("alice").delay = Micros(20'000'000);
    co_await world.type(kOwner, "/flatten all");
    co_await world.type(kPartner, "/start");
    const Shown menu = world.newest(kPartner);
    const Shown where = world.newest(kOwner);
    world.shown.clear();
    world.fails_with = kStorm;
    TaskGroup group(co_await boost::asio::this_coro::executor);
    auto updates =
        parse_updates("[" + world.press_of(kPartner, menu, world.data_of(menu, "Status")) + "," +
                      world.press_of(kOwner, where, world.data_of(where, "Yes")) + "]");
    world.bot->hear(std::move(*updates), group);
    co_await sleep_for(world.loop.clock, Micros(30'000'000));
    world.fails_with.clear();
    co_await group.join();
    REQUIRE_FALSE(world.shown.empty());
    CHECK(world.shown.front().text.find("FLAT") != std::string::npos);
    CHECK(world.shown.front().text.find("working") == std::string::npos);
    CHECK(count_of(world, "FLAT") == 1);
  });
}

TEST_CASE("dead Telegram: a result waits in ops.db and is told by the next process, once") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/flatten all");
    const Shown where = world.newest(kOwner);
    world.fails_with = R"({"ok":false,"error_code":500,"description":"Internal Server Error"})";
    co_await world.hear({world.press_of(kOwner, where, world.data_of(where, "Yes"))});
    CHECK(world.performed() == 2);
    CHECK(world.audit().find("not told yet") != std::string::npos);
    world.restart();
    co_await sleep_for(world.loop.clock, Micros(60'000'000));
    co_await world.bot->sweep();
    world.fails_with.clear();
    world.shown.clear();
    co_await sleep_for(world.loop.clock, Micros(600'000'000));
    co_await world.bot->sweep();
    CHECK(world.says(kOwner, "could not be told when it ended"));
    CHECK(world.says(kOwner, "FLAT"));
    CHECK(World::is_over(world.newest(kOwner)));
    CHECK(world.audit().find("told late") != std::string::npos);
    co_await world.bot->sweep();
    world.restart();
    co_await sleep_for(world.loop.clock, Micros(600'000'000));
    co_await world.bot->sweep();
    CHECK(count_of(world, "FLAT") == 1);
  });
}

TEST_CASE("a lost chat: the result goes to the person, and where he is lost too, into the audit") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/flatten alice", kGroup);
    const Shown where = world.newest(kGroup);
    world.lost_chats = {kGroup};
    co_await world.hear({world.press_of(kOwner, where, world.data_of(where, "Yes"))});
    CHECK(world.says(kOwner, "FLAT"));
    co_await world.type(kOwner, "/flatten alice");
    const Shown mine = world.newest(kOwner);
    world.lost_chats = {kGroup, kOwner};
    co_await world.hear({world.press_of(kOwner, mine, world.data_of(mine, "Yes"))});
    co_await world.bot->sweep();
    CHECK(world.performed() == 2);
    CHECK(world.audit().find("never told") != std::string::npos);
  });
}

TEST_CASE("start: updates are heard while the telling of interrupted commands still waits") {
  run_world([](World& world) -> Task<void> {
    CHECK(*world.ops->take(
        {kBotId, 5, kOwner, kOwner, "yes: /flatten all", world.loop.clock.utc_now()}));
    world.restart();
    world.fails["sendMessage"] = kStorm;
    Stop stop(world.loop.clock);
    TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn(world.bot->run(stop));
    co_await sleep_for(world.loop.clock, Micros(20'000'000));
    CHECK(std::ranges::count(world.methods, "getUpdates") == 1);
    CHECK(world.audit().find("interrupted by a restart") != std::string::npos);
    world.fails.clear();
    co_await sleep_for(world.loop.clock, Micros(60'000'000));
    CHECK(world.says(kOwner, "“/flatten all”"));
    stop.request();
    co_await group.join();
  });
}

TEST_CASE("two with one token: nothing that adds risk until it was quiet, one alarm an hour") {
  run_world([](World& world) -> Task<void> {
    Stop stop(world.loop.clock);
    TaskGroup group(co_await boost::asio::this_coro::executor);
    world.fails["getUpdates"] = kConflict;
    group.spawn(world.bot->run(stop));
    for (int i = 0; i < 20; ++i) {  // flip after flip
      co_await sleep_for(world.loop.clock, Micros(15'000'000));
      world.fails.clear();
      co_await sleep_for(world.loop.clock, Micros(55'000'000));
      world.fails["getUpdates"] = kConflict;
    }
    world.fails.clear();
    CHECK(world.alarms.size() == 1);
    co_await world.type(kPartner, "/resume alice");
    CHECK(world.says(kPartner, "nothing that adds risk"));
    CHECK(world.audit().find("another process used the bot's token") != std::string::npos);
    co_await world.type(kOwner, "/flatten alice");
    co_await world.press(kOwner, "Yes");
    CHECK(world.performed() == 1);
    co_await sleep_for(world.loop.clock, kQuiet + Micros(60'000'000));
    co_await world.type(kPartner, "/resume alice");
    CHECK(world.says(kPartner, "authenticator"));
    stop.request();
    co_await group.join();
  });
}

TEST_CASE("a webhook that somebody set is called so, and taken away") {
  run_world([](World& world) -> Task<void> {
    Stop stop(world.loop.clock);
    TaskGroup group(co_await boost::asio::this_coro::executor);
    world.fails["getUpdates"] = kWebhook;
    group.spawn(world.bot->run(stop));
    co_await sleep_for(world.loop.clock, Micros(500'000));
    world.fails.clear();
    co_await sleep_for(world.loop.clock, Micros(5'000'000));
    REQUIRE(world.alarms.size() == 1);
    CHECK(world.alarms.front().find("webhook") != std::string::npos);
    CHECK(std::ranges::count(world.methods, "deleteWebhook") >= 2);
    stop.request();
    co_await group.join();
  });
}

TEST_CASE("a wrong clock is called so") {
  run_world([](World& world) -> Task<void> {
    auto update = world.message(kOwner, kOwner, "/flatten all");
    const auto now = to_ms(world.loop.clock.utc_now()) / 1000;
    const auto date = std::to_string(now);
    update.replace(update.find(date), date.size(), std::to_string(now + 120));
    co_await world.hear({update});
    CHECK(world.says(kOwner, "ahead of this host's clock"));
    CHECK(world.says(kOwner, "2 min"));
    CHECK(world.performed() == 0);
  });
}

}  // namespace
}  // namespace bb::bot::test
