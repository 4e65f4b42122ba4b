// The simulator's own promises, tried out: what no simulated program may do ends the process.
#pragma once

namespace bb::simulation {

/// 0 = every forbidden call ended the child that made it; tells which did not.
int try_forbidden_calls();

}  // namespace bb::simulation
