// Placements and cancels over the WebSocket API, judged and limited as over HTTP.
#include "binance/order_socket.h"

#include <doctest/doctest.h>

#include "support/sim_world.h"

namespace bb::binance::test {
namespace {

using bb::test::run_world;
using bb::test::SimWorld;

/// The account of the world, with its orders over the WebSocket API.
struct Trader {
  explicit Trader(SimWorld& the_world)
      : world(the_world),
        log(LogLevel::info, [this](LogLevel, auto line) { lines += std::string(line) + "\n"; }) {
    const auto& theirs = world.binance_settings();
    settings.api_key = theirs.api_key.clone();
    settings.api_secret = theirs.api_secret.clone();
    settings.base_url = theirs.base_url;
    settings.order_entry = OrderEntry::websocket;
    venue = std::make_unique<Venue>(world.dialer(), world.loop().clock, log, settings);
    account = make_account(*venue, settings);
  }

  Task<exchange::Outcome<exchange::OrderView>> sell(std::string id, std::string qty = "10") {
    exchange::OrderRequest order;
    order.symbol = Symbol("C01USDT");
    order.qty = *Qty::parse(qty);
    order.client_order_id = ClientOrderId(std::move(id));
    return account->place(std::move(order));
  }

  /// From now on only what is connected already works.
  Task<void> forbid_new_connections() {
    co_await world.sleep(Seconds(40));  // HTTP connections are not used again after 30 s
    world.dialer().set_gate(
        [](const net::Endpoint&) { return fail(ErrorKind::unreachable, "no new connections"); });
  }

  SimWorld& world;
  std::string lines;
  Log log;
  Settings settings;
  std::unique_ptr<Venue> venue;
  std::unique_ptr<exchange::TradingAccount> account;
};

TEST_CASE("order socket: V5, names are sorted, and values are signed as text") {
  const std::map<std::string, std::string> params{
      {"apiKey", "AK"},     {"symbol", "BTCUSDT"},  {"side", "BUY"},
      {"type", "LIMIT"},    {"timeInForce", "GTC"}, {"quantity", "0.010"},
      {"price", "60000.0"}, {"recvWindow", "5000"}, {"timestamp", "1767225600000"}};
  const Credentials who{Secret("AK"), Secret("test-secret-" + std::string(54, '0')), 5000};
  CHECK(signature_of(who, socket_payload(params), "") ==
        "15e08582474f781b7960a3bcc1904b974c3b927b7c23d6affb91d254593830e2");

  Call call;
  call.method = net::Method::post;
  call.path = "/fapi/v1/order";
  call.signer = &who;
  call.params.add("symbol", "BTCUSDT").add("side", "BUY").add("type", "LIMIT");
  call.params.add("timeInForce", "GTC").add("quantity", "0.010").add("price", "60000.0");
  std::string signature;
  const auto frame = socket_request(call, "a1", from_ms(1767225600000), signature);
  CHECK(signature == "15e08582474f781b7960a3bcc1904b974c3b927b7c23d6affb91d254593830e2");
  CHECK(
      frame ==
      R"({"id":"a1","method":"order.place","params":{"apiKey":"AK","price":"60000.0",)"
      R"("quantity":"0.010","recvWindow":5000,"side":"BUY","signature":")" +
          signature +
          R"(","symbol":"BTCUSDT","timeInForce":"GTC","timestamp":1767225600000,"type":"LIMIT"}})");
  call.path = "/fapi/v1/leverage";
  CHECK_FALSE(socket_request(call, "a1", from_ms(0), signature).has_value());
}

TEST_CASE("F61: a symbol beyond ASCII is signed and sent unencoded there") {
  const Credentials who{Secret("AK"), Secret("word"), 5000};
  Call call;
  call.method = net::Method::post;
  call.path = "/fapi/v1/order";
  call.signer = &who;
  call.params.add("symbol", "币安人生USDT");
  std::string signature;
  const auto frame = socket_request(call, "a1", from_ms(1), signature);
  REQUIRE(frame.has_value());
  CHECK(frame->find("币安人生USDT") != std::string::npos);
  CHECK(signature ==
        signature_of(who, "apiKey=AK&recvWindow=5000&symbol=币安人生USDT&timestamp=1", ""));
}

TEST_CASE("order socket: an answer has status, body and limits as over HTTP") {
  const auto good = read_socket_answer(
      R"({"id":"a1","status":200,"result":{"orderId":7},"rateLimits":[{"rateLimitType":)"
      R"("REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":2400,"count":6},)"
      R"({"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":300,"count":2}]})");
  REQUIRE(good.has_value());
  CHECK(good->id == "a1");
  CHECK(good->response.status == 200);
  CHECK(good->response.body == R"({"orderId":7})");
  CHECK(net::find_header(good->response.headers, "X-MBX-USED-WEIGHT-1M") == "6");
  CHECK(net::find_header(good->response.headers, "X-MBX-ORDER-COUNT-10S") == "2");
  const auto bad = read_socket_answer(
      R"({"id":"a2","status":429,"error":{"code":-1003,"msg":"x","data":{"serverTime":1000,)"
      R"("retryAfter":5500}}})");
  REQUIRE(bad.has_value());
  CHECK(net::find_header(bad->response.headers, "Retry-After") == "5");
  CHECK(bad->response.body.find("-1003") != std::string::npos);
  const auto nobody = read_socket_answer(R"({"id":null,"status":401,"error":{"code":-2015}})");
  REQUIRE(nobody.has_value());
  CHECK(nobody->id.empty());
  CHECK_FALSE(read_socket_answer("hello").has_value());
  CHECK_FALSE(read_socket_answer("{}").has_value());
}

TEST_CASE("order socket: once it is open, orders of all kinds go there") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Trader trader(world);
    const auto ready = co_await trader.venue->prepare(1);
    CHECK(ready.has_value());
    co_await trader.forbid_new_connections();
    const auto sold = co_await trader.sell("one");
    REQUIRE(sold.done() != nullptr);
    CHECK(sold.done()->status == OrderStatus::filled);
    exchange::OrderRequest stop;
    stop.symbol = Symbol("C01USDT");
    stop.side = Side::buy;
    stop.type = OrderType::stop_market;
    stop.close_position = true;
    stop.trigger_price = *Price::parse("2");
    stop.client_order_id = ClientOrderId("stop");
    const auto placed = co_await trader.account->place(stop);
    REQUIRE(placed.done() != nullptr);
    CHECK(placed.done()->conditional);
    const auto canceled = co_await trader.account->cancel(placed.done()->ref());
    CHECK(canceled.done() != nullptr);
    const auto refused = co_await trader.sell("tiny", "1");
    CHECK(refused.code() == -4164);
    CHECK(world.order_posts() == 2);
  });
}

TEST_CASE("order socket: while it is not open, orders go over HTTP and do not wait") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Trader trader(world);
    const auto before = world.loop().clock.steady_now();
    const auto first = co_await trader.sell("one");
    CHECK(first.done() != nullptr);
    CHECK(world.loop().clock.steady_now() - before < Seconds(1));
    co_await trader.forbid_new_connections();
    CHECK(trader.lines.find("order connection opened") != std::string::npos);
    const auto second = co_await trader.sell("two");
    CHECK(second.done() != nullptr);
  });
}

TEST_CASE("F01: a connection that is lost with an order on its way leaves it unknown, sent once") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Trader trader(world);
    const auto ready = co_await trader.venue->prepare(1);
    CHECK(ready.has_value());
    paper::FaultRule lost;
    lost.method = net::Method::post;
    lost.path_prefix = "/fapi/v1/order";
    lost.effect = paper::FaultRule::Effect::act_then_drop;
    world.server().faults().add(lost);
    const auto sold = co_await trader.sell("one");
    CHECK(sold.unknown() != nullptr);
    CHECK(world.order_posts() == 1);
    CHECK(world.position("C01USDT").str() == "-10");
    const auto next = co_await trader.sell("two");  // over HTTP, meanwhile
    CHECK(next.done() != nullptr);
    CHECK(world.order_posts() == 2);
  });
}

TEST_CASE("order socket: an answer that never comes is unknown at the time-out") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Trader trader(world);
    const auto ready = co_await trader.venue->prepare(1);
    CHECK(ready.has_value());
    world.server().set_delays(Micros(0), Seconds(60));
    const auto before = world.loop().clock.steady_now();
    const auto sold = co_await trader.sell("one");
    CHECK(sold.unknown() != nullptr);
    CHECK(world.loop().clock.steady_now() - before == Seconds(10));
    co_await world.sleep(Minutes(2));
    CHECK(world.order_posts() == 1);
  });
}

TEST_CASE("order socket: after a time-out the next order does not meet the same dead connection") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Trader trader(world);
    const auto ready = co_await trader.venue->prepare(1);
    CHECK(ready.has_value());
    world.server().set_delays(Micros(0), Seconds(60));
    const auto lost = co_await trader.sell("one");
    CHECK(lost.unknown() != nullptr);
    world.server().set_delays(Micros(0), Micros(0));
    const auto next = co_await trader.sell("two");
    CHECK(next.done() != nullptr);
    CHECK(trader.lines.find("order connection lost") != std::string::npos);
  });
}

TEST_CASE("order socket: before a day is over it is replaced, and orders go there all the while") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Trader trader(world);
    const auto opened = co_await trader.venue->prepare(1);
    CHECK(opened.has_value());
    co_await world.sleep(Hours(23) + Minutes(30));
    const auto again = co_await trader.venue->prepare(1);
    CHECK(again.has_value());
    co_await trader.forbid_new_connections();
    co_await world.sleep(Hours(1));  // the first one would be cut by now
    const auto sold = co_await trader.sell("one");
    CHECK(sold.done() != nullptr);
  });
}

TEST_CASE("sockets: a host that forbids them stops no order; one that limits them stops all") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Trader trader(world);
    const auto ready = co_await trader.venue->prepare(1);
    CHECK(ready.has_value());
    const Error forbidden{ErrorKind::rejected, "the upgrade was answered with 403", 403};
    trader.venue->note_handshake(5, &forbidden);
    CHECK_FALSE(trader.venue->obstacle().has_value());
    const auto sold = co_await trader.sell("one");
    CHECK(sold.done() != nullptr);
    const Error limited{ErrorKind::rejected, "the upgrade was answered with 429", 429};
    trader.venue->note_handshake(5, &limited);
    CHECK(trader.venue->obstacle().has_value());
    const auto held = co_await trader.sell("two");
    CHECK(held.refused() != nullptr);
    CHECK(world.order_posts() == 1);
  });
}

TEST_CASE("order socket: a ban met there stops everything") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Trader trader(world);
    const auto ready = co_await trader.venue->prepare(1);
    CHECK(ready.has_value());
    paper::FaultRule ban;
    ban.method = net::Method::post;
    ban.path_prefix = "/fapi/v1/order";
    ban.status = 418;
    ban.code = -1003;
    ban.text = "Way too many requests; IP banned.";
    world.server().faults().add(ban);
    const auto banned = co_await trader.sell("one");
    CHECK(banned.code() == -1003);
    CHECK(trader.venue->health().banned_until.has_value());
    const auto second = co_await trader.sell("two");
    CHECK(second.code() == 0);
    CHECK(second.refused() != nullptr);
    CHECK(world.order_posts() == 1);
  });
}

}  // namespace
}  // namespace bb::binance::test
