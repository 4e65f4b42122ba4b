// Modes, exports and the small endpoints of an account.
#include <doctest/doctest.h>

#include <set>

#include "paper/tokens.h"
#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

namespace {

std::string window(World& world, Hours back) {
  const TimePoint now = world.server().now();
  return "startTime=" + std::to_string(to_ms(now - back)) +
         "&endTime=" + std::to_string(to_ms(now));
}

}  // namespace

TEST_CASE("settings: multi-assets mode is set, shown everywhere, and bars isolated margin") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto set = co_await world.post("/fapi/v1/multiAssetsMargin", "multiAssetsMargin=true");
    CHECK(set.body == R"({"code":200,"msg":"success"})");
    const auto mode = co_await world.get_signed("/fapi/v1/multiAssetsMargin");
    CHECK(mode.body == R"({"multiAssetsMargin":true})");
    const auto config = co_await world.get_signed("/fapi/v1/accountConfig");
    CHECK(config.at("multiAssetsMargin") == "true");
    const auto account = co_await world.get_signed("/fapi/v2/account");
    CHECK(account.at("multiAssetsMargin") == "true");
    const auto isolated =
        co_await world.post("/fapi/v1/marginType", "symbol=AAAUSDT&marginType=ISOLATED");
    CHECK(isolated.code() == -4168);
    // Another account's mode is its own.
    Signing beta;
    beta.key = "key-b";
    beta.secret = "secret-b";
    const auto other =
        co_await world.call(net::Method::get, "/fapi/v1/multiAssetsMargin", "", beta);
    CHECK(other.body == R"({"multiAssetsMargin":false})");
    const auto nonsense = co_await world.post("/fapi/v1/multiAssetsMargin", "multiAssetsMargin=x");
    CHECK(nonsense.code() == -1130);
    const auto missing = co_await world.post("/fapi/v1/multiAssetsMargin", "");
    CHECK(missing.code() == -1102);
    co_await world.close();
  });
}

TEST_CASE("settings: paying fees in BNB is set and shown") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto before = co_await world.get_signed("/fapi/v1/feeBurn");
    CHECK(before.body == R"({"feeBurn":false})");
    const auto set = co_await world.post("/fapi/v1/feeBurn", "feeBurn=true");
    CHECK(set.body == R"({"code":200,"msg":"success"})");
    const auto after = co_await world.get_signed("/fapi/v1/feeBurn");
    CHECK(after.body == R"({"feeBurn":true})");
    const auto account = co_await world.get_signed("/fapi/v2/account");
    CHECK(account.at("feeBurn") == "true");
    co_await world.close();
  });
}

TEST_CASE("settings: every margin asset has a row, only USDT has money") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto balance = co_await world.get_signed("/fapi/v3/balance");
    CHECK(column(balance.body, "asset") == "USDT,BTC,BNB,ETH,USDC,FDUSD,BNFCR,BFUSD,LDUSDT");
    CHECK(column(balance.body, "balance").starts_with("10000.00000000,0.00000000,0.00000000"));
    CHECK(column(balance.body, "accountAlias").starts_with("alpha,alpha,"));
    const auto account = co_await world.get_signed("/fapi/v3/account");
    CHECK(column(account.at("assets"), "walletBalance").starts_with("10000.00000000,0.00000000,"));
    const auto info = co_await world.get("/fapi/v1/exchangeInfo");
    CHECK(column(info.at("assets"), "asset") == column(balance.body, "asset"));
    co_await world.close();
  });
}

TEST_CASE("settings: an export is asked for, made ready, fetched, and forgotten") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.limits.enabled = false;
    World world(loop, options);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const auto span = window(world, Hours(1));
    std::set<std::string> links;
    for (const std::string kind : {"order", "trade", "income"}) {
      INFO(kind);
      const auto asked = co_await world.get_signed("/fapi/v1/" + kind + "/asyn", span);
      CHECK(field_names(asked.body) == "avgCostTimestampOfLast30d,downloadId");
      const auto id = "downloadId=" + asked.at("downloadId");
      const auto soon = co_await world.get_signed("/fapi/v1/" + kind + "/asyn/id", id);
      CHECK(soon.at("status") == "processing");
      CHECK(soon.at("url").empty());
      co_await sleep_for(loop.clock, Seconds(5));
      const auto ready = co_await world.get_signed("/fapi/v1/" + kind + "/asyn/id", id);
      CHECK(ready.at("status") == "completed");
      CHECK(ready.at("notified") == "true");
      CHECK(ready.at("isExpired") == "null");
      const auto url = ready.at("url");
      const std::string begin = "http://paper.test/paper/export?token=";
      REQUIRE(url.starts_with(begin));
      CHECK(url.size() == begin.size() + 64);
      links.insert(url);
      const auto link = url.substr(std::string("http://paper.test").size());
      const auto file = co_await world.get(link);
      CHECK(file.status == 200);
      CHECK(file.header("Content-Type") == "text/csv");
      CHECK(file.body.find("AAAUSDT") != std::string::npos);
      // Nobody else's business, and not of another kind.
      Signing beta;
      beta.key = "key-b";
      beta.secret = "secret-b";
      const auto foreign =
          co_await world.call(net::Method::get, "/fapi/v1/" + kind + "/asyn/id", id, beta);
      CHECK(foreign.code() == -1099);
      co_await sleep_for(loop.clock, Hours(25));
      const auto late = co_await world.get_signed("/fapi/v1/" + kind + "/asyn/id", id);
      CHECK(late.at("isExpired") == "true");
      const auto gone = co_await world.get(link);
      CHECK(gone.status == 404);
      const auto guessed = co_await world.get("/paper/export?" + id);
      CHECK(guessed.code() == -1102);
    }
    CHECK(links.size() == 3);
    co_await world.close();
  });
}

TEST_CASE("settings: exports are few in a month, and reach a year at most") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.limits.enabled = false;
    World world(loop, options);
    const auto span = window(world, Hours(1));
    for (int i = 0; i < 5; ++i) {
      const auto asked = co_await world.get_signed("/fapi/v1/income/asyn", span);
      CHECK(asked.status == 200);
    }
    const auto sixth = co_await world.get_signed("/fapi/v1/income/asyn", span);
    CHECK(sixth.status == 429);
    CHECK(sixth.code() == -1003);
    const auto other = co_await world.get_signed("/fapi/v1/trade/asyn", span);
    CHECK(other.status == 200);
    co_await sleep_for(loop.clock, std::chrono::days(31));
    const auto next_month = co_await world.get_signed("/fapi/v1/income/asyn", span);
    CHECK(next_month.status == 200);
    const auto years =
        co_await world.get_signed("/fapi/v1/order/asyn", "startTime=1&endTime=99999999999");
    CHECK(years.code() == -4165);
    const auto missing = co_await world.get_signed("/fapi/v1/order/asyn", "startTime=1");
    CHECK(missing.code() == -1102);
    co_await world.close();
  });
}

TEST_CASE("settings: income is filtered by type, symbol and time, and paged") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    (void)co_await world.market("BBBUSDT", "SELL", "100");
    (void)co_await world.market("AAAUSDT", "BUY", "1");
    const auto all = co_await world.get_signed("/fapi/v1/income");
    const auto rows = count(all.body);
    CHECK(rows >= 5);
    std::string paged;
    for (int page = 1; page <= static_cast<int>(rows); ++page) {
      const auto one =
          co_await world.get_signed("/fapi/v1/income", "limit=1&page=" + std::to_string(page));
      if (!paged.empty()) paged += ',';
      paged += column(one.body, "tranId");
    }
    CHECK(paged == column(all.body, "tranId"));
    const auto of_b =
        co_await world.get_signed("/fapi/v1/income", "symbol=BBBUSDT&incomeType=COMMISSION");
    CHECK(column(of_b.body, "symbol") == "BBBUSDT");
    const auto newest = co_await world.get_signed("/fapi/v1/income", "limit=1");
    CHECK(column(all.body, "tranId").ends_with("," + column(newest.body, "tranId")));
    const auto before = co_await world.get_signed(
        "/fapi/v1/income", "endTime=" + std::to_string(to_ms(some_day()) - 1));
    CHECK(before.body == "[]");
    const auto turned = co_await world.get_signed("/fapi/v1/income", "startTime=2&endTime=1");
    CHECK(turned.code() == -1023);
    const auto many = co_await world.get_signed("/fapi/v1/income", "limit=1001");
    CHECK(many.code() == -1130);
    co_await world.close();
  });
}

TEST_CASE(
    "settings: links and listen keys follow from the server's secret, and from nothing else") {
  CHECK(Tokens("a").make("export 1").size() == 64);
  CHECK(Tokens("a").make("export 1") == Tokens("a").make("export 1"));
  CHECK(Tokens("a").make("export 1") != Tokens("a").make("export 2"));
  CHECK(Tokens("a").make("export 1") != Tokens("b").make("export 1"));
  CHECK(make_secret().size() == 64);
  CHECK(make_secret() != make_secret());
}

TEST_CASE("settings: the commission of RPI orders is the account's own, or the public schedule's") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.accounts[0].fees.rpi = Ratio(*Decimal::parse("0.00005"));
    World world(loop, options);
    const auto own = co_await world.get_signed("/fapi/v1/commissionRate", "symbol=AAAUSDT");
    CHECK(own.at("rpiCommissionRate") == "0.000050");
    Signing beta;
    beta.key = "key-b";
    beta.secret = "secret-b";
    const auto usual =
        co_await world.call(net::Method::get, "/fapi/v1/commissionRate", "symbol=AAAUSDT", beta);
    CHECK(usual.at("rpiCommissionRate") == "0.000100");
    co_await world.close();
  });
}
