// Queries: what is retried, what is an error, and that no secret gets out.
#include <doctest/doctest.h>

#include "binance/scripted_exchange.h"

namespace bb::binance::test {
namespace {

constexpr const char* kBalance = "GET /fapi/v3/balance";
constexpr const char* kTicker = "GET /fapi/v1/ticker/24hr";

TEST_CASE("query: what may pass is tried again, each time with a new stamp") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kBalance, json_reply(golden("balance.json")));
    world.exchange.once(kBalance, dropped());
    world.exchange.once(kBalance, error_reply(-1001, 503));
    const auto balances = co_await world.account->fetch_balances();
    CHECK(balances.has_value());
    const auto sent = world.exchange.seen(kBalance);
    REQUIRE(sent.size() == 3);
    CHECK(sent[1].at - sent[0].at >= Seconds(1));
    CHECK(sent[1].at - sent[0].at < Millis(1200));
    CHECK(sent[2].at - sent[1].at >= Seconds(2));
    CHECK(sent[2].at - sent[1].at < Millis(2200));
    for (const auto& each : sent) {
      const auto age = to_ms(each.at) - std::stoll(each.param("timestamp"));
      CHECK(age >= 0);
      CHECK(age < 100);
    }
  });
}

/// The error of fetch_tickers() when every answer is `reply`, and the number of requests.
struct Failed {
  Error error;
  int requests = 0;
};
Task<Failed> tickers_with(World& world, net::ServerReply reply) {
  const int before = world.exchange.count(kTicker);
  world.exchange.on(kTicker, std::move(reply));
  const auto tickers = co_await world.market->fetch_tickers();
  co_return Failed{tickers ? Error{} : tickers.error(), world.exchange.count(kTicker) - before};
}

TEST_CASE("query: each failure has its kind, and its number of attempts") {
  in_world([](World& world) -> Task<void> {
    struct Row {
      net::ServerReply reply;
      ErrorKind kind;
      int requests;
    };
    const std::vector<Row> rows{
        {dropped(), ErrorKind::unreachable, 3},
        {truncated(golden("ticker_24hr.json")), ErrorKind::unreachable, 3},
        {json_reply("", 502), ErrorKind::unreachable, 3},
        {json_reply("", 408), ErrorKind::unreachable, 3},
        {error_reply(-1000), ErrorKind::unreachable, 3},
        {json_reply(golden("ticker_24hr.json").substr(0, 500)), ErrorKind::malformed, 3},
        {json_reply(""), ErrorKind::malformed, 3},
        {json_reply(R"([{"symbol":"BTCUSDT","lastPrice":"1,5"}])"), ErrorKind::malformed, 1},
        {json_reply("{}"), ErrorKind::malformed, 1},
        {json_reply("", 404), ErrorKind::malformed, 1},
        {json_reply("<html>", 403), ErrorKind::rate_limited, 1},
        {error_reply(-1121), ErrorKind::rejected, 1},
        {error_reply(-2015, 401), ErrorKind::configuration, 1},
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto failed = co_await tickers_with(world, rows[i].reply);
      CAPTURE(i);
      CAPTURE(failed.error.text);
      CHECK(failed.error.kind == rows[i].kind);
      CHECK(failed.requests == rows[i].requests);
      CHECK_FALSE(failed.error.text.empty());
    }
  });
}

TEST_CASE("query: attempts and pauses end with the time-out") {
  in_world(
      [](World& world) -> Task<void> {
        const auto begin = world.loop.clock.steady_now();
        const auto failed = co_await tickers_with(world, json_reply("", 503));
        CHECK(failed.error.kind == ErrorKind::unreachable);
        CHECK(failed.requests == 2);  // after 1 s; the third would come after 4 s
        CHECK(world.loop.clock.steady_now() - begin < Seconds(3));
      },
      [](Settings& settings) {
        settings.timeout_sec = 3;
        settings.retry_count = 10;
      });
}

TEST_CASE("tickers and marks: the time is that of the question") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kTicker, json_reply(golden("ticker_24hr.json")));
    world.exchange.on("GET /fapi/v1/premiumIndex", json_reply(golden("premium_index.json")));
    const auto before = world.exchange.now();
    const auto tickers = co_await world.market->fetch_tickers();
    REQUIRE(tickers.has_value());
    CHECK(tickers->value.size() == 4);
    CHECK(tickers->as_of - before <= Millis(1));
    CHECK(before - tickers->as_of <= Millis(1));
    const auto marks = co_await world.market->fetch_marks();
    REQUIRE(marks.has_value());
    CHECK(marks->value.size() == 3);
  });
}

TEST_CASE("rules: exchangeInfo also tells the weight that a minute has") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on("GET /fapi/v1/exchangeInfo", json_reply(golden("exchange_info.json")));
    CHECK(world.venue->health().weight_limit == 2400);
    const auto rules = co_await world.market->fetch_rules();
    REQUIRE(rules.has_value());
    CHECK(rules->symbols.size() == 8);
    CHECK(world.venue->health().weight_limit == 6000);
  });
}

TEST_CASE("klines: only the bounds that are given are sent") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on("GET /fapi/v1/klines", json_reply(golden("klines.json")));
    exchange::KlineQuery query;
    query.symbol = Symbol("币安人生USDT");
    query.from = from_ms(1602669900000);
    query.limit = 3;
    const auto klines = co_await world.market->fetch_klines(query);
    REQUIRE(klines.has_value());
    CHECK(klines->size() == 3);
    const auto sent = world.exchange.seen("GET /fapi/v1/klines");
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].query ==
          "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&interval=1h&startTime=1602669900000"
          "&limit=3");
    query.limit = 1501;
    const auto too_many = co_await world.market->fetch_klines(query);
    CHECK_FALSE(too_many.has_value());
    CHECK(world.exchange.count("GET /fapi/v1/klines") == 1);
  });
}

TEST_CASE("open orders: regular and conditional ones are asked for at the same time") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on("GET /fapi/v1/openOrders", json_reply(golden("open_orders.json")));
    world.exchange.on("GET /fapi/v1/openAlgoOrders", json_reply(golden("algo_open_list.json")));
    const auto prepared = co_await world.venue->prepare(2);
    CHECK(prepared.has_value());
    const auto begin = world.loop.clock.steady_now();
    const auto orders = co_await world.account->fetch_open_orders();
    REQUIRE(orders.has_value());
    REQUIRE(orders->size() == 2);
    CHECK_FALSE((*orders)[0].conditional);
    CHECK((*orders)[1].conditional);
    CHECK(world.loop.clock.steady_now() - begin == Millis(50));  // one round trip
    const auto conditional = co_await world.account->fetch_open_conditional_orders();
    REQUIRE(conditional.has_value());
    CHECK(conditional->size() == 1);

    world.exchange.on("GET /fapi/v1/openAlgoOrders", error_reply(-2015, 401));
    const auto half = co_await world.account->fetch_open_orders();
    CHECK_FALSE(half.has_value());
  });
}

TEST_CASE("find: -2013 is no order, any other failure is an error") {
  in_world([](World& world) -> Task<void> {
    const exchange::OrderRef order{Symbol("XRPUSDT"), ClientOrderId("rwAC6QMAAQAAM0V8zdAW"), 0,
                                   false};
    world.exchange.on("GET /fapi/v1/order", error_reply(-2013));
    const auto none = co_await world.account->find_order(order);
    REQUIRE(none.has_value());
    CHECK_FALSE(none->has_value());
    world.exchange.on("GET /fapi/v1/order", json_reply(golden("order_canceled.json")));
    const auto found = co_await world.account->find_order(order);
    REQUIRE(found.has_value());
    REQUIRE(found->has_value());
    CHECK((*found)->order_id == 17759646892);
    world.exchange.on("GET /fapi/v1/order", error_reply(-2015, 401));
    const auto failed = co_await world.account->find_order(order);
    CHECK_FALSE(failed.has_value());
    const auto sent = world.exchange.seen("GET /fapi/v1/order");
    CHECK(sent[0].param("origClientOrderId") == "rwAC6QMAAQAAM0V8zdAW");
    CHECK(sent[0].param("symbol") == "XRPUSDT");
  });
}

TEST_CASE("find: a conditional order by either id, and an answer about another one is an error") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on("GET /fapi/v1/algoOrder", json_reply(golden("algo_query_canceled.json")));
    exchange::OrderRef order{Symbol("BTCUSDT"), ClientOrderId("pulsetrade-test-1789363069217-pr"),
                             0, true};
    const auto by_client = co_await world.account->find_order(order);
    REQUIRE(by_client.has_value());
    CHECK(by_client->has_value());
    order.order_id = 1000000204743716;
    const auto by_id = co_await world.account->find_order(order);
    CHECK(by_id.has_value());
    order.order_id = 7;
    const auto other = co_await world.account->find_order(order);
    CHECK_FALSE(other.has_value());
    const auto sent = world.exchange.seen("GET /fapi/v1/algoOrder");
    REQUIRE(sent.size() == 3);
    CHECK(sent[0].param("clientAlgoId") == "pulsetrade-test-1789363069217-pr");
    CHECK(sent[1].param("algoId") == "1000000204743716");
    CHECK(sent[1].param("clientAlgoId") == "-");
  });
}

/// Every text that this module gave away: errors, outcomes, log.
Task<std::string> all_texts(World& world) {
  std::string texts;
  const auto add = [&texts](const auto& result) {
    if (!result) texts += result.error().text + "\n";
  };
  const auto balances = co_await world.account->fetch_balances();
  add(balances);
  const auto modes = co_await world.account->fetch_modes();
  add(modes);
  const auto fills = co_await world.account->fetch_fills(Symbol("BTCUSDT"), world.exchange.now());
  add(fills);
  const auto placed = co_await world.account->place(market_sell("t-1"));
  texts += placed.describe() + "\n";
  const auto margin =
      co_await world.account->set_margin_type(Symbol("BTCUSDT"), MarginType::isolated);
  texts += margin.describe() + "\n";
  co_return texts + world.lines;
}

TEST_CASE(
    "secrets: key, secret, signature and query reach no text, even when the exchange echoes them") {
  in_world([](World& world) -> Task<void> {
    const auto echo = [](const Seen& seen) {
      return json_reply("{\"code\":-1022,\"msg\":\"bad " + seen.param("signature") + " of " +
                            kApiKey + " / " + kApiSecret + "\"}",
                        400);
    };
    const auto html = [](const Seen& seen) {
      return json_reply("<html>" + seen.query + seen.body + kApiKey + "</html>", 502);
    };
    std::string texts;
    for (const Respond& respond :
         {Respond(echo), Respond(html), Respond([](const Seen&) { return dropped(); })}) {
      for (const char* route : {kBalance, "GET /fapi/v1/accountConfig", "GET /fapi/v1/userTrades",
                                "POST /fapi/v1/order", "POST /fapi/v1/marginType"})
        world.exchange.on(route, respond);
      texts += co_await all_texts(world);
    }
    CHECK(texts.find("unknown") != std::string::npos);
    CHECK(texts.find("bad *** of *** / ***") != std::string::npos);
    CHECK(texts.find(kApiKey) == std::string::npos);
    CHECK(texts.find(kApiSecret) == std::string::npos);
    CHECK(texts.find("timestamp") == std::string::npos);
    for (const auto& seen : world.exchange.seen())
      if (seen.params.contains("signature"))
        CHECK(texts.find(seen.param("signature")) == std::string::npos);
  });
}

}  // namespace
}  // namespace bb::binance::test
