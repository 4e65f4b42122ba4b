// What a live source says, read.
#include "paper/live_wire.h"

#include <doctest/doctest.h>

namespace bb::paper::live {

namespace {

std::optional<Symbol> find(std::string_view name) {
  return name == "BTCUSDT" || name == "ETHUSDT" ? std::optional(Symbol(name)) : std::nullopt;
}

Price price(const char* text) { return Price(*Decimal::parse(text)); }

News heard(const char* text) {
  auto news = parse_message(text, find);
  INFO((news ? "" : news.error().text));
  REQUIRE(news.has_value());
  return *news;
}

}  // namespace

TEST_CASE("live wire: tickers, combined or raw; contracts that nobody follows are skipped unread") {
  const auto news = heard(
      R"({"stream":"!ticker@arr","data":[{"e":"24hrTicker","E":1767225600123,"s":"BTCUSDT",)"
      R"("p":"-120.5",)"
      R"("P":"-0.2","w":"60111.2","c":"60000.1","Q":"0.01","o":"60120.6","h":"60800.0",)"
      R"("l":"59500.0",)"
      R"("v":"182000.120","q":"10940238400.11","O":1767139200000,"C":1767225600100,"F":1,"L":9,)"
      R"("n":5000004},)"
      R"({"e":"24hrTicker","E":1767225600124,"s":"DOGEUSDC","c":"what"}]})");
  CHECK(news.kind == News::Kind::tickers);
  CHECK(to_ms(news.event_time) == 1767225600124);
  CHECK(news.faulty == 0);
  REQUIRE(news.updates.size() == 1);
  CHECK(*news.updates[0].last == price("60000.1"));
  CHECK(news.updates[0].day->high == price("60800"));
  CHECK(news.updates[0].day->volume == doctest::Approx(182000.12));
  CHECK(news.updates[0].day->count == 5000004);
}

TEST_CASE("live wire: marks bring the coming settlement, but for contracts that have none") {
  const auto news = heard(
      R"([{"e":"markPriceUpdate","E":1767225600000,"s":"BTCUSDT","p":"60001.23000000","i":"1",)"
      R"("P":"1","r":"0.00010000","T":1767254400000},)"
      R"({"e":"markPriceUpdate","E":1767225600000,"s":"ETHUSDT","p":"3000.1","i":"1","P":"1",)"
      R"("r":"","T":0}])");
  CHECK(news.kind == News::Kind::marks);
  REQUIRE(news.updates.size() == 2);
  CHECK(*news.updates[0].mark == price("60001.23"));
  CHECK(to_ms(news.updates[0].funding->time) == 1767254400000);
  CHECK(news.updates[0].funding->rate == Ratio(*Decimal::parse("0.0001")));
  CHECK_FALSE(news.updates[1].funding.has_value());
}

TEST_CASE("live wire: books, trades, changed contracts") {
  const auto book =
      heard(R"({"e":"bookTicker","u":1,"E":1767225600120,"T":1,"s":"BTCUSDT","b":"60000.0",)"
            R"("B":"1.250","a":"60000.1","A":"0.800"})");
  CHECK(book.kind == News::Kind::books);
  CHECK(book.updates.at(0).quote->ask == price("60000.1"));
  const auto trade = heard(
      R"({"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1767225600120,"s":"BTCUSDT",)"
      R"("a":1,"p":"60002","q":"1","T":1}})");
  CHECK(trade.kind == News::Kind::trades);
  CHECK(*trade.updates.at(0).last == price("60002"));
  CHECK(heard(R"({"e":"contractInfo","E":1,"s":"NEWUSDT"})").kind == News::Kind::contracts);
  CHECK(heard(R"({"result":null,"id":1})").kind == News::Kind::other);
  CHECK(heard("[]").kind == News::Kind::other);
}

TEST_CASE("live wire: a sick row is left out and counted, the others count") {
  const auto news = heard(
      R"([{"e":"markPriceUpdate","E":1,"s":"BTCUSDT","p":"0","r":"0","T":1767254400000},)"
      R"({"e":"markPriceUpdate","E":1,"s":"ETHUSDT","p":"3000","r":"0.0001","T":1767254400000},)"
      R"({"e":"markPriceUpdate","E":1,"s":"ETHUSDT","p":"1e30","r":"0.0001","T":1767254400000}])");
  CHECK(news.updates.size() == 1);
  CHECK(news.faulty == 2);
  CHECK(news.fault.find("a price that is none") != std::string::npos);
}

TEST_CASE("live wire: what is no message is an error") {
  for (const char* text : {"", "{", "7", "\"x\"", "null"})
    CHECK_FALSE(parse_message(text, find).has_value());
}

TEST_CASE("live wire: of exchangeInfo the USDT perpetuals count, with all their rules") {
  const char* json =
      R"({"symbols":[{"symbol":"BTCUSDT","status":"TRADING","contractType":"PERPETUAL",)"
      R"("baseAsset":"BTC",)"
      R"("quoteAsset":"USDT","marginAsset":"USDT","pricePrecision":2,"quantityPrecision":3,)"
      R"("underlyingType":"COIN",)"
      R"("underlyingSubType":["PoW"],"onboardDate":1569398400000,"deliveryDate":4133404800000,)"
      R"("marketTakeBound":"0.05","liquidationFee":"0.012500","filters":[)"
      R"({"filterType":"PRICE_FILTER","tickSize":"0.10","minPrice":"556.80","maxPrice":"4529764"},)"
      R"({"filterType":"LOT_SIZE","minQty":"0.001","maxQty":"1000","stepSize":"0.001"},)"
      R"({"filterType":"MARKET_LOT_SIZE","minQty":"0.001","maxQty":"120","stepSize":"0.001"},)"
      R"({"filterType":"MAX_NUM_ORDERS","limit":200},{"filterType":"MIN_NOTIONAL",)"
      R"("notional":"100"},)"
      R"({"filterType":"PERCENT_PRICE","multiplierUp":"1.0500","multiplierDown":"0.9500",)"
      R"("multiplierDecimal":"4"}]},)"
      R"({"symbol":"BTCUSDT_260327","status":"TRADING","contractType":"CURRENT_QUARTER",)"
      R"("quoteAsset":"USDT","marginAsset":"USDT"},)"
      R"({"symbol":"BTCUSDC","status":"TRADING","contractType":"PERPETUAL","quoteAsset":"USDC",)"
      R"("marginAsset":"USDC"},)"
      R"({"symbol":"SICKUSDT","status":"TRADING","contractType":"PERPETUAL",)"
      R"("quoteAsset":"USDT","marginAsset":"USDT"}]})";
  const auto contracts = parse_contracts(json);
  REQUIRE(contracts.has_value());
  REQUIRE(contracts->rows.size() == 1);
  CHECK(contracts->faulty == 1);
  const auto& rules = contracts->rows[0].rules;
  CHECK(rules.symbol.str() == "BTCUSDT");
  CHECK(rules.status == SymbolStatus::trading);
  CHECK(rules.tick == price("0.1"));
  CHECK(rules.market_lot.max == Qty(*Decimal::parse("120")));
  CHECK(rules.min_notional == Usdt(*Decimal::parse("100")));
  CHECK(rules.underlying_sub_types.size() == 1);
}

TEST_CASE("live wire: bars and settlements") {
  const auto bars = parse_klines(
      R"([[1767225600000,"60000.0","60050.0","59980.0","60010.2","120.500",1767225659999,)"
      R"("7231229.10",4210,"60.100","3606613.02","0"]])");
  REQUIRE(bars.has_value());
  CHECK(bars->at(0).close == price("60010.2"));
  CHECK(bars->at(0).quote_volume == doctest::Approx(7231229.10));
  CHECK_FALSE(parse_klines(R"([[1]])").has_value());
  const auto settled = parse_settlements(
      R"([{"symbol":"BTCUSDT","fundingTime":1767254400000,"fundingRate":"0.0002","markPrice":""},)"
      R"({"symbol":"BTCUSDT","fundingTime":1767225600000,"fundingRate":"0.0001","markPrice":"1"},)"
      R"({"symbol":"XUSDT","fundingTime":1,"fundingRate":"1"}])",
      find);
  REQUIRE(settled.has_value());
  REQUIRE(settled->size() == 1);
  CHECK(to_ms(settled->at(Symbol("BTCUSDT"))[0].time) == 1767225600000);
  CHECK(parse_funding_intervals(R"([{"symbol":"A","fundingIntervalHours":4}])")->at("A") ==
        Hours(4));
  CHECK(to_ms(*parse_server_time(R"({"serverTime":1767225600123})")) == 1767225600123);
  CHECK_FALSE(parse_server_time("[]").has_value());
}

}  // namespace bb::paper::live
