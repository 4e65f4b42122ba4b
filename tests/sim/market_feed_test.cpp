#include <doctest/doctest.h>
#include <fmt/format.h>
#include <zip.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>

#include "sim/book.h"
#include "sim/impl/market_archive.h"
#include "sim/impl/market_feed.h"
#include "sim/market.h"
#include "support/run.h"

namespace bb::sim::test {

namespace {

using bb::test::TempDir;

constexpr std::int64_t kDay = 1'760'054'400'000;  // 2025-10-10T00:00:00Z
const Symbol kAbc("ABCUSDT");

TimePoint at(std::int64_t minutes) { return from_ms(kDay + minutes * 60'000); }

void put(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void put_zip(const std::string& path, const std::string& name, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  REQUIRE(archive != nullptr);
  zip_source_t* source = zip_source_buffer(archive, text.data(), text.size(), 0);
  REQUIRE(zip_file_add(archive, name.c_str(), source, 0) >= 0);
  REQUIRE(zip_close(archive) == 0);
}

void put_zst(const std::string& path, const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  put(path, packed);
}

// Minute bars that rise by 0.01 from 1.00, in Binance's own columns.
std::string bulk_rows(int first, int last, double offset = 0) {
  std::string text;
  for (int i = first; i < last; ++i) {
    const double open = 1 + 0.01 * i + offset;
    text += fmt::format("{},{:.2f},{:.2f},{:.2f},{:.2f},100,{},100.5,7,50,50.2,0\n", to_ms(at(i)),
                        open, open + 0.03, open - 0.02, open + 0.01, to_ms(at(i + 1)) - 1);
  }
  return text;
}

constexpr const char* kBulkHeader =
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore\n";

std::string error_of(const TempDir& folder, const MarketOptions& options = {}) {
  const auto market = load_market(folder.path(), options);
  return market ? "(loaded)" : market.error().text;
}

MarketOptions of_interval(Millis interval) {
  MarketOptions options;
  options.interval = interval;
  return options;
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("feed: a tree of bulk zips is one market, with marks and funding") {
  TempDir folder;
  const std::string um = folder.file("data/futures/um/");
  put_zip(um + "daily/klines/ABCUSDT/1m/ABCUSDT-1m-2025-10-10.zip", "ABCUSDT-1m-2025-10-10.csv",
          kBulkHeader + bulk_rows(0, 1440));
  put_zip(um + "daily/markPriceKlines/ABCUSDT/1m/ABCUSDT-1m-2025-10-10.zip",
          "ABCUSDT-1m-2025-10-10.csv", kBulkHeader + bulk_rows(0, 1440, 0.5));
  put_zip(
      um + "monthly/fundingRate/ABCUSDT/ABCUSDT-fundingRate-2025-10.zip",
      "ABCUSDT-fundingRate-2025-10.csv",
      fmt::format("calc_time,funding_interval_hours,last_funding_rate\n{},4,0.0003\n{},4,-0.001\n",
                  to_ms(at(240)) + 3, to_ms(at(480))));
  put(um + "daily/aggTrades/ABCUSDT/ABCUSDT-aggTrades-2025-10-10.csv", "not,ours\n");
  put(um + "daily/klines/ABCUSDT/1m/ABCUSDT-1m-2025-10-10.zip.CHECKSUM", "abc\n");
  const auto market = load_market(folder.path(), {});
  REQUIRE_MESSAGE(market.has_value(), market.error().text);
  CHECK(market->begin() == at(0));
  CHECK(market->end() == at(1440));
  CHECK(market->last(kAbc, at(10))->price == Price(*Decimal::parse("1.1")));
  CHECK(*market->mark(kAbc, at(10)) == Price(*Decimal::parse("1.6")));
  const auto bars = market->klines(kAbc, Minutes(1), at(5), at(5), 1, at(60));
  REQUIRE(bars.size() == 1);
  CHECK(bars[0].high == Price(*Decimal::parse("1.08")));
  CHECK(bars[0].low == Price(*Decimal::parse("1.03")));
  CHECK(bars[0].volume == 100);
  CHECK(market->funding_interval(kAbc) == Hours(4));
  const auto paid = market->funding(kAbc, at(0), at(1440));
  REQUIRE(paid.size() == 6);
  CHECK(paid[0].time == at(240));
  CHECK(paid[0].rate == Ratio(*Decimal::parse("0.0003")));
  CHECK(paid[1].rate == Ratio(*Decimal::parse("-0.001")));
  CHECK(paid[2].rate == Ratio(*Decimal::parse("0.0001")));
}

TEST_CASE("feed: what no figure can hold is an error with its file and line") {
  const auto loaded = [](const std::string& name, const std::string& rows) {
    TempDir folder;
    put(folder.file(name), "symbol,open_time,open,high,low,close,volume\n" + rows);
    return error_of(folder);
  };
  const auto bar = [](std::int64_t ms, const std::string& price) {
    return fmt::format("ABCUSDT,{},{},{},{},{},1\n", ms, price, price, price, price);
  };
  const std::int64_t t = to_ms(at(0));
  const std::string hasty = loaded("days.csv", bar(t, "1") + bar(t + 1, "1"));
  CHECK(says(hasty, "days.csv:3: the bar begins 1 ms after the one before it"));
  const std::string odd = loaded("days.csv", bar(t, "1") + bar(t + 7000, "1"));
  CHECK(says(odd, "days.csv:3: the bar begins 7000 ms after"));
  const std::string dear = loaded("days.csv", bar(t, "1") + bar(t + 60'000, "2000000000"));
  CHECK(says(dear, "days.csv:3: '2000000000' is not a price"));
  const std::string far =
      loaded("days.csv", bar(t, "1") + bar(t + 1000, "1") + bar(t + 60'000'000'000, "1"));
  CHECK(says(far, "days.csv:4: ABCUSDT has more bars of 1 s than fit"));
}

TEST_CASE("feed: prices in whole thousands have a tick whose book stays within all figures") {
  TempDir folder;
  std::string rows = "symbol,open_time,open,high,low,close,volume\n";
  for (int i = 0; i < 60; ++i)
    rows += fmt::format("ABCUSDT,{},1000,1000000000,1000,1000,1000000000000000000\n", to_ms(at(i)));
  put(folder.file("days.csv"), rows);
  const auto market = load_market(folder.path(), {});
  REQUIRE_MESSAGE(market.has_value(), market.error().text);
  CHECK(market->find_rules(kAbc, at(0))->max_price.is_positive());
  const auto book = book_at(*market, kAbc, at(30));
  REQUIRE(book.has_value());
  CHECK(book->bids.front().price.is_positive());
  CHECK(book->asks.back().price > book->asks.front().price);
  CHECK(book->asks.back().qty.is_positive());
}

TEST_CASE("feed: the mark crosses a level when the recorded mark does, not the last price") {
  TempDir folder;
  put(folder.file("klines/ABCUSDT-1m-2025-10-10.csv"), bulk_rows(0, 100));
  put(folder.file("markPriceKlines/ABCUSDT-1m-2025-10-10.csv"), bulk_rows(20, 60, 0.5));
  const auto market = load_market(folder.path(), {});
  REQUIRE_MESSAGE(market.has_value(), market.error().text);
  const Price level(*Decimal::parse("1.60"));
  CHECK(market->first_crossing(kAbc, at(0), at(100), level, false)->time > at(55));
  const auto mark = market->first_mark_crossing(kAbc, at(0), at(100), level, false);
  REQUIRE(mark.has_value());
  CHECK(mark->time == at(20));
  CHECK(mark->price == Price(*Decimal::parse("1.70")));
  // Outside the recorded marks it is the path.
  CHECK(*market->mark(kAbc, at(10)) == market->last(kAbc, at(10))->price);
  CHECK(*market->mark(kAbc, at(70)) == market->last(kAbc, at(70))->price);
}

TEST_CASE("feed: files without header, months and days that overlap, and CRLF") {
  TempDir folder;
  put(folder.file("ABCUSDT-1m-2025-10.csv"), bulk_rows(0, 30));
  std::string crlf = kBulkHeader + bulk_rows(20, 60);
  for (std::size_t i = 0; (i = crlf.find('\n', i)) != std::string::npos; i += 2)
    crlf.insert(i, "\r");
  put(folder.file("ABCUSDT-1m-2025-10-10.csv"), crlf);
  const auto market = load_market(folder.path(), {});
  REQUIRE_MESSAGE(market.has_value(), market.error().text);
  CHECK(market->end() == at(60));
  put(folder.file("ABCUSDT-1m-2025-10-11.csv"), bulk_rows(20, 21, 0.2));
  const auto error = error_of(folder);
  CHECK(says(error, "tell different bars of ABCUSDT"));
  CHECK(says(error, "ABCUSDT-1m-2025-10-11.csv:1"));
}

TEST_CASE("feed: CSV of many symbols, the finest interval or the one that is asked for") {
  TempDir folder;
  std::string minutes = "symbol,open_time,open,high,low,close,quote_volume\n";
  std::string hours = "symbol,open_time,open,high,low,close,volume\n";
  for (int i = 0; i < 120; ++i)
    minutes += fmt::format("ABCUSDT,{},9.5e-05,0.000096,0.000095,9.5e-05,950\n", to_ms(at(i)));
  for (int i = 0; i < 120; ++i)
    minutes += fmt::format("币安人生USDT,{},2,3,1,2.5,10\n", to_ms(at(i)));
  for (int i = 0; i < 48; ++i)
    hours += fmt::format("ABCUSDT,{},0.0001,0.0002,0.0001,0.0002,1000\n", to_ms(at(i * 60)));
  hours += fmt::format("ABCUSDC,{},1,1,1,1,1\n", to_ms(at(0)));
  put_zst(folder.file("um_klines_1m_2025-10-10.csv.zst"), minutes);
  put(folder.file("um_klines_1h_2025-10-10.csv"), hours);
  const auto fine = load_market(folder.path(), {});
  REQUIRE_MESSAGE(fine.has_value(), fine.error().text);
  CHECK(fine->end() == at(120));
  CHECK(fine->rules(at(0)).size() == 2);
  CHECK(fine->last(kAbc, at(1))->price == Price(*Decimal::parse("0.000095")));
  CHECK(fine->ticker(kAbc, at(119))->volume > 9e6);  // from the quote volume
  const auto coarse = load_market(folder.path(), of_interval(Hours(1)));
  REQUIRE_MESSAGE(coarse.has_value(), coarse.error().text);
  CHECK(coarse->end() == at(48 * 60));
  CHECK(coarse->rules(at(0)).size() == 1);
  CHECK(says(error_of(folder, of_interval(Minutes(3))), "has no bars of 3m"));
  const auto single = load_market(folder.file("um_klines_1h_2025-10-10.csv"), {});
  CHECK(single.has_value());
}

TEST_CASE("feed: REST answers, one symbol a line") {
  TempDir folder;
  std::string line = R"({"symbol":"ABCUSDT","klines":[)";
  for (int i = 0; i < 3; ++i)
    line += fmt::format(R"({}[{},"1.0","1.2","0.9","1.1","55",{},"60",9,"1","1","0"])",
                        i > 0 ? "," : "", to_ms(at(i * 60)), to_ms(at(i * 60 + 60)) - 1);
  put_zst(folder.file("raw_1h.jsonl.zst"), line + "]}\n");
  const auto market = load_market(folder.path(), {});
  REQUIRE_MESSAGE(market.has_value(), market.error().text);
  CHECK(market->end() == at(180));
  put_zst(folder.file("raw_1h.jsonl.zst"), line + "]}\n{\"symbol\":\"X\"}\n");
  CHECK(says(error_of(folder), "raw_1h.jsonl.zst:2: not an object with symbol and klines"));
}

TEST_CASE("feed: a damaged row is named with file and line, and nothing is loaded") {
  struct Damage {
    std::string row, complaint;
  };
  const std::string time = std::to_string(to_ms(at(2)));
  for (const auto& [row, complaint] : std::vector<Damage>{
           {time + ",1,2,0.5,1.5\n", "5 fields instead of 12"},
           {"x,1,2,0.5,1.5,1,0,0,0,0,0,0\n", "'x' is not a time in milliseconds"},
           {"1760054520000000,1,2,0.5,1.5,1,0,0,0,0,0,0\n", "of this century"},
           {std::to_string(to_ms(at(2)) + 1) + ",1,2,0.5,1.5,1,0,0,0,0,0,0\n",
            "is not the beginning of a bar of 1m"},
           {time + ",-1,2,0.5,1.5,1,0,0,0,0,0,0\n", "'-1' is not a price"},
           {time + ",nan,2,0.5,1.5,1,0,0,0,0,0,0\n", "'nan' is not a price"},
           {time + ",1,2,1.2,1.5,1,0,0,0,0,0,0\n", "do not lie between low and high"},
           {time + ",1,2,0.5,1.5,-3,0,0,0,0,0,0\n", "'-3' is not a volume"},
           {time + ",1,2,0.5,1.5,inf,0,0,0,0,0,0\n", "'inf' is not a volume"},
       }) {
    TempDir folder;
    put(folder.file("ABCUSDT-1m-2025-10-10.csv"), kBulkHeader + bulk_rows(0, 2) + row);
    const auto error = error_of(folder);
    CHECK_MESSAGE(says(error, complaint), error);
    CHECK_MESSAGE(says(error, "ABCUSDT-1m-2025-10-10.csv:4: "), error);
  }
}

TEST_CASE("feed: damaged archives, empty and foreign folders are sentences") {
  TempDir folder;
  CHECK(says(error_of(folder), "no market data in "));
  put(folder.file("ABCUSDT-1m-2025-10-10.zip"), "PK\x03\x04 but no more");
  CHECK(says(error_of(folder), "is not a whole zip file"));
  put_zip(folder.file("ABCUSDT-1m-2025-10-10.zip"), "readme.txt", "hello");
  CHECK(says(error_of(folder), "holds no CSV file"));
  put_zip(folder.file("ABCUSDT-1m-2025-10-10.zip"), "a.csv", bulk_rows(0, 500));
  auto bytes = impl::read_bytes(folder.file("ABCUSDT-1m-2025-10-10.zip"));
  REQUIRE(bytes.has_value());
  (*bytes)[60] = static_cast<char>((*bytes)[60] ^ 0x55);
  put(folder.file("ABCUSDT-1m-2025-10-10.zip"), *bytes);
  CHECK(says(error_of(folder), "damaged"));
  std::filesystem::remove(folder.file("ABCUSDT-1m-2025-10-10.zip"));
  put(folder.file("some.csv"), "a,b,c\n1,2,3\n");
  CHECK(says(error_of(folder), "some.csv:1: the columns are neither klines"));
  put(folder.file("some.csv"), "");
  CHECK(says(error_of(folder), "some.csv:1: the file is empty"));
  std::filesystem::remove(folder.file("some.csv"));
  put_zst(folder.file("k.csv.zst"),
          "symbol,open_time,open,high,low,close\n" + std::string(9000, 'x'));
  auto packed = impl::read_bytes(folder.file("k.csv.zst"));
  put(folder.file("k.csv.zst"), packed->substr(0, packed->size() / 2));
  const auto cut = error_of(folder);
  CHECK_MESSAGE((says(cut, "cut off") || says(cut, "damaged")), cut);
}

TEST_CASE("feed: a short hole is flat, a long one is refused") {
  TempDir folder;
  put(folder.file("ABCUSDT-1m-2025-10-10.csv"), bulk_rows(0, 10) + bulk_rows(60, 70));
  const auto market = load_market(folder.path(), {});
  REQUIRE_MESSAGE(market.has_value(), market.error().text);
  const auto hole = market->klines(kAbc, Minutes(1), at(30), at(30), 1, at(65));
  REQUIRE(hole.size() == 1);
  CHECK(hole[0].high == Price(*Decimal::parse("1.1")));
  CHECK(hole[0].low == hole[0].high);
  CHECK(hole[0].volume == 0);
  put(folder.file("ABCUSDT-1m-2025-10-12.csv"), bulk_rows(70 + 1441, 70 + 1450));
  CHECK(says(error_of(folder), "ABCUSDT has no bars from 2025-10-10T01:10:00"));
}

TEST_CASE("feed: days are chosen, kept as history, and moved so that they begin on a day") {
  TempDir folder;
  put(folder.file("ABCUSDT-1h-2025-10.csv"), [] {
    std::string text;
    for (int i = 0; i < 24 * 6; ++i)
      text += fmt::format("{},1,1,1,1,5,0,0,0,0,0,0\n", to_ms(at(i * 60)));
    return text;
  }());
  MarketOptions options;
  options.begin = at(3 * 1440);
  options.begin_on = at(100 * 1440) + Hours(7);
  options.length = std::chrono::days(2);
  const auto market = load_market(folder.path(), options);
  REQUIRE_MESSAGE(market.has_value(), market.error().text);
  CHECK(market->begin() == at(100 * 1440));
  CHECK(market->end() == at(102 * 1440));
  CHECK(market->last(kAbc, market->begin() - Hours(47)).has_value());
  CHECK_FALSE(market->last(kAbc, market->begin() - Hours(49)).has_value());
  options.begin = at(9 * 1440);
  CHECK(says(error_of(folder, options), "no bars of a USDT perpetual in the days"));
}

TEST_CASE("feed: who is recorded to the last day is not taken for delisted; who ends before is") {
  TempDir folder;
  const auto rows = [](const char* symbol, int hours) {
    std::string text;
    for (int i = 0; i < hours; ++i)
      text += fmt::format("{},{},1,1,1,1,5\n", symbol, to_ms(at(i * 60)));
    return text;
  };
  put(folder.file("k_1h.csv"), "symbol,open_time,open,high,low,close,volume\n" +
                                   rows("AUSDT", 100) + rows("BUSDT", 95) + rows("CUSDT", 60));
  const auto market = load_market(folder.path(), {});
  REQUIRE_MESSAGE(market.has_value(), market.error().text);
  CHECK(market->end() == at(95 * 60));
  const auto status = [&](const char* symbol, int hour) {
    return market->find_rules(Symbol(symbol), at(hour * 60))->status;
  };
  CHECK(status("AUSDT", 94) == SymbolStatus::trading);
  CHECK(status("BUSDT", 94) == SymbolStatus::trading);
  CHECK(status("CUSDT", 60) == SymbolStatus::settling);
  CHECK(status("CUSDT", 61) == SymbolStatus::closed);
}

TEST_CASE("feed: the tick is the exchange's where the prices lie on it, else what they need") {
  const auto rows = [](std::initializer_list<const char*> prices) {
    std::vector<impl::BarRow> all;
    for (const char* price : prices) {
      auto& row = all.emplace_back();
      row.open = row.high = row.low = row.close = *Decimal::parse(price);
    }
    return all;
  };
  const Price cent(*Decimal::parse("0.01"));
  CHECK(impl::tick_of(rows({"1.25", "3"}), cent) == cent);
  CHECK(impl::tick_of(rows({"1.25", "3.125"}), cent) == Price(*Decimal::parse("0.001")));
  CHECK(impl::tick_of(rows({"110000.12345678"}), Price()) == Price(*Decimal::parse("0.001")));
}

}  // namespace bb::sim::test
