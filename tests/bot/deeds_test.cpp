#include <doctest/doctest.h>

#include <algorithm>

#include "bot/one_time_code.h"
#include "world.h"

namespace bb::bot::test {
namespace {

bool says(const World& world, std::int64_t chat, const std::string& text) {
  return world.newest(chat).text.find(text) != std::string::npos;
}

std::string code_now(const World& world) {
  const auto key = base32_decode(kSecret);
  return one_time_code(*key,
                       static_cast<std::uint64_t>(to_ms(world.loop.clock.utc_now()) / 30'000));
}

TEST_CASE("resume: without a second factor nobody may, not even the owner alone") {
  run_world([](World& world) -> Task<void> {
    world.settings.sections.pop_back();  // no other admin
    world.restart();
    co_await world.type(kOwner, "/resume alice");
    CHECK(says(world, kOwner, "second factor"));
    CHECK(world.newest(kOwner).buttons.empty());
    co_await world.type(kOwner, "/resume alice 123456");
    CHECK(world.performed() == 0);
  });
}

TEST_CASE("resume: an operator may not, and a viewer may not") {
  run_world([](World& world) -> Task<void> {
    for (const auto user : {kOperator, kViewer}) {
      co_await world.type(user, "/resume alice");
      CHECK(world.newest(user).buttons.empty());
    }
    CHECK(world.performed() == 0);
  });
}

TEST_CASE("resume: a code that is typed, once; its message is taken away") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kPartner, "/resume alice");
    CHECK(says(world, kPartner, "paused by shell"));
    const auto code = code_now(world);
    co_await world.type(kPartner, code);
    REQUIRE(world.performed() == 1);
    const auto& command = world.account("alice").commands.front();
    CHECK(command.kind == control::CommandKind::resume);
    CHECK(command.who.find("with a code") != std::string::npos);
    CHECK(std::ranges::find(world.methods, "deleteMessage") != world.methods.end());
    // The same code again, by every way.
    co_await world.type(kPartner, "/resume alice");
    co_await world.type(kPartner, code);
    co_await world.type(kPartner, "/resume alice " + code);
    CHECK(world.performed() == 1);
    CHECK(says(world, kPartner, "used before"));
  });
}

TEST_CASE("resume: a code that is pressed, digit by digit, without a keyboard") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kPartner, "/resume alice");
    for (const char digit : code_now(world))
      co_await world.press(kPartner, std::string(1, digit));
    CHECK(world.performed() == 1);
  });
}

TEST_CASE("resume: five wrong codes lock for a quarter of an hour, the right one too") {
  run_world([](World& world) -> Task<void> {
    for (int i = 0; i < 5; ++i)
      co_await world.type(kPartner, "/resume alice 000000");
    co_await world.type(kPartner, "/resume alice " + code_now(world));
    CHECK(says(world, kPartner, "15 minutes"));
    CHECK(world.performed() == 0);
    co_await sleep_for(world.loop.clock, Micros(901'000'000));
    co_await world.type(kPartner, "/resume alice " + code_now(world));
    CHECK(world.performed() == 1);
  });
}

TEST_CASE("resume: another admin agrees, and he alone") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/resume alice");
    co_await world.press(kOwner, "Ask another admin");
    CHECK(says(world, kOwner, "Asked 1 admins"));
    CHECK(says(world, kPartner, "Do you agree?"));
    const Shown wish = world.newest(kPartner);
    const auto agree = world.data_of(wish, "Agree");
    co_await world.hear({world.press_of(kOwner, wish, agree)});
    co_await world.hear({world.press_of(kViewer, wish, agree)});
    CHECK(world.performed() == 0);
    co_await world.hear({world.press_of(kPartner, wish, agree)});
    REQUIRE(world.performed() == 1);
    CHECK(world.account("alice").commands.front().who.find("agreed by") != std::string::npos);
    co_await world.hear({world.press_of(kPartner, wish, agree)});
    CHECK(world.performed() == 1);
  });
}

TEST_CASE("resume: another admin refuses, or answers too late") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/resume alice");
    co_await world.press(kOwner, "Ask another admin");
    co_await world.press(kPartner, "Refuse");
    CHECK(says(world, kOwner, "refused"));
    co_await world.type(kOwner, "/resume alice");
    co_await world.press(kOwner, "Ask another admin");
    const Shown wish = world.newest(kPartner);
    co_await sleep_for(world.loop.clock, Micros(61'000'000));
    co_await world.hear({world.press_of(kPartner, wish, world.data_of(wish, "Agree"))});
    CHECK(world.performed() == 0);
  });
}

TEST_CASE("deeds: a flatten by buttons alone, narrowed on its way") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/start");
    co_await world.press(kOwner, "Flatten");
    co_await world.press(kOwner, "alice");
    co_await world.press(kOwner, "50 %");
    co_await world.press(kOwner, "Yes");
    REQUIRE(world.performed() == 1);
    CHECK(world.account("alice").commands.front().percent == Decimal::from_int(50));
    // All of it happened in one message.
    for (const auto& shown : world.shown)
      CHECK(shown.message == world.shown.front().message);
  });
}

TEST_CASE("deeds: Cancel does nothing and takes every button away") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/flatten alice");
    const Shown where = world.newest(kOwner);
    co_await world.press(kOwner, "Cancel");
    CHECK(world.newest(kOwner).buttons.empty());
    co_await world.hear({world.press_of(kOwner, where, world.data_of(where, "Yes"))});
    CHECK(world.performed() == 0);
  });
}

TEST_CASE("deeds: each account's command has an id of its own that the update alone decides") {
  const Request request = [] {
    Request made;
    made.verb = Verb::flatten;
    return made;
  }();
  const TimePoint now{};
  const auto id = command_of(request, "alice", "x", 1, 7, now).id;
  CHECK(id.size() == 32);
  CHECK(id == command_of(request, "alice", "y", 1, 7, now + Hours(1)).id);
  CHECK(id != command_of(request, "bob", "x", 1, 7, now).id);
  CHECK(id != command_of(request, "alice", "x", 1, 8, now).id);
  CHECK(id != command_of(request, "alice", "x", 2, 7, now).id);
}

TEST_CASE("deeds: a command that a restart cut short is told and not repeated") {
  run_world([](World& world) -> Task<void> {
    CHECK(
        *world.ops->take({kBotId, 5, kOwner, kOwner, "!/flatten all", world.loop.clock.utc_now()}));
    world.restart();
    co_await world.bot->tell_interrupted();
    CHECK(says(world, kOwner, "restarted while it worked on"));
    CHECK(world.performed() == 0);
    const auto told = world.shown.size();
    co_await world.bot->tell_interrupted();
    CHECK(world.shown.size() == told);
  });
}

TEST_CASE("language: as Telegram says, until the person chooses; both have every word") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/start");
    CHECK(says(world, kOwner, "What would you like"));
    co_await world.press(kOwner, "中文");
    CHECK(says(world, kOwner, "中文"));
    co_await world.type(kOwner, "/flatten alice");
    CHECK(says(world, kOwner, "是否执行"));
    world.restart();
    co_await world.type(kOwner, "/start");
    CHECK(says(world, kOwner, "请选择"));
    co_await world.press(kOwner, "English");
    CHECK(says(world, kOwner, "English"));
  });
}

TEST_CASE("audit: the chain tells a row that was changed or taken out") {
  run_world([](World& world) -> Task<void> {
    for (int i = 0; i < 5; ++i)
      co_await world.type(kOwner, "/version");
    const Audit audit(*world.ops, world.loop.clock, Log(LogLevel::error, null_sink()));
    const auto whole = audit.verify();
    CHECK(whole.rows == 5);
    CHECK_FALSE(whole.broken.has_value());
    auto rows = world.ops->load_audit(1, 100);
    REQUIRE(rows.has_value());
    auto forged = rows->back();
    forged.seq += 1;
    forged.result = "never happened";
    CHECK(world.ops->add_audit(forged).has_value());
    CHECK(audit.verify().broken == forged.seq);
  });
}

TEST_CASE("flatten: a word for a part of the account closes that part and no more") {
  run_world([](World& world) -> Task<void> {
    using control::Profits;
    using control::Sides;
    const std::tuple<const char*, Sides, Profits> words[] = {
        {"long", Sides::longs, Profits::any},
        {"short", Sides::shorts, Profits::any},
        {"losers", Sides::any, Profits::losers},
        {"winners", Sides::any, Profits::winners}};
    for (const auto& [word, sides, profits] : words) {
      co_await world.type(kOwner, std::string("/flatten alice 50 ") + word);
      co_await world.press(kOwner, "Yes");
      REQUIRE_FALSE(world.account("alice").commands.empty());
      const auto& command = world.account("alice").commands.back();
      CHECK(command.sides == sides);
      CHECK(command.profits == profits);
      CHECK(command.percent.str() == "50");
    }
    CHECK(world.performed() == 4);
  });
}

}  // namespace
}  // namespace bb::bot::test
