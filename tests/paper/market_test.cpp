// Public market data beside prices: bars of every kind and interval, executions, statistics,
// catalogues; their parameters, limits and refusals.
#include <doctest/doctest.h>

#include "paper/premium.h"
#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

namespace {

/// Elements of an array as raw JSON.
std::vector<std::string> elements(const std::string& json) {
  std::vector<std::string> all;
  const auto document = net::JsonDocument::parse(json);
  if (document && document->root().is_array())
    document->root().for_each([&](net::JsonView element) { all.push_back(element.raw()); });
  return all;
}

std::string ms(TimePoint t) { return std::to_string(to_ms(t)); }

}  // namespace

TEST_CASE("market: weeks begin on Monday, months on the first; both are joined from days") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    co_await sleep_for(loop.clock, std::chrono::days(40));  // to 2025-11-19, a Wednesday
    const auto weeks = co_await world.get("/fapi/v1/klines?symbol=AAAUSDT&interval=1w&limit=2");
    const auto rows = elements(weeks.body);
    REQUIRE(rows.size() == 2);
    // 2025-11-10 and 2025-11-17, both Mondays.
    CHECK(rows[0].starts_with("[1762732800000,"));
    CHECK(rows[0].find(",1763337599999,") != std::string::npos);
    CHECK(rows[1].starts_with("[1763337600000,"));
    const auto months = co_await world.get("/fapi/v1/klines?symbol=AAAUSDT&interval=1M");
    const auto all = elements(months.body);
    REQUIRE(all.size() == 2);
    // October begins before the market does; its bar ends with October.
    CHECK(all[0].starts_with(R"([1759276800000,"100.00","120.00","100.00","120.00",)"));
    CHECK(all[0].find(",1761955199999,") != std::string::npos);
    CHECK(all[1].starts_with("[1761955200000,"));
    const auto since = co_await world.get("/fapi/v1/klines?symbol=AAAUSDT&interval=1M&startTime=" +
                                          std::string("1759276800001"));
    CHECK(elements(since.body).size() == 1);
    co_await world.close();
  });
}

TEST_CASE("market: every documented interval is served, others are -1120") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    for (const std::string interval : {"1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h",
                                       "12h", "1d", "3d", "1w", "1M"})
      for (const std::string path :
           {"klines?symbol=", "markPriceKlines?symbol=", "premiumIndexKlines?symbol=",
            "indexPriceKlines?pair=", "continuousKlines?contractType=PERPETUAL&pair="}) {
        INFO(path, interval);
        const auto answer =
            co_await world.get("/fapi/v1/" + path + "AAAUSDT&limit=3&interval=" + interval);
        CHECK(answer.status == 200);
        CHECK(!elements(answer.body).empty());
      }
    const auto second = co_await world.get("/fapi/v1/klines?symbol=AAAUSDT&interval=1s");
    CHECK(second.body == R"({"code":-1120,"msg":"Invalid interval."})");
    co_await world.close();
  });
}

TEST_CASE("market: mark, index and premium bars have prices and samples, no volume") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string window = "&interval=1m&startTime=1760050800000&limit=1";
    const auto mark = co_await world.get("/fapi/v1/markPriceKlines?symbol=AAAUSDT" + window);
    CHECK(mark.body ==
          R"([[1760050800000,"100.00000000","100.00000000","100.00000000","100.00000000","0",)"
          R"(1760050859999,"0",60,"0","0","0"]])");
    const auto index = co_await world.get("/fapi/v1/indexPriceKlines?pair=AAAUSDT" + window);
    CHECK(index.body == mark.body);  // the funding rate is in its dead band: no premium
    const auto premium = co_await world.get("/fapi/v1/premiumIndexKlines?symbol=AAAUSDT" + window);
    CHECK(premium.body ==
          R"([[1760050800000,"0.00000000","0.00000000","0.00000000","0.00000000","0",)"
          R"(1760050859999,"0",12,"0","0","0"]])");
    co_await world.close();
  });
}

TEST_CASE("market: the index is a price whatever funding rate was recorded") {
  for (const int percent : {-100, -3, 0, 3, 100}) {
    auto columns = test_columns();
    const Ratio rate(Decimal::from_raw(percent * Decimal::kScale / 100));
    columns[0].funding.clear();
    for (int hour = 1; hour < 48; ++hour)
      columns[0].funding.push_back({some_day() + Hours(hour), rate});
    columns[0].funding_interval = Hours(1);
    const auto market = market_of(std::move(columns));
    const Symbol symbol("AAAUSDT");
    const Price mark = *market.mark(symbol, some_day());
    const Ratio premium = premium_of(market, symbol, some_day());
    INFO("funding of " << percent << " %: premium " << premium.str());
    const Price index = index_price(mark, premium);
    CHECK(index > mark * Ratio(Decimal::from_raw(80'000'000)));
    CHECK(index < mark * Ratio(Decimal::from_raw(125'000'000)));
  }
}

TEST_CASE("market: pairs and contract types have their own refusals") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto ask = [&](const std::string& query) { return world.get("/fapi/v1/" + query); };
    const auto type = co_await ask("continuousKlines?pair=AAAUSDT&contractType=WEEKLY&interval=1m");
    CHECK(type.body == R"({"code":-4104,"msg":"Invalid contract type"})");
    const auto pair = co_await ask("continuousKlines?pair=X&contractType=PERPETUAL&interval=1m");
    CHECK(pair.body == R"({"code":-4144,"msg":"Invalid pair"})");
    const auto dated =
        co_await ask("continuousKlines?pair=AAAUSDT&contractType=NEXT_QUARTER&interval=1m");
    CHECK(dated.body == "[]");
    const auto missing = co_await ask("indexPriceKlines?interval=1m");
    CHECK(missing.code() == -1102);
    co_await world.close();
  });
}

TEST_CASE("market: executions are one sequence, newest by default, by id with a key") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto newest = co_await world.get("/fapi/v1/trades?symbol=AAAUSDT&limit=10");
    CHECK(field_names(newest.body) == "id,price,qty,quoteQty,time,isBuyerMaker,isRPITrade");
    CHECK(count(newest.body) == 10);
    CHECK(newest.header("X-MBX-USED-WEIGHT-1M") == "5");
    const auto keyless = co_await world.get("/fapi/v1/historicalTrades?symbol=AAAUSDT&limit=10");
    CHECK(keyless.code() == -2014);
    net::HttpRequest request;
    request.headers = {{"X-MBX-APIKEY", "key-a"}};
    request.target = "/fapi/v1/historicalTrades?symbol=AAAUSDT&limit=10";
    const auto history = co_await world.send(request);
    CHECK(history.body == newest.body);
    CHECK(history.header("X-MBX-USED-WEIGHT-1M") == "405");
    request.target += "&fromId=" + newest.at("id");
    co_await sleep_for(loop.clock, Seconds(20));
    const auto again = co_await world.send(request);
    CHECK(again.body == newest.body);
    request.target = "/fapi/v1/historicalTrades?symbol=AAAUSDT&limit=501";
    const auto many = co_await world.send(request);
    CHECK(many.code() == -1130);
    co_await world.close();
  });
}

TEST_CASE("market: aggregates by time, by id, and the newest; 48 hours back and no further") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    co_await sleep_for(loop.clock, std::chrono::days(3));
    const TimePoint now = world.server().now();
    const std::string base = "/fapi/v1/aggTrades?symbol=AAAUSDT";
    const auto newest = co_await world.get(base + "&limit=3");
    CHECK(field_names(newest.body) == "a,p,q,nq,f,l,T,m");
    CHECK(count(newest.body) == 3);
    const auto minute =
        co_await world.get(base + "&startTime=" + ms(now - Seconds(60)) + "&endTime=" + ms(now));
    CHECK(count(minute.body) == 90);
    const auto by_id = co_await world.get(base + "&limit=90&fromId=" + minute.at("a"));
    CHECK(by_id.body == minute.body);
    const auto old = co_await world.get(base + "&limit=1&startTime=0");
    const auto reach = Answer{200, old.body, {}}.at("T");
    CHECK(std::stoll(reach) >= to_ms(now - Hours(48)));
    CHECK(std::stoll(reach) < to_ms(now - Hours(48) + Seconds(2)));
    const auto hour =
        co_await world.get(base + "&startTime=" + ms(now - Hours(1)) + "&endTime=" + ms(now));
    CHECK(hour.code() == -1127);
    const auto both = co_await world.get(base + "&fromId=1&startTime=" + ms(now - Hours(1)));
    CHECK(both.code() == -1128);
    const auto turned = co_await world.get(base + "&startTime=2&endTime=1");
    CHECK(turned.code() == -1023);
    co_await world.close();
  });
}

TEST_CASE("market: a bar counts the executions that the tape has in it") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const TimePoint open = world.server().now() - Minutes(1);
    const auto bar = co_await world.get(
        "/fapi/v1/klines?symbol=AAAUSDT&interval=1m&limit=1&"
        "startTime=" +
        ms(open));
    const auto rows = elements(bar.body);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].find(",120,") != std::string::npos);
    const auto ticker = co_await world.get("/fapi/v1/ticker/24hr?symbol=AAAUSDT");
    const auto number = [&](const char* name) { return std::stoll(ticker.at(name)); };
    CHECK(number("count") == number("lastId") - number("firstId") + 1);
    CHECK(number("count") >= 2 * 86'400);
    const auto newest = co_await world.get("/fapi/v1/trades?symbol=AAAUSDT&limit=1");
    CHECK(newest.at("id") == ticker.at("lastId"));
    CHECK(newest.at("qty") == ticker.at("lastQty"));
    co_await world.close();
  });
}

TEST_CASE("market: statistics are points of whole periods, the same when asked twice") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string query = "?symbol=AAAUSDT&period=5m&limit=4";
    for (const std::string name :
         {"topLongShortPositionRatio", "topLongShortAccountRatio", "globalLongShortAccountRatio"}) {
      const auto answer = co_await world.get("/futures/data/" + name + query);
      INFO(name);
      CHECK(field_names(answer.body) == "symbol,longShortRatio,longAccount,shortAccount,timestamp");
      CHECK(column(answer.body, "timestamp") ==
            "1760053500000,1760053800000,1760054100000,1760054400000");
      const auto again = co_await world.get("/futures/data/" + name + query);
      CHECK(again.body == answer.body);
      const double longs = std::stod(answer.at("longAccount"));
      CHECK(longs + std::stod(answer.at("shortAccount")) == doctest::Approx(1));
    }
    const auto interest = co_await world.get("/futures/data/openInterestHist" + query);
    CHECK(field_names(interest.body) ==
          "symbol,sumOpenInterest,sumOpenInterestValue,CMCCirculatingSupply,timestamp");
    const auto takers = co_await world.get("/futures/data/takerlongshortRatio" + query);
    CHECK(field_names(takers.body) == "buySellRatio,buyVol,sellVol,timestamp");
    const auto basis =
        co_await world.get("/futures/data/basis?pair=AAAUSDT&contractType=PERPETUAL&period=1h");
    CHECK(
        field_names(basis.body) ==
        "indexPrice,contractType,basisRate,futuresPrice,annualizedBasisRate,basis,pair,timestamp");
    const auto delivered = co_await world.get("/futures/data/delivery-price?pair=AAAUSDT");
    CHECK(delivered.body == "[]");
    const auto weekly =
        co_await world.get("/futures/data/openInterestHist?symbol=AAAUSDT&period=1w");
    CHECK(weekly.body == R"({"code":-1130,"msg":"parameter 'period' is invalid."})");
    const auto ancient =
        co_await world.get("/futures/data/openInterestHist?symbol=AAAUSDT&period=1h&startTime=1");
    CHECK(ancient.code() == -1130);
    const auto window = co_await world.get(
        "/futures/data/openInterestHist?symbol=AAAUSDT&period=1h&startTime=1760040000001&"
        "endTime=1760050000000");
    CHECK(column(window.body, "timestamp") == "1760043600000,1760047200000");
    co_await world.close();
  });
}

TEST_CASE("market: what is published about contracts") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto interest = co_await world.get("/fapi/v1/openInterest?symbol=AAAUSDT");
    CHECK(field_names(interest.body) == "symbol,openInterest,time");
    const auto risk = co_await world.get("/fapi/v1/symbolAdlRisk?symbol=AAAUSDT");
    CHECK(risk.body == R"({"symbol":"AAAUSDT","adlRisk":"low","updateTime":1760054400000})");
    const auto risks = co_await world.get("/fapi/v1/symbolAdlRisk");
    CHECK(count(risks.body) == 3);
    const auto insurance = co_await world.get("/fapi/v1/insuranceBalance?symbol=AAAUSDT");
    CHECK(field_names(insurance.body) == "symbols,assets");
    const auto insurances = co_await world.get("/fapi/v1/insuranceBalance");
    CHECK(field_names(insurances.body) == "symbols,assets");
    CHECK(count(insurances.body) == 1);
    const auto indexes = co_await world.get("/fapi/v1/indexInfo");
    CHECK(indexes.body == "[]");
    const auto no_index = co_await world.get("/fapi/v1/indexInfo?symbol=AAAUSDT");
    CHECK(no_index.code() == -1121);
    const auto asset = co_await world.get("/fapi/v1/assetIndex?symbol=USDTUSD");
    CHECK(field_names(asset.body) ==
          "symbol,time,index,bidBuffer,askBuffer,bidRate,askRate,autoExchangeBidBuffer,"
          "autoExchangeAskBuffer,autoExchangeBidRate,autoExchangeAskRate");
    CHECK(asset.at("index") == "1.00000000");
    const auto assets = co_await world.get("/fapi/v1/assetIndex");
    CHECK(column(assets.body, "symbol").starts_with("USDTUSD,USDCUSD,"));
    const auto no_asset = co_await world.get("/fapi/v1/assetIndex?symbol=US");
    CHECK(no_asset.code() == -1121);
    const auto parts = co_await world.get("/fapi/v1/constituents?symbol=AAAUSDT");
    CHECK(field_names(parts.body) == "symbol,time,constituents");
    const auto schedule = co_await world.get("/fapi/v1/tradingSchedule");
    CHECK(field_names(schedule.body) == "updateTime,marketSchedules");
    const auto depth = co_await world.get("/fapi/v1/rpiDepth?symbol=AAAUSDT");
    CHECK(field_names(depth.body) == "lastUpdateId,E,T,bids,asks");
    CHECK(count(depth.at("asks")) == 20);
    const auto bad_depth = co_await world.get("/fapi/v1/rpiDepth?symbol=AAAUSDT&limit=7");
    CHECK(bad_depth.body == R"({"code":-4021,"msg":"'7' is not valid depth limit."})");
    co_await world.close();
  });
}
