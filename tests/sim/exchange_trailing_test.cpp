// Trailing stops: when they wake up, what they follow, where they trigger.
#include <doctest/doctest.h>

#include "exchange_world.h"

namespace bb::sim::test {
namespace {

using Kind = JournalEntry::Kind;

OrderRequest trailing(Side side, const std::string& amount) {
  return conditional(OrderType::trailing_stop_market, side, amount, "0");
}

// A long at 100, then a minute up to 110 (in 15 s), down to 104 (in 15 s), to 108.
struct Rising : World {
  Rising() : World(rest(1) + std::vector<Candle>{{100, 110, 104, 108}} + rest(30, 108)) {
    to(30);
    accepted(market_order(Side::buy, "2"));
  }
};

std::vector<bool> activations(const World& w, const OrderView& placed) {
  std::vector<bool> out;
  for (const JournalEntry& entry : w.exchange.journal())
    if (entry.order && entry.order->order_id == placed.order_id &&
        entry.order->status == OrderStatus::open)
      out.push_back(entry.detail->activated);
  return out;
}

TEST_CASE("a trailing stop follows the best price and triggers when the path turns back") {
  Rising w;
  const OrderView order = w.accepted(reduce_only(trailing(Side::sell, "2")), trails("0.02"));
  CHECK(activations(w, order) == std::vector{true});
  w.to(75);
  CHECK(w.order(order).status == OrderStatus::open);
  // 110 x 0.98 = 107.80; 6 USDT down in 15 s: 2.2 USDT take 5.5 s.
  w.to(80.49);
  CHECK(w.order(order).status == OrderStatus::open);
  w.to(80.5);
  CHECK(w.order(order).status == OrderStatus::finished);
  CHECK(w.held().is_zero());
  CHECK(w.exchange.fills(w.account, w.symbol).back().price < price("107.8"));
}

TEST_CASE("a trailing stop with an activate price sleeps until the path is there, and says so") {
  Rising w;
  const OrderView order = w.accepted(reduce_only(trailing(Side::sell, "2")), trails("0.02", "106"));
  CHECK(activations(w, order) == std::vector{false});
  w.to(68.99);
  CHECK_FALSE(w.detail(order).activated);
  w.to(69);  // 106 after 9 s
  CHECK(w.detail(order).activated);
  CHECK(activations(w, order) == std::vector{false, true});
  w.to(80.5);
  CHECK(w.order(order).status == OrderStatus::finished);
}

TEST_CASE("a trailing stop that is never activated never triggers") {
  Rising w;
  const OrderView order = w.accepted(reduce_only(trailing(Side::sell, "2")), trails("0.02", "111"));
  w.to(600);
  CHECK(w.order(order).status == OrderStatus::open);
  CHECK(w.held() == qty("2"));
}

TEST_CASE("a buying trailing stop follows the lowest price") {
  World w(rest(1) + std::vector<Candle>{{100, 100, 90, 94}} + rest(30, 94));
  w.to(30);
  w.accepted(market_order(Side::sell, "2"));
  const OrderView order = w.accepted(reduce_only(trailing(Side::buy, "2")), trails("0.02", "95"));
  w.to(90);  // 90; 1.8 more with 4 USDT in 15 s: 6.75 s
  CHECK(w.order(order).status == OrderStatus::open);
  w.to(96.7);
  CHECK(w.order(order).status == OrderStatus::open);
  w.to(96.8);
  CHECK(w.order(order).status == OrderStatus::finished);
}

TEST_CASE("a jump down triggers a trailing stop at the price it jumps to") {
  World w(rest(1) + rest(1, 104) + rest(8, 95));
  w.to(30);
  w.accepted(market_order(Side::buy, "2"));
  const OrderView order = w.accepted(reduce_only(trailing(Side::sell, "2")), trails("0.05"));
  w.to(119.999);
  CHECK(w.order(order).status == OrderStatus::open);
  w.to(120);
  CHECK(w.order(order).status == OrderStatus::finished);
  CHECK(w.exchange.fills(w.account, w.symbol).back().price < price("95"));
}

TEST_CASE("a trailing stop on the mark price follows mark bars that are finer than the path's") {
  // Within the first quarter of a minute of the path, the mark goes to 104 and back.
  Course course{.candles = rest(30)};
  course.marks = rest(15) + std::vector<Candle>{{100, 104, 100, 100}} + rest(400);
  course.mark_step = Millis(4000);
  World w({course});
  w.to(30);
  w.accepted(market_order(Side::buy, "2"));
  OrderRequest request = reduce_only(trailing(Side::sell, "2"));
  request.working_type = WorkingType::mark_price;
  const OrderView order = w.accepted(request, trails("0.02"));
  // 104 at 61 s; down by 4 in the second after it: 2 % lower after 0.52 s.
  w.to(61.51);
  CHECK(w.order(order).status == OrderStatus::open);
  w.to(61.52);
  CHECK(w.order(order).status == OrderStatus::finished);
}

TEST_CASE("a trailing stop knows the best price of a hold that ended between two points") {
  World w(rest(30));
  w.to(30);
  w.accepted(market_order(Side::buy, "2"));
  const OrderView order = w.accepted(reduce_only(trailing(Side::sell, "2")), trails("0.05"));
  w.to(32);
  CHECK(w.market.hold(w.symbol, price("110"), w.exchange.now()).has_value());
  w.exchange.reprice(w.symbol);
  w.to(34);
  CHECK(w.market.hold(w.symbol, price("106"), w.exchange.now()).has_value());
  w.exchange.reprice(w.symbol);
  w.to(36);
  CHECK(w.order(order).status == OrderStatus::open);
  w.market.release(w.symbol, w.exchange.now());
  w.exchange.reprice(w.symbol);  // 100 is less than 110 x 0.95
  w.to(36.1);
  CHECK(w.order(order).status == OrderStatus::finished);
}

TEST_CASE("refusals of trailing stops") {
  Rising w;
  const auto code = [&](Side side, const std::string& rate, const std::string& activate) {
    return w.refused(trailing(side, "1"), trails(rate, activate));
  };
  CHECK(code(Side::sell, "0", "0") == -1102);
  CHECK(code(Side::sell, "0.0009", "0") == -1130);
  CHECK(code(Side::sell, "0.001", "0") == 0);
  CHECK(code(Side::sell, "0.2", "0") == 0);
  CHECK(code(Side::sell, "0.201", "0") == -1130);
  CHECK(code(Side::sell, "0.01", "100") == -2021);
  CHECK(code(Side::buy, "0.01", "100") == -2021);
  CHECK(code(Side::buy, "0.01", "99") == 0);
  CHECK(code(Side::sell, "0.01", "10001") == -4135);
  OrderRequest closing = close_position(OrderType::trailing_stop_market, Side::sell, "0");
  CHECK(w.refused(closing, trails("0.01")) == -4136);
  OrderRequest with_trigger = trailing(Side::sell, "1");
  with_trigger.trigger_price = price("90");
  CHECK(w.refused(with_trigger, trails("0.01")) == -1106);
  CHECK(w.refused(conditional(OrderType::stop_market, Side::sell, "1", "90"), trails("0.01")) ==
        -1106);
}

}  // namespace
}  // namespace bb::sim::test
