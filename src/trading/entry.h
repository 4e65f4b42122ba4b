// The daily entry: rank, size, short, protect. One journey per slot; whatever interrupts it, the
// same slot continues where it stopped and never shorts a symbol twice.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "desk/desk.h"
#include "trading/board.h"
#include "trading/settings.h"

namespace bb::trading {

/// Which daily entry: `trade_day_utc` is the key of `runs`, the UTC date of the slot's scheduled
/// instant (or what a person named); `scheduled` is that instant, exchange time.
struct EntrySlot {
  std::string trade_day_utc;
  TimePoint scheduled{};
};

enum class EntryStatus { success, partial, failed, skipped };
std::string_view str(EntryStatus status);

struct EntryReport {
  EntryStatus status = EntryStatus::failed;
  std::string run_id;
  std::string message;
  int opened = 0;  // positions of this run that stand protected at its end
  int entry_failed = 0;
  int protection_failed = 0;  // opened, not protectable, closed again
  int unknown = 0;            // orders whose fate is not proved; they are watched, never re-sent
  int skipped_existing = 0;
  Usdt failed_notional;
  std::vector<std::string> details;  // one line per symbol, for people
};

class Entry {
 public:
  Entry(desk::Desk& desk, const Settings& settings);
  ~Entry();

  /// What can be known before the minute: rules, brackets, symbol settings, midnight opens, warm
  /// connections, margin type and leverage of the likeliest picks. Optional; run() does what is
  /// missing.
  Task<Status> prepare(EntrySlot slot);
  /// Ranks and sizes with fresh tickers and balance, and keeps the plan for run() if it follows
  /// within ten seconds.
  Task<Status> decide(EntrySlot slot);
  /// Runs or resumes the slot.
  Task<EntryReport> run(EntrySlot slot);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bb::trading
