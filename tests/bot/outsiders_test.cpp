// Whatever an outsider or a viewer sends, nothing is handed to any account.
#include <doctest/doctest.h>

#include "base/random.h"
#include "world.h"

namespace bb::bot::test {
namespace {

std::string random_line(Random& random) {
  static const char* const kWords[] = {
      "/flatten",  "/clearpos", "/clear",   "/pause", "/resume",          "/losscut",  "/cancel",
      "/start",    "/mute",     "/alerts",  "/logs",  "/audit",           "/status",   "all",
      "alice",     "100",       "50",       "short",  "AAAUSDT",          "123456",    "group:x",
      "!/flatten", "+1",        "?/resume", "\"",     "bob@mail.example", "entry=off", "\n#123456"};
  std::string line;
  const auto count = 1 + random.below(5);
  for (std::uint64_t i = 0; i < count; ++i) {
    line += kWords[random.below(std::size(kWords))];
    line += random.chance(0.9) ? " " : "";
  }
  return line;
}

std::string flipped(Random& random, std::string data) {
  if (data.empty()) return data;
  // Only bits that leave it text: JSON knows no other.
  for (int tries = 0; tries < 20; ++tries) {
    const auto at = random.below(data.size());
    const char changed = static_cast<char>(data[at] ^ (1 << random.below(7)));
    if (changed < '0' || changed > 'z' || changed == '\\') continue;
    data[at] = changed;
    return data;
  }
  return data + "0";
}

/// `count` updates: random lines, and presses of every button that stands anywhere, some with a bit
/// flipped.
Task<void> pester(World& world, std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Shown> standing;
  for (std::int64_t i = 0; i < count; ++i) {
    if (i % 30 == 0) {
      // The rate limit must not be what keeps him out; and the owner's buttons, which must work for
      // nobody else, are fresh.
      co_await sleep_for(world.loop.clock, Micros(61'000'000));
      world.shown.clear();
      co_await world.type(kOwner, "/flatten all", kGroup);
      co_await world.type(kOwner, "/resume alice", kGroup);
      standing = world.shown;
    }
    const std::int64_t user = random.chance(0.5) ? kStranger : kViewer;
    const std::int64_t chat =
        random.chance(0.5) ? user : (random.chance(0.7) ? kGroup : kElsewhere);
    if (random.chance(0.5)) {
      co_await world.hear({world.message(user, chat, random_line(random))});
    } else {
      const Shown& where = standing[random.below(standing.size())];
      auto data = where.buttons[random.below(where.buttons.size())].second;
      if (random.chance(0.5)) data = flipped(random, data);
      co_await world.hear({world.press_of(user, where, data)});
    }
    world.shown.clear();
    world.alerts.clear();
    world.methods.clear();
  }
  CHECK(world.performed() == 0);
  CHECK_FALSE(Audit(*world.ops, world.loop.clock, Log(LogLevel::error, null_sink()))
                  .verify()
                  .broken.has_value());
}

TEST_CASE("outsiders: twenty thousand random commands and presses change nothing") {
  run_world([](World& world) -> Task<void> { co_await pester(world, 20'000, 1); });
}

TEST_CASE("outsiders: a million random commands and presses change nothing" * doctest::skip()) {
  run_world([](World& world) -> Task<void> { co_await pester(world, 1'000'000, 2); });
}

}  // namespace
}  // namespace bb::bot::test
