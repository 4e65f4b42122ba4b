// Plan: everything that a seed decides before its run begins: configuration, market, accounts, and
// which faults there are at what rate. Swarm: each seed has a mix of its own, many have few faults.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/settings.h"
#include "sim/market.h"
#include "simulation/faults.h"
#include "simulation/wire.h"

namespace bb::simulation {

struct AccountPlan {
  std::string alias;
  std::string key, secret;  // canaries: they may stand in no byte but where they belong
  Usdt balance;
  bool hedge = false;
  Environment settings;  // BUBBLE_BUSTER_<SECTION>_<KEY>
};

struct MarketPlan {
  enum class Kind { random, recorded } kind = Kind::random;
  std::uint64_t seed = 1;
  int symbols = 60;
  int days = 4;       // the first one is history
  int first_day = 0;  // of a recorded one, behind 2025-10-01
  auto operator<=>(const MarketPlan&) const = default;
};

struct Plan {
  std::uint64_t seed = 1;
  MarketPlan market;
  Hours start_of_day{2};  // of the second day
  Micros length{};        // of the safety phase
  std::vector<AccountPlan> accounts;
  WireOptions wire;
  bool shuffles_ties = false;
  Micros server_delay{0};
  std::map<Site, double> rates;
};

/// A seed of the campaign.
Plan draw_plan(std::uint64_t seed);
/// The same, in the two hours around an entry and a loss cut, in a small market.
Plan short_plan(std::uint64_t seed);
/// The shipped defaults on all recorded contracts, with faults: what throughput is counted by.
Plan standard_plan(std::uint64_t seed, int days, int accounts);
/// One account with `top_n` shorts on a small market, without faults: what crashes are counted on.
Plan quiet_plan(int top_n, int accounts);

/// Loaded once per process and plan, and shared by all runs.
const sim::Market& market_of(const MarketPlan& plan);

/// A line for people.
std::string describe(const Plan& plan);

}  // namespace bb::simulation
