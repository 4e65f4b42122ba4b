#include "trading/board.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/run.h"

namespace bb::test {
namespace {

using namespace bb::trading;

Decimal d(const char* text) { return Decimal::parse(text).value(); }

const TimePoint kMidnight = some_day();
const TimePoint kNow = some_day() + Hours(23) + Minutes(40);

SymbolRules contract(const std::string& name) {
  SymbolRules out;
  out.symbol = Symbol(name);
  out.status = SymbolStatus::trading;
  out.contract = ContractType::perpetual;
  out.quote_asset = out.margin_asset = "USDT";
  out.onboard_time = kMidnight - Hours(24 * 100);
  out.delivery_time = kMidnight + Hours(24 * 3650);
  return out;
}

struct World {
  exchange::MarketRules rules;
  exchange::AsOf<std::vector<exchange::Ticker>> tickers;
  Opens opens;

  World() { tickers.as_of = kNow; }
  World& add(const std::string& name, const char* open, const char* last, double volume = 1e6) {
    rules.symbols.push_back(contract(name));
    tickers.value.push_back({Symbol(name), Price(d(last)), volume, kNow});
    opens[Symbol(name)] = Price(d(open));
    return *this;
  }
  Result<Board> board(const Settings& settings = {}) const {
    return build_board(rules, tickers, opens, kMidnight, settings);
  }
};

TEST_CASE("board: ranks by change since 00:00 UTC; ties keep the exchange's order") {
  const auto board =
      World().add("AUSDT", "1", "1.5").add("BUSDT", "1", "2").add("CUSDT", "1", "1.5").board();
  REQUIRE(board.has_value());
  CHECK(board->gainers[0].symbol == Symbol("BUSDT"));
  CHECK(board->gainers[1].symbol == Symbol("AUSDT"));
  CHECK(board->gainers[2].symbol == Symbol("CUSDT"));
  CHECK(board->gainers[0].change.str() == "1");
}

TEST_CASE("board: only old enough TRADING coin perpetuals in USDT are eligible") {
  const Settings settings;
  CHECK(is_eligible(contract("AUSDT"), kNow, settings));
  auto c = contract("AUSDT");
  c.status = SymbolStatus::settling;
  CHECK_FALSE(is_eligible(c, kNow, settings));
  c = contract("AUSDT");
  c.contract = ContractType::tradfi_perpetual;
  CHECK_FALSE(is_eligible(c, kNow, settings));
  c = contract("AUSDT");
  c.is_coin = false;
  CHECK_FALSE(is_eligible(c, kNow, settings));
  c = contract("AUSDC");
  c.quote_asset = "USDC";
  CHECK_FALSE(is_eligible(c, kNow, settings));
  c = contract("AUSDT");
  c.onboard_time = kNow - Hours(23);
  CHECK_FALSE(is_eligible(c, kNow, settings));
  c = contract("AUSDT");
  c.delivery_time = kNow + Hours(47);
  CHECK_FALSE(is_eligible(c, kNow, settings));
}

TEST_CASE("board: stale tickers for more than five percent fail the ranking") {
  World world;
  for (int i = 0; i < 20; ++i)
    world.add(fmt::format("C{}USDT", i), "1", "1.1");
  world.tickers.value[0].close_time = kNow - Hours(1);
  CHECK(world.board().has_value());
  CHECK(world.board()->gainers.size() == 19);
  world.tickers.value[1].close_time = kNow - Hours(1);
  const auto refused = world.board();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text.find("18 of 20") != std::string::npos);
}

TEST_CASE("board: missing opens are missing data, not other coins") {
  World world;
  for (int i = 0; i < 10; ++i)
    world.add(fmt::format("C{}USDT", i), "1", "1.1");
  world.opens.erase(Symbol("C3USDT"));
  CHECK_FALSE(world.board().has_value());
}

TEST_CASE("board: the volume threshold drops quiet coins; falling coins stay eligible") {
  Settings settings;
  settings.volume_threshold = d("1000");
  const auto board =
      World().add("AUSDT", "1", "1.5", 999).add("BUSDT", "1", "0.9", 1000).board(settings);
  REQUIRE(board->gainers.size() == 1);
  CHECK(board->gainers[0].symbol == Symbol("BUSDT"));
  CHECK(board->gainers[0].change.str() == "-0.1");
}

TEST_CASE("board: an exchange without contracts is an error, not an empty success") {
  CHECK_FALSE(World().board().has_value());
}

}  // namespace
}  // namespace bb::test
