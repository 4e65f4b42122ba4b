// The daily loss cut: closes what floats at a loss (unrealized PnL strictly below zero).
#pragma once

#include "desk/desk.h"

namespace bb::trading {

enum class LossCutScope {
  tracked,   // our holdings only
  exchange,  // every position of the account, long or short, whoever opened it
};

struct LossCutReport {
  int total = 0;  // positions looked at
  int closed = 0;
  int errors = 0;
  std::vector<std::string> details;
  bool failed = false;  // the positions could not be read at all
};

/// Closes first and leaves protection to expire with the position; a close that fails leaves the
/// protection where it was.
Task<LossCutReport> cut_losses(desk::Desk& desk, LossCutScope scope, std::string trade_day);

}  // namespace bb::trading
