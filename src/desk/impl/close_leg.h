// One leg on its way down: what was read of it, what was sent, and what to do next.
#pragma once

#include "desk/closing.h"

namespace bb::desk {

struct CloseLeg {
  CloseOrder wish;
  CloseResult result;
  std::optional<Qty> before;              // signed, as first read
  std::int64_t holding_id = 0;            // whose fills they are
  TimePoint first_sent{};                 // exchange time; epoch = nothing was sent
  std::optional<SteadyTime> there_since;  // first read at its goal that our fills do not explain
  SteadyTime give_up{};                   // patience counts from its first order
  SteadyTime quiet_until{};               // nothing is sent before
  SteadyTime look_at{};                   // when it wants the account to be read
  Micros grace{};                         // and how much later, while others await their answers
  int looks = 0;                          // that showed no change since it acted
  int refusals = 0;                       // that time does not heal
  int busy = 0;                           // overloads and lost answers in a row
  bool rules_refreshed = false;
  bool is_acting = false;  // waits for its turn or its answers
  bool is_read = false;    // the last read began when it did not act
  bool is_over = false;

  bool is_whole() const { return wish.keep.is_zero(); }
  /// Takes a read as the start: the first one, and the first that shows anything after reads that
  /// did not show a position that stands.
  void note_start(Qty now);
  /// What is closed is a short. Holdings are, also before a read shows them.
  bool is_short() const { return before->is_zero() ? holding_id != 0 : before->is_negative(); }
  /// What stands is what was asked for; a leg that turned round is gone, too.
  bool is_there(Qty now) const;
  /// What is above the goal; of a part never more than was asked, whatever a read that lags says.
  Qty size_to_send(Qty now) const;
  /// Our own executions explain how it came there.
  bool is_explained(Qty now) const;
};

/// Sends what is above the leg's goal, in pieces that MARKET accepts, all at the same time. Where
/// resting limits that reduce stand in the way they are cancelled, and it is sent once more. The
/// answers are in leg.result. The symbol's turn is held.
Task<void> send_down(Desk& desk, CloseLeg& leg, exchange::Position position, ClosePurpose purpose);

}  // namespace bb::desk
