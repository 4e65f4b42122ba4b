#include "paper/control.h"

#include <doctest/doctest.h>
#include <algorithm>

#include "paper/stream_client.h"

namespace bb::paper::test {

namespace {

constexpr const char* kToken = "a-token-of-some-length";

struct Panel {
  Control control;
  std::string token = kToken;

  explicit Panel(World& world, const std::vector<PaperAccount>& accounts)
      : control({world.server(), world.sim_market(), accounts}, kToken) {}

  Task<Answer> send(net::Method method, std::string path, std::string body) {
    net::HttpRequest request;
    request.method = method;
    request.target = std::move(path);
    request.headers = {{"Authorization", "Bearer " + token}};
    request.body = std::move(body);
    auto reply = co_await control.handle(std::move(request));
    Answer answer;
    answer.status = reply.response.status;
    answer.body = std::move(reply.response.body);
    co_return answer;
  }
  Task<Answer> post(std::string act, std::string body) {
    return send(net::Method::post, "/control/" + act, std::move(body));
  }
};

const std::vector<PaperAccount>& accounts() {
  static const auto all = default_options().accounts;
  return all;
}

bool says(const Answer& answer, const std::string& part) {
  return answer.at("error").find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("control: without its token nobody is let in") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    for (const char* token : {"", "a-token-of-some-lengtH", "a-token-of-some-length2"}) {
      panel.token = token;
      const auto refused = co_await panel.send(net::Method::get, "/control/state", "");
      CHECK(refused.status == 401);
      CHECK(says(refused, "token"));
    }
    panel.token = kToken;
    const auto state = co_await panel.send(net::Method::get, "/control/state", "");
    CHECK(state.status == 200);
    CHECK(state.body.find(R"("speed":"1","paused":false)") != std::string::npos);
    co_await world.close();
  });
}

TEST_CASE("control: what is wrong is said in a sentence, and does nothing") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    struct Wrong {
      const char *act, *body, *sentence;
      int status = 400;
    };
    const std::vector<Wrong> all = {
        {"price", "not json", "not JSON"},
        {"price", "[1]", "not an object"},
        {"price", "{}", "symbol"},
        {"price", R"({"symbol":"NOUSDT","price":"1"})", "NOUSDT is not listed"},
        {"price", R"({"symbol":"AAAUSDT","price":"100.001"})", "its tick is 0.01"},
        {"price", R"({"symbol":"AAAUSDT","price":"99999999999999999999"})", ""},
        {"balance", "{}", "either"},
        {"balance", R"({"account":"nobody","change":"1"})", "there is no account \"nobody\""},
        {"balance", R"({"change":"-20000"})", ""},
        {"position", R"({"symbol":"AAAUSDT","qty":"0.0001"})", "Precision"},
        {"position", R"({"symbol":"AAAUSDT","qty":"1","positionSide":"LONG"})", "position side"},
        {"latency", R"({"route":"order","before_ms":5})", "a route is a path"},
        {"latency", R"({"before_ms":-1})", "before_ms is not between"},
        {"faults", R"({"name":"nothing"})", "there is no fault nothing; there are request_lost"},
        {"faults", R"({"name":"slow"})", "slow needs \"ms\""},
        {"faults", R"({"name":"answer_lost","rate":0})", "a rate is above 0"},
        {"faults", R"({"name":"answer_lost","executed":true})", "\"executed\" is for"},
        {"faults/clear", R"({"id":7})", "there is no fault 7", 404},
        {"clock", R"({"action":"rewind"})", "an action is pause"},
        {"clock", R"({"action":"step","ms":-5})", "does not run backwards"},
        {"clock", R"({"action":"jump","to":"2025-10-09"})", "does not run backwards"},
        {"clock", R"({"action":"jump","to":"2027-10-09"})", "the market ends at"},
        {"clock", R"({"action":"speed","speed":"0"})", "is not between"},
        {"switch", R"({"stop_without_position":"maybe"})", "refused, accepted or expired"},
        {"key", R"({"key":"nobody's","revoked":true})", "there is no key nobody's"},
        {"key", R"({"key":"key-a"})", "revoked"},
        {"nothing", "{}", "there is no /control/nothing", 404},
        {"state", "{}", "not for POST", 405},
    };
    for (const auto& [act, body, sentence, status] : all) {
      const auto answer = co_await panel.post(act, body);
      CHECK_MESSAGE(answer.status == status, act, " ", body, " ", answer.body);
      CHECK_MESSAGE(says(answer, sentence), answer.body);
    }
    CHECK(world.server().faults().empty());
    CHECK(world.server().now() == some_day());
    co_await world.close();
  });
}

TEST_CASE("control: a held price moves tickers and triggers stops, until it is released") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    const auto opened = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(opened.status == 200);
    const auto stop = co_await world.close_stop("AAAUSDT", "110", "s1");
    CHECK(stop.status == 200);
    co_await sleep_for(loop.clock, Minutes(5));
    const auto held = co_await panel.post("price", R"({"symbol":"AAAUSDT","price":"112.5"})");
    CHECK(held.status == 200);
    co_await sleep_for(loop.clock, Millis(5));
    const auto ticker = co_await world.get("/fapi/v1/ticker/price?symbol=AAAUSDT");
    CHECK(ticker.at("price") == "112.50");
    const auto mark = co_await world.get("/fapi/v1/premiumIndex?symbol=AAAUSDT");
    CHECK(mark.at("markPrice").starts_with("112.5"));
    const auto positions = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(positions.body == "[]");
    const auto released = co_await panel.post("price", R"({"symbol":"AAAUSDT","release":true})");
    CHECK(released.status == 200);
    const auto back = co_await world.get("/fapi/v1/ticker/price?symbol=AAAUSDT");
    CHECK(back.at("price") == "100.00");
    co_await world.close();
  });
}

TEST_CASE("control: a stop that was foreseen does not trigger when the price is held before it") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    (void)co_await world.close_stop("AAAUSDT", "115", "s1");  // the path jumps to 120 at 06:00
    co_await sleep_for(loop.clock, Hours(29));
    (void)co_await world.get("/fapi/v1/time");
    const auto held = co_await panel.post("price", R"({"symbol":"AAAUSDT","price":100})");
    CHECK(held.status == 200);
    co_await sleep_for(loop.clock, Hours(10));
    const auto open = co_await world.get_signed("/fapi/v1/openAlgoOrders");
    CHECK(count(open.body) == 1);
    (void)co_await panel.post("price", R"({"symbol":"AAAUSDT","release":true})");
    co_await sleep_for(loop.clock, Millis(2));
    const auto after = co_await world.get_signed("/fapi/v1/openAlgoOrders");
    CHECK(count(after.body) == 0);
    co_await world.close();
  });
}

TEST_CASE("control: balances change by transfers, positions by fills") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    const auto set = co_await panel.post("balance", R"({"account":"alpha","balance":"123.45"})");
    CHECK(set.status == 200);
    const auto taken = co_await panel.post("balance", R"({"account":0,"change":"-23.45"})");
    CHECK(taken.status == 200);
    CHECK(world.exchange().balance(0).wallet.str() == "100");
    const auto income = co_await world.get_signed("/fapi/v1/income", "incomeType=TRANSFER");
    CHECK(column(income.body, "income").find("-23.45") != std::string::npos);

    const auto opened =
        co_await panel.post("position", R"({"symbol":"AAAUSDT","qty":"-0.5","price":"90"})");
    CHECK(opened.status == 200);
    const auto risk = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(risk.at("positionAmt") == "-0.500");
    CHECK(risk.at("entryPrice").starts_with("90"));
    const auto trades = co_await world.get_signed("/fapi/v1/userTrades", "symbol=AAAUSDT");
    CHECK(column(trades.body, "price").starts_with("90"));
    const auto closed = co_await panel.post("position", R"({"symbol":"AAAUSDT","qty":0})");
    CHECK(closed.status == 200);
    const auto flat = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(flat.body == "[]");

    const auto hedge = co_await panel.post(
        "position", R"({"account":"beta","symbol":"BBBUSDT","qty":"-7","positionSide":"SHORT"})");
    CHECK(hedge.status == 200);
    CHECK(world.exchange().positions(1).front().position.side == PositionSide::short_);
    co_await world.close();
  });
}

TEST_CASE("control: faults by name hit as often as they are told to, and can be cleared") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    const std::string order = "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=1";
    const auto held = [&] {
      const auto rows = world.exchange().positions(0);
      return rows.empty() ? std::string("0") : rows.front().position.qty.str();
    };
    (void)co_await panel.post("faults", R"({"name":"request_lost","route":"/fapi/v1/order"})");
    const auto lost = co_await world.post("/fapi/v1/order", order);
    CHECK(lost.status == 0);
    CHECK(held() == "0");
    (void)co_await panel.post("faults", R"({"name":"answer_lost","route":"/fapi/v1/order"})");
    const auto unanswered = co_await world.post("/fapi/v1/order", order);
    CHECK(unanswered.status == 0);
    CHECK(held() == "-1");
    (void)co_await panel.post("faults", R"({"name":"unknown_error_executed"})");
    const auto executed = co_await world.post("/fapi/v1/order", order);
    CHECK(executed.status == 503);
    CHECK(held() == "-2");
    (void)co_await panel.post("faults", R"({"name":"backend_timeout","executed":false})");
    const auto timeout = co_await world.post("/fapi/v1/order", order);
    CHECK(timeout.status == 408);
    CHECK(timeout.code() == -1007);
    CHECK(held() == "-2");
    (void)co_await panel.post("faults", R"({"name":"request_duplicated"})");
    const auto twice = co_await world.post("/fapi/v1/order", order);
    CHECK(twice.status == 200);
    CHECK(held() == "-4");
    (void)co_await panel.post("faults", R"({"name":"bad_gateway_502"})");
    const auto html = co_await world.post("/fapi/v1/order", order);
    CHECK(html.status == 502);
    CHECK(html.body.starts_with("<html>"));
    CHECK(html.header("Content-Type") == "text/html");

    (void)co_await panel.post("faults", R"({"name":"throttled","every":1})");
    const auto throttled = co_await world.post("/fapi/v1/order", order);
    CHECK(throttled.code() == -1008);
    const auto exempt = co_await world.post(
        "/fapi/v1/order", "symbol=AAAUSDT&side=BUY&type=MARKET&quantity=1&reduceOnly=true");
    CHECK(exempt.status == 200);
    CHECK(held() == "-3");

    const auto list = co_await panel.send(net::Method::get, "/control/faults", "");
    CHECK(list.body.find(R"("name":"throttled")") != std::string::npos);
    CHECK(list.body.find(R"("fired":1,"live":true)") != std::string::npos);
    const auto cleared = co_await panel.post("faults/clear", "{}");
    CHECK(cleared.status == 200);
    const auto well = co_await world.post("/fapi/v1/order", order);
    CHECK(well.status == 200);
    co_await world.close();
  });
}

TEST_CASE("control: a rate hits about that part of the requests, the same ones every time") {
  std::vector<std::string> runs;
  for (int run = 0; run < 2; ++run) {
    run_sim([&](SimLoop& loop) -> Task<void> {
      World world(loop);
      Panel panel(world, accounts());
      (void)co_await panel.post("faults", R"({"name":"unknown_error","rate":0.25})");
      std::string pattern;
      for (int i = 0; i < 200; ++i) {
        const auto answer = co_await world.get("/fapi/v1/ping");
        pattern += answer.status == 503 ? 'x' : '.';
      }
      runs.push_back(pattern);
      co_await world.close();
    });
  }
  CHECK(runs[0] == runs[1]);
  const auto hits = std::ranges::count(runs[0], 'x');
  CHECK(hits > 30);
  CHECK(hits < 70);
}

TEST_CASE("control: positions are answered as of before, also those from before the fault") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    (void)co_await world.market("AAAUSDT", "SELL", "2");
    co_await sleep_for(loop.clock, Seconds(30));
    (void)co_await panel.post("faults", R"({"name":"positions_stale","ms":5000,"every":1})");
    (void)co_await world.market("AAAUSDT", "BUY", "2");
    co_await sleep_for(loop.clock, Seconds(1));
    const auto stale = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(stale.at("positionAmt") == "-2.000");
    co_await sleep_for(loop.clock, Seconds(5));
    const auto fresh = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(fresh.body == "[]");
    co_await world.close();
  });
}

TEST_CASE("control: a fresh position is unseen by closePosition orders as long as is said") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    (void)co_await panel.post("faults", R"({"name":"position_late","ms":300})");
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const auto early = co_await world.close_stop("AAAUSDT", "110", "s1");
    CHECK(early.code() == -4509);
    co_await sleep_for(loop.clock, Millis(300));
    const auto seen = co_await world.close_stop("AAAUSDT", "110", "s1");
    CHECK(seen.status == 200);
    co_await world.close();
  });
}

TEST_CASE("control: a cancelled algo order stays in the list as long as its cancel is not seen") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    (void)co_await world.close_stop("AAAUSDT", "110", "s1");
    (void)co_await world.del("/fapi/v1/algoOrder", "clientAlgoId=s1");
    const auto listed = co_await world.get_signed("/fapi/v1/openAlgoOrders");
    CHECK(count(listed.body) == 1);
    co_await sleep_for(loop.clock, Millis(1200));
    const auto gone = co_await world.get_signed("/fapi/v1/openAlgoOrders");
    CHECK(count(gone.body) == 0);
    co_await world.close();
  });
}

TEST_CASE("control: routes have latencies of their own") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    (void)co_await panel.post(
        "latency", R"({"route":"/fapi/v1/time","before_ms":200,"after_ms":100,"spread_ms":50})");
    const auto begin = loop.clock.steady_now();
    (void)co_await world.get("/fapi/v1/time");
    const auto slow = loop.clock.steady_now() - begin;
    CHECK(slow >= Millis(300));
    CHECK(slow <= Millis(400));
    (void)co_await world.get("/fapi/v1/ping");
    CHECK(loop.clock.steady_now() - begin == slow);
    (void)co_await panel.post("latency", R"({"clear":true})");
    (void)co_await world.get("/fapi/v1/time");
    CHECK(loop.clock.steady_now() - begin == slow);
    co_await world.close();
  });
}

TEST_CASE("control: the clock pauses, steps, jumps, runs and lies") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    (void)co_await panel.post("clock", R"({"action":"pause"})");
    co_await sleep_for(loop.clock, Hours(1));
    CHECK(world.server().now() == some_day());
    (void)co_await panel.post("clock", R"({"action":"step","ms":60000})");
    CHECK(world.server().now() == some_day() + Minutes(1));
    (void)co_await panel.post("clock", R"({"action":"jump","to":"2025-10-10T05:00:00Z"})");
    CHECK(world.server().now() == some_day() + Hours(5));
    (void)co_await panel.post("clock", R"({"action":"speed","speed":"60"})");
    (void)co_await panel.post("clock", R"({"action":"resume"})");
    co_await sleep_for(loop.clock, Seconds(10));
    CHECK(world.server().now() == some_day() + Hours(5) + Minutes(10));
    (void)co_await panel.post("clock", R"({"action":"pause"})");
    (void)co_await panel.post("clock", R"({"action":"skew","ms":-90000})");
    const auto time = co_await world.get("/fapi/v1/time");
    CHECK(time.at("serverTime") == std::to_string(to_ms(world.server().now()) - 90'000));
    co_await world.close();
  });
}

TEST_CASE("control: stream faults are told to the streams, and healed") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    (void)co_await panel.post("faults", R"({"name":"stream_gap","count":3,"streams":"user"})");
    (void)co_await panel.post("faults", R"({"name":"stream_late","ms":70,"streams":"market"})");
    CHECK(world.server().stream_faults().user.drop == 3);
    CHECK(world.server().stream_faults().market.drop == 0);
    CHECK(world.server().stream_faults().market.delay == Millis(70));
    (void)co_await panel.post("faults/clear", "");
    CHECK(world.server().stream_faults().user.drop == 0);
    CHECK(world.server().stream_faults().market.delay == Micros(0));
    co_await world.close();
  });
}

TEST_CASE("control: what a request is refused for is told, whatever fault waits for its answer") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    (void)co_await panel.post("faults", R"({"name":"html_200","count":2})");
    net::HttpRequest request;
    request.target = "/fapi/v3/balance?timestamp=1&signature=0";
    request.headers = {{"X-MBX-APIKEY", "nobody"}};
    const auto refused = co_await world.send(request);
    CHECK(refused.status == 401);
    CHECK(refused.code() == -2015);
    co_await world.close();
  });
}

TEST_CASE("control: a listen key expires at once") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    const auto begun = co_await world.post("/fapi/v1/listenKey", "");
    CHECK(begun.status == 200);
    (void)co_await panel.post("faults", R"({"name":"listen_key_expired"})");
    net::HttpRequest extend;
    extend.method = net::Method::put;
    extend.target = "/fapi/v1/listenKey";
    extend.headers = {{"X-MBX-APIKEY", accounts().front().api_key}};
    const auto extended = co_await world.send(extend);
    CHECK(extended.code() == -1125);
    co_await world.close();
  });
}

TEST_CASE("control: a revoked key is refused everywhere; the account's streams live on") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    net::HttpRequest keep;
    keep.method = net::Method::post;
    keep.target = "/fapi/v1/listenKey";
    keep.headers = {{"X-MBX-APIKEY", "key-a"}};
    const auto begun = co_await world.send(keep);
    auto client = co_await StreamClient::open(world, "/private/ws/" + begun.at("listenKey"));
    const auto revoked = co_await panel.post("key", R"({"key":"key-a","revoked":true})");
    CHECK(revoked.status == 200);
    const auto order = co_await world.market("AAAUSDT", "BUY", "1");
    CHECK(order.status == 401);
    CHECK(order.code() == -2015);
    keep.method = net::Method::put;
    const auto extended = co_await world.send(keep);
    CHECK(extended.code() == -2015);
    // Another key of another account is not touched, and the listen key belongs to the account.
    Signing beta;
    beta.key = "key-b";
    beta.secret = "secret-b";
    const auto other = co_await world.call(net::Method::get, "/fapi/v3/balance", "", beta);
    CHECK(other.status == 200);
    (void)co_await panel.post("balance", R"({"change":"5"})");
    auto told = co_await client->next();
    CHECK(member(told, "e") == "ACCOUNT_UPDATE");
    told = co_await client->next(Minutes(61));
    CHECK(member(told, "e") == "listenKeyExpired");
    const auto restored = co_await panel.post("key", R"({"key":"key-a","revoked":false})");
    CHECK(restored.status == 200);
    const auto again = co_await world.market("AAAUSDT", "BUY", "1");
    CHECK(again.status == 200);
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("control: a price beyond all figures is refused whole, and the market stays as it was") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    (void)co_await panel.post("balance", R"({"balance":"1000000000"})");
    const auto short_of =
        co_await panel.post("position", R"({"symbol":"AAAUSDT","qty":"-100000","price":"100"})");
    REQUIRE(short_of.status == 200);
    for (const char* before : {"", "105"}) {
      if (*before != '\0') {
        const auto held = co_await panel.post(
            "price", std::string(R"({"symbol":"AAAUSDT","price":")") + before + "\"}");
        REQUIRE(held.status == 200);
      }
      const std::string last = *before != '\0' ? "105.00" : "100.00";
      const auto was = co_await world.get_signed("/fapi/v3/positionRisk");
      const auto entries = world.exchange().journal().size();
      const auto refused =
          co_await panel.post("price", R"({"symbol":"AAAUSDT","price":"5000000"})");
      CHECK(refused.status == 400);
      CHECK(says(refused, "larger than any the exchange knows"));
      CHECK(world.exchange().journal().size() == entries);
      const auto ticker = co_await world.get("/fapi/v1/ticker/price?symbol=AAAUSDT");
      CHECK(ticker.at("price") == last);
      const auto state = co_await panel.send(net::Method::get, "/control/state", "");
      CHECK((state.at("market").find("AAAUSDT") != std::string::npos) == (*before != '\0'));
      const auto is = co_await world.get_signed("/fapi/v3/positionRisk");
      CHECK(is.body == was.body);
    }
    co_await world.close();
  });
}

TEST_CASE("control: a planted ban says until when, as a real one") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    (void)co_await panel.post("faults", R"({"name":"ip_banned","retry_after_s":300})");
    const auto banned = co_await world.get("/fapi/v1/time");
    CHECK(banned.status == 418);
    CHECK(banned.header("Retry-After") == "300");
    CHECK(banned.msg().starts_with("Way too many requests; IP(127.0.0.1) banned until " +
                                   std::to_string(to_ms(some_day() + Minutes(5))) + ". "));
    co_await world.close();
  });
}

TEST_CASE("control: what becomes of a stop without a position can be switched") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    const std::string stop =
        "algoType=CONDITIONAL&symbol=AAAUSDT&side=BUY&type=STOP_MARKET&quantity=1&reduceOnly=true&"
        "triggerPrice=150";
    const auto refused = co_await world.post("/fapi/v1/algoOrder", stop);
    CHECK(refused.code() == -2022);
    (void)co_await panel.post("switch", R"({"stop_without_position":"accepted"})");
    const auto accepted = co_await world.post("/fapi/v1/algoOrder", stop);
    CHECK(accepted.status == 200);
    co_await world.close();
  });
}

TEST_CASE("control: a conditional order is stuck in TRIGGERING, and cannot be cancelled") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    Panel panel(world, accounts());
    (void)co_await panel.post("faults", R"({"name":"algo_stuck_triggering"})");
    const auto sold =
        co_await world.post("/fapi/v1/order", "symbol=AAAUSDT&side=SELL&type=MARKET&quantity=1");
    CHECK(sold.status == 200);
    const auto stop = co_await world.post(
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=AAAUSDT&side=BUY&type=STOP_MARKET&closePosition=true&"
        "triggerPrice=110&clientAlgoId=s");
    CHECK(stop.status == 200);
    (void)co_await panel.post("price", R"({"symbol":"AAAUSDT","price":"115"})");
    co_await sleep_for(loop.clock, Seconds(5));
    const auto stuck = co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=s");
    CHECK(stuck.at("algoStatus") == "TRIGGERING");
    CHECK(stuck.at("actualOrderId").empty());
    const auto canceled = co_await world.del("/fapi/v1/algoOrder", "clientAlgoId=s");
    CHECK(canceled.code() == -2011);
    co_await world.close();
  });
}

}  // namespace bb::paper::test
