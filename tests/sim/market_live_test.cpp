// What a live market says: of the present what was appended, of the past what it said then.
#include <doctest/doctest.h>

#include "live_world.h"
#include "sim/book.h"
#include "sim/tape.h"

using namespace bb;
using namespace bb::sim;
using namespace bb::sim::test;

namespace {

Price last_at(const LiveWorld& w, double seconds) {
  const auto point = w.market.last(w.symbol, LiveWorld::at(seconds));
  return point ? point->price : Price();
}

Ticker24h day_of(const char* open, const char* high, const char* low, const char* last) {
  return {.last = price(last),
          .open = price(open),
          .high = price(high),
          .low = price(low),
          .volume = 1440 * 60,
          .quote_volume = 8'640'000,
          .open_time = LiveWorld::at(-86400),
          .close_time = LiveWorld::at(2),
          .count = 777};
}

}  // namespace

TEST_CASE("live market: a contract is listed from its first price on") {
  LiveWorld w;
  CHECK(w.market.rules(LiveWorld::at(1)).empty());
  LiveUpdate mark_alone;
  mark_alone.mark = price("100");
  w.append(2, mark_alone);
  CHECK(w.market.rules(LiveWorld::at(2)).empty());
  w.say(3, "100");
  CHECK(w.market.rules(LiveWorld::at(2.999)).empty());
  REQUIRE(w.market.rules(LiveWorld::at(3)).size() == 1);
  CHECK(w.market.find_rules(w.symbol, LiveWorld::at(3))->status == SymbolStatus::trading);
  CHECK_FALSE(w.market.last(w.symbol, LiveWorld::at(2.999)).has_value());
}

TEST_CASE(
    "live market: between two points the price stands, on its tick; the mark is as it was told") {
  LiveWorld w;
  w.say(2, "100.004", "100.00412345");
  w.say(3, "101.006");
  CHECK(last_at(w, 2.999) == price("100"));
  CHECK(*w.market.mark(w.symbol, LiveWorld::at(2.999)) == price("100.00412345"));
  CHECK(last_at(w, 3) == price("101.01"));
  CHECK(last_at(w, 99) == price("101.01"));
}

TEST_CASE("live market: crossings are found among the points, and none beyond the newest") {
  LiveWorld w;
  w.say(2, "100");
  w.say(3, "105");
  w.say(4, "100");
  const auto cross = [&](double after, const char* level, bool falling) {
    return w.market.first_crossing(w.symbol, LiveWorld::at(after), LiveWorld::at(90'000),
                                   price(level), falling);
  };
  REQUIRE(cross(2, "103", false).has_value());
  CHECK(cross(2, "103", false)->time == LiveWorld::at(3));
  CHECK(cross(2, "103", false)->price == price("105"));
  CHECK(cross(3.2, "103", false)->time == LiveWorld::at(3.201));
  CHECK_FALSE(cross(4, "103", false).has_value());
  CHECK(cross(4, "100", true)->time == LiveWorld::at(4.001));
}

TEST_CASE("live market: it grows at its end only") {
  LiveWorld w;
  w.say(2, "100");
  CHECK(w.live.newest() == LiveWorld::at(2));
  w.to(10);
  CHECK(w.exchange.now() == LiveWorld::at(10));
  w.say(10.001, "101");
  CHECK(last_at(w, 10) == price("100"));
}

TEST_CASE("live market: bars are made of the points; where nothing was heard they are flat") {
  LiveWorld w;
  w.say(2, "100");
  w.say(30, "103", "102");
  w.say(59, "99");
  w.say(250, "110");
  const auto bars = w.market.klines(w.symbol, Minutes(1), LiveWorld::at(0), LiveWorld::at(300), 10,
                                    LiveWorld::at(255));
  REQUIRE(bars.size() == 5);
  CHECK(bars[0].open == price("100"));
  CHECK(bars[0].high == price("103"));
  CHECK(bars[0].low == price("99"));
  CHECK(bars[0].close == price("99"));
  CHECK(bars[2].high == price("99"));
  CHECK(bars[4].open == price("110"));
  const auto whole = w.market.klines(w.symbol, Minutes(5), LiveWorld::at(0), LiveWorld::at(300), 10,
                                     LiveWorld::at(255));
  REQUIRE(whole.size() == 1);
  CHECK(whole[0].open == price("100"));
  CHECK(whole[0].close == price("110"));
  CHECK(w.market
            .mark_klines(w.symbol, Minutes(5), LiveWorld::at(0), LiveWorld::at(300), 10,
                         LiveWorld::at(255))[0]
            .high == price("110"));
}

TEST_CASE(
    "live market: history gives the day before in quarters of an hour, and the midnight's open") {
  LiveWorld w;
  w.say(400, "100");
  std::vector<exchange::Kline> history;
  for (int i = -96; i <= 0; ++i)
    history.push_back({LiveWorld::at(900.0 * i), price("80"), price("85"), price("75"),
                       i == 0 ? price("99") : price("81"), 900, 0});
  w.live.add_history(w.symbol, history);
  w.live.add_history(w.symbol, history);
  const auto day = w.market.klines(w.symbol, Hours(24), LiveWorld::at(-86400), LiveWorld::at(0), 10,
                                   LiveWorld::at(401));
  REQUIRE(day.size() == 2);
  CHECK(day[0].open == price("80"));
  CHECK(day[0].volume == doctest::Approx(96 * 900));
  CHECK(day[1].open == price("80"));
  CHECK(day[1].close == price("100"));
  CHECK(day[1].volume == doctest::Approx(400 + 1e6 * 41.001 / 60));
  // Finer bars begin with the points.
  CHECK(w.market
            .klines(w.symbol, Minutes(1), LiveWorld::at(-3600), LiveWorld::at(401), 100,
                    LiveWorld::at(401))
            .size() == 1);
}

TEST_CASE(
    "live market: minutes become quarters of an hour after twelve hours, and nothing is lost") {
  LiveWorld w;
  for (int minute = 1; minute < 14 * 60; ++minute)
    w.say(minute * 60.0, std::to_string(100 + minute % 50));
  const double now = 14 * 3600.0 - 1;
  const auto bars = w.market.klines(w.symbol, Hours(1), LiveWorld::at(0), LiveWorld::at(now), 100,
                                    LiveWorld::at(now));
  REQUIRE(bars.size() == 14);
  CHECK(bars[0].open == price("101"));
  CHECK(bars[0].high == price("149"));
  CHECK(bars[1].open == price("110"));
  CHECK(bars[13].close == price("139"));
  const auto minutes = w.market.klines(w.symbol, Minutes(1), LiveWorld::at(0), LiveWorld::at(now),
                                       1500, LiveWorld::at(now));
  CHECK(minutes.size() >= 700);
  CHECK(minutes.size() <= 735);
}

TEST_CASE("live market: the 24 hours are the source's, with our newest price") {
  LiveWorld w;
  LiveUpdate update;
  update.last = update.mark = price("104");
  update.day = day_of("100", "105", "99", "104");
  w.append(2, update);
  w.say(3, "107");
  const auto ticker = w.market.ticker(w.symbol, LiveWorld::at(3));
  REQUIRE(ticker.has_value());
  CHECK(ticker->last == price("107"));
  CHECK(ticker->high == price("107"));
  CHECK(ticker->low == price("99"));
  CHECK(ticker->open == price("100"));
  CHECK(ticker->count == 777);
}

TEST_CASE("live market: the book follows the last price, and an instant has one book only") {
  LiveWorld w;
  LiveUpdate update;
  update.last = update.mark = price("100");
  update.quote = Quote{price("99.99"), price("100.01"), qty("3"), qty("2")};
  w.append(2, update);
  const auto before = book_at(w.market, w.symbol, LiveWorld::at(2.5));
  w.say(3, "101");
  const auto moved = book_at(w.market, w.symbol, LiveWorld::at(3));
  REQUIRE(moved.has_value());
  CHECK(moved->asks.front().price == price("101"));
  CHECK(moved->bids.front().price == price("100.98"));
  CHECK(moved->bids.front().qty == qty("3"));
  const auto again = book_at(w.market, w.symbol, LiveWorld::at(2.5));
  REQUIRE(before.has_value());
  CHECK(before->asks == again->asks);
  CHECK(before->asks.front().price == price("100.01"));
}

TEST_CASE("live market: without a book the synthetic one stands around the last price") {
  LiveWorld w;
  w.say(2, "100");
  const auto book = book_at(w.market, w.symbol, LiveWorld::at(2));
  REQUIRE(book.has_value());
  CHECK(book->asks.front().price == price("100.01"));
  CHECK(book->bids.front().price == price("99.99"));
}

TEST_CASE("live market: old points are forgotten, their bars remember") {
  LiveWorld w;
  w.say(2, "100");
  for (int i = 0; i < 600; ++i)
    w.say(3 + i, std::to_string(200 + i));
  CHECK(last_at(w, 2) == price("256"));  // the close of its minute
  CHECK(last_at(w, 602) == price("799"));
  CHECK(last_at(w, 500) == price("697"));
}

TEST_CASE("live market: prices cannot be held") {
  LiveWorld w;
  w.say(2, "100");
  const auto held = w.market.hold(w.symbol, price("50"), LiveWorld::at(3));
  REQUIRE_FALSE(held.has_value());
  CHECK(held.error().text == "a live market has its source's prices; they cannot be set");
  w.market.release(w.symbol, LiveWorld::at(3));
  CHECK_FALSE(w.market.held(w.symbol, LiveWorld::at(3)).has_value());
}

TEST_CASE("live market: public executions lie on the points") {
  LiveWorld w;
  for (int i = 2; i < 60; ++i)
    w.say(i, std::to_string(100 + i));
  const auto first = Tape::first_row_at(w.symbol, LiveWorld::at(10));
  const auto rows = Tape(w.market).rows(w.symbol, first, 5, LiveWorld::at(59));
  REQUIRE(rows.size() == 5);
  for (const auto& row : rows)
    CHECK(row.price == w.market.last(w.symbol, row.time)->price);
}
