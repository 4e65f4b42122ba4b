// The read side of the store that the pages stand on: roll-ups and windows.
#include "store/reader.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.h"
#include "dashboard/site.h"

namespace bb::dashboard::test {
namespace {

constexpr int kDays = 40;

Task<void> fill(World& world, TimePoint begin, int minutes, std::uint64_t seed) {
  Random random(seed);
  store::Batch batch;
  std::int64_t raw = 1'000'00000000;
  for (int i = 0; i < minutes; ++i) {
    raw += static_cast<std::int64_t>(random.below(200'000'000)) - 100'000'000;
    store::WalletSnapshot sample;
    sample.captured_at = begin + Minutes(i);
    sample.equity = Usdt(Decimal::from_raw(raw));
    if (i % 997 == 5) sample.error = "unreachable";
    batch.add(sample);
  }
  const auto stored = co_await world.store->commit(std::move(batch));
  REQUIRE(stored.has_value());
}

TEST_CASE("reader: every window has its true ends and extremes, however few rows it may read") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const TimePoint begin = loop.clock.utc_now() + Minutes(7);
    constexpr int kMinutes = kDays * 24 * 60;
    co_await fill(world, begin, kMinutes, 11);
    auto reader = store::Reader::open(world.folder.file("state.db"), "paper-one");
    REQUIRE(reader.has_value());
    const auto by_amount = [](const auto& a, const auto& b) { return a.amount < b.amount; };
    Random random(3);
    for (int round = 0; round < 60; ++round) {
      const auto from = begin + Minutes(random.below(kMinutes));
      const auto to = from + Minutes(random.below(kMinutes)) + Seconds(random.below(60));
      const auto whole = reader->load_curve(from, to, 1'000'000);
      REQUIRE(whole.has_value());
      CHECK(whole->resolution == Millis(0));
      if (whole->points.empty()) continue;
      for (const std::size_t rows : {60u, 700u, 3000u}) {
        const auto few = reader->load_curve(from, to, rows);
        REQUIRE(few.has_value());
        REQUIRE_FALSE(few->points.empty());
        CHECK(std::ranges::is_sorted(few->points, {}, &store::TimedAmount::at));
        CHECK(few->points.front().at == whole->points.front().at);
        CHECK(few->points.back().at == whole->points.back().at);
        CHECK(std::ranges::max_element(few->points, by_amount)->amount ==
              std::ranges::max_element(whole->points, by_amount)->amount);
        CHECK(std::ranges::min_element(few->points, by_amount)->amount ==
              std::ranges::min_element(whole->points, by_amount)->amount);
      }
    }
  });
}

TEST_CASE("reader: readings that failed are in no curve, and no window is an error") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto reader = store::Reader::open(world.folder.file("state.db"), "paper-one");
    REQUIRE(reader.has_value());
    const TimePoint now = loop.clock.utc_now();
    const auto empty = reader->load_curve({}, now, 100);
    REQUIRE(empty.has_value());
    CHECK(empty->points.empty());
    store::Batch batch;
    batch.add(store::WalletSnapshot{now, Usdt(), "API", "unreachable"});
    const auto stored = co_await world.store->commit(std::move(batch));
    REQUIRE(stored.has_value());
    const auto failed = reader->load_curve({}, now, 100);
    REQUIRE(failed.has_value());
    CHECK(failed->points.empty());
    CHECK_FALSE(reader->load_last_snapshot().value().has_value());
  });
}

TEST_CASE("reader: a holding is told with its fills, fees and the funding while it was held") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const TimePoint now = loop.clock.utc_now();
    store::Holding held;
    held.id = world.store->next_holding_id();
    held.symbol = Symbol("AUSDT");
    held.qty = Qty::parse("10").value();
    held.entry_price = Price::parse("2").value();
    held.opened_at = held.created_at = held.updated_at = now;
    held.expire_at = now + Hours(48);
    held.closed_at = now + Hours(9);
    held.status = store::HoldingStatus::closed_sl;
    store::Batch batch;
    batch.put(held);
    const auto fill = [&](std::int64_t id, Side side, const char* price, const char* pnl) {
      store::FillRecord row;
      row.holding_id = held.id;
      row.symbol = held.symbol;
      row.trade_id = id;
      row.order_id = id;
      row.side = side;
      row.qty = held.qty;
      row.price = Price::parse(price).value();
      row.realized_pnl = Usdt::parse(pnl).value();
      row.commission = Usdt::parse("0.01").value();
      row.commission_asset = "USDT";
      row.time = now;
      batch.add(row);
    };
    fill(1, Side::sell, "2", "0");
    fill(2, Side::buy, "2.1", "-1");
    const auto income = [&](std::int64_t id, TimePoint when, const char* amount) {
      store::IncomeRecord row;
      row.type = "FUNDING_FEE";
      row.transaction_id = id;
      row.asset = "USDT";
      row.amount = Usdt::parse(amount).value();
      row.symbol = "AUSDT";
      row.time = when;
      batch.add(row);
    };
    income(1, now - Hours(1), "7");
    income(2, now + Hours(8), "0.5");
    income(3, now + Hours(10), "9");
    const auto stored = co_await world.store->commit(std::move(batch));
    REQUIRE(stored.has_value());
    auto reader = store::Reader::open(world.folder.file("state.db"), "paper-one");
    const auto found = reader->load_holding(held.id);
    REQUIRE(found.has_value());
    REQUIRE(found->has_value());
    const auto& result = **found;
    CHECK(result.fills == 2);
    CHECK(result.closed_qty == held.qty);
    CHECK(result.closed_notional.str() == "21");
    CHECK(result.realized.str() == "-1");
    CHECK(result.commission.str() == "-0.02");
    CHECK(result.funding.str() == "0.5");
    CHECK_FALSE(reader->load_holding(99).value().has_value());
  });
}

}  // namespace
}  // namespace bb::dashboard::test
