// Memory: the open state, as the database will hold it once every queued batch is written.
#pragma once

#include <map>
#include <set>
#include <tuple>

#include "store/table.h"

namespace bb::store {

/// How far back memory reaches from `now`; older rows are on disk only.
inline constexpr Hours kIntentMemory{24 * 8};
inline constexpr Hours kCommandMemory{24};
inline constexpr Hours kHistoryMemory{24 * 40};  // closed holdings, slots, attempt numbers

class Memory {
 public:
  static Result<Memory> load(sql::Connection& connection, TimePoint now);

  /// What the database would refuse, found before anything is changed.
  Status check(const std::vector<Row>& rows) const;
  void apply(const std::vector<Row>& rows);
  /// Forgets what is older than memory reaches; does nothing if it ran within the last hour.
  void prune(TimePoint now);

  using AttemptKey = std::tuple<std::string, Job, Symbol, OrderKind>;
  std::map<std::string, Run> runs;              // by trade day, all of them
  std::map<std::string, std::string> run_days;  // trade day by run id
  std::map<std::int64_t, Holding> holdings;
  std::set<std::int64_t>
      holding_ids;  // of all that were ever put, also those that are on disk only
  std::map<Symbol, std::int64_t> open;
  std::map<std::pair<Job, std::string>, Slot> slots;
  std::map<ClientOrderId, Intent> intents;
  std::set<ClientOrderId> unresolved;
  std::map<AttemptKey, int> last_attempts;
  std::map<std::int64_t, OutboxMessage> pending;
  std::map<std::int64_t, std::map<std::string, Delivery>> deliveries;  // of the pending ones
  std::map<std::string, CommandRecord> commands;                       // by id
  std::optional<TimePoint> last_income;
  std::optional<TimePoint> first_snapshot, last_snapshot;
  std::int64_t next_holding_id = 1;
  std::int64_t next_outbox_id = 1;
  RowIds next_ids;

 private:
  void apply_row(const Run& run);
  void apply_row(const Holding& holding);
  void apply_row(const Intent& intent);
  void apply_row(const Slot& slot);
  void apply_row(const OutboxMessage& message);
  void apply_row(const Delivery& delivery);
  void apply_row(const OrderEvent&) {}
  void apply_row(const FillRecord&) {}
  void apply_row(const WalletSnapshot& snapshot);
  void apply_row(const IncomeRecord& income);
  void apply_row(const JournalRow&) {}
  void apply_row(const CommandRecord& command) { commands[command.id] = command; }
  Status load_holding_ids(sql::Connection& connection);
  Status load_counters(sql::Connection& connection, TimePoint since);
  TimePoint pruned_at_{};
};

}  // namespace bb::store
