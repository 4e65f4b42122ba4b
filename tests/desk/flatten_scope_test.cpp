// What a flatten is about: sides, losers and winners, orders that could open again.
#include <algorithm>

#include "desk/flatten.h"
#include "faults/scene.h"

namespace bb::test {
namespace {

using desk::FlattenProfit;
using desk::FlattenRequest;
using desk::FlattenScope;
using desk::FlattenSide;
using desk::FlattenVerdict;

FlattenRequest a_request() {
  FlattenRequest request;
  request.reason = "TEST";
  return request;
}

// One loses, one wins, one stands where it was, an hour after the entry.
WorldOptions mixed() {
  auto options = three_shorts();
  options.coins = gainers(12);
  options.coins[0].course = {{0, 1.0}, {1400, 1.6}, {1425, 1.6}, {1470, 1.8}, {5760, 1.8}};
  options.coins[1].course = {{0, 1.0}, {1400, 1.58}, {1425, 1.58}, {1470, 1.4}, {5760, 1.4}};
  return options;
}

// A regular order that waits far from the price.
void rest(SimWorld& world, const char* symbol, Side side, const char* price,
          bool reduce_only = false) {
  exchange::OrderRequest order;
  order.symbol = Symbol(symbol);
  order.side = side;
  order.qty = Qty(Decimal::from_int(50));
  order.type = OrderType::limit;
  order.price = Price(Decimal::parse(price).value());
  order.reduce_only = reduce_only;
  order.client_order_id = ClientOrderId(std::string("rests-") + symbol + std::string(str(side)));
  world.server().advance();
  REQUIRE(world.exchange().place(0, order).has_value());
}

std::vector<std::string> resting(SimWorld& world) {
  world.server().advance();
  std::vector<std::string> out;
  for (const auto& order : world.exchange().open_orders(0, false))
    out.push_back(order.symbol.str() + " " + std::string(str(order.side)));
  std::ranges::sort(out);
  return out;
}

TEST_CASE("flatten: losers alone, winners alone, as the exchange counts them") {
  for (const auto profit : {FlattenProfit::losers, FlattenProfit::winners}) {
    run_world(mixed(), [profit](SimWorld& world) -> Task<void> {
      (void)co_await world.entry().run(world.slot());
      co_await world.sleep(Hours(1));
      auto request = a_request();
      request.profit = profit;
      const auto report = co_await desk::flatten(world.desk(), request);
      CHECK(report.verdict == FlattenVerdict::flat);
      const bool losers = profit == FlattenProfit::losers;
      CHECK(world.position("C01USDT").is_zero() == losers);
      CHECK(world.position("C02USDT").is_zero() != losers);
      CHECK(stops_of(world, losers ? "C02USDT" : "C01USDT") == 1);
    });
  }
}

TEST_CASE("flatten: in hedge mode the shorts go and the longs stay, and the other way round") {
  for (const auto side : {FlattenSide::shorts, FlattenSide::longs}) {
    auto options = three_shorts();
    options.hedge = true;
    run_world(std::move(options), [side](SimWorld& world) -> Task<void> {
      (void)co_await world.entry().run(world.slot());
      trade_by_hand(world, "C01USDT", 20, PositionSide::long_);
      trade_by_hand(world, "C07USDT", 20, PositionSide::long_);
      auto request = a_request();
      request.side = side;
      const auto report = co_await desk::flatten(world.desk(), request);
      CHECK(report.verdict == FlattenVerdict::flat);
      const bool shorts = side == FlattenSide::shorts;
      CHECK(report.rows.size() == (shorts ? 3 : 2));
      CHECK(world.position("C01USDT", PositionSide::short_).is_zero() == shorts);
      CHECK(world.position("C01USDT", PositionSide::long_).is_zero() != shorts);
      CHECK(world.position("C07USDT", PositionSide::long_).is_zero() != shorts);
      CHECK(stops_of(world, "C01USDT") == (shorts ? 0 : 1));
    });
  }
}

TEST_CASE("flatten: regular orders that could open again are cancelled along with the closes") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    rest(world, "C05USDT", Side::sell, "1.55");
    rest(world, "C06USDT", Side::buy, "1.45");
    const TimePoint begin = world.market().exchange_now();
    const auto report = co_await desk::flatten(world.desk(), a_request());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(report.orders_left == 0);
    CHECK(resting(world).empty());
    CHECK(report.as_of - begin <= Millis(310));  // a read after the cancels, too
  });
}

TEST_CASE("flatten: of one side only its own orders are cancelled, of the tracked none") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    rest(world, "C05USDT", Side::sell, "1.55");
    rest(world, "C06USDT", Side::buy, "1.45");
    auto request = a_request();
    request.scope = FlattenScope::tracked;
    const auto tracked = co_await desk::flatten(world.desk(), request);
    CHECK(tracked.verdict == FlattenVerdict::flat);
    CHECK(resting(world) == std::vector<std::string>{"C05USDT SELL", "C06USDT BUY"});
    request = a_request();
    request.side = FlattenSide::longs;
    const auto longs = co_await desk::flatten(world.desk(), request);
    CHECK(longs.verdict == FlattenVerdict::flat);
    CHECK(resting(world) == std::vector<std::string>{"C05USDT SELL"});
  });
}

TEST_CASE("flatten: an order that cannot be cancelled makes it partial, whatever is closed") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    rest(world, "C05USDT", Side::sell, "1.55");
    auto refused = fault_on(net::Method::del, kOrder, paper::FaultRule::Effect::refuse);
    refused.every = 1;
    refused.status = 400;
    refused.code = -2011;
    world.server().faults().add(refused);
    const auto report = co_await desk::flatten(world.desk(), a_request());
    CHECK(report.verdict == FlattenVerdict::partial);
    CHECK(report.orders_left == 1);
    CHECK(world.position("C01USDT").is_zero());
  });
}

TEST_CASE("flatten: resting orders that cannot be read delay no close, and are not called none") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    auto blind =
        fault_on(net::Method::get, "/fapi/v1/openOrders", paper::FaultRule::Effect::refuse);
    blind.every = 1;
    world.server().faults().add(blind);
    const TimePoint begin = world.market().exchange_now();
    const auto report = co_await desk::flatten(world.desk(), a_request());
    CHECK(report.verdict == FlattenVerdict::partial);
    CHECK(report.text.find("resting orders") != std::string::npos);
    CHECK(report.as_of - begin <= Millis(152));
    CHECK(world.position("C01USDT").is_zero());
  });
}

TEST_CASE("flatten: a contract that is margined in USDC is closed like any other") {
  auto options = three_shorts();
  options.coins = gainers(6);
  options.coins[5].name = "C06USDC";
  run_world(std::move(options), [](SimWorld& world) -> Task<void> {
    trade_by_hand(world, "C06USDC", 30);
    const auto report = co_await desk::flatten(world.desk(), a_request());
    CHECK(report.verdict == FlattenVerdict::flat);
    CHECK(report.rows.size() == 1);
    CHECK(world.position("C06USDC").is_zero());
  });
}

TEST_CASE("flatten: its stops stand until the end is proved") {
  run_world(three_shorts(), [](SimWorld& world) -> Task<void> {
    (void)co_await world.entry().run(world.slot());
    world.server().faults().add(refusing("/fapi/v1/order", "symbol", "C02USDT", -2023, "no"));
    const auto before = world.server().request_log().size();
    const auto report = co_await desk::flatten(world.desk(), a_request());
    CHECK(report.verdict == FlattenVerdict::partial);
    CHECK(stops_of(world, "C02USDT") == 1);
    CHECK(take_profits_of(world, "C02USDT") == 1);
    bool has_proof = false;
    int reads = 0;
    const auto& log = world.server().request_log();
    for (std::size_t i = before; i < log.size(); ++i) {
      if (log[i].path == kPositions) ++reads;
      if (log[i].method == net::Method::del) CHECK(reads >= 2);
      has_proof = reads >= 2;
    }
    CHECK(has_proof);
  });
}

}  // namespace
}  // namespace bb::test
