// What keeps a stolen phone, a mistake or a slow exchange small: the lock, the day's cap, the
// readings that are kept; and the choices that need no typing.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>

#include "world.h"

namespace bb::bot::test {
namespace {

bool offers(const Shown& shown, const std::string& part) {
  return std::ranges::any_of(shown.buttons, [&](const auto& button) {
    return button.first.find(part) != std::string::npos;
  });
}

TEST_CASE("lock: nothing but flatten, pause and status, for everybody, until a second factor") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOperator, "/lock");
    CHECK(world.says(kOperator, "it needs the role “admin”"));
    co_await world.type(kOwner, "/resume alice");  // shown before
    co_await world.type(kOwner, "/losscut alice");
    const Shown cut = world.newest(kOwner);
    co_await world.type(kOwner, "/lock");
    CHECK(Lockdown(world.settings.ops_db).read() == std::nullopt);
    co_await world.press(kOwner, "Yes");
    REQUIRE(Lockdown(world.settings.ops_db).read().has_value());
    co_await world.hear({world.press_of(kOwner, cut, world.data_of(cut, "Yes"))});
    CHECK(world.performed() == 1);  // it takes risk away
    world.restart();
    for (const char* line :
         {"/resume alice", "/mute 1h", "/positions", "/logs", "/audit", "/strategies"})
      for (const auto user : {kOwner, kPartner}) {
        world.shown.clear();
        co_await world.type(user, line);
        CHECK_MESSAGE(world.says(user, "Locked by Somebody (user 11)"), line);
        CHECK_MESSAGE(!offers(world.newest(user), "Yes"), line);
      }
    co_await world.type(kOperator, "/pause alice");
    co_await world.press(kOperator, "Yes");
    co_await world.type(kOwner, "/flatten alice");
    co_await world.press(kOwner, "Yes");
    CHECK(world.performed() == 3);
    for (const char* line : {"/losscut alice", "/cancel alice"}) {
      co_await world.type(kOwner, line);
      co_await world.press(kOwner, "Yes");
    }
    CHECK(world.performed() == 5);
    co_await world.type(kViewer, "/help");
    CHECK(world.newest(kViewer).text.find("Locked") == std::string::npos);
    co_await world.type(kViewer, "/status");
    CHECK(world.newest(kViewer).text.find("Locked") == std::string::npos);
    co_await world.type(kOwner, "/start");
    CHECK(world.says(kOwner, "Locked by"));
    CHECK(offers(world.newest(kOwner), "Unlock"));
    CHECK_FALSE(offers(world.newest(kOwner), "Resume"));
    // Who has no second factor of his own asks another admin.
    co_await world.type(kOwner, "/unlock 123456");
    CHECK(Lockdown(world.settings.ops_db).read().has_value());
    co_await world.type(kOwner, "/unlock");
    co_await world.press(kOwner, "Ask another admin");
    CHECK(world.says(kPartner, "locked by"));
    co_await world.press(kPartner, "Agree");
    CHECK(world.says(kOwner, "Unlocked by"));
    CHECK_FALSE(Lockdown(world.settings.ops_db).read().has_value());
    co_await world.type(kOwner, "/positions");
    CHECK(world.says(kOwner, "AAAUSDT"));
    co_await world.type(kOwner, "/unlock");
    CHECK(world.says(kOwner, "is not locked"));
  });
}

TEST_CASE("lock: only an admin of all accounts ends it") {
  run_world([](World& world) -> Task<void> {
    for (auto& section : world.settings.sections)
      if (section.id == kPartner) section.admin = {"alice"};
    world.restart();
    co_await world.type(kPartner, "/lock");
    co_await world.press(kPartner, "Yes");
    REQUIRE(Lockdown(world.settings.ops_db).read().has_value());
    co_await world.type(kPartner, "/unlock");
    CHECK(world.says(kPartner, "it needs the role “admin”"));
    CHECK(Lockdown(world.settings.ops_db).read().has_value());
  });
}

TEST_CASE("lock: a bot without accounts can be locked, by its admins") {
  run_world([](World& world) -> Task<void> {
    world.accounts.clear();
    world.restart();
    co_await world.type(kOperator, "/lock");
    CHECK_FALSE(offers(world.newest(kOperator), "Yes"));
    co_await world.type(kOwner, "/lock");
    co_await world.press(kOwner, "Yes");
    CHECK(Lockdown(world.settings.ops_db).read().has_value());
  });
}

TEST_CASE("lock: a file that cannot be read counts as locked, and only its removal ends it") {
  const TempDir dir;
  const Lockdown lock(dir.file("ops.db"));
  CHECK_FALSE(lock.read().has_value());
  REQUIRE(lock.set("Ann (user 1)", from_ms(1'760'000'000'000)).has_value());
  REQUIRE(lock.set("Bob", from_ms(1'770'000'000'000)).has_value());
  REQUIRE(lock.read().has_value());
  CHECK(lock.read()->who == "Ann (user 1)");  // who was first
  CHECK(lock.read()->since == from_ms(1'760'000'000'000));
  REQUIRE(lock.clear().has_value());
  CHECK(lock.clear().has_value());
  CHECK_FALSE(lock.read().has_value());
  const std::string folder = dir.file("other.locked");
  REQUIRE(mkdir(folder.c_str(), 0700) == 0);
  CHECK(Lockdown(dir.file("other")).read().has_value());
}

TEST_CASE("cap: what adds risk or hides alerts ends with the day's number, what closes never") {
  run_world([](World& world) -> Task<void> {
    world.settings.acts_per_day = 3;
    world.restart();
    for (int i = 0; i < 2; ++i)
      co_await world.type(kPartner, "/resume alice");
    co_await world.type(kPartner, "/mute 1h alice");
    world.shown.clear();
    co_await world.type(kPartner, "/resume alice");
    CHECK(world.says(kPartner, "more than 3 of your commands"));
    co_await world.type(kPartner, "/alerts alice entry=off");
    CHECK(world.audit().find("refused: the day's cap") != std::string::npos);
    world.restart();  // it is remembered
    co_await world.type(kPartner, "/mute 8h");
    CHECK(world.says(kPartner, "more than 3 of your commands"));
    for (const char* line : {"/flatten alice", "/pause alice", "/losscut alice", "/cancel alice"})
      for (int i = 0; i < 3; ++i) {
        co_await world.type(kPartner, line);
        co_await world.press(kPartner, "Yes");
      }
    CHECK(world.performed() == 12);
    co_await world.type(kOwner, "/resume alice");  // another person's day is his own
    CHECK_FALSE(world.says(kOwner, "more than 3"));
    co_await sleep_for(world.loop.clock, Hours(24));
    world.shown.clear();
    co_await world.type(kPartner, "/resume alice");
    CHECK(world.says(kPartner, "authenticator"));
  });
}

TEST_CASE("buttons: any percentage, by presets and steps, within its bounds") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/flatten alice");
    CHECK_FALSE(offers(world.newest(kOwner), "+"));  // 100 is the most
    co_await world.press(kOwner, "33 %");
    for (const char* step : {"+10 %", "−1 %", "−1 %"})
      co_await world.press(kOwner, step);
    CHECK(world.says(kOwner, "Close 41 % of all positions"));
    co_await world.press(kOwner, "10 %");
    for (int i = 0; i < 9; ++i)
      co_await world.press(kOwner, "−1 %");
    CHECK(world.says(kOwner, "Close 1 % of"));
    CHECK_FALSE(offers(world.newest(kOwner), "−"));
    co_await world.press(kOwner, "Shorts");
    co_await world.press(kOwner, "Yes");
    REQUIRE(world.performed() == 1);
    const auto& command = world.account("alice").commands.front();
    CHECK(command.percent == Decimal::from_int(1));
    CHECK(command.sides == control::Sides::shorts);
  });
}

TEST_CASE("buttons: several symbols, one by one, over pages, on and off again") {
  run_world([](World& world) -> Task<void> {
    auto& positions = world.account("alice").positions;
    const auto first = positions.front();
    for (int i = 10; i < 50; ++i) {
      auto row = first;
      row.symbol = Symbol(fmt::format("C{}USDT", i));
      positions.push_back(row);
    }
    co_await world.type(kOwner, "/flatten alice 50");
    co_await world.press(kOwner, "Symbols…");
    co_await world.press(kOwner, "AAAUSDT");
    co_await world.press(kOwner, "C11USDT");
    co_await world.press(kOwner, "›");
    co_await world.press(kOwner, "C40USDT");
    CHECK(offers(world.newest(kOwner), "2/3"));  // it stays on its page
    co_await world.press(kOwner, "‹");
    co_await world.press(kOwner, "☑ AAAUSDT");
    CHECK(offers(world.newest(kOwner), "Go on with 2 symbols"));
    co_await world.press(kOwner, "Go on");
    CHECK(world.says(kOwner, "Close 50 % of C11USDT, C40USDT"));
    co_await world.press(kOwner, "Yes");
    REQUIRE(world.performed() == 1);
    CHECK(world.account("alice").commands.front().symbols ==
          std::vector<std::string>{"C11USDT", "C40USDT"});
    CHECK(world.account("alice").commands.front().percent == Decimal::from_int(50));
    // No more than a line may carry.
    std::string line = "/flatten alice";
    for (int i = 10; i < 30; ++i)
      line += fmt::format(" C{}USDT", i);
    co_await world.type(kOwner, line + " choose-symbols");
    CHECK(world.says(kOwner, "20 are the most"));
    for (int i = 0; i < 2; ++i)
      co_await world.press(kOwner, "›");
    co_await world.press(kOwner, "C49USDT");
    CHECK(offers(world.newest(kOwner), "Go on with 20 symbols"));
  });
}

TEST_CASE("buttons: opening orders of one symbol are canceled without typing") {
  run_world([](World& world) -> Task<void> {
    for (const char* symbol : {"BBBUSDT", "AAAUSDT", "BBBUSDT"}) {
      OrderRow order;
      order.symbol = Symbol(symbol);
      world.account("alice").orders.push_back(order);
    }
    OrderRow stop;
    stop.symbol = Symbol("SSSUSDT");
    stop.reduces_only = true;
    world.account("alice").orders.push_back(stop);
    co_await world.type(kOperator, "/start");
    co_await world.press(kOperator, "Cancel orders");
    co_await world.press(kOperator, "Symbols…");
    CHECK_FALSE(offers(world.newest(kOperator), "SSSUSDT"));
    co_await world.press(kOperator, "BBBUSDT");
    co_await world.press(kOperator, "Go on with 1 symbol");
    CHECK(world.says(kOperator, "BBBUSDT"));
    co_await world.press(kOperator, "Yes");
    REQUIRE(world.performed() == 1);
    const auto& command = world.account("alice").commands.front();
    CHECK(command.kind == control::CommandKind::cancel);
    CHECK(command.symbols == std::vector<std::string>{"BBBUSDT"});
  });
}

TEST_CASE("pnl: one reading per account and window within a minute, and its age is told") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/pnl");
    CHECK(world.pnl_reads == 2);
    CHECK_FALSE(world.says(kOwner, "ago"));
    co_await sleep_for(world.loop.clock, Seconds(20));
    co_await world.type(kPartner, "/pnl");
    CHECK(world.pnl_reads == 2);
    CHECK(world.says(kPartner, "read 20 s ago"));
    co_await world.type(kOwner, "/pnl week alice");
    CHECK(world.pnl_reads == 3);
    co_await sleep_for(world.loop.clock, Seconds(41));
    co_await world.press(kOwner, "Refresh");
    CHECK(world.pnl_reads == 3);
    co_await world.type(kPartner, "/pnl");
    CHECK(world.pnl_reads == 5);
    CHECK_FALSE(world.newest(kPartner).text.find("ago") != std::string::npos);
    // What could not be read is not kept.
    world.is_blind = true;
    co_await sleep_for(world.loop.clock, Seconds(61));
    co_await world.type(kOwner, "/pnl alice");
    co_await world.type(kOwner, "/pnl alice");
    CHECK(world.pnl_reads == 7);
  });
}

}  // namespace
}  // namespace bb::bot::test
