// A paper exchange that follows another one live.
#include "paper/live_feed.h"

#include <doctest/doctest.h>

#include "paper/control.h"
#include "paper/live_world.h"

namespace bb::paper::test {

namespace {

Price price(const char* text) { return Price(*Decimal::parse(text)); }

constexpr const char* kStopAt130 =
    "algoType=CONDITIONAL&symbol=AAAUSDT&side=BUY&type=STOP_MARKET&closePosition=true"
    "&triggerPrice=130&clientAlgoId=stop";

std::string stop_status(const Answer& answer) { return answer.at("algoStatus"); }

}  // namespace

TEST_CASE("live feed: contracts, prices, 24 hours and funding are the source's") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(3));
    CHECK(follower.last("AAAUSDT") == price("100"));
    CHECK(follower.last("币安人生USDT") == price("2"));
    CHECK(follower.market->rules(follower.server->now()).size() == 3);
    source.set("AAAUSDT", "110");
    co_await follower.wait(Seconds(2));
    CHECK(follower.last("AAAUSDT") == price("110"));
    CHECK(*follower.market->mark(Symbol("AAAUSDT"), follower.server->now()) == price("110"));
    const auto now = follower.server->now();
    const auto ours = follower.market->next_funding(Symbol("AAAUSDT"), now);
    const auto theirs = source.world.sim_market().next_funding(Symbol("AAAUSDT"), now);
    CHECK(ours.time == theirs.time);
    CHECK(ours.rate == theirs.rate);
    const auto ticker = follower.market->ticker(Symbol("AAAUSDT"), now);
    CHECK(ticker->open == price("100"));
    CHECK(ticker->high == price("110"));
    CHECK_FALSE(follower.server->suspended());
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE("live feed: the start weighs 59, and history one for each contract") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(30));
    CHECK(source.asked("/fapi/v1/exchangeInfo") == 1);
    CHECK(source.asked("/fapi/v1/ticker/24hr") == 1);
    CHECK(source.asked("/fapi/v1/premiumIndex") == 1);
    CHECK(source.asked("/fapi/v1/ticker/bookTicker") == 1);
    CHECK(source.asked("/fapi/v1/klines") == 3);
    CHECK(source.asked("/fapi/v1/fundingRate") == 1);
    const TimePoint now = follower.server->now();
    const auto bars =
        follower.market->klines(Symbol("AAAUSDT"), Hours(1), now - Hours(24), now, 100, now);
    CHECK(bars.size() == 24);
    CHECK(bars.front().open == price("100"));
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE("live feed: a stop fires when the source's price gets there") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(1));
    const auto opened = co_await follower.market_order("AAAUSDT", "SELL", "1");
    CHECK(opened.status == 200);
    const auto stop = co_await follower.call(net::Method::post, "/fapi/v1/algoOrder", kStopAt130);
    CHECK(stop.status == 200);
    co_await follower.wait(Seconds(5));
    CHECK(follower.held() == Qty(*Decimal::parse("-1")));
    source.set("AAAUSDT", "129.99");
    co_await follower.wait(Seconds(5));
    CHECK(follower.held() == Qty(*Decimal::parse("-1")));
    source.set("AAAUSDT", "131");
    co_await follower.wait(Seconds(2));
    CHECK(follower.held().is_zero());
    const auto shown =
        co_await follower.call(net::Method::get, "/fapi/v1/algoOrder", "clientAlgoId=stop");
    CHECK(stop_status(shown) == "FINISHED");
    CHECK(source.world.exchange().journal().size() == 2);  // two deposits; nobody traded there
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE(
    "live feed: contracts with a position have their trades and book followed, others do not") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(2));
    CHECK(follower.state().find(R"("ownStreams":0)") != std::string::npos);
    co_await follower.market_order("AAAUSDT", "SELL", "1");
    co_await follower.wait(Seconds(2));
    CHECK(follower.state().find(R"("ownStreams":1)") != std::string::npos);
    co_await follower.market_order("AAAUSDT", "BUY", "1");
    co_await follower.wait(Seconds(2));
    CHECK(follower.state().find(R"("ownStreams":0)") != std::string::npos);
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE("live feed: after a cut the price comes back as one jump, and stops meet it") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(10));
    co_await follower.market_order("AAAUSDT", "SELL", "1");
    co_await follower.call(net::Method::post, "/fapi/v1/algoOrder", kStopAt130);
    source.is_down = true;
    source.world.server().disconnect_streams();
    co_await follower.wait(Seconds(1));
    CHECK(follower.server->suspended());
    CHECK(follower.logged("live source fell silent") == 1);
    source.set("AAAUSDT", "140");
    co_await follower.wait(Minutes(5));
    CHECK(follower.held() == Qty(*Decimal::parse("-1")));
    CHECK(follower.logged("stream not reached") == 2);
    source.is_down = false;
    co_await follower.wait(Seconds(40));
    CHECK_FALSE(follower.server->suspended());
    CHECK(follower.logged("live source heard again") == 1);
    CHECK(follower.held().is_zero());
    const auto fills = follower.server->exchange().fills(0, Symbol("AAAUSDT"));
    REQUIRE(fills.size() == 2);
    CHECK(fills.back().price > price("139.9"));
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE(
    "live feed: while the source is silent orders are refused as in an outage, the rest works") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(2));
    co_await follower.market_order("AAAUSDT", "SELL", "1");
    const auto resting = co_await follower.call(
        net::Method::post, "/fapi/v1/order",
        "symbol=AAAUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=96&"
        "newClientOrderId=low");
    CHECK(resting.status == 200);
    source.silence(true);
    source.set("AAAUSDT", "90");
    co_await follower.wait(Seconds(7));
    CHECK(follower.server->suspended());
    CHECK(follower.state().find(R"("state":"silent")") != std::string::npos);
    for (const char* side : {"SELL", "BUY"}) {
      const auto refused = co_await follower.market_order("AAAUSDT", side, "1");
      CHECK(refused.status == 503);
      CHECK(refused.msg() == "Service Unavailable.");
    }
    const auto batch =
        co_await follower.call(net::Method::post, "/fapi/v1/batchOrders", "batchOrders=%5B%5D");
    CHECK(batch.status == 503);
    const auto stop = co_await follower.call(net::Method::post, "/fapi/v1/algoOrder", kStopAt130);
    CHECK(stop.status == 200);
    const auto gone = co_await follower.call(net::Method::del, "/fapi/v1/order",
                                             "symbol=AAAUSDT&origClientOrderId=low");
    CHECK(gone.status == 200);
    CHECK(follower.last("AAAUSDT") == price("100"));
    CHECK(follower.held() == Qty(*Decimal::parse("-1")));
    source.silence(false);
    co_await follower.wait(Seconds(60));
    CHECK_FALSE(follower.server->suspended());
    CHECK(follower.last("AAAUSDT") == price("90"));
    const auto closed = co_await follower.market_order("AAAUSDT", "BUY", "1");
    CHECK(closed.status == 200);
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE("live feed: a message that cannot be used is left out, with one line in the log") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(2));
    REQUIRE(source.sockets.size() == 2);
    for (const auto& weak : source.sockets)
      for (const char* text :
           {"not json", "{", "[]", "{}", "null", "17", R"({"stream":"x","data":null})",
            R"({"stream":"!ticker@arr","data":[{"e":"24hrTicker","E":1,"s":"AAAUSDT","c":"-1"}]})",
            R"({"data":[{"e":"markPriceUpdate","E":"x","s":"AAAUSDT","p":"1e99"}]})",
            R"({"data":{"e":"bookTicker","E":1,"s":"AAAUSDT","b":"9","B":"1","a":"8","A":"1"}})"})
        if (const auto socket = weak.lock()) socket->send_text(text);
    co_await follower.wait(Seconds(3));
    CHECK(follower.logged("message left out") == 2);  // one for each connection
    CHECK_FALSE(follower.server->suspended());
    CHECK(follower.last("AAAUSDT") == price("100"));
    source.set("AAAUSDT", "101");
    co_await follower.wait(Seconds(2));
    CHECK(follower.last("AAAUSDT") == price("101"));
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE("live feed: a message beyond all size ends the connection, and another one is made") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(2));
    // Behind a paper's queue of 4 MB there is no such message: its frame's head says it all.
    if (const auto socket = source.sockets.at(0).lock())
      socket->send(
          std::make_shared<const std::string>("\x81\x7f\x00\x00\x00\x00\x7f\xff\xff\xff", 10));
    co_await follower.wait(Seconds(10));
    CHECK(source.sockets.size() == 3);
    CHECK(follower.logged("stream ended") == 1);
    CHECK_FALSE(follower.server->suspended());
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE("live feed: what comes five seconds late is not used") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(2));
    StreamFaults late;
    late.market.delay = Seconds(8);
    source.world.server().set_stream_faults(late);
    source.set("AAAUSDT", "90");
    co_await follower.wait(Seconds(20));
    CHECK(follower.server->suspended());
    CHECK(follower.last("AAAUSDT") == price("100"));
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE("live feed: exchange time is the source's, and is measured again") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    source.world.server().shift_clock(Seconds(7));
    Follower follower(loop, source);
    co_await follower.begin();
    CHECK(follower.feed.clock_offset() == Seconds(7));
    co_await follower.wait(Seconds(3));
    CHECK(follower.server->now() - source.world.server().now() < Millis(5));
    CHECK(source.world.server().now() - follower.server->now() < Millis(5));
    CHECK_FALSE(follower.server->suspended());
    source.world.server().shift_clock(Seconds(2));
    source.tell_of_a_change();
    co_await follower.wait(Seconds(20));
    CHECK(follower.feed.clock_offset() == Seconds(9));
    CHECK(follower.server->now() - source.world.server().now() < Millis(5));
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE("live feed: a contract that is listed later is followed; a damaged list settles nobody") {
  run_sim(
      [](SimLoop& loop) -> Task<void> {
        Source source(loop);
        Follower follower(loop, source);
        co_await follower.begin();
        co_await follower.wait(Seconds(5));
        CHECK_FALSE(follower.market->find_rules(Symbol("LATEUSDT"), follower.server->now()));
        co_await follower.wait(Minutes(1));
        CHECK(follower.last("LATEUSDT") == price("10"));
        CHECK(follower.market->find_rules(Symbol("LATEUSDT"), follower.server->now())->status ==
              SymbolStatus::trading);
        // A list that has lost more than half of them is not believed.
        source.instead = R"({"symbols":[]})";
        source.tell_of_a_change();
        co_await follower.wait(Seconds(20));
        CHECK(source.asked("/fapi/v1/exchangeInfo") == 3);
        CHECK(follower.market->find_rules(Symbol("AAAUSDT"), follower.server->now())->status ==
              SymbolStatus::trading);
        co_await follower.end();
        co_await source.close();
      },
      some_day() + std::chrono::days(50) - Seconds(20));
}

TEST_CASE("live feed: the control tells of the source, and sets neither its prices nor its time") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    Follower follower(loop, source);
    co_await follower.begin();
    co_await follower.wait(Seconds(2));
    const auto accounts = default_options().accounts;
    Control control({*follower.server, *follower.market, accounts, &follower.feed},
                    "a-token-of-some-length");
    const auto ask = [&](const char* act, const char* body) {
      net::HttpRequest request;
      request.method = *body == '\0' ? net::Method::get : net::Method::post;
      request.target = std::string("/control/") + act;
      request.headers = {{"Authorization", "Bearer a-token-of-some-length"}};
      request.body = body;
      return control.handle(std::move(request));
    };
    const auto state = co_await ask("state", "");
    CHECK(state.response.body.find(R"("suspended":false,"source":{"rest":"http://source.test")") !=
          std::string::npos);
    CHECK(state.response.body.find(R"("state":"live")") != std::string::npos);
    const auto price = co_await ask("price", R"({"symbol":"AAAUSDT","price":"99"})");
    CHECK(price.response.status == 409);
    const auto pause = co_await ask("clock", R"({"action":"pause"})");
    CHECK(pause.response.status == 409);
    CHECK(pause.response.body ==
          R"({"error":"this exchange is live: time and speed are its source's"})");
    const auto skew = co_await ask("clock", R"({"action":"skew","ms":500})");
    CHECK(skew.response.status == 200);
    const auto money = co_await ask("balance", R"({"balance":"777"})");
    CHECK(money.response.status == 200);
    CHECK(follower.server->exchange().balance(0).wallet == Usdt(*Decimal::parse("777")));
    co_await follower.end();
    co_await source.close();
  });
}

TEST_CASE("live feed: without its source nothing begins, and a sentence says why") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Source source(loop);
    source.is_down = true;
    Follower follower(loop, source);
    const auto loaded = co_await follower.feed.load();
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().kind == ErrorKind::unreachable);
    CHECK(loaded.error().text.starts_with("http://source.test/fapi/v1/time: "));
    source.is_down = false;
    source.instead = "<html>";
    const auto malformed = co_await follower.feed.load();
    REQUIRE_FALSE(malformed.has_value());
    CHECK(malformed.error().kind == ErrorKind::malformed);
    co_await source.close();
  });
}

TEST_CASE("live feed: known hosts have their streams elsewhere, others at the same place") {
  CHECK(production_source().rest == "https://fapi.binance.com");
  CHECK(live_source("https://fapi.binance.com")->streams == "https://fstream.binance.com");
  CHECK(live_source("https://demo-fapi.binance.com")->streams ==
        "https://demo-fstream.binance.com");
  CHECK(live_source("http://127.0.0.1:8790")->streams == "http://127.0.0.1:8790");
  CHECK_FALSE(live_source("fapi.binance.com").has_value());
}

}  // namespace bb::paper::test
