// Scenarios for crash enumeration: a short story each, at every point of which the program dies
// once. The process forks at the point: the child lets the program die there, plays the story on
// with what the disk holds, and judges; the parent goes on to the next point.
#pragma once

#include <string>
#include <vector>

#include "simulation/world.h"

namespace bb::simulation {

struct EnumerationOptions {
  std::string scenario = "all";
  std::uint64_t stride = 1;  // every so many points
  int tears = 3;             // losses of power per point, each with its own tearing
  std::uint64_t second = 0;  // every so many points of the recovery it dies again; 0 = never
  double seconds = 0;        // no new point after so long; 0 = no limit
};

std::vector<std::string> scenario_names();

/// 0 = no violation. One line of JSON per scenario.
int enumerate_crashes(const EnumerationOptions& options);

}  // namespace bb::simulation
