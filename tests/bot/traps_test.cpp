// What the bot that came before did wrong (its list of traps), each with the safe answer.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "world.h"

namespace bb::bot::test {
namespace {

bool says(const World& world, std::int64_t chat, const std::string& text) {
  return world.newest(chat).text.find(text) != std::string::npos;
}

TEST_CASE("trap 1: a word too many after clearpos closes nothing") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/clearpos alice 50 extra");
    CHECK(says(world, kOwner, "Nothing was done"));
    CHECK(says(world, kOwner, "/clearpos"));
    CHECK(world.newest(kOwner).buttons.empty());
    CHECK(world.performed() == 0);
  });
}

TEST_CASE("trap 2: a percentage below 0, above 100 or of letters closes nothing") {
  run_world([](World& world) -> Task<void> {
    for (const char* percent : {"-50", "200", "0", "half", "1e2", "50%", "NaN"}) {
      co_await world.type(kOwner, std::string("/clearpos alice ") + percent);
      CHECK_MESSAGE(says(world, kOwner, "Nothing was done"), percent);
      CHECK(world.newest(kOwner).buttons.empty());
    }
    CHECK(world.performed() == 0);
  });
}

TEST_CASE("trap 3: an unknown account is told, and nothing is closed") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/clearpos alise");
    CHECK(says(world, kOwner, "There is no account “alise”"));
    CHECK(world.performed() == 0);
  });
}

TEST_CASE("trap 4: a preview, one confirmation, then the truth per account") {
  run_world([](World& world) -> Task<void> {
    auto& bob = world.account("bob@mail.example");
    bob.answer.json = R"({"verdict":"PARTIAL","positions":[{"symbol":"AAAUSDT","side":"BOTH",)"
                      R"x("before":"-10","target":"0","left":"-4","text":"refused (-4131)"}]})x";
    co_await world.type(kOwner, "/clearpos");
    CHECK(says(world, kOwner, "AAAUSDT 10 of 10 · 20.00 USDT"));
    CHECK(says(world, kOwner, "2 positions, 40.00 USDT"));
    CHECK(world.performed() == 0);
    co_await world.press(kOwner, "Yes");
    CHECK(world.performed() == 2);
    CHECK(says(world, kOwner, "FLAT"));
    CHECK(says(world, kOwner, "PARTIAL"));
    CHECK(says(world, kOwner, "AAAUSDT -4: refused (-4131)"));
    const auto& command = world.account("alice").commands.front();
    CHECK(command.kind == control::CommandKind::flatten);
    CHECK(command.percent == Decimal::from_int(100));
    CHECK(command.symbols.empty());
  });
}

TEST_CASE("trap 5: what could not be proved flat is never called so") {
  run_world([](World& world) -> Task<void> {
    auto& alice = world.account("alice");
    alice.answer = {6, R"({"verdict":"UNKNOWN","positions":[],"text":"no answer"})", "", false};
    co_await world.type(kOwner, "/flatten alice");
    co_await world.press(kOwner, "Yes");
    CHECK(says(world, kOwner, "UNKNOWN"));
    CHECK_FALSE(says(world, kOwner, "FLAT</b>"));
    alice.answer = {5, R"({"error":"no connection","exit_code":5})",
                    "bubble-buster: no connection\n", true};
    co_await world.type(kOwner, "/flatten alice");
    co_await world.press(kOwner, "Yes");
    CHECK(says(world, kOwner, "❌ no connection"));
  });
}

TEST_CASE("trap 8: a listed user in an unlisted chat is not heard, and it is on record") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/clearpos", kElsewhere);
    CHECK(world.shown.empty());
    CHECK(world.audit().find("11 /clearpos: refused: an unlisted chat") != std::string::npos);
    co_await world.type(kStranger, "/clearpos", kStranger);
    co_await world.type(kStranger, "/clearpos", kGroup);
    CHECK(world.shown.empty());
    CHECK(world.audit().find("99 /clearpos: refused: an unlisted user") != std::string::npos);
  });
}

TEST_CASE("trap 9: a command from before a restart is told to be expired, and never done") {
  run_world([](World& world) -> Task<void> {
    std::vector<std::string> updates;
    for (int i = 0; i < 5; ++i)
      updates.push_back(world.message(kOwner, kOwner, "/clearpos"));
    const auto again = updates;
    co_await sleep_for(world.loop.clock, Micros(61'000'000));
    world.restart();
    co_await world.hear(updates);
    CHECK(world.shown.size() == 1);  // one answer, not five
    CHECK(says(world, kOwner, "expired: nothing was done"));
    CHECK(world.performed() == 0);
    CHECK(world.ops->next_offset(kBotId) == 1005);
    co_await world.hear(again);
    CHECK(world.performed() == 0);
  });
}

TEST_CASE("trap 9: an update that is delivered twice acts once, also over a restart") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/pause alice");
    const Shown where = world.newest(kOwner);
    const auto press = world.press_of(kOwner, where, world.data_of(where, "Yes"));
    co_await world.hear({press, press});
    world.restart();
    co_await world.hear({press});
    CHECK(world.performed() == 1);
  });
}

TEST_CASE("trap 10: a slow account and a slow command keep nobody waiting") {
  run_world([](World& world) -> Task<void> {
    world.account("alice").delay = Micros(30'000'000);
    co_await world.type(kOwner, "/flatten all");
    const Shown first = world.newest(kOwner);
    co_await world.type(kPartner, "/status");
    const Shown menu = world.newest(kPartner);
    const auto begun = world.loop.clock.steady_now();
    auto parsed =
        parse_updates("[" + world.press_of(kOwner, first, world.data_of(first, "Yes")) + "]");
    TaskGroup group(co_await boost::asio::this_coro::executor);
    world.bot->hear(std::move(*parsed), group);
    auto other =
        parse_updates("[" + world.message(kPartner, kPartner, "/pause bob@mail.example") + "]");
    world.bot->hear(std::move(*other), group);
    co_await sleep_for(world.loop.clock, Micros(5'000'000));
    // bob's result stands there while alice's is awaited, and the other command was answered.
    CHECK(says(world, kOwner, "FLAT"));
    CHECK(says(world, kOwner, "working"));
    CHECK(world.newest(kPartner).message != menu.message);
    CHECK(world.loop.clock.steady_now() - begun < Micros(6'000'000));
    co_await group.join();
    CHECK_FALSE(says(world, kOwner, "working"));
  });
}

TEST_CASE("trap 10: an account whose journey throws is told, and the others go on") {
  run_world([](World& world) -> Task<void> {
    world.account("alice").answer.json = "{";
    world.account("alice").answer.text = "broken";
    co_await world.type(kOwner, "/flatten all");
    co_await world.press(kOwner, "Yes");
    CHECK(says(world, kOwner, "broken"));
    CHECK(says(world, kOwner, "FLAT"));
  });
}

TEST_CASE("trap 12: ops.db is its owner's alone, and no key stands in what is shown or kept") {
  run_world([](World& world) -> Task<void> {
    struct stat info{};
    REQUIRE(stat(world.folder.file("ops.db").c_str(), &info) == 0);
    CHECK((info.st_mode & (S_IRWXG | S_IRWXO)) == 0);
    co_await world.type(kPartner, "/resume alice 123456");
    CHECK(world.audit().find("123456") == std::string::npos);
    for (const auto& shown : world.shown)
      CHECK(shown.text.find("AAbb-cc_dd") == std::string::npos);
  });
}

TEST_CASE("trap: while Telegram does not take a word, positions are closed all the same") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/flatten all");
    const Shown where = world.newest(kOwner);
    world.fails_with = R"({"ok":false,"error_code":500,"description":"Internal Server Error"})";
    co_await world.hear({world.press_of(kOwner, where, world.data_of(where, "Yes"))});
    CHECK(world.performed() == 2);
    CHECK(world.audit().find("flatten alice: exit 0") != std::string::npos);
  });
}

}  // namespace
}  // namespace bb::bot::test
