// The truths of exchange_property_test.cpp over ten thousand sequences.
#include <doctest/doctest.h>

#include "monkey.h"

namespace bb::sim::test {
namespace {

TEST_CASE("ten thousand sequences of everything keep books and margin right") {
  std::size_t liquidations = 0, amendments = 0;
  for (std::uint64_t seed = 1'000; seed < 11'000; ++seed) {
    INFO("seed " << seed);
    Monkey monkey(seed % 12 + 1);
    for (const Step& step : random_steps(seed, 60)) {
      monkey.act(step);
      monkey.settle();
      REQUIRE(wrong_with_margin(monkey.exchange()) == "");
    }
    REQUIRE(wrong_with_money(monkey.exchange()) == "");
    REQUIRE(wrong_with_positions(monkey.exchange(), monkey.market()) == "");
    for (const JournalEntry& entry : monkey.exchange().journal()) {
      liquidations += entry.kind == JournalEntry::Kind::liquidated ? 1U : 0U;
      amendments += entry.kind == JournalEntry::Kind::order_amended ? 1U : 0U;
    }
  }
  // They were there to be got wrong.
  CHECK(liquidations > 1'000);
  CHECK(amendments > 400);
}

}  // namespace
}  // namespace bb::sim::test
