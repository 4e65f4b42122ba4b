// How much life of an account one core simulates in a day: the shipped defaults on all recorded
// contracts, every site of faults active, each request through HTTP bytes, each record through
// SQLite. A figure of its own process: what counts is processor time.
#include <fmt/format.h>

#include "simulation/campaign.h"
#include "simulation/guard.h"

int main() {
  constexpr int kDays = 8;
  constexpr double kSecondsPerDay = 86'400, kDaysPerYear = 365.25;
  const auto plan = bb::simulation::standard_plan(1, kDays, 1);
  const auto& market = bb::simulation::market_of(plan.market);
  const auto contracts = market.rules(market.begin() + bb::Hours(24)).size();
  const double begin = bb::simulation::cpu_seconds();
  bb::simulation::World world(plan, {});
  const auto verdict = world.run();
  const double seconds = bb::simulation::cpu_seconds() - begin;
  const double days_per_second = verdict.account_days / seconds;
  fmt::print(
      "{{\"name\":\"sim_account_years_per_core_day\",\"value\":{:.0f},\"unit\":\"account-years\","
      "\"account_days_per_s\":{:.3f},\"account_days\":{:.2f},\"contracts\":{},\"requests\":{},"
      "\"faults\":{},\"crashes\":{},\"violations\":{},\"cpu_s\":{:.1f},\"floor\":500}}\n",
      days_per_second * kSecondsPerDay / kDaysPerYear, days_per_second, verdict.account_days,
      contracts, verdict.requests, verdict.faults, verdict.crashes, verdict.violations.size(),
      seconds);
}
