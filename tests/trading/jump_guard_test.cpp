#include "trading/jump_guard.h"

#include <algorithm>

#include "regressions/scenes.h"

namespace bb::test {
namespace {

Price price(const char* text) { return Price(Decimal::parse(text).value()); }
const Symbol kCoin("C01USDT");

TEST_CASE("jump guard: a jump is refused at the second asking, too") {
  trading::JumpGuard guard;
  SteadyTime now{};
  CHECK(guard.believes(kCoin, price("1"), now));
  CHECK_FALSE(guard.believes(kCoin, price("6"), now + Seconds(10)));
  CHECK_FALSE(guard.believes(kCoin, price("6"), now + Seconds(20)));
  CHECK(guard.kept(kCoin) == price("1"));
  CHECK(guard.believes(kCoin, price("1.1"), now + Seconds(30)));
}

TEST_CASE("jump guard: the third read that agrees makes it the level, up and down") {
  for (const auto* level : {"6", "0.1"}) {
    trading::JumpGuard guard;
    SteadyTime now{};
    CHECK(guard.believes(kCoin, price("1"), now));
    CHECK_FALSE(guard.believes(kCoin, price(level), now += Seconds(2)));
    CHECK_FALSE(guard.believes(kCoin, price(level), now += Seconds(2)));
    CHECK(guard.believes(kCoin, price(level), now += Seconds(2)));
    CHECK(guard.believes(kCoin, price(level), now += Seconds(2)));
  }
}

TEST_CASE("jump guard: reads that disagree, or come in one breath, prove no level") {
  trading::JumpGuard guard;
  SteadyTime now{};
  CHECK(guard.believes(kCoin, price("1"), now));
  for (const auto* wild : {"6", "60", "8", "90", "6"})
    CHECK_FALSE(guard.believes(kCoin, price(wild), now += Seconds(2)));
  for (int read = 0; read < 20; ++read)
    CHECK_FALSE(guard.believes(kCoin, price("6"), now += Millis(100)));
}

TEST_CASE("jump guard: what was seen half a day ago is held against nothing") {
  trading::JumpGuard guard;
  SteadyTime now{};
  CHECK(guard.believes(kCoin, price("1"), now));
  CHECK(guard.believes(kCoin, price("6"), now + Hours(13)));
}

TEST_CASE("F60 entry: a price that jumped before the plan is refused by every plan of the minute") {
  auto options = three_shorts();
  options.coins = gainers(3);
  // Up before anybody looks, and a fifth of it between two looks.
  options.coins[0].course = {{0, 1.0}, {1400, 4.9}, {1415, 4.9}, {1416, 0.8}, {5760, 0.8}};
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    const auto prepared = co_await world.entry().prepare(world.slot());
    REQUIRE(prepared.has_value());
    co_await world.sleep(Minutes(8));
    const auto first = co_await world.entry().decide(world.slot());
    REQUIRE(first.has_value());
    co_await world.sleep(Seconds(5));
    const auto second = co_await world.entry().decide(world.slot());
    REQUIRE(second.has_value());
    const auto report = co_await world.entry().run(world.slot());
    CHECK(world.position("C01USDT").is_zero());
    CHECK(world.position("C02USDT").is_negative());
    CHECK(std::ranges::any_of(report.details, [](const auto& line) {
      return line.find("C01USDT: passed over: its price jumped") != std::string::npos;
    }));
  });
}

}  // namespace
}  // namespace bb::test
