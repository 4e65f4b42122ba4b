// The faults that the control knows by name (docs/paper-control.md), as rules or as requests to
// whoever can produce them.
#pragma once

#include <span>
#include <string_view>

#include "paper/faults.h"

namespace bb::paper {

/// Who produces a fault.
enum class FaultPlace {
  request,       // a FaultRule
  position_lag,  // closePosition orders see positions `ms` late
  stream,        // the streams' own faults
  listen_key,    // the account's listen key expires now
  engine,        // the exchange in memory itself
};

struct NamedFault {
  std::string_view name;
  std::string_view what;
  FaultPlace place = FaultPlace::request;
  FaultRule rule{};
  bool needs_ms = false;
};

std::span<const NamedFault> named_faults();
const NamedFault* find_fault(std::string_view name);

}  // namespace bb::paper
