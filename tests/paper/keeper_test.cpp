#include "paper/keeper.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "paper/resume.h"
#include "paper/serve.h"
#include "paper/world.h"
#include "support/full_disk.h"

namespace bb::paper::test {

namespace {

using bb::test::FullDisk;
using bb::test::TempDir;

/// A world on a file. Left without close() it is as after a kill: nothing is flushed.
struct KeptWorld {
  static Options options_on(const std::string& path) {
    Options options;
    options.server = default_options();
    options.db = path;
    return options;
  }

  KeptWorld(SimLoop& loop, Options o)
      : options(std::move(o)), keeper(Keeper::open(options.db, loop.clock).value()) {
    const auto market = make_test_market();
    ready = prepare_server(*keeper, options, market, loop.clock);
    if (!ready) return;
    world = std::make_unique<World>(loop, options.server);
    ControlParts parts{world->server(), world->sim_market(), options.server.accounts};
    ready = resume(*keeper, world->server(), parts);
    control = std::make_unique<Control>(parts, "a-token-of-some-length");
  }

  Task<Answer> deed(std::string path, std::string body) {
    net::HttpRequest request;
    request.method = net::Method::post;
    request.target = std::move(path);
    request.headers = {{"Authorization", "Bearer a-token-of-some-length"}};
    request.body = std::move(body);
    const auto reply = co_await control->handle(std::move(request));
    Answer answer;
    answer.status = reply.response.status;
    co_return answer;
  }

  Options options;
  std::unique_ptr<Keeper> keeper;
  std::unique_ptr<World> world;
  std::unique_ptr<Control> control;
  Status ready;
};

/// What a client can ask of its account, as one text.
Task<std::string> everything(World& world) {
  std::string all;
  const std::vector<std::pair<std::string, std::string>> questions = {
      {"/fapi/v1/allOrders", "symbol=AAAUSDT"},
      {"/fapi/v1/allAlgoOrders", "symbol=AAAUSDT"},
      {"/fapi/v1/openOrders", ""},
      {"/fapi/v1/openAlgoOrders", ""},
      {"/fapi/v1/userTrades", "symbol=AAAUSDT"},
      {"/fapi/v1/userTrades", "symbol=BBBUSDT"},
      {"/fapi/v1/income", ""},
      {"/fapi/v3/positionRisk", ""},
      {"/fapi/v3/account", ""},
      {"/fapi/v1/symbolConfig", ""}};
  for (const auto& [path, params] : questions) {
    const auto answer = co_await world.get_signed(path, params);
    all += answer.body + "\n";
  }
  co_return all;
}

bool says(const Status& status, const std::string& part) {
  return !status && status.error().text.find(part) != std::string::npos;
}

struct KeptLines {
  std::string lines{};
  Log log{LogLevel::debug, [this](LogLevel, std::string_view line) {
            lines += line;
            lines += '\n';
          }};
  std::size_t count(std::string_view part) const {
    std::size_t found = 0;
    for (auto at = lines.find(part); at != std::string::npos; at = lines.find(part, at + 1))
      ++found;
    return found;
  }
};

}  // namespace

TEST_CASE("keeper: after a kill everything that was answered is there again, with its ids") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TempDir folder;
    const auto options = KeptWorld::options_on(folder.file("paper.db"));
    std::string before;
    {
      KeptWorld kept(loop, options);
      REQUIRE_MESSAGE(kept.ready.has_value(), kept.ready.error().text);
      World& world = *kept.world;
      (void)co_await world.post("/fapi/v1/leverage", "symbol=AAAUSDT&leverage=7");
      co_await sleep_for(loop.clock, Minutes(7));
      (void)co_await world.market("AAAUSDT", "SELL", "3");
      (void)co_await world.market("BBBUSDT", "BUY", "100");
      (void)co_await world.close_stop("AAAUSDT", "119", "s1");
      (void)co_await world.post("/fapi/v1/order",
                                "symbol=AAAUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&"
                                "price=99&newClientOrderId=low");
      (void)co_await world.post("/fapi/v1/order",
                                "symbol=AAAUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&"
                                "price=98&newClientOrderId=lower");
      co_await sleep_for(loop.clock, Hours(9));
      (void)co_await world.del("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=low");
      const auto paid = co_await kept.deed("/control/balance", R"({"change":"55.5"})");
      CHECK(paid.status == 200);
      const auto refused = co_await world.market("AAAUSDT", "SELL", "0.00001");
      CHECK(refused.status == 400);
      before = co_await everything(world);
      co_await world.close();
    }
    KeptWorld again(loop, options);
    REQUIRE_MESSAGE(again.ready.has_value(), again.ready.error().text);
    const auto after = co_await everything(*again.world);
    CHECK(after == before);
    co_await again.world->close();
  });
}

TEST_CASE("keeper: the exchange lives through the time it was down") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TempDir folder;
    const auto options = KeptWorld::options_on(folder.file("paper.db"));
    {
      KeptWorld kept(loop, options);
      (void)co_await kept.world->market("AAAUSDT", "SELL", "3");
      (void)co_await kept.world->close_stop("AAAUSDT", "119", "s1");  // reached on the second day
      co_await kept.world->close();
    }
    co_await sleep_for(loop.clock, Hours(31));
    KeptWorld again(loop, options);
    REQUIRE_MESSAGE(again.ready.has_value(), again.ready.error().text);
    World& world = *again.world;
    const auto flat = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(flat.body == "[]");
    const auto funding = co_await world.get_signed("/fapi/v1/income", "incomeType=FUNDING_FEE");
    CHECK(count(funding.body) == 3);
    const auto trades = co_await world.get_signed("/fapi/v1/userTrades", "symbol=AAAUSDT");
    const auto jump = std::to_string(to_ms(some_day() + Hours(30)));
    CHECK(column(trades.body, "time").ends_with(jump));
    const auto next = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(next.status == 200);
    co_await world.close();
  });
}

TEST_CASE("keeper: prices and positions that the control set are lived through again") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TempDir folder;
    const auto options = KeptWorld::options_on(folder.file("paper.db"));
    std::string before;
    {
      KeptWorld kept(loop, options);
      World& world = *kept.world;
      const auto position = co_await kept.deed("/control/position",
                                               R"({"symbol":"AAAUSDT","qty":"-2","price":"101"})");
      CHECK(position.status == 200);
      (void)co_await world.close_stop("AAAUSDT", "110", "s1");
      co_await sleep_for(loop.clock, Minutes(3));
      const auto held =
          co_await kept.deed("/control/price", R"({"symbol":"AAAUSDT","price":"111"})");
      CHECK(held.status == 200);
      co_await sleep_for(loop.clock, Minutes(3));
      before = co_await everything(world);
      co_await world.close();
    }
    KeptWorld again(loop, options);
    REQUIRE_MESSAGE(again.ready.has_value(), again.ready.error().text);
    const auto ticker = co_await again.world->get("/fapi/v1/ticker/price?symbol=AAAUSDT");
    CHECK(ticker.at("price") == "111.00");
    const auto after = co_await everything(*again.world);
    CHECK(after == before);
    co_await again.world->close();
  });
}

TEST_CASE("keeper: another market and other accounts are refused; a rebase keeps what is owned") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TempDir folder;
    auto options = KeptWorld::options_on(folder.file("paper.db"));
    {
      KeptWorld kept(loop, options);
      (void)co_await kept.world->market("AAAUSDT", "SELL", "3");
      (void)co_await kept.deed("/control/balance", R"({"balance":"777"})");
      co_await kept.world->close();
    }
    auto other = options;
    other.seed = 5;
    CHECK(says(KeptWorld(loop, other).ready, "was lived in another market"));
    auto fewer = options;
    fewer.server.accounts.pop_back();
    CHECK(says(KeptWorld(loop, fewer).ready, "has an account beta"));
    auto more = options;
    more.server.accounts.push_back({.alias = "gamma", .api_key = "key-c", .api_secret = "c"});
    CHECK(says(KeptWorld(loop, more).ready, "has 2 accounts, 3 are named now"));
    other.db_rebase = true;
    {
      KeptWorld rebased(loop, other);
      REQUIRE_MESSAGE(rebased.ready.has_value(), rebased.ready.error().text);
      const auto wallet = rebased.world->exchange().balance(0).wallet;
      CHECK(wallet < Usdt(Decimal::from_int(777)));  // the spread of the position it settled
      CHECK(wallet > Usdt(Decimal::from_int(770)));
      CHECK(rebased.world->exchange().positions(0).empty());
      co_await rebased.world->close();
    }
    other.db_rebase = false;
    KeptWorld again(loop, other);
    CHECK(again.ready.has_value());
    co_await again.world->close();
  });
}

TEST_CASE("keeper: a file has one holder, and another program's file is not touched") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TempDir folder;
    const auto path = folder.file("paper.db");
    const auto first = Keeper::open(path, loop.clock);
    REQUIRE(first.has_value());
    const auto second = Keeper::open(path, loop.clock);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().text.find("held by another paper exchange") != std::string::npos);
    const auto nowhere = Keeper::open(folder.file("no/such/folder.db"), loop.clock);
    CHECK_FALSE(nowhere.has_value());
    co_return;
  });
}

TEST_CASE("keeper: acts of one turn share a commit, and each answer waits for its own") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TempDir folder;
    const auto options = KeptWorld::options_on(folder.file("paper.db"));
    {
      KeptWorld kept(loop, options);
      std::vector<Task<Answer>> orders;
      for (int i = 0; i < 20; ++i)
        orders.push_back(kept.world->market("BBBUSDT", "BUY", "100"));
      const auto answers = co_await gather(std::move(orders));
      for (const auto& answer : answers)
        CHECK(answer.status == 200);
      co_await kept.world->close();
    }
    KeptWorld again(loop, options);
    CHECK(again.world->exchange().fills(0, Symbol("BBBUSDT")).size() >= 20);
    co_await again.world->close();
  });
}

TEST_CASE("keeper: while the disk is full nothing is done that a restart would not know of") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TempDir folder;
    const auto options = KeptWorld::options_on(folder.file("paper.db"));
    std::string before;
    {
      KeptWorld kept(loop, options);
      REQUIRE_MESSAGE(kept.ready.has_value(), kept.ready.error().text);
      KeptLines log;
      kept.keeper->log_to(log.log);
      World& world = *kept.world;
      (void)co_await world.market("AAAUSDT", "SELL", "1");
      {
        const FullDisk full(std::filesystem::file_size(options.db + "-wal"));
        // The first one finds out: it is done, and nobody can promise that it stays.
        const auto unknown = co_await world.market("AAAUSDT", "SELL", "1");
        CHECK(unknown.status == 503);
        CHECK(unknown.msg() == "Unknown error, please check your request or try again later.");
        for (int i = 0; i < 5; ++i) {
          const auto refused = co_await world.market("AAAUSDT", "SELL", "1");
          CHECK(refused.status == 503);
          CHECK(refused.msg() == "Service Unavailable.");
          co_await sleep_for(loop.clock, Seconds(1));
        }
        const auto deed = co_await kept.deed("/control/balance", R"({"change":"55.5"})");
        CHECK(deed.status == 500);
        const auto stuck =
            co_await kept.deed("/control/faults", R"({"name":"algo_stuck_triggering"})");
        CHECK(stuck.status == 500);
        // Who only asks is answered.
        const auto risk = co_await world.get_signed("/fapi/v3/positionRisk");
        CHECK(column(risk.body, "positionAmt") == "-2.000");
        CHECK(log.count("could not write its file") == 1);
        CHECK(log.count("wrote its file again") == 0);
      }
      co_await sleep_for(loop.clock, Seconds(2));
      CHECK(log.count("could not write its file") == 1);
      CHECK(log.count("wrote its file again") == 1);
      const auto sold = co_await world.market("AAAUSDT", "SELL", "1");
      CHECK(sold.status == 200);
      before = co_await everything(world);
      co_await world.close();
    }
    KeptWorld again(loop, options);
    REQUIRE_MESSAGE(again.ready.has_value(), again.ready.error().text);
    const auto after = co_await everything(*again.world);
    CHECK(after == before);
    const auto risk = co_await again.world->get_signed("/fapi/v3/positionRisk");
    CHECK(column(risk.body, "positionAmt") == "-3.000");
    co_await again.world->close();
  });
}

TEST_CASE("keeper: an account's fees are those it began with, of RPI orders too") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TempDir folder;
    auto options = KeptWorld::options_on(folder.file("paper.db"));
    options.server.accounts[0].fees.rpi = Ratio(*Decimal::parse("0.00005"));
    {
      KeptWorld kept(loop, options);
      co_await kept.world->close();
    }
    options.server.accounts[0].fees.rpi = Ratio(*Decimal::parse("0.00007"));
    KeptWorld again(loop, options);
    REQUIRE_MESSAGE(again.ready.has_value(), again.ready.error().text);
    CHECK(again.world->exchange().fees(0).rpi == Ratio(*Decimal::parse("0.00005")));
    co_await again.world->close();
  });
}

TEST_CASE("keeper: every deed of the control that is kept can be done again") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TempDir folder;
    const auto options = KeptWorld::options_on(folder.file("paper.db"));
    {
      KeptWorld kept(loop, options);
      const std::vector<std::pair<std::string, std::string>> deeds = {
          {"price", R"({"symbol":"AAAUSDT","price":"101"})"},
          {"price", R"({"symbol":"AAAUSDT","release":true})"},
          {"balance", R"({"change":"5"})"},
          {"position", R"({"symbol":"AAAUSDT","qty":"-2"})"},
          {"switch", R"({"stop_without_position":"accepted"})"},
          {"faults", R"({"name":"algo_stuck_triggering"})"}};
      for (const auto& [act, body] : deeds) {
        const auto done = co_await kept.deed("/control/" + act, body);
        CHECK(done.status == 200);
      }
      co_await kept.world->close();
    }
    KeptWorld again(loop, options);
    REQUIRE_MESSAGE(again.ready.has_value(), again.ready.error().text);
    const auto stop = co_await again.world->post(
        "/fapi/v1/algoOrder",
        "algoType=CONDITIONAL&symbol=BBBUSDT&side=SELL&type=STOP_MARKET&quantity=100&"
        "reduceOnly=true&triggerPrice=0.4");
    CHECK(stop.status == 200);
    co_await again.world->close();
  });
}

}  // namespace bb::paper::test
