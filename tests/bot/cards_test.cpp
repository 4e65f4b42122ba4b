#include "bot/cards.h"

#include <doctest/doctest.h>

#include "notify/text.h"
#include "world.h"

namespace bb::bot::test {
namespace {

TEST_CASE("buttons: no changed bit of one is ever taken") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/flatten alice");
    const Shown where = world.newest(kOwner);
    const std::string data = world.data_of(where, "Yes");
    CHECK(data.size() <= 64);
    for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
      std::string forged = data;
      forged[bit / 8] = static_cast<char>(forged[bit / 8] ^ (1 << (bit % 8)));
      const bool is_text = forged[bit / 8] >= ' ' && forged[bit / 8] < 0x7f;
      if (is_text) co_await world.hear({world.press_of(kOwner, where, forged)});
      // The rate limit must not be what refuses them.
      co_await sleep_for(world.loop.clock, Micros(2'000'000));
      if (bit % 20 == 19) {
        CHECK(world.performed() == 0);
        break;
      }
    }
    for (const char* junk : {"", "/flatten all", "!/flatten all", "0", "🙂"})
      co_await world.hear({world.press_of(kOwner, where, junk)});
    CHECK(world.performed() == 0);
    co_await world.hear({world.press_of(kOwner, where, data)});
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
    CHECK(world.newest(kOwner).buttons.empty());
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
