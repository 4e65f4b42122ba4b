// Closing: brings legs of the account down, all of them at the same time, and proves it. The one
// way in which anything here is closed: time-outs, failed protection, loss cuts and flatten.
//
// Three round trips when nothing goes wrong, whatever the number of legs: read, send, read. A leg
// that is slow (its turn, its answer) delays neither the repeats nor the proof of the others.
#pragma once

#include <optional>
#include <vector>

#include "desk/desk.h"

namespace bb::desk {

/// One leg to bring down to `keep` (positive; zero = to nothing, dust included).
struct CloseOrder {
  Symbol symbol;
  PositionSide side = PositionSide::both;
  Qty keep;
};

/// What the orders are for: it is in their ids.
struct ClosePurpose {
  OrderKind kind = OrderKind::close;
  Job job = Job::manual;
  std::string trade_day;
};

enum class CloseTurns {
  held,   // the caller holds the symbols' turns
  taken,  // each leg's turn is taken for as long as its orders are on the way
};

/// What the account shows after the last action.
struct CloseView {
  std::vector<exchange::Position> positions;
  TimePoint as_of{};  // exchange time
};

struct CloseReport {
  std::vector<CloseResult> legs;   // in the order asked
  std::optional<CloseView> after;  // nothing when no complete read could be had
  std::string text;                // then: why
};

struct CloseOptions {
  CloseTurns turns = CloseTurns::held;
  /// Overloads, lost answers and unreadable positions are met with patience, jittered pauses from
  /// 0.2 to 5 s apart; refusals of any other kind with eight attempts. It counts from a leg's first
  /// order: waiting for a turn does not use it up.
  Micros patience{Seconds(30)};
  /// Positions that the caller has read just now.
  std::optional<std::vector<exchange::Position>> seen{};
  /// Whether fills are recorded before the report is given; else record_fills_of() is the caller's.
  bool records = true;
};

/// A leg that is whole is reduce-only and may be sent again after an Unknown; a leg that keeps a
/// part is first settled, so that it never closes more than was asked. A leg is at its goal when a
/// read says so after the last action and our own fills explain it, or two reads at least two
/// seconds apart do. Fills are read and recorded after the proof: the limits of the exchange are
/// for the proofs first.
Task<CloseReport> close_legs(Desk& desk, std::vector<CloseOrder> orders, ClosePurpose purpose,
                             CloseOptions options);

/// Records the fills since the leg's first order, and in `result` how much of it they closed;
/// false: they could not be read now.
Task<bool> record_fills_of(Desk& desk, CloseOrder order, CloseResult& result);

}  // namespace bb::desk
