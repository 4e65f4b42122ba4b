// The account's stream over the paper exchange: every fault of reliability §2.4, by its number.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "binance/ear.h"

namespace bb::binance::test {
namespace {

using exchange::AccountEvent;

paper::StreamFaults user_fault(paper::StreamFault fault) { return {.user = fault}; }

/// Another program with the same key: it asks for the account's listen key, as POST or DELETE.
Task<void> key_request(SimWorld& world, net::Method method) {
  net::HttpClient client(world.dialer(), world.loop().clock, {"paper.test", 80, false}, {});
  net::HttpRequest request;
  request.method = method;
  request.target = "/fapi/v1/listenKey";
  request.headers = {{"X-MBX-APIKEY", std::string(world.binance_settings().api_key.reveal())}};
  const auto answer =
      co_await client.send(std::move(request), world.loop().clock.after(Seconds(5)));
  REQUIRE(answer.has_value());
  CHECK(answer->status == 200);
}

paper::FaultRule refuse_key(net::Method method, int count) {
  paper::FaultRule rule;
  rule.method = method;
  rule.path_prefix = "/fapi/v1/listenKey";
  rule.status = 503;
  rule.count = count;
  return rule;
}

int key_requests(SimWorld& world, net::Method method) {
  return static_cast<int>(
      std::ranges::count_if(world.server().request_log(), [&](const auto& request) {
        return request.method == method && request.path == "/fapi/v1/listenKey";
      }));
}

TEST_CASE("stream: it begins with a gap, tells every event, and ends when it is stopped") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Seconds(1));
    CHECK(ear.news() == "gap");
    CHECK(ear.last_gap().why == "the stream begins");
    CHECK(ear.last_gap().since == TimePoint{});
    const auto answer_1 = co_await ear.sell("one");
    CHECK(answer_1.done() != nullptr);
    co_await world.sleep(Seconds(1));
    CHECK(ear.news() == "order:open positions:ORDER order:filled/fill");
    const auto answer_2 = co_await ear.place_stop("stop");
    CHECK(answer_2.done() != nullptr);
    co_await world.sleep(Seconds(1));
    CHECK(ear.news() == "stop:open");
    const auto answer_3 = co_await ear.account().set_leverage(Symbol("C01USDT"), 7);
    CHECK(answer_3.done() != nullptr);
    co_await world.sleep(Seconds(1));
    CHECK(ear.news() == "settings");
    const auto before = world.loop().clock.steady_now();
    co_await ear.close();
    CHECK(world.loop().clock.steady_now() - before < Seconds(3));
    CHECK(ear.news().empty());
  });
}

TEST_CASE("stream: an event says the same as the exchange's answer to a query") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Seconds(1));
    (void)co_await ear.sell("one");
    co_await world.sleep(Seconds(1));
    const auto& told = std::get<exchange::OrderChanged>(ear.told().back().event);
    const auto found = co_await ear.account().find_order(told.order.ref());
    REQUIRE((found.has_value() && found->has_value()));
    CHECK(told.order.executed_qty == (*found)->executed_qty);
    CHECK(told.order.average_price == (*found)->average_price);
    CHECK(told.order.status == (*found)->status);
    CHECK(told.order.side == (*found)->side);
    CHECK(told.order.update_time == (*found)->update_time);
    const auto fills =
        co_await ear.account().fetch_fills(Symbol("C01USDT"), told.order.update_time - Minutes(1));
    REQUIRE((fills.has_value() && fills->size() == 1 && told.fill.has_value()));
    CHECK(told.fill->trade_id == fills->front().trade_id);
    CHECK(told.fill->order_id == fills->front().order_id);
    CHECK(told.fill->qty == fills->front().qty);
    CHECK(told.fill->price == fills->front().price);
    CHECK(told.fill->commission == fills->front().commission);
    CHECK(told.fill->commission_asset == fills->front().commission_asset);
    CHECK(told.fill->time == fills->front().time);
    co_await ear.close();
  });
}

TEST_CASE("F43: a stream that is connected and silent is noticed by our own order, within 10 s") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Minutes(1));
    CHECK(ear.news() == "gap");
    world.server().set_stream_faults(user_fault({.silent = true}));
    const auto ordered = world.server().now();
    const auto answer_4 = co_await ear.sell("one");
    CHECK(answer_4.done() != nullptr);
    co_await world.sleep(Seconds(9));
    CHECK(ear.news().empty());
    world.server().set_stream_faults({});
    co_await world.sleep(Seconds(2));
    CHECK(ear.news() == "gap");
    CHECK(ear.last_gap().why == "the stream is silent about an order of C01USDT");
    CHECK(ear.last_gap().since <= ordered);
    CHECK(ear.last_gap().since > ordered - Seconds(10));
    const auto answer_5 = co_await ear.sell("two");
    CHECK(answer_5.done() != nullptr);
    co_await world.sleep(Minutes(1));
    CHECK(ear.news() == "order:open positions:ORDER order:filled/fill");
    co_await ear.close();
  });
}

TEST_CASE("F43: a silent stream is noticed by a position that another hand changed") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Seconds(1));
    const auto answer_6 = co_await ear.account().fetch_positions();
    CHECK(answer_6.has_value());
    world.server().set_stream_faults(user_fault({.silent = true}));
    world.server().advance();
    CHECK(world.exchange()
              .force_fill(0, {Symbol("C02USDT"), Side::sell, PositionSide::both, *Qty::parse("10"),
                              *Price::parse("1.5")})
              .has_value());
    co_await world.sleep(Minutes(2));
    world.server().set_stream_faults({});
    CHECK(ear.news() == "gap");  // nobody could know
    const auto answer_7 = co_await ear.account().fetch_positions();
    CHECK(answer_7.has_value());
    co_await world.sleep(Seconds(11));
    CHECK(ear.news() == "gap");
    CHECK(ear.last_gap().why == "the stream is silent about a changed position of C02USDT");
    co_await ear.close();
  });
}

TEST_CASE("F43: quiet days, answered by pings, are no silence") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    for (int i = 0; i < 12; ++i) {
      co_await world.sleep(Hours(1));
      const auto answer_8 = co_await ear.account().fetch_positions();
      CHECK(answer_8.has_value());
    }
    CHECK(ear.news() == "gap");
    co_await ear.close();
  });
}

TEST_CASE("F44: an expired listen key is replaced, with a gap") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Seconds(1));
    world.server().expire_listen_key(0);
    co_await world.sleep(Seconds(1));
    CHECK(ear.news() == "gap gap");
    CHECK(ear.last_gap().why == "the listen key expired");
    (void)co_await ear.sell("one");
    co_await world.sleep(Seconds(1));
    CHECK(ear.news() == "order:open positions:ORDER order:filled/fill");
    co_await ear.close();
  });
}

TEST_CASE("F44: the key is renewed every 30 minutes, and a refused renewal is repeated") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    world.server().faults().add(refuse_key(net::Method::put, 9));  // three renewals, retried
    co_await world.sleep(Hours(10));
    CHECK(ear.news() == "gap");
    CHECK(key_requests(world, net::Method::post) == 1);
    CHECK(key_requests(world, net::Method::put) == 19 + 9);
    (void)co_await ear.sell("one");
    co_await world.sleep(Seconds(1));
    CHECK(ear.news() == "order:open positions:ORDER order:filled/fill");
    co_await ear.close();
  });
}

TEST_CASE("F45: a cut stream is replaced at once, and what came meanwhile is covered by the gap") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Minutes(2));
    CHECK(ear.news() == "gap");
    const auto cut = world.server().now();
    world.server().disconnect_streams();
    (void)co_await ear.sell("lost");
    co_await world.sleep(Seconds(1));
    CHECK(ear.gaps() == 2);
    CHECK(ear.last_gap().why.starts_with("the stream was cut"));
    CHECK(ear.last_gap().since <= cut);
    CHECK(ear.told()[1].at - ear.told()[0].at < Minutes(2) + Seconds(1));
    co_await ear.close();
  });
}

TEST_CASE("F45: at 23 hours a new connection takes over without a gap, and no event is lost") {
  WorldOptions options;
  options.days = 7;
  run_world(options, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Hours(23) - Seconds(5));
    CHECK(ear.news() == "gap");
    std::set<std::int64_t> ids;
    for (int i = 0; i < 100; ++i) {
      const auto sold = co_await ear.sell("order-" + std::to_string(i));
      REQUIRE(sold.done() != nullptr);
      ids.insert(sold.done()->order_id);
      co_await world.sleep(Millis(100));
    }
    co_await world.sleep(Seconds(30));
    CHECK(ear.gaps() == 1);
    std::set<std::int64_t> told;
    for (const auto& each : ear.told())
      if (const auto* changed = std::get_if<exchange::OrderChanged>(&each.event))
        if (changed->fill) told.insert(changed->order.order_id);
    CHECK(told == ids);
    CHECK(ear.lines().find("account stream rotated") != std::string::npos);
    co_await world.sleep(Hours(50));
    CHECK(ear.gaps() == 1);
    co_await ear.close();
  });
}

TEST_CASE("F46: a listen key that another process deleted is made anew") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Minutes(1));
    co_await key_request(world, net::Method::del);
    SUBCASE("by the next order") {
      (void)co_await ear.sell("one");
      co_await world.sleep(Seconds(11));
    }
    SUBCASE("by the next renewal at the latest") { co_await world.sleep(Minutes(31)); }
    CHECK(ear.gaps() == 2);
    ear.news();
    (void)co_await ear.sell("two");
    co_await world.sleep(Seconds(1));
    CHECK(ear.news() == "order:open positions:ORDER order:filled/fill");
    co_await ear.close();
  });
}

TEST_CASE("F46: a second reader of the shared key disturbs nobody") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Minutes(1));
    co_await key_request(world, net::Method::post);
    (void)co_await ear.sell("one");
    co_await world.sleep(Minutes(1));
    CHECK(ear.news() == "gap order:open positions:ORDER order:filled/fill");
    co_await ear.close();
  });
}

TEST_CASE("F47: events that come twice are told twice, with the same trade id") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Seconds(1));
    world.server().set_stream_faults(user_fault({.duplicate = 10}));
    (void)co_await ear.sell("one");
    co_await world.sleep(Seconds(1));
    CHECK(ear.news() ==
          "gap order:open order:open positions:ORDER positions:ORDER order:filled/fill "
          "order:filled/fill");
    const auto fills = ear.fills();
    REQUIRE(fills.size() == 2);
    CHECK(fills[0] == fills[1]);
    co_await ear.close();
  });
}

TEST_CASE("F48: events that come in another order are told as they come, each with its own time") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Seconds(1));
    // TRADE_LITE and NEW change places, then positions and fill.
    world.server().set_stream_faults(user_fault({.swap = 2}));
    (void)co_await ear.sell("one");
    co_await world.sleep(Minutes(1));
    CHECK(ear.news() == "gap order:open order:filled/fill positions:ORDER");
    world.server().set_stream_faults(user_fault({.delay = Seconds(2)}));
    (void)co_await ear.sell("late");  // the answer comes first
    CHECK(ear.news().empty());
    co_await world.sleep(Seconds(3));
    CHECK(ear.news() == "order:open positions:ORDER order:filled/fill");
    CHECK(ear.gaps() == 1);
    co_await ear.close();
  });
}

TEST_CASE("F50: an event of a symbol that we never traded is told") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Seconds(1));
    world.server().advance();
    CHECK(world.exchange()
              .force_fill(0, {Symbol("C09USDT"), Side::sell, PositionSide::both, *Qty::parse("10"),
                              *Price::parse("1.4")})
              .has_value());
    co_await world.sleep(Seconds(1));
    CHECK(ear.news().find("order:filled/fill") != std::string::npos);
    CHECK(std::get<exchange::OrderChanged>(ear.told().back().event).order.symbol ==
          Symbol("C09USDT"));
    co_await ear.close();
  });
}

TEST_CASE("F51: a retired stream host leaves requests working, is told once, and tried for ever") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    bool is_retired = true;
    std::vector<SteadyTime> tries;
    world.dialer().set_gate([&](const net::Endpoint& endpoint) -> Status {
      if (endpoint.host != "stream.test") return {};
      tries.push_back(world.loop().clock.steady_now());
      if (is_retired) return fail(ErrorKind::unreachable, "stream.test: no such host");
      return {};
    });
    Ear ear(world, "ws://stream.test");
    ear.open();
    co_await world.sleep(Minutes(10));
    CHECK(ear.news() == "gap");
    CHECK(ear.last_gap().why ==
          "the stream begins, and cannot be heard: stream.test: no such host");
    const auto answer_9 = co_await ear.sell("one");
    CHECK(answer_9.done() != nullptr);
    REQUIRE(tries.size() > 20);
    CHECK(tries.size() < 40);
    CHECK(tries[1] - tries[0] < Millis(200));
    CHECK(tries[2] - tries[1] > Millis(374));
    CHECK(tries[2] - tries[1] < Millis(700));
    for (std::size_t i = 12; i < tries.size(); ++i) {
      CHECK(tries[i] - tries[i - 1] > Seconds(22));
      CHECK(tries[i] - tries[i - 1] < Seconds(31));
    }
    is_retired = false;
    co_await world.sleep(Seconds(31));
    CHECK(ear.news() == "gap");
    co_await ear.close();
  });
}

TEST_CASE("F51: an address where no account streams are served is told, not waited for") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world, "http://paper.test:80/elsewhere");
    ear.open();
    co_await world.sleep(Seconds(5));
    CHECK(ear.news() == "gap");
    CHECK(ear.last_gap().why.find("refused the WebSocket") != std::string::npos);
    const auto answer_10 = co_await ear.account().fetch_positions();
    CHECK(answer_10.has_value());
    co_await ear.close();
  });
}

TEST_CASE("F51: every environment has its own stream address, and a setting overrides it") {
  Settings settings;
  CHECK(stream_url_of(settings) == "https://fstream.binance.com");
  settings.base_url = "https://demo-fapi.binance.com";
  CHECK(stream_url_of(settings) == "https://fstream.binancefuture.com");
  settings.base_url = "http://127.0.0.1:8790/x";
  CHECK(stream_url_of(settings) == "http://127.0.0.1:8790/x");
  settings.stream_url = "wss://streams.example:444";
  CHECK(stream_url_of(settings) == "https://streams.example:444");
}

TEST_CASE("F72: with the stream dead, and with the requests dead, the other side works") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Ear ear(world);
    ear.open();
    co_await world.sleep(Seconds(1));
    CHECK(ear.news() == "gap");
    // Requests are refused, the stream stays.
    paper::FaultRule dead;
    dead.status = 503;
    dead.every = 1;
    world.server().faults().add(dead);
    world.server().advance();
    CHECK(world.exchange()
              .force_fill(0, {Symbol("C09USDT"), Side::sell, PositionSide::both, *Qty::parse("10"),
                              *Price::parse("1.4")})
              .has_value());
    co_await world.sleep(Seconds(1));
    CHECK(ear.news().find("order:filled/fill") != std::string::npos);
    const auto answer_11 = co_await ear.account().fetch_positions();
    CHECK_FALSE(answer_11.has_value());
    world.server().faults().end(0);
    co_await ear.close();
  });
}

TEST_CASE("stream: an account that goes away in the middle leaves nothing behind") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    const Log log(LogLevel::error, null_sink());
    auto venue =
        std::make_unique<Venue>(world.dialer(), world.loop().clock, log, world.binance_settings());
    auto account = make_account(*venue, world.binance_settings());
    Stop stop(world.loop().clock);
    const auto first = co_await account->next_event(stop);
    REQUIRE(first.has_value());
    CHECK(word(*first) == "gap");
    account.reset();
    venue.reset();
    co_await world.sleep(Minutes(5));
    stop.request();
    co_await world.sleep(Seconds(1));
  });
}

}  // namespace
}  // namespace bb::binance::test
