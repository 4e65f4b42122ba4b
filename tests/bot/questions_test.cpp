// Questions that wait for a second word: one of them, ended by whatever comes first.
#include <doctest/doctest.h>

#include <algorithm>

#include "bot/one_time_code.h"
#include "world.h"

namespace bb::bot::test {
namespace {

std::string code_now(const World& world) {
  const auto key = base32_decode(kSecret);
  return one_time_code(*key,
                       static_cast<std::uint64_t>(to_ms(world.loop.clock.utc_now()) / 30'000));
}

Shown message_of(const World& world, std::int64_t chat, std::int64_t message) {
  Shown found;
  for (const auto& shown : world.shown)
    if (shown.chat == chat && shown.message == message) found = shown;
  return found;
}

TEST_CASE("question: Cancel ends it, for the code that is typed after it and for the other admin") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kPartner, "/resume alice");
    co_await world.press(kPartner, "Cancel");
    co_await world.type(kPartner, code_now(world));
    CHECK(world.performed() == 0);
    co_await world.type(kOwner, "/resume alice");
    co_await world.press(kOwner, "Ask another admin");
    const Shown wish = world.newest(kPartner);
    co_await world.press(kOwner, "Cancel");
    CHECK(message_of(world, kPartner, wish.message).text.find("withdrew") != std::string::npos);
    co_await world.hear({world.press_of(kPartner, wish, world.data_of(wish, "Agree"))});
    CHECK(world.performed() == 0);
  });
}

TEST_CASE(
    "question: a typed code ends the keypad, and no message says later that nothing was done") {
  run_world([](World& world) -> Task<void> {
    world.settings.sections.front().admin = {"*"};
    world.restart();
    co_await world.type(kPartner, "/resume alice");
    const Shown keypad = world.newest(kPartner);
    co_await world.press(kPartner, "Ask another admin");
    const Shown wish = world.newest(kOwner);
    co_await world.type(kPartner, code_now(world));
    REQUIRE(world.performed() == 1);
    CHECK(message_of(world, kPartner, keypad.message).text.find("FLAT") == std::string::npos);
    CHECK(message_of(world, kPartner, keypad.message).text.find("Allow entries again") !=
          std::string::npos);
    CHECK(message_of(world, kOwner, wish.message).text.find("did it with a code") !=
          std::string::npos);
    for (const auto* label : {"1", "Ask another admin"})
      for (const auto& [text, data] : keypad.buttons)
        if (text.find(label) != std::string::npos)
          co_await world.hear({world.press_of(kPartner, keypad, data)});
    co_await world.hear({world.press_of(kOwner, wish, world.data_of(wish, "Agree"))});
    const auto said = world.shown.size();
    co_await sleep_for(world.loop.clock, Micros(900'000'000));
    co_await world.bot->sweep();
    for (std::size_t i = said; i < world.shown.size(); ++i)
      CHECK(world.shown[i].text.find("Nothing was done") == std::string::npos);
    CHECK(world.performed() == 1);
  });
}

TEST_CASE("question: the first of two admins decides, and the other one is told so") {
  run_world([](World& world) -> Task<void> {
    world.settings.sections.front().admin = {"*"};
    world.restart();
    co_await world.type(kOwner, "/resume alice");
    co_await world.press(kOwner, "Ask another admin");
    CHECK(world.says(kOwner, "user 12, user 14"));
    const Shown other = world.newest(kOperator);
    co_await world.press(kPartner, "Agree");
    CHECK(world.performed() == 1);
    CHECK(world.says(kOperator, "agreed already"));
    CHECK(World::is_over(world.newest(kOperator)));
    co_await world.hear({world.press_of(kOperator, other, world.data_of(other, "Refuse"))});
    CHECK(world.performed() == 1);
  });
}

TEST_CASE("question: when nobody answers, whoever asked is told, and what he sees is over") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/resume alice");
    co_await world.press(kOwner, "Ask another admin");
    co_await sleep_for(world.loop.clock, Micros(61'000'000));
    co_await world.bot->sweep();
    CHECK(world.says(kOwner, "No other admin answered"));
    CHECK(World::is_over(world.newest(kOwner)));
    CHECK(world.says(kPartner, "Expired"));
    CHECK(world.audit().find("no other admin answered") != std::string::npos);
  });
}

TEST_CASE("question: what is resumed is what was shown, by each account's own mark") {
  run_world([](World& world) -> Task<void> {
    const auto shown_at = to_ms(world.loop.clock.utc_now());
    co_await world.type(kPartner, "/resume all");
    co_await sleep_for(world.loop.clock, Micros(5'000'000));
    co_await world.type(kPartner, code_now(world));
    REQUIRE(world.performed() == 2);
    for (const auto& account : world.accounts)
      CHECK(account.commands.front().seen == fmt::format("paused {} 1", shown_at));
  });
}

TEST_CASE("question: an account that could not be read is told and stays as it is") {
  run_world([](World& world) -> Task<void> {
    world.is_blind = true;
    co_await world.type(kPartner, "/resume all");
    CHECK(world.says(kPartner, "alice could not be read"));
    co_await world.type(kPartner, code_now(world));
    CHECK(world.account("alice").commands.empty());
    CHECK(world.account("bob@mail.example").commands.size() == 1);
  });
}

TEST_CASE("question: an agreement that an earlier process asked for means nothing to the next") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/resume alice");
    co_await world.press(kOwner, "Ask another admin");
    const Shown old = world.newest(kPartner);
    world.restart();
    co_await world.type(kOwner, "/resume bob@mail.example");
    co_await world.press(kOwner, "Ask another admin");
    co_await world.hear({world.press_of(kPartner, old, world.data_of(old, "Agree"))});
    CHECK(world.performed() == 0);
    CHECK(world.says(kPartner, "decided already"));
  });
}

TEST_CASE("codes: no digit of one is kept, logged or shown, however it is sent") {
  run_world([](World& world) -> Task<void> {
    const auto code = code_now(world);
    const auto split = code.substr(0, 3) + " " + code.substr(3);
    for (const auto& line : {"/resume alise " + code, "/resume alise " + split, code,
                             "/resume alice " + code + " " + code, "/pause " + code}) {
      co_await world.type(kPartner, line);
      co_await sleep_for(world.loop.clock, Micros(61'000'000));
    }
    co_await world.type(kPartner, "/resume alice");
    for (const char digit : std::string("00000"))
      co_await world.press(kPartner, std::string(1, digit));
    CHECK(world.audit().find(code) == std::string::npos);
    CHECK(world.audit().find(split) == std::string::npos);
    CHECK(world.log().find(code) == std::string::npos);
    CHECK(world.audit().find("a digit") != std::string::npos);
    CHECK(world.audit().find("#") == std::string::npos);
    CHECK(std::ranges::count(world.methods, "deleteMessage") == 3);
  });
}

TEST_CASE("keypad: a digit can be taken back, and accounts are read once") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kPartner, "/resume alice");
    const auto reads = world.state_reads;
    co_await world.press(kPartner, "9");
    co_await world.press(kPartner, "⌫");
    for (const char digit : code_now(world))
      co_await world.press(kPartner, std::string(1, digit));
    CHECK(world.performed() == 1);
    CHECK(world.state_reads == reads);
  });
}

}  // namespace
}  // namespace bb::bot::test
