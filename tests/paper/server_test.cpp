#include "paper/server.h"

#include <doctest/doctest.h>

#include "net/dialer.h"
#include "paper/serve.h"
#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

TEST_CASE("server: an unknown path and a wrong method are -5000") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto path = co_await world.get("/fapi/v1/nothing?a=1");
    CHECK(path.status == 404);
    CHECK(path.body == R"({"code":-5000,"msg":"Path /fapi/v1/nothing, Method GET is invalid"})");
    const auto method = co_await world.del("/fapi/v1/leverage", "symbol=AAAUSDT");
    CHECK(method.status == 404);
    CHECK(method.body ==
          R"({"code":-5000,"msg":"Path /fapi/v1/leverage, Method DELETE is invalid"})");
    co_await world.close();
  });
}

TEST_CASE("server: delays pass before it acts and before it answers, for requests side by side") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.delay_before = Millis(200);
    options.delay_after = Millis(50);
    World world(loop, options, Micros(25'000));
    TaskGroup group(loop.io.get_executor());
    const auto ask = [](World& w, std::string& time) -> Task<void> {
      const auto answer = co_await w.get("/fapi/v1/time");
      time = answer.at("serverTime");
    };
    std::vector<std::string> times(3);
    for (auto& time : times)
      group.spawn(ask(world, time));
    co_await group.join();
    // Connecting and asking take one and a half round trips; acting comes 200 ms later.
    const auto acted = std::to_string(to_ms(some_day() + Millis(75 + 200)));
    CHECK(times == std::vector<std::string>{acted, acted, acted});
    CHECK(loop.clock.utc_now() == some_day() + Millis(75 + 250 + 25));
    co_await world.close();
  });
}

TEST_CASE("server: exchange time follows the clock and the shift, and never runs backwards") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.server().shift_clock(Seconds(30));
    const auto ahead = co_await world.get("/fapi/v1/time");
    CHECK(ahead.at("serverTime") == std::to_string(to_ms(some_day() + Seconds(30))));
    loop.clock.step_wall_clock(Seconds(-60));
    const auto back = co_await world.get("/fapi/v1/time");
    CHECK(back.at("serverTime") == ahead.at("serverTime"));
    co_await world.close();
  });
}

TEST_CASE("server: the request log names time, path, client id and status") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.request_log_limit = 2;
    World world(loop, options);
    (void)co_await world.get("/fapi/v1/time");
    (void)co_await world.market("AAAUSDT", "SELL", "1", "&newClientOrderId=mine");
    (void)co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=other");
    const auto& log = world.server().request_log();
    CHECK(log.size() == 2);
    CHECK(log[0].method == Method::post);
    CHECK(log[0].path == "/fapi/v1/order");
    CHECK(log[0].client_id == "mine");
    CHECK(log[0].status == 200);
    CHECK(log[0].time == some_day());
    CHECK(log[1].client_id == "other");
    CHECK(log[1].status == 400);
    co_await world.close();
  });
}

TEST_CASE("server: the journal is open to audits only where it was asked for") {
  run_sim([](SimLoop& loop) -> Task<void> {
    {
      World closed(loop);
      const auto hidden = co_await closed.get("/paper/journal");
      CHECK(hidden.status == 404);
      co_await closed.close();
    }
    auto options = default_options();
    options.expose_journal = true;
    World world(loop, options);
    (void)co_await world.market("AAAUSDT", "SELL", "1", "&newClientOrderId=mine");
    const auto journal = co_await world.get("/paper/journal");
    CHECK(journal.status == 200);
    std::string kinds;
    std::size_t lines = 0;
    Answer fill;
    for (std::size_t at = 0; at < journal.body.size(); ++lines) {
      const auto end = journal.body.find('\n', at);
      Answer line;
      line.body = journal.body.substr(at, end - at);
      CHECK(line.at("n") == std::to_string(lines));
      kinds += line.at("kind") + " ";
      if (line.at("kind") == "fill") fill = line;
      at = end + 1;
    }
    CHECK(lines == world.exchange().journal().size());
    CHECK(kinds.find("order_accepted ") != std::string::npos);
    CHECK(kinds.find("position_opened ") != std::string::npos);
    CHECK(kinds.find("unprotected_from ") != std::string::npos);
    CHECK(fill.at("account") == "alpha");
    CHECK(fill.at("symbol") == "AAAUSDT");
    CHECK(fill.at("clientId") == "mine");
    CHECK(fill.at("fillQty") == "1");
    CHECK(fill.at("positionQty") == "-1");
    const auto rest = co_await world.get("/paper/journal?from=" + std::to_string(lines - 1));
    CHECK(rest.body == journal.body.substr(journal.body.rfind('\n', journal.body.size() - 2) + 1));
    const auto state = co_await world.get("/paper/state");
    CHECK(state.at("journal") == std::to_string(lines));
    CHECK(column(state.at("accounts"), "account") == "alpha,beta");
    CHECK(column(state.at("accounts"), "positions") == "1,0");
    co_await world.close();
  });
}

TEST_CASE("server: a garbled target is answered, not fatal") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    for (const auto* target :
         {"/fapi/v1/klines?", "/fapi/v1/klines?&&&==&symbol", "/fapi/v1/klines?symbol=%GG",
          "/fapi/v1/klines?symbol=AAAUSDT&interval=1w", "/fapi/v1/depth?symbol=AAAUSDT&limit=7",
          "/fapi/v1/klines?symbol=AAAUSDT&interval=1m&limit=99999999999999999999",
          "/fapi/v1/klines?symbol=AAAUSDT&interval=1m&startTime=9223372036854775807"}) {
      INFO(target);
      const auto answer = co_await world.get(target);
      CHECK(answer.status != 0);
      CHECK(answer.status != 500);
    }
    co_await world.close();
  });
}

TEST_CASE("serve: a random market over TCP that begins today, until it is stopped") {
  bb::test::run_real([](bb::test::RealLoop& loop) -> Task<void> {
    Options options;
    options.port = 0;
    options.server = default_options();
    options.server.accounts.front().keys = {
        {.key = "here", .secret = "s", .addresses = {"127.0.0.1"}},
        {.key = "elsewhere", .secret = "s", .addresses = {"10.0.0.1"}}};
    Stop stop(loop.clock);
    const Log log(LogLevel::error, null_sink());
    std::uint16_t port = 0;
    Event ready;
    TaskGroup group(loop.io.get_executor());
    const auto run = [](Options o, bb::test::RealLoop& l, Stop& s, const Log& g, std::uint16_t& p,
                        Event& r) -> Task<void> {
      const auto served =
          co_await serve(std::move(o), {l.io, l.clock, s, g}, [&p, &r](const Ready& opened) {
            p = opened.port;
            r.notify();
          });
      CHECK(served.has_value());
    };
    group.spawn(run(std::move(options), loop, stop, log, port, ready));
    if (port == 0) co_await ready.wait();
    CHECK(port != 0);
    const auto dialer = net::make_network_dialer(loop.io, loop.clock, {});
    {
      net::HttpClient client(*dialer, loop.clock, {"127.0.0.1", port, false}, {});
      net::HttpRequest request;
      request.target = "/fapi/v1/time";
      const auto answer = co_await client.send(request, loop.clock.after(Seconds(10)));
      CHECK(answer.has_value());
      if (answer) CHECK(answer->status == 200);
      // The client's address counts: this key may come from here, that one may not.
      request.target = "/fapi/v1/historicalTrades";
      request.headers = {{"X-MBX-APIKEY", "here"}};
      const auto here = co_await client.send(request, loop.clock.after(Seconds(10)));
      CHECK((here && here->status == 400));
      request.headers = {{"X-MBX-APIKEY", "elsewhere"}};
      const auto elsewhere = co_await client.send(request, loop.clock.after(Seconds(10)));
      CHECK((elsewhere && elsewhere->status == 401));
    }
    stop.request();
    co_await group.join();
  });
}

TEST_CASE("serve: faults of the options are sentences") {
  bb::test::run_real([](bb::test::RealLoop& loop) -> Task<void> {
    Stop stop(loop.clock);
    const Log log(LogLevel::error, null_sink());
    Options none;
    const auto no_account = co_await serve(none, {loop.io, loop.clock, stop, log});
    CHECK_FALSE(no_account.has_value());
    Options twice;
    twice.server = default_options();
    twice.server.accounts[1].api_key = "key-a";
    const auto same_key = co_await serve(twice, {loop.io, loop.clock, stop, log});
    CHECK_FALSE(same_key.has_value());
    if (!same_key) CHECK(same_key.error().text.find("beta") != std::string::npos);
    Options missing;
    missing.server = default_options();
    missing.data_folder = "/nonexistent";
    const auto no_data = co_await serve(missing, {loop.io, loop.clock, stop, log});
    CHECK_FALSE(no_data.has_value());
  });
}
