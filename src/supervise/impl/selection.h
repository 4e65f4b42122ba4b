// Which runners there are, and which of their processes the configuration allows. Pure.
#pragma once

#include <string>
#include <vector>

#include "supervise/strategies.h"

namespace bb::supervise {

/// Every runner that a section, a declared strategy or ctrl_mode needs; a systemd one with the
/// units it is to look at.
std::vector<RunnerSettings> runners_of(const SuperviseSettings& settings);

/// Nothing is declared: what the runner of ctrl_mode has is shown, all of it.
bool shows_all(const SuperviseSettings& settings);

/// The declared strategy whose runner and target these are, or null.
const StrategySettings* find_declared(const SuperviseSettings& settings,
                                      const RunnerSettings& runner, const std::string& process);

/// A selector of the runner names the process, its group or a label of it.
bool is_selected(const RunnerSettings& runner, const Process& process);

/// Without processes.
Strategy strategy_of(const StrategySettings& declared);

/// Why a strategy has no process: its runner's trouble, or that the runner has none.
std::string why_absent(const Listing& listing, const Strategy& strategy);

}  // namespace bb::supervise
