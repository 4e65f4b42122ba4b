#include "app/figures.h"

#include <doctest/doctest.h>

#include "support/run.h"

namespace bb::app::test {
namespace {

using Kind = sim::JournalEntry::Kind;

const Symbol kCoin("COINUSDT");

sim::JournalEntry entry(Kind kind, std::int64_t at_ms, int account = 0) {
  sim::JournalEntry out;
  out.kind = kind;
  out.precise = Millis(at_ms);
  out.time = bb::test::some_day() + Millis(at_ms);
  out.account = account;
  out.symbol = kCoin;
  return out;
}

sim::JournalEntry income(const char* type, const char* amount) {
  auto out = entry(Kind::income, 0);
  out.income.emplace();
  out.income->type = type;
  out.income->amount = Usdt::parse(amount).value();
  return out;
}

TEST_CASE("figures: unprotected time runs from the first fill to the stop that covers it") {
  const auto figures =
      figures_of({entry(Kind::position_opened, 1000), entry(Kind::unprotected_from, 1000),
                  entry(Kind::protected_from, 1050), entry(Kind::unprotected_from, 5000),
                  entry(Kind::protected_from, 5020)},
                 0, Millis(9000));
  CHECK(figures.unprotected_max == Millis(50));
  CHECK(figures.unprotected_symbol == kCoin);
  CHECK(figures.unprotected_from == bb::test::some_day() + Millis(1000));
}

TEST_CASE("figures: a position that was never protected counts until now or its close") {
  CHECK(figures_of({entry(Kind::position_opened, 1000)}, 0, Millis(4000)).unprotected_max ==
        Millis(3000));
  CHECK(figures_of({entry(Kind::position_opened, 1000), entry(Kind::position_closed, 1700)}, 0,
                   Millis(4000))
            .unprotected_max == Millis(700));
}

TEST_CASE("figures: incomes add up by kind, and other accounts are left out") {
  auto other = income("FUNDING_FEE", "100");
  other.account = 1;
  const auto figures = figures_of(
      {income("REALIZED_PNL", "10"), income("REALIZED_PNL", "-4"), income("COMMISSION", "-0.5"),
       income("FUNDING_FEE", "0.25"), income("TRANSFER", "1000"), other},
      0, Micros(0));
  CHECK(figures.realized_pnl.str() == "6");
  CHECK(figures.fees.str() == "-0.5");
  CHECK(figures.funding.str() == "0.25");
}

}  // namespace
}  // namespace bb::app::test
