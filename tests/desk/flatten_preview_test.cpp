#include "desk/flatten_preview.h"

#include <algorithm>

#include "faults/scene.h"

namespace bb::test {
namespace {

using desk::FlattenPreviewRow;
using desk::FlattenRequest;

const FlattenPreviewRow* row_of(const desk::FlattenPreview& preview, const char* symbol) {
  const auto found = std::ranges::find(preview.rows, Symbol(symbol), &FlattenPreviewRow::symbol);
  return found == preview.rows.end() ? nullptr : &*found;
}

TEST_CASE("preview: quantities, notional, expected slippage and fee, and nothing is changed") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    const auto before = world.server().request_log().size();
    FlattenRequest request;
    request.part = Ratio(Decimal::parse("0.333").value());
    const auto preview = co_await desk::preview_flatten(world.desk(), request);
    REQUIRE(preview.has_value());
    CHECK(preview->rows.size() == 3);
    const auto* row = row_of(*preview, "C01USDT");
    REQUIRE(row != nullptr);
    const Qty held = world.position("C01USDT");
    CHECK(row->held == held);
    const Qty third((held.abs() * request.part).value().floor_to(Decimal::from_int(1)));
    CHECK(row->close == third);
    CHECK(row->orders == 1);
    CHECK(row->asset == "USDT");
    CHECK(row->notional == row->mark * third);
    CHECK(row->fee == row->notional * world.desk().book().taker_fee());
    CHECK(row->slippage.is_positive());
    CHECK(row->slippage < row->notional * percent(Decimal::from_int(1)));
    CHECK(row->text.find("close") == std::string::npos);
    const auto& log = world.server().request_log();
    for (std::size_t i = before; i < log.size(); ++i)
      CHECK(log[i].method == net::Method::get);
    CHECK(world.position("C01USDT") == held);
    CHECK_FALSE(world.home().latch().read().has_value());
  });
}

TEST_CASE("preview: it closes what the flatten then closes, to the last contract") {
  auto options = three_shorts();
  options.coins = gainers(12);
  for (auto& coin : options.coins)
    coin.max_market_qty = 900;
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    for (int i = 0; i < 2; ++i)
      trade_by_hand(world, "C05USDT", -900);
    FlattenRequest request;
    request.part = Ratio(Decimal::parse("0.7").value());
    const auto preview = co_await desk::preview_flatten(world.desk(), request);
    REQUIRE(preview.has_value());
    const int orders = world.order_posts();
    const auto report = co_await desk::flatten(world.desk(), request);
    REQUIRE(report.rows.size() == preview->rows.size());
    int foreseen = 0;
    for (const auto& done : report.rows) {
      const auto* row = row_of(*preview, done.symbol.str().c_str());
      REQUIRE(row != nullptr);
      CHECK(done.before.abs() - done.left.abs() == row->close);
      foreseen += row->orders;
    }
    CHECK(world.order_posts() - orders == foreseen);
    CHECK(foreseen > 3);
  });
}

TEST_CASE("preview: what cannot be closed, or is closed otherwise than asked, is said") {
  auto options = three_shorts();
  options.balance = Usdt(Decimal::from_int(20));
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    FlattenRequest request;
    request.part = Ratio(Decimal::parse("0.8").value());
    const auto most = co_await desk::preview_flatten(world.desk(), request);
    REQUIRE(most.has_value());
    REQUIRE_FALSE(most->rows.empty());
    CHECK(most->rows.front().text.find("closed whole") != std::string::npos);
    CHECK(most->rows.front().close == most->rows.front().held.abs());
    request.part = Ratio(Decimal::parse("0.01").value());
    const auto little = co_await desk::preview_flatten(world.desk(), request);
    REQUIRE(little.has_value());
    CHECK(little->rows.front().text.find("not closed: the part is less") != std::string::npos);
    CHECK(little->rows.front().close.is_zero());
    CHECK(little->rows.front().fee.is_zero());
    request.part = Ratio(Decimal::from_int(2));
    const auto wrong = co_await desk::preview_flatten(world.desk(), request);
    CHECK_FALSE(wrong.has_value());
  });
}

TEST_CASE("preview: without a book the costs are not called nothing; without positions it fails") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto blind =
        fault_on(net::Method::get, "/fapi/v1/ticker/bookTicker", paper::FaultRule::Effect::refuse);
    blind.every = 1;
    world.server().faults().add(blind);
    const auto preview = co_await desk::preview_flatten(world.desk(), {});
    REQUIRE(preview.has_value());
    CHECK(preview->notes.size() == 1);
    for (const auto& row : preview->rows)
      CHECK(row.text.find("slippage is not known") != std::string::npos);
    blind.path_prefix = kPositions;
    world.server().faults().add(blind);
    const auto none = co_await desk::preview_flatten(world.desk(), {});
    CHECK_FALSE(none.has_value());
  });
}

TEST_CASE("preview: orders that could open again are counted, in the asset of each contract") {
  auto options = three_shorts();
  options.coins = gainers(6);
  options.coins[5].name = "C06USDC";
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    trade_by_hand(world, "C06USDC", 30);
    exchange::OrderRequest order;
    order.symbol = Symbol("C05USDT");
    order.qty = Qty(Decimal::from_int(50));
    order.type = OrderType::limit;
    order.price = Price(Decimal::parse("1.55").value());
    order.client_order_id = ClientOrderId("rests");
    REQUIRE(world.exchange().place(0, order).has_value());
    const auto preview = co_await desk::preview_flatten(world.desk(), {});
    REQUIRE(preview.has_value());
    CHECK(preview->orders_to_cancel == 1);
    const auto* row = row_of(*preview, "C06USDC");
    REQUIRE(row != nullptr);
    CHECK(row->asset == "USDC");
    CHECK(row->close.str() == "30");
  });
}

}  // namespace
}  // namespace bb::test
