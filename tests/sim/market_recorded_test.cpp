#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "market_build.h"
#include "sim/impl/market_files.h"
#include "support/run.h"

namespace bb::sim::test {
namespace {

using bb::test::TempDir;
using std::chrono::days;

const std::string kFolder = BB_DATA_DIR;

TimePoint day(const char* date) { return parse_utc_date(date).value(); }

// Loading is the slow part of these tests: one market serves most of them.
const Market& recorded() {
  static const Market market = load_market(kFolder, {}).value();
  return market;
}

exchange::Kline kline(const char* symbol, Millis interval, TimePoint open) {
  const Market& market = recorded();
  const auto bars = market.klines(Symbol(symbol), interval, open, open, 1, market.end());
  REQUIRE(bars.size() == 1);
  return bars[0];
}

double gain(const char* symbol, const char* date) {
  const auto bar = kline(symbol, Hours(24), day(date));
  return bar.close.value().to_double() / bar.open.value().to_double() - 1;
}

TEST_CASE("recorded days: nineteen of them, with the whole universe") {
  const Market& market = recorded();
  CHECK(market.begin() == day("2025-10-01"));
  CHECK(market.end() == day("2025-10-20"));
  CHECK(market.rules(market.begin()).size() == 502);
  CHECK(market.rules(market.end()).size() == 521);
  CHECK(market.rules(market.begin()).front().symbol == Symbol("BTCUSDT"));
}

TEST_CASE("recorded days: the crash of 2025-10-10 is there") {
  const TimePoint crash = day("2025-10-10") + Hours(21) + Minutes(15);
  CHECK(kline("DOGEUSDT", Minutes(15), crash).low == Price(d("0.08385")));
  CHECK(kline("DOGEUSDT", Hours(24), day("2025-10-10")).low == Price(d("0.08385")));
  CHECK(kline("NAORISUSDT", Hours(24), day("2025-10-10")).low == Price(d("0.00593")));
  const auto reached = recorded().first_crossing(Symbol("DOGEUSDT"), day("2025-10-10"),
                                                 day("2025-10-11"), Price(d("0.1")), true);
  REQUIRE(reached.has_value());
  CHECK(reached->price == Price(d("0.1")));
  CHECK(reached->time > crash);
  CHECK(reached->time < crash + Minutes(15));
}

TEST_CASE("recorded days: the great pumps are there") {
  CHECK(gain("COAIUSDT", "2025-10-06") == doctest::Approx(5.21).epsilon(0.01));
  CHECK(gain("BLESSUSDT", "2025-10-15") == doctest::Approx(5.32).epsilon(0.01));
}

TEST_CASE("recorded days: volumes are the recorded ones to three digits") {
  // 0GUSDT, 2025-10-11 00:00: recorded volume 985669.0
  CHECK(kline("0GUSDT", Minutes(15), day("2025-10-11")).volume == 986'000);
}

TEST_CASE("recorded days: rules and brackets are the exchange's") {
  const auto btc = recorded().find_rules(Symbol("BTCUSDT"), day("2025-10-02")).value();
  CHECK(btc.tick == Price(d("0.1")));
  CHECK(btc.lot.step == Qty(d("0.001")));
  CHECK(btc.market_lot.max == Qty(d("120")));
  CHECK(btc.min_notional == Usdt(d("100")));
  CHECK(btc.price_up == Ratio(d("1.05")));
  CHECK(btc.market_take_bound == Ratio(d("0.05")));
  CHECK(btc.liquidation_fee == Ratio(d("0.0125")));
  CHECK(btc.max_orders == 200);
  CHECK(btc.contract == ContractType::perpetual);
  CHECK(btc.status == SymbolStatus::trading);
  CHECK(btc.is_coin);
  CHECK(btc.onboard_time == from_ms(1'569'398'400'000));
  CHECK_FALSE(recorded().find_rules(Symbol("BTCDOMUSDT"), day("2025-10-02"))->is_coin);

  const Brackets* brackets = recorded().find_brackets(Symbol("BTCUSDT"));
  REQUIRE(brackets != nullptr);
  CHECK(brackets->front().max_leverage == 150);
  CHECK(brackets->front().maintenance_rate == Ratio(d("0.004")));
  CHECK((*brackets)[2].maintenance_amount == Usdt(d("1500")));
}

TEST_CASE("recorded days: every price lies on its tick") {
  const Market& market = recorded();
  for (const auto& rules : market.rules(market.end())) {
    const auto bars =
        market.klines(rules.symbol, Hours(24), market.begin(), market.end(), 99, market.end());
    CHECK(!bars.empty());
    for (const auto& bar : bars) {
      CHECK(bar.low.value().is_multiple_of(rules.tick.value()));
      CHECK(bar.high.value().is_multiple_of(rules.tick.value()));
      CHECK(bar.high <= rules.max_price);
    }
  }
}

TEST_CASE("recorded days: a coin listed inside them is unknown before its first bar") {
  const Symbol young("GIGGLEUSDT");
  const TimePoint listing = from_ms(1'760'003'100'000);
  CHECK_FALSE(recorded().find_rules(young, listing - Millis(1)).has_value());
  CHECK(recorded().find_rules(young, listing)->onboard_time == listing);
  CHECK_FALSE(recorded().next_point(young, recorded().end()).has_value());
  CHECK(recorded().next_point(young, recorded().begin()) == listing);
  CHECK_FALSE(recorded().ticker(young, listing - Millis(1)).has_value());
}

TEST_CASE("recorded days: funding as recorded, and 0.01 % every eight hours elsewhere") {
  const auto known = recorded().funding(Symbol("NAORISUSDT"), day("2025-10-10"), day("2025-10-11"));
  CHECK(known.size() == 6);
  CHECK(known[0].time == day("2025-10-10") + Hours(4));
  const auto assumed = recorded().funding(Symbol("COAIUSDT"), day("2025-10-10"), day("2025-10-11"));
  REQUIRE(assumed.size() == 3);
  CHECK(assumed[0].time == day("2025-10-10") + Hours(8));
  CHECK(assumed[2].time == day("2025-10-11"));
  CHECK(assumed[0].rate == Ratio(d("0.0001")));
  CHECK(recorded().next_funding(Symbol("COAIUSDT"), day("2025-10-25")).time ==
        day("2025-10-25") + Hours(8));
}

TEST_CASE("recorded days: a shift moves bars, new listings and funding, not older listings") {
  MarketOptions options;
  options.shift = days(365);
  const Market moved = load_market(kFolder, options).value();
  const TimePoint then = day("2025-10-10") + Hours(21) + Minutes(20);
  const TimePoint now = then + days(365);
  CHECK(moved.begin() == recorded().begin() + days(365));
  CHECK(moved.end() == recorded().end() + days(365));
  const Symbol doge("DOGEUSDT");
  CHECK(moved.last(doge, now)->price == recorded().last(doge, then)->price);
  CHECK(moved.find_rules(doge, now)->onboard_time ==
        recorded().find_rules(doge, then)->onboard_time);
  const Symbol young("GIGGLEUSDT");
  CHECK(moved.find_rules(young, now)->onboard_time ==
        recorded().find_rules(young, then)->onboard_time + days(365));
  CHECK(moved.next_funding(doge, now).time == recorded().next_funding(doge, then).time + days(365));
  CHECK(moved.next_funding(doge, now).rate == recorded().next_funding(doge, then).rate);
}

TEST_CASE("recorded days: a window keeps earlier bars as history and cuts later ones") {
  MarketOptions options;
  options.begin = day("2025-10-06");
  options.end = day("2025-10-08");
  const Market market = load_market(kFolder, options).value();
  CHECK(market.begin() == options.begin);
  CHECK(market.end() == options.end);
  const auto ticker = market.ticker(Symbol("BTCUSDT"), market.begin());
  REQUIRE(ticker.has_value());
  CHECK(ticker->open_time == day("2025-10-05"));
  CHECK(market.last(Symbol("BTCUSDT"), day("2025-10-12"))->time == options.end - Millis(1));
  CHECK_FALSE(market.find_rules(Symbol("GIGGLEUSDT"), day("2025-10-12")).has_value());
  CHECK(market.find_rules(Symbol("BTCUSDT"), day("2025-10-12"))->status == SymbolStatus::trading);
}

TEST_CASE("recorded days: a window outside of them, or one that cuts a bar, is refused") {
  MarketOptions outside;
  outside.begin = day("2025-09-01");
  const auto refused = load_market(kFolder, outside);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind == ErrorKind::configuration);
  CHECK(refused.error().text.find("2025-10-01") != std::string::npos);
  MarketOptions cut;
  cut.end = day("2025-10-02") + Minutes(5);
  const auto cut_bar = load_market(kFolder, cut);
  REQUIRE_FALSE(cut_bar.has_value());
  CHECK(cut_bar.error().text.find("15 minutes") != std::string::npos);
}

// ---- damaged files ----------------------------------------------------------------------------

constexpr const char* kFiles[] = {"bars_15m.bin.zst", "exchangeInfo.json.zst",
                                  "leverageBracket.json.zst", "funding.csv.zst"};

void copy_data(const TempDir& folder) {
  for (const char* name : kFiles)
    std::filesystem::copy_file(kFolder + "/" + name, folder.file(name));
}

void expect_refused(const TempDir& folder, const std::string& name) {
  const auto loaded = load_market(folder.path(), {});
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().kind == ErrorKind::configuration);
  CHECK_MESSAGE(loaded.error().text.find(name) != std::string::npos, loaded.error().text);
}

TEST_CASE("data files: a missing one is named") {
  for (const char* name : kFiles) {
    const TempDir folder;
    copy_data(folder);
    std::filesystem::remove(folder.file(name));
    expect_refused(folder, name);
  }
}

TEST_CASE("data files: one that is cut off is named") {
  for (const char* name : kFiles) {
    const TempDir folder;
    copy_data(folder);
    const auto size = std::filesystem::file_size(folder.file(name));
    for (const auto left : {size - 1, size / 2, decltype(size){3}, decltype(size){0}}) {
      std::filesystem::resize_file(folder.file(name), left);
      expect_refused(folder, name);
    }
  }
}

TEST_CASE("data files: one flipped bit is found and named") {
  for (const char* name : kFiles) {
    const TempDir folder;
    copy_data(folder);
    const auto size = static_cast<std::streamoff>(std::filesystem::file_size(folder.file(name)));
    for (const std::streamoff at : {size / 3, size - 2}) {
      std::fstream file(folder.file(name), std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(at);
      const int byte = file.get();
      file.seekp(at);
      file.put(static_cast<char>(byte ^ 0x10));
      file.close();
      expect_refused(folder, name);
    }
  }
}

TEST_CASE("data files: bars of the wrong format, size or value are refused") {
  const std::string whole = impl::read_zst(kFolder + "/bars_15m.bin.zst").value();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{8}, std::size_t{40}, whole.size() / 2, whole.size() - 1}) {
    CAPTURE(size);
    CHECK_FALSE(impl::parse_bars(std::string_view(whole).substr(0, size)).has_value());
  }
  CHECK_FALSE(impl::parse_bars(whole + '\0').has_value());
  std::string other_version = whole;
  other_version[7] = '2';
  CHECK(impl::parse_bars(other_version).error().text.find("version") != std::string::npos);
  // The first open of the first symbol becomes negative (an odd zigzag number).
  std::string negative = whole;
  negative[whole.find("ZRXUSDT") + 7 + 16 + 8] |= 1;
  CHECK(impl::parse_bars(negative).error().text.find("0GUSDT") != std::string::npos);
}

TEST_CASE("data files: a funding line that is not one is shown") {
  for (const char* line :
       {"BTCUSDT,1760000000000,", "BTCUSDT,x,0.1", "BTCUSDT", "BTCUSDT,1760000000000,1e-99x",
        "BTCUSDT,17,0.1", "BTCUSDT,1760000000000,1.5"}) {
    const auto parsed = impl::parse_funding(std::string("header\n") + line + "\n");
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().text.find(line) != std::string::npos);
  }
  const std::string first = "BTCUSDT,1760000000000,-0.1\n", second = "BTCUSDT,1760003600000,0.1\n";
  CHECK_FALSE(impl::parse_funding("h\n" + second + first).has_value());
  const auto in_order = impl::parse_funding("h\n" + first + second);
  REQUIRE(in_order.has_value());
  CHECK(in_order->at("BTCUSDT").size() == 2);
}

TEST_CASE("data files: files that do not belong together are refused") {
  const TempDir folder;
  copy_data(folder);
  std::filesystem::copy_file(folder.file("leverageBracket.json.zst"),
                             folder.file("exchangeInfo.json.zst"),
                             std::filesystem::copy_options::overwrite_existing);
  expect_refused(folder, "exchangeInfo");
}

}  // namespace
}  // namespace bb::sim::test
