// Flatten: brings positions of one account to nothing, or down by a part, and says the truth about
// it (design §3.5, reliability I29, I31). It never adds risk, so it works under every latch.
#pragma once

#include <string>
#include <vector>

#include "desk/desk.h"

namespace bb::desk {

enum class FlattenScope {
  tracked,  // positions that the store knows as ours
  account,  // everything that the account holds, longs too
};

struct FlattenRequest {
  FlattenScope scope = FlattenScope::account;
  /// Of each position's size as first read, in (0, 1]; rounded down to the step, and 1 takes the
  /// dust too. What would leave less than the smallest order is closed whole, and said.
  Ratio part = Ratio(Decimal::from_int(1));
  std::vector<Symbol> only;  // empty = all
  std::string reason;        // who asked, for records and messages
};

enum class FlattenVerdict {
  flat,     // a complete read after the last action shows what was asked for, nothing of it open
  partial,  // something is left; the rows say what and why
  unknown,  // no complete read could be had after the last action
};

struct FlattenRow {
  Symbol symbol;
  PositionSide side = PositionSide::both;
  Qty before;        // signed
  Qty target;        // signed: what was to be left
  Qty left;          // signed, by the last read
  std::string text;  // why it is not at its target, or what was done otherwise than asked
};

struct FlattenReport {
  FlattenVerdict verdict = FlattenVerdict::unknown;
  std::vector<FlattenRow> rows;  // every position in scope at the first read
  int orders_left = 0;           // resting orders of ours of positions that are gone
  TimePoint as_of{};             // exchange time of the read that the verdict rests on
  std::string text;              // of an unknown verdict: what could not be read
};

std::string_view str(FlattenVerdict verdict);

/// Closes in parallel. Marks its symbols as closing before its first byte: entries skip them, the
/// patrol neither protects nor sweeps them meanwhile. Holdings that end are recorded with the
/// reason. A part of a position fixes its target residual first, so that a repetition after Unknown
/// never closes more than was asked.
Task<FlattenReport> flatten(Desk& desk, FlattenRequest request);

}  // namespace bb::desk
