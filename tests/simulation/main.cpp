// bubble-buster-simulate: seeds, one or many; each in a process of its own, so that an abort of one
// is a finding and not the end.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "simulation/campaign.h"
#include "simulation/scenarios.h"
#include "simulation/self_test.h"

int main(int argc, char** argv) {
  bb::simulation::CampaignOptions options;
  CLI::App app("Plays bad days against the whole program, in virtual time, from seeds");
  app.add_option("--seed", options.first, "The first seed");
  app.add_option("--seeds", options.count, "How many, from there on");
  app.add_option("--seconds", options.seconds, "Begin no new seed after so long; 0 = no limit");
  app.add_option("--twice", options.twice, "Every so many seeds one is run twice; 0 = none");
  app.add_flag("--trace", options.trace, "Print what happens, line by line");
  app.add_flag("--shrink", options.shrink, "Find the fewest faults with which it still fails");
  app.add_flag("--plan", options.plan, "Print what the seed decides, and run nothing");
  app.add_flag("--table", options.table, "Print every fault site with its count");
  app.add_flag("--short", options.is_short, "Two hours around an entry in a small market");
  app.add_flag("--first", options.stops_at_first, "End with the first seed that fails");
  bool tries_guard = false;
  app.add_flag("--self-test", tries_guard, "Try what no simulated program may do");
  app.add_option("--standard", options.standard_days,
                 "Run the shipped defaults on all recorded contracts for so many days");
  app.add_option("--accounts", options.accounts, "Of a standard run");
  bb::simulation::EnumerationOptions crashes;
  crashes.scenario.clear();
  app.add_option("--crash", crashes.scenario, "Die at every point of that scenario, or of all");
  app.add_option("--stride", crashes.stride, "At every so many points");
  app.add_option("--tears", crashes.tears, "Losses of power at each point");
  app.add_option("--second", crashes.second, "Die again at every so many points of the recovery");
  CLI11_PARSE(app, argc, argv);
  if (tries_guard) return bb::simulation::try_forbidden_calls();
  crashes.seconds = options.seconds;
  if (!crashes.scenario.empty()) return bb::simulation::enumerate_crashes(crashes);
  return bb::simulation::run_campaign(options);
}
