#include "dashboard/impl/statistics.h"

#include <doctest/doctest.h>

namespace bb::dashboard::test {
namespace {

const TimePoint kOpened = from_ms(1'760'000'000'000);

store::HoldingResult closed(const char* qty, const char* entry, const char* closed_notional,
                            const char* commission, const char* funding,
                            const char* symbol = "AUSDT") {
  store::HoldingResult result;
  auto& held = result.holding;
  held.symbol = Symbol(symbol);
  held.qty = Qty::parse(qty).value();
  held.entry_price = Price::parse(entry).value();
  held.opened_at = kOpened;
  held.closed_at = kOpened + Hours(5);
  held.status = store::HoldingStatus::closed_tp;
  result.closed_qty = held.qty;
  result.closed_notional = Usdt::parse(closed_notional).value();
  result.realized = held.entry_price * held.qty - result.closed_notional;
  result.commission = Usdt::parse(commission).value();
  result.funding = Usdt::parse(funding).value();
  return result;
}

TEST_CASE("statistics: fees and funding turn a small win of the original into a loss") {
  const auto result = closed("10", "2", "19.98", "-0.03", "-0.01");
  CHECK(gross_pnl(result)->str() == "0.02");
  CHECK(net_pnl(result)->str() == "-0.02");
  const auto all = compute({result});
  CHECK(all.original.wins == 1);
  CHECK(all.net.losses == 1);
  CHECK(all.net.commission.str() == "-0.03");
}

TEST_CASE("statistics: a position whose fills are not all known has no net figure") {
  auto result = closed("10", "2", "18", "-0.03", "0");
  result.closed_qty = Qty::parse("9").value();
  CHECK_FALSE(net_pnl(result).has_value());
  result.closed_qty = Qty();
  CHECK_FALSE(gross_pnl(result).has_value());
  const auto all = compute({result});
  CHECK(all.net.unpriced == 1);
  CHECK(all.net.priced == 0);
  CHECK(all.net.win_rate_pct() == doctest::Approx(0));
}

TEST_CASE("statistics: groups by reason, symbol, hour and holding time add up to the whole") {
  const auto all = compute({closed("10", "2", "18", "-0.1", "0"),
                            closed("10", "2", "21", "-0.1", "0.05", "BUSDT"),
                            closed("1", "5", "5", "0", "0", "BUSDT")});
  CHECK(all.net.priced == 3);
  CHECK(all.net.total.str() == "0.85");
  CHECK(all.net.profit_factor().value() == doctest::Approx(1.9 / 1.05));
  CHECK(all.by_symbol.at("BUSDT").priced == 2);
  CHECK(all.by_symbol.at("BUSDT").breakeven == 1);
  CHECK(all.by_reason.at("CLOSED_TP").priced == 3);
  CHECK(all.by_hold_hours.at(4).priced == 3);
  int by_hour = 0;
  for (const auto& [hour, group] : all.by_hour)
    by_hour += group.priced;
  CHECK(by_hour == 3);
}

TEST_CASE("statistics: without a loss there is no profit factor") {
  const auto all = compute({closed("10", "2", "18", "0", "0")});
  CHECK_FALSE(all.net.profit_factor().has_value());
  CHECK_FALSE(all.net.average_ratio().has_value());
}

}  // namespace
}  // namespace bb::dashboard::test
