// What market streams tell: payloads against recorded ones, rates, and what a client rebuilds.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "paper/stream_client.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

namespace {

const std::string kFile = "market_stream_messages.jsonl";

sim::Market moving_market() {
  sim::RandomMarketOptions options;
  options.market.begin = some_day() - std::chrono::days(1);
  options.days = 3;
  options.symbols = 6;
  return sim::make_random_market(options);
}

/// A contract of the market, and as streams name it.
Task<std::pair<std::string, std::string>> some_contract(World& world) {
  const auto prices = co_await world.get("/fapi/v1/ticker/price");
  const auto symbols = column(prices.body, "symbol");
  const auto symbol = symbols.substr(0, symbols.find(','));
  auto name = symbol;
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  co_return std::pair(symbol, name);
}

std::int64_t number(const std::string& json, std::string_view path) {
  return std::stoll(member(json, path));
}

using BookSide = std::map<std::string, std::string>;

void apply(BookSide& side, const std::string& levels, bool is_snapshot) {
  const auto document = net::JsonDocument::parse(levels);
  REQUIRE(document.has_value());
  if (is_snapshot) side.clear();
  document->root().for_each([&](net::JsonView level) {
    std::vector<std::string> pair;
    level.for_each([&](net::JsonView v) { pair.emplace_back(v.text()); });
    if (*Decimal::parse(pair.at(1)) == Decimal()) {
      side.erase(pair.at(0));
    } else {
      side[pair.at(0)] = pair.at(1);
    }
  });
}

}  // namespace

TEST_CASE("market streams: each payload has the members and kinds of the recorded one") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto market = co_await StreamClient::open(world, "/market/stream?streams=");
    auto books = co_await StreamClient::open(world, "/public/stream?streams=");
    const auto told = [](StreamClient& client, std::string name) -> Task<std::string> {
      client.send(R"({"method":"SUBSCRIBE","params":[")" + name + R"("],"id":1})");
      co_return co_await client.next_with(R"("stream":")" + name);
    };
    // `st` and `ps` are newer than the recordings (2026-06), `ap` too (2026-03).
    auto text = co_await told(*market, "aaausdt@aggTrade");
    CHECK(difference(text, recorded(kFile, "btcusdt_2026-02-16/agg_trade")) == "+data.st");
    CHECK(member(text, "data.p") == "100.00");
    text = co_await told(*books, "aaausdt@trade");
    CHECK(difference(text, recorded(kFile, "btcusdt_2026-02-16/trade")) == "");
    text = co_await told(*market, "aaausdt@markPrice@1s");
    CHECK(difference(text, recorded(kFile, "btcusdt_2026-02-16/mark_price")) ==
          "+data.ap +data.st");
    text = co_await told(*books, "aaausdt@bookTicker");
    CHECK(difference(text, recorded(kFile, "btcusdt_2026-02-16/book_ticker")) ==
          "+data.ps +data.st");
    CHECK(member(text, "data.b") == "99.99");
    CHECK(member(text, "data.a") == "100.01");
    text = co_await told(*books, "aaausdt@depth5@100ms");
    CHECK(difference(text, recorded(kFile, "btcusdt_2026-02-16/depth5")) == "+data.ps +data.st");
    co_await market->close();
    co_await books->close();
    co_await world.close();
  });
}

TEST_CASE("market streams: payloads that nobody recorded have the documented members") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/market/ws");
    const auto told = [&client](std::string name) -> Task<std::string> {
      client->send(R"({"method":"SUBSCRIBE","params":[")" + name + R"("],"id":1})");
      co_await client->next_with("result");
      auto text = co_await client->next();
      client->send(R"({"method":"UNSUBSCRIBE","params":[")" + name + R"("],"id":2})");
      co_await client->next_with(R"("id":2)");
      co_return text;
    };
    const auto told9 = co_await told("aaausdt@kline_1m");
    CHECK(field_names(told9) == "e,E,s,k");
    auto text = co_await told("aaausdt@kline_1m");
    CHECK(field_names(member(text, "k")) == "t,T,s,i,f,L,o,c,h,l,v,n,x,q,V,Q,B");
    CHECK(member(text, "k.x") == "false");
    text = co_await told("aaausdt_perpetual@continuousKline_1m");
    CHECK(field_names(text) == "e,E,ps,ct,k");
    const auto told10 = co_await told("aaausdt@miniTicker");
    CHECK(field_names(told10) == "e,E,s,c,o,h,l,v,q,ps,st");
    const auto told11 = co_await told("aaausdt@ticker");
    CHECK(field_names(told11) == "e,E,s,p,P,w,c,Q,o,h,l,v,q,O,C,F,L,n,ps,st");
    text = co_await told("!markPrice@arr@1s");
    CHECK(field_names(text) == "e,E,s,p,ap,P,i,r,T,st");
    CHECK(count(text) == 3);
    const auto told12 = co_await told("!assetIndex@arr");
    CHECK(field_names(told12) == "e,E,s,i,b,a,B,A,q,g,Q,G");
    text = co_await told("tradingSession");
    CHECK(field_names(text) == "e,E,t,T,S");
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("market streams: each keeps its rate") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, default_options(), Micros(0), moving_market());
    const auto name = (co_await some_contract(world)).second;
    struct Rate {
      std::string stream;
      std::size_t in_minute;
    };
    for (const auto& [stream, wanted] :
         {Rate{"/market/ws/" + name + "@kline_1m", 241},
          Rate{"/market/ws/" + name + "@markPrice", 20},
          Rate{"/market/ws/" + name + "@markPrice@1s", 60},
          Rate{"/market/ws/" + name + "@ticker", 30}, Rate{"/market/ws/!miniTicker@arr", 60}}) {
      CAPTURE(stream);
      auto client = co_await StreamClient::open(world, stream);
      const auto told = co_await client->collect(Minutes(1) + Millis(10));
      CHECK(told.size() == wanted);
      co_await client->close();
    }
    co_await world.close();
  });
}

TEST_CASE("market streams: arrays carry what has changed") {
  run_sim(
      [](SimLoop& loop) -> Task<void> {
        World world(loop);
        auto client = co_await StreamClient::open(world, "/market/ws/!bookTicker");
        auto books = co_await StreamClient::open(world, "/public/ws/!bookTicker");
        auto first = co_await books->collect(Seconds(6));
        CHECK(first.size() == 3);
        // The market stands still until AAAUSDT jumps.
        first = co_await books->collect(Seconds(10));
        REQUIRE(first.size() == 1);
        CHECK(member(first[0], "s") == "AAAUSDT");
        CHECK(member(first[0], "b") == "119.99");
        co_await client->close();
        co_await books->close();
        co_await world.close();
      },
      some_day() + Hours(30) - Seconds(12));
}

TEST_CASE("market streams: no bar goes missing, however fast exchange time runs") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/market/ws/aaausdt@kline_1m");
    co_await client->collect(Seconds(1));
    for (int jump = 0; jump < 3; ++jump) {
      const auto begin = to_ms(world.server().now()) / 60'000 * 60'000;
      loop.clock.step_wall_clock(Minutes(7) + Seconds(13));
      const auto bars = co_await client->collect(Millis(251));
      REQUIRE(bars.size() >= 8);
      for (int i = 0; i < 8; ++i) {
        const auto& bar = bars[static_cast<std::size_t>(i)];
        CHECK(number(bar, "k.t") == begin + i * 60'000);
        CHECK(member(bar, "k.x") == (i < 7 ? "true" : "false"));
      }
    }
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("market streams: a bar that closes is told as closed once") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/market/ws/aaausdt@kline_1m");
    const auto bars = co_await client->collect(Minutes(5) + Seconds(1));
    std::vector<std::int64_t> closed;
    for (const auto& bar : bars)
      if (member(bar, "k.x") == "true") closed.push_back(number(bar, "k.t"));
    const auto begin = to_ms(some_day());
    CHECK((closed == std::vector<std::int64_t>{begin, begin + 60'000, begin + 120'000,
                                               begin + 180'000, begin + 240'000}));
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("market streams: snapshot and changes give the book, whenever the snapshot was taken") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, default_options(), Micros(0), moving_market());
    const auto [symbol, name] = co_await some_contract(world);
    for (const auto* rate : {"@100ms", "", "@500ms"}) {
      CAPTURE(rate);
      const auto address = "/public/ws/" + name + "@depth";
      auto client = co_await StreamClient::open(world, address + rate);
      auto partial = co_await StreamClient::open(world, address + "20" + rate);
      // A snapshot between two ticks, while events are kept.
      auto kept = co_await client->collect(Millis(23'070));
      const auto snapshot = co_await world.get("/fapi/v1/depth?limit=1000&symbol=" + symbol);
      const auto id = std::stoll(snapshot.at("lastUpdateId"));
      for (auto& event : co_await client->collect(Minutes(3)))
        kept.push_back(std::move(event));
      CHECK(kept.size() > 20);
      BookSide bids, asks;
      apply(bids, snapshot.at("bids"), true);
      apply(asks, snapshot.at("asks"), true);
      std::int64_t before = 0;
      for (const auto& event : kept) {
        if (before != 0) CHECK(number(event, "pu") == before);
        before = number(event, "u");
        CHECK(number(event, "U") == number(event, "pu") + 1);
        if (before < id) continue;
        apply(bids, member(event, "b"), false);
        apply(asks, member(event, "a"), false);
      }
      const auto whole = co_await partial->collect(Micros(0));
      REQUIRE_FALSE(whole.empty());
      CHECK(member(whole.back(), "u") == member(kept.back(), "u"));
      BookSide wanted_bids, wanted_asks;
      apply(wanted_bids, member(whole.back(), "b"), true);
      apply(wanted_asks, member(whole.back(), "a"), true);
      CHECK((bids == wanted_bids));
      CHECK((asks == wanted_asks));
      co_await client->close();
      co_await partial->close();
    }
    co_await world.close();
  });
}

TEST_CASE("market streams: trades are numbered without a gap, and aggregates hold them") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto aggregates = co_await StreamClient::open(world, "/market/ws/aaausdt@aggTrade");
    auto trades = co_await StreamClient::open(world, "/public/ws/aaausdt@trade");
    const auto first = co_await aggregates->collect(Seconds(10) + Millis(10));
    const auto second = co_await trades->collect(Micros(0));
    REQUIRE(first.size() > 12);
    for (std::size_t i = 1; i < first.size(); ++i)
      CHECK(number(first[i], "a") == number(first[i - 1], "a") + 1);
    Decimal whole, parts;
    for (const auto& event : first)
      whole = whole + *Decimal::parse(member(event, "q"));
    for (const auto& event : second)
      parts = parts + *Decimal::parse(member(event, "q"));
    CHECK(whole == parts);
    CHECK(number(first[0], "f") == number(second[0], "t"));
    co_await aggregates->close();
    co_await trades->close();
    co_await world.close();
  });
}

TEST_CASE("market streams: a listing and a delisting are told as contract information") {
  run_sim(
      [](SimLoop& loop) -> Task<void> {
        World world(loop);
        auto client = co_await StreamClient::open(world, "/market/ws/!contractInfo");
        const auto told = co_await client->collect(Minutes(1));
        REQUIRE(told.size() == 1);
        CHECK(member(told[0], "s") == "LATEUSDT");
        CHECK(member(told[0], "cs") == "TRADING");
        co_await client->close();
        co_await world.close();
      },
      some_day() + std::chrono::days(50) - Seconds(30));
}
