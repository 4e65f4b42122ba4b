// Mark prices that were recorded beside the bars: whoever shows a mark shows these, not the path.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "paper/stream_client.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

namespace {

TimePoint minute(std::int64_t number) { return some_day() + Minutes(number); }

/// Minute bars in Binance's own columns: open at 1.00 + `offset`, 0.01 higher each minute.
std::string rows(int first, int last, double offset) {
  std::string text;
  for (int i = first; i < last; ++i) {
    const double open = 1 + 0.01 * i + offset;
    text +=
        fmt::format("{},{:.2f},{:.2f},{:.2f},{:.2f},50000,{},100.5,7,50,50.2,0\n", to_ms(minute(i)),
                    open, open + 0.03, open - 0.02, open + 0.01, to_ms(minute(i + 1)) - 1);
  }
  return text;
}

void put(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// A day of ABCUSDT; marks of its first hour stand 0.50 above; the next funding rate is 0.03 % for
/// four hours.
sim::Market market_with_marks() {
  const bb::test::TempDir folder;
  put(folder.file("klines/ABCUSDT-1m-2025-10-10.csv"), rows(0, 1440, 0));
  put(folder.file("markPriceKlines/ABCUSDT-1m-2025-10-10.csv"), rows(0, 60, 0.5));
  put(folder.file("fundingRate/ABCUSDT-fundingRate-2025-10.csv"),
      fmt::format("calc_time,funding_interval_hours,last_funding_rate\n{},4,0.0003\n{},4,0.0003\n",
                  to_ms(minute(240)), to_ms(minute(480))));
  auto market = sim::load_market(folder.path(), {});
  REQUIRE_MESSAGE(market.has_value(), market.error().text);
  return *market;
}

std::string bars(std::string_view endpoint, std::string_view interval, int from, int limit) {
  const auto name = endpoint.starts_with("index") ? "pair" : "symbol";
  return fmt::format("/fapi/v1/{}?{}=ABCUSDT&interval={}&startTime={}&limit={}", endpoint, name,
                     interval, to_ms(minute(from)), limit);
}

}  // namespace

TEST_CASE("recorded marks: bars of marks and premiums are theirs, of every interval") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, default_options(), Micros(0), market_with_marks());
    co_await sleep_for(loop.clock, Minutes(10));
    auto answer = co_await world.get(bars("markPriceKlines", "1m", 5, 1));
    CHECK(answer.body ==
          fmt::format(R"([[{},"1.55000000","1.58000000","1.53000000","1.56000000","0",{},"0",60,)"
                      R"("0","0","0"]])",
                      to_ms(minute(5)), to_ms(minute(6)) - 1));
    answer = co_await world.get(bars("markPriceKlines", "5m", 5, 1));
    CHECK(answer.body ==
          fmt::format(R"([[{},"1.55000000","1.62000000","1.53000000","1.60000000","0",{},"0",300,)"
                      R"("0","0","0"]])",
                      to_ms(minute(5)), to_ms(minute(10)) - 1));
    answer = co_await world.get(bars("klines", "1m", 5, 1));
    CHECK(answer.body.find(R"("1.05)") != std::string::npos);
    // 0.03 % for 4 hours is 0.06 % for 8: a premium of 0.11 % (reference §19).
    answer = co_await world.get(bars("premiumIndexKlines", "1m", 5, 1));
    CHECK(answer.body ==
          fmt::format(R"([[{},"0.00110000","0.00110000","0.00110000","0.00110000","0",{},"0",12,)"
                      R"("0","0","0"]])",
                      to_ms(minute(5)), to_ms(minute(6)) - 1));
    answer = co_await world.get(bars("indexPriceKlines", "1m", 5, 1));
    CHECK(answer.body.find(R"("1.54829687","1.57826391","1.52831885","1.55828589")") !=
          std::string::npos);
    // A bar that still grows shows what has been.
    answer = co_await world.get(bars("markPriceKlines", "1m", 10, 1));
    CHECK(answer.body.find(R"("1.60000000","1.60000000","1.60000000","1.60000000")") !=
          std::string::npos);
    co_await world.close();
  });
}

TEST_CASE("recorded marks: positions, the premium index and streams stand at them") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, default_options(), Micros(0), market_with_marks());
    co_await sleep_for(loop.clock, Minutes(10));
    sim::Exchange::ForcedFill fill;
    fill.symbol = Symbol("ABCUSDT");
    fill.side = Side::sell;
    fill.qty = Qty(*Decimal::parse("100"));
    fill.price = Price(*Decimal::parse("1.10"));
    REQUIRE(world.exchange().force_fill(0, fill).has_value());
    const auto risk = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(risk.at("markPrice") == "1.60000000");
    CHECK(risk.at("unRealizedProfit") == "-50.00000000");
    CHECK(risk.at("notional") == "-160.00000000");
    const auto index = co_await world.get("/fapi/v1/premiumIndex?symbol=ABCUSDT");
    CHECK(index.at("markPrice") == "1.60000000");
    CHECK(index.at("indexPrice") == "1.59824193");
    CHECK(index.at("lastFundingRate") == "0.00030000");
    auto client = co_await StreamClient::open(world, "/market/ws/abcusdt@markPrice@1s");
    auto told = co_await client->next();
    CHECK(member(told, "p").starts_with("1.6"));
    // Behind the recorded marks the path is the mark.
    (void)co_await world.server().timeline().jump(minute(70));
    (void)co_await client->collect(Millis(1));
    told = co_await client->next();
    CHECK(member(told, "p").starts_with("1.7"));
    const auto later = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(later.at("markPrice").starts_with("1.7"));
    co_await client->close();
    co_await world.close();
  });
}
