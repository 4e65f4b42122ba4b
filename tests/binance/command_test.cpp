// Commands on the wire: what is sent, and that only evidence decides the outcome.
#include <doctest/doctest.h>

#include "binance/scripted_exchange.h"

namespace bb::binance::test {
namespace {

constexpr const char* kOrder = "POST /fapi/v1/order";
constexpr const char* kAlgo = "POST /fapi/v1/algoOrder";

std::string algo_json(const std::string& client_id, const std::string& type = "STOP_MARKET") {
  return R"({"algoId":1000000033225453,"clientAlgoId":")" + client_id +
         R"(","algoType":"CONDITIONAL","orderType":")" + type +
         R"(","symbol":"BTCUSDT","side":"BUY","positionSide":"BOTH","timeInForce":"GTE_GTC",)"
         R"("quantity":"0.000","algoStatus":"NEW","triggerPrice":"59000.0","price":"0.00",)"
         R"("icebergQuantity":null,"workingType":"MARK_PRICE","closePosition":true,)"
         R"("priceProtect":false,"reduceOnly":true,"activatePrice":"","callbackRate":"",)"
         R"("createTime":1767225610000,"updateTime":1767225610000,"triggerTime":0})";
}

exchange::OrderRequest closing_stop(const std::string& client_order_id) {
  auto order = market_sell(client_order_id);
  order.side = Side::buy;
  order.type = OrderType::stop_market;
  order.qty = Qty();
  order.close_position = true;
  order.trigger_price = *Price::parse("59000");
  order.working_type = WorkingType::mark_price;
  return order;
}

/// The parameters as sent, without what signing adds.
std::string parameters(const std::string& text) { return text.substr(0, text.find("&recvWindow")); }

TEST_CASE("place: a market order in one-way mode") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kOrder, json_reply(order_json("t-1")));
    const auto outcome = co_await world.account->place(market_sell("t-1"));
    REQUIRE(outcome.done() != nullptr);
    CHECK(outcome.done()->order_id == 8389765739703625592);
    CHECK(outcome.done()->status == OrderStatus::filled);
    const auto sent = world.exchange.seen(kOrder);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].query.empty());
    CHECK(parameters(sent[0].body) ==
          "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.01&newClientOrderId=t-1"
          "&newOrderRespType=RESULT");
    CHECK(sent[0].param("recvWindow") == "5000");
  });
}

TEST_CASE("place: hedge mode names the position side and no reduceOnly; one-way the reverse") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kOrder, json_reply(order_json("t-1")));
    auto order = market_sell("t-1");
    order.reduce_only = true;
    co_await world.account->place(order);
    order.position_side = PositionSide::long_;
    co_await world.account->place(order);
    const auto sent = world.exchange.seen(kOrder);
    REQUIRE(sent.size() == 2);
    CHECK(sent[0].param("reduceOnly") == "true");
    CHECK(sent[0].param("positionSide") == "-");
    CHECK(sent[1].param("reduceOnly") == "-");
    CHECK(sent[1].param("positionSide") == "LONG");
  });
}

TEST_CASE("place: a limit order has a price and a time in force") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kOrder, json_reply(order_json("t-1", "NEW")));
    auto order = market_sell("t-1");
    order.type = OrderType::limit;
    order.price = *Price::parse("60000.50");
    order.time_in_force = TimeInForce::ioc;
    co_await world.account->place(order);
    const auto sent = world.exchange.seen(kOrder);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].param("price") == "60000.5");
    CHECK(sent[0].param("timeInForce") == "IOC");
  });
}

TEST_CASE("place: a closePosition stop goes to the algo service, without quantity or reduceOnly") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kAlgo, json_reply(algo_json("s-1")));
    auto order = closing_stop("s-1");
    order.reduce_only = true;
    const auto outcome = co_await world.account->place(order);
    REQUIRE(outcome.done() != nullptr);
    CHECK(outcome.done()->conditional);
    CHECK(outcome.done()->order_id == 1000000033225453);
    CHECK(outcome.done()->close_position);
    const auto sent = world.exchange.seen(kAlgo);
    REQUIRE(sent.size() == 1);
    CHECK(parameters(sent[0].body) ==
          "algoType=CONDITIONAL&symbol=BTCUSDT&side=BUY&type=STOP_MARKET&triggerPrice=59000"
          "&workingType=MARK_PRICE&closePosition=true&clientAlgoId=s-1");
  });
}

TEST_CASE("place: a quantity stop is reduce-only") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kAlgo, json_reply(algo_json("q-1")));
    auto order = closing_stop("q-1");
    order.close_position = false;
    order.qty = *Qty::parse("0.02");
    order.reduce_only = true;
    co_await world.account->place(order);
    const auto sent = world.exchange.seen(kAlgo);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].param("quantity") == "0.02");
    CHECK(sent[0].param("reduceOnly") == "true");
    CHECK(sent[0].param("closePosition") == "-");
  });
}

TEST_CASE("place: refusals carry the exchange's code and text") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on(kOrder, error_reply(-2019));
    const auto outcome = co_await world.account->place(market_sell("t-1"));
    REQUIRE(outcome.refused() != nullptr);
    CHECK(outcome.code() == -2019);
    CHECK(outcome.refused()->text == "the exchange's text");
    world.exchange.on(kAlgo, error_reply(-20132));
    const auto twin = co_await world.account->place(closing_stop("s-1"));
    CHECK(twin.code() == -4116);
  });
}

TEST_CASE("place: without a client order id nothing is sent") {
  in_world([](World& world) -> Task<void> {
    const auto outcome = co_await world.account->place(market_sell(""));
    REQUIRE(outcome.refused() != nullptr);
    CHECK(outcome.code() == 0);
    CHECK(world.exchange.count(kOrder) == 0);
  });
}

/// What place() concludes from one answer, and how often the exchange was asked.
struct Concluded {
  std::string kind;
  int requests = 0;
};
Task<Concluded> conclude_from(World& world, net::ServerReply reply) {
  const int before = world.exchange.count(kOrder);
  world.exchange.on(kOrder, std::move(reply));
  const auto outcome = co_await world.account->place(market_sell("t-1"));
  const std::string kind = outcome.done() ? "done" : outcome.refused() ? "refused" : "unknown";
  co_return Concluded{kind, world.exchange.count(kOrder) - before};
}

TEST_CASE("place: whatever proves nothing is unknown, and is sent exactly once") {
  in_world([](World& world) -> Task<void> {
    const std::vector<net::ServerReply> answers{
        dropped(),
        truncated(order_json("t-1")),
        json_reply(order_json("t-1").substr(0, 60)),
        json_reply(""),
        json_reply("[]"),
        json_reply("{}"),
        json_reply(order_json("t-2")),
        json_reply(order_json("t-1", "FILLED", "ETHUSDT")),
        json_reply(order_json("t-1"), 201),
        error_reply(-1000),
        error_reply(-1001, 503),
        error_reply(-1006),
        error_reply(-1007, 408),
        error_reply(-1008, 503),
        error_reply(-2019, 500),
        error_reply(-99999),
        json_reply("", 502),
        json_reply("Service Unavailable.", 503),
        json_reply("slow down", 429),
    };
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto concluded = co_await conclude_from(world, answers[i]);
      CAPTURE(i);
      CHECK(concluded.kind == "unknown");
      CHECK(concluded.requests == 1);
      CHECK(world.exchange.count("GET /fapi/v1/order") == 0);
    }
  });
}

TEST_CASE("place: a firewall's 403 is unknown, and quiets this address for a while") {
  in_world([](World& world) -> Task<void> {
    const auto first = co_await conclude_from(world, json_reply("<html>403 Forbidden</html>", 403));
    CHECK(first.kind == "unknown");
    CHECK(first.requests == 1);
    const auto second = co_await conclude_from(world, json_reply(order_json("t-1")));
    CHECK(second.kind == "refused");
    CHECK(second.requests == 0);
  });
}

Task<net::ServerReply> never_in_time(Clock& clock) {
  co_await sleep_for(clock, Seconds(60));
  co_return json_reply(order_json("t-1"));
}

TEST_CASE("place: no answer in time is unknown, at the time-out and not before") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Settings settings;
    settings.api_key = Secret(kApiKey);
    settings.api_secret = Secret(kApiSecret);
    settings.base_url = "http://exchange.test";
    TaskGroup group(loop.io.get_executor());
    Stop stop(loop.clock);
    int orders = 0;
    const net::HttpHandler slow = [&](net::HttpRequest request) -> Task<net::ServerReply> {
      if (request.method == net::Method::post) ++orders;
      return never_in_time(loop.clock);
    };
    net::MemoryDialer dialer(loop.io.get_executor(), loop.clock, {}, [&](net::AnyStream stream) {
      group.spawn(net::serve_http(std::move(stream), loop.clock, slow, {}, stop));
    });
    const Log log(LogLevel::error, null_sink());
    {
      Venue venue(dialer, loop.clock, log, settings);
      const auto account = make_account(venue, settings);
      const auto outcome = co_await account->place(market_sell("t-1"));
      CHECK(outcome.unknown() != nullptr);
      // Five seconds for the exchange's time, which does not come either, then ten for the order.
      CHECK(loop.clock.steady_now() == SteadyTime(Seconds(15)));
      CHECK(orders == 1);
    }
    co_await group.join();
  });
}

TEST_CASE("place: when no connection can be had, nothing was sent") {
  in_world([](World& world) -> Task<void> {
    co_await sleep_for(world.loop.clock, Minutes(1));  // the warm connection is too old now
    world.exchange.dialer().set_gate(
        [](const net::Endpoint&) -> Status { return fail(ErrorKind::unreachable, "no route"); });
    const auto outcome = co_await world.account->place(market_sell("t-1"));
    REQUIRE(outcome.refused() != nullptr);
    CHECK(outcome.code() == 0);
    CHECK(outcome.refused()->text.find("no route") != std::string::npos);
    CHECK(world.exchange.count(kOrder) == 0);
  });
}

TEST_CASE("cancel: by id where it is known, and the answer must speak of it") {
  in_world([](World& world) -> Task<void> {
    const exchange::OrderRef by_client{Symbol("XRPUSDT"), ClientOrderId("rwAC6QMAAQAAM0V8zdAW"), 0,
                                       false};
    exchange::OrderRef by_id = by_client;
    by_id.order_id = 17759646892;
    world.exchange.on("DELETE /fapi/v1/order", json_reply(golden("order_canceled.json")));
    const auto first = co_await world.account->cancel(by_client);
    const auto second = co_await world.account->cancel(by_id);
    CHECK(first.done() != nullptr);
    CHECK(second.done() != nullptr);
    const auto sent = world.exchange.seen("DELETE /fapi/v1/order");
    REQUIRE(sent.size() == 2);
    CHECK(parameters(sent[0].query) == "symbol=XRPUSDT&origClientOrderId=rwAC6QMAAQAAM0V8zdAW");
    CHECK(parameters(sent[1].query) == "symbol=XRPUSDT&orderId=17759646892");
    by_id.order_id = 5;
    const auto other = co_await world.account->cancel(by_id);
    CHECK(other.unknown() != nullptr);
  });
}

TEST_CASE("cancel: a conditional order, whose answer has its code as text") {
  in_world([](World& world) -> Task<void> {
    const exchange::OrderRef order{Symbol("BTCUSDT"), ClientOrderId("pulsetrade-test"),
                                   1000000204743716, true};
    world.exchange.on("DELETE /fapi/v1/algoOrder", json_reply(golden("algo_cancel_answer.json")));
    const auto outcome = co_await world.account->cancel(order);
    CHECK(outcome.done() != nullptr);
    const auto sent = world.exchange.seen("DELETE /fapi/v1/algoOrder");
    REQUIRE(sent.size() == 1);
    CHECK(parameters(sent[0].query) == "algoId=1000000204743716");
    world.exchange.on("DELETE /fapi/v1/algoOrder", error_reply(-2011));
    const auto gone = co_await world.account->cancel(order);
    CHECK(gone.code() == -2011);
    world.exchange.on("DELETE /fapi/v1/algoOrder", dropped());
    const auto lost = co_await world.account->cancel(order);
    CHECK(lost.unknown() != nullptr);
  });
}

/// What set_margin_type(isolated) concludes when the exchange answers with `code` and the symbol's
/// settings say `margin`.
Task<std::string> margin_after(World& world, int code, const char* margin) {
  world.exchange.on("POST /fapi/v1/marginType", error_reply(code));
  world.exchange.on("GET /fapi/v1/symbolConfig",
                    json_reply(std::string(R"([{"symbol":"BTCUSDT","marginType":")") + margin +
                               R"(","leverage":10}])"));
  const auto outcome =
      co_await world.account->set_margin_type(Symbol("BTCUSDT"), MarginType::isolated);
  co_return outcome.done() ? "applied" : outcome.describe();
}

TEST_CASE(
    "margin type: 'nothing to change' has many codes, so the symbol's settings are looked at") {
  in_world([](World& world) -> Task<void> {
    const auto same = co_await margin_after(world, -4046, "CROSSED");
    CHECK(same == "applied");
    CHECK(world.exchange.count("GET /fapi/v1/symbolConfig") == 0);
    for (const int code : {-4047, -4048, -4067}) {
      CAPTURE(code);
      const auto isolated = co_await margin_after(world, code, "ISOLATED");
      CHECK(isolated == "applied");
      const auto cross = co_await margin_after(world, code, "CROSSED");
      CHECK(cross == "refused (" + std::to_string(code) + "): the exchange's text");
    }
    const auto looked = world.exchange.seen("GET /fapi/v1/symbolConfig");
    REQUIRE(looked.size() == 6);
    CHECK(looked[0].param("symbol") == "BTCUSDT");
    const auto other = co_await margin_after(world, -4168, "ISOLATED");
    CHECK(other == "refused (-4168): the exchange's text");
    world.exchange.on("POST /fapi/v1/marginType", json_reply(R"({"code":200,"msg":"success"})"));
    const auto outcome =
        co_await world.account->set_margin_type(Symbol("BTCUSDT"), MarginType::isolated);
    CHECK(outcome.done() != nullptr);
  });
}

TEST_CASE("leverage: applied only when the answer repeats symbol and leverage") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on("POST /fapi/v1/leverage",
                      json_reply(R"({"symbol":"BTCUSDT","leverage":3,"maxNotionalValue":"1"})"));
    const auto three = co_await world.account->set_leverage(Symbol("BTCUSDT"), 3);
    const auto four = co_await world.account->set_leverage(Symbol("BTCUSDT"), 4);
    CHECK(three.done() != nullptr);
    CHECK(four.unknown() != nullptr);
    world.exchange.on("POST /fapi/v1/leverage", error_reply(-4161));
    const auto refused = co_await world.account->set_leverage(Symbol("BTCUSDT"), 2);
    CHECK(refused.code() == -4161);
  });
}

}  // namespace
}  // namespace bb::binance::test
