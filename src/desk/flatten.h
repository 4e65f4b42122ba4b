// Flatten: brings positions of one account to nothing, or down by a part, and says the truth about
// it (design §3.5, reliability I29, I31). It never adds risk, so it works under every latch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "desk/desk.h"

namespace bb::desk {

enum class FlattenScope {
  tracked,  // positions that the store knows as ours
  account,  // everything that the account holds, longs too
};

enum class FlattenSide { any, longs, shorts };

/// By the exchange's own unrealized profit at the first read.
enum class FlattenProfit { any, losers, winners };

struct FlattenRequest {
  FlattenScope scope = FlattenScope::account;
  /// Of each position's size as first read, in (0, 1]; rounded down to the step, and 1 takes the
  /// dust too. What would leave less than the smallest order is closed whole, and said.
  Ratio part = Ratio(Decimal::from_int(1));
  std::vector<Symbol> only;  // empty = all
  FlattenSide side = FlattenSide::any;
  FlattenProfit profit = FlattenProfit::any;
  std::string reason;  // who asked, for records and messages
};

enum class FlattenVerdict {
  flat,     // a complete read after the last action shows what was asked for, nothing of it open
  partial,  // something is left; the rows say what and why
  unknown,  // no complete read could be had after the last action, or its end is not proved
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
  /// Resting orders that could not be cancelled: ours of positions that are gone, and regular ones
  /// that could open again.
  int orders_left = 0;
  TimePoint as_of{};  // exchange time of the read that the verdict rests on
  std::string text;   // of an unknown verdict: what could not be read
};

std::string_view str(FlattenVerdict verdict);

/// `seen`: positions that the caller has read just now. Closes in parallel, and cancels along with
/// it the regular orders that could open again. Marks its symbols as closing before its first byte:
/// entries skip them, the patrol neither protects nor sweeps them meanwhile. Stops and take-profits
/// stand until the end is proved. Holdings that end are recorded with the reason. A part of a
/// position fixes its target residual first, so that a repetition after Unknown never closes more
/// than was asked; its protection follows the size.
Task<FlattenReport> flatten(Desk& desk, FlattenRequest request,
                            std::optional<std::vector<exchange::Position>> seen = {});

struct ProvedFlatten {
  FlattenReport report;
  /// Fills and holdings; awaited exactly once, before the desk dies. The exchange's limits may make
  /// it wait for a minute. Until it has run its symbols stay marked as closing.
  Task<void> records;
};

/// The same, told as soon as it is proved.
Task<ProvedFlatten> flatten_to_proof(Desk& desk, FlattenRequest request,
                                     std::optional<std::vector<exchange::Position>> seen = {});

}  // namespace bb::desk
