#include "bot/cards.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "notify/text.h"
#include "world.h"

namespace bb::bot::test {
namespace {

TEST_CASE("buttons: no changed bit of one is ever taken") {
  run_world([](World& world) -> Task<void> {
    constexpr std::size_t kAtOnce = 30;
    std::size_t tried = 0;
    for (std::size_t from = 0; from < 64 * 8; from += kAtOnce) {
      // Fresh each time: neither the rate limit nor its age must be what refuses them.
      co_await sleep_for(world.loop.clock, Micros(61'000'000));
      co_await world.type(kOwner, "/flatten alice");
      const Shown where = world.newest(kOwner);
      const std::string data = world.data_of(where, "Yes");
      CHECK(data.size() <= 64);
      std::vector<std::string> presses;
      for (std::size_t bit = from; bit < std::min(from + kAtOnce, data.size() * 8); ++bit) {
        std::string forged = data;
        char& c = forged[bit / 8];
        c = static_cast<char>(c ^ (1 << (bit % 8)));
        const bool is_text = c >= ' ' && c < 0x7f;
        if (is_text) presses.push_back(world.press_of(kOwner, where, forged));
      }
      tried += presses.size();
      if (!presses.empty()) co_await world.hear(presses);
      REQUIRE(world.performed() == 0);
    }
    CHECK(tried > 250);
    CHECK(world.audit().find("too many in a minute") == std::string::npos);
    co_await sleep_for(world.loop.clock, Micros(61'000'000));
    co_await world.type(kOwner, "/flatten alice");
    const Shown where = world.newest(kOwner);
    for (const char* junk : {"", "/flatten all", "!/flatten all", "0", "🙂"})
      co_await world.hear({world.press_of(kOwner, where, junk)});
    CHECK(world.performed() == 0);
    co_await world.hear({world.press_of(kOwner, where, world.data_of(where, "Yes"))});
    CHECK(world.performed() == 1);
  });
}

TEST_CASE("buttons: one press only, of whoever asked, where he asked") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/pause alice", kGroup);
    const Shown where = world.newest(kGroup);
    const std::string data = world.data_of(where, "Yes");
    co_await world.hear({world.press_of(kPartner, where, data)});
    co_await world.hear({world.press_of(kStranger, where, data)});
    Shown other = where;
    other.message += 1;
    co_await world.hear({world.press_of(kOwner, other, data)});
    other = where;
    other.chat = kOwner;
    co_await world.hear({world.press_of(kOwner, other, data)});
    co_await world.hear({world.press_of(kOwner, where, data, R"("inline_message_id":"x")")});
    CHECK(world.performed() == 0);
    CHECK(world.alerts.front().find("somebody else") != std::string::npos);
    // A double tap is two queries.
    co_await world.hear({world.press_of(kOwner, where, data), world.press_of(kOwner, where, data)});
    CHECK(world.performed() == 1);
    co_await world.hear({world.press_of(kOwner, where, data)});
    CHECK(world.performed() == 1);
  });
}

TEST_CASE("buttons: a used one stays used over a restart") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/pause alice");
    const Shown where = world.newest(kOwner);
    const std::string data = world.data_of(where, "Yes");
    world.restart();
    co_await world.hear({world.press_of(kOwner, where, data)});
    CHECK(world.performed() == 1);
    world.restart();
    co_await world.hear({world.press_of(kOwner, where, data)});
    CHECK(world.performed() == 1);
  });
}

TEST_CASE("buttons: after a minute a confirmation is expired, and its message says so") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/flatten alice");
    const Shown where = world.newest(kOwner);
    const std::string data = world.data_of(where, "Yes");
    co_await sleep_for(world.loop.clock, Micros(61'000'000));
    co_await world.hear({world.press_of(kOwner, where, data)});
    CHECK(world.performed() == 0);
    co_await world.bot->sweep();
    CHECK(world.newest(kOwner).text.find("Expired. Nothing was done.") != std::string::npos);
    CHECK(world.newest(kOwner).message == where.message);
    CHECK(World::is_over(world.newest(kOwner)));
  });
}

TEST_CASE("buttons: a press that Telegram calls too old does nothing that could wait") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/start");
    const Shown where = world.newest(kOwner);
    const auto before = world.shown.size();
    world.fails_with = R"({"ok":false,"error_code":400,"description":"Bad Request: query is too )"
                       R"(old and response timeout expired or query ID is invalid"})";
    co_await world.hear({world.press_of(kOwner, where, world.data_of(where, "Status"))});
    CHECK(world.shown.size() == before);
    CHECK(world.methods.back() == "answerCallbackQuery");
    CHECK(world.audit().find("a stale press") != std::string::npos);
  });
}

TEST_CASE("buttons: an alert is acknowledged by whoever operates its account") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/status");
    const Shown where = world.newest(kOwner);
    const std::string data = notify::acknowledgement("alice", 42);
    co_await world.hear({world.press_of(kViewer, where, data)});
    co_await world.hear({world.press_of(kStranger, where, data)});
    CHECK(world.account("alice").acknowledged == 0);
    co_await world.hear({world.press_of(kOwner, where, data)});
    CHECK(world.account("alice").acknowledged == 42);
    CHECK(world.account("bob@mail.example").acknowledged == 0);
    CHECK(world.audit().find("acknowledged for alice") != std::string::npos);
    CHECK(world.performed() == 0);
  });
}

}  // namespace
}  // namespace bb::bot::test
