// Campaign: many seeds, one after the other, and what they found.
#pragma once

#include <cstdint>

#include "simulation/world.h"

namespace bb::simulation {

struct CampaignOptions {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  double seconds = 0;
  int twice = 20;
  bool is_short = false, stops_at_first = false;
  bool trace = false, shrink = false, plan = false, table = false;
  int standard_days = 0;
  int accounts = 1;
};

/// 0 = no violation; 1 = some, each told with its seed on standard output.
int run_campaign(const CampaignOptions& options);

/// One run in a child process: a crash of it is a violation, too.
Verdict run_apart(const Plan& plan, const RunOptions& options);

}  // namespace bb::simulation
