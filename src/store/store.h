// Store: the account's database. Open state is read from memory; every write is one
// `co_await store.commit(batch)`.
//
// A batch is applied to memory in the same turn as the call, and to disk before commit() returns;
// batches that wait share one transaction. A batch with intents is synced to the device
// (synchronous=FULL) before commit() returns; others are WAL-durable (NORMAL).
// If the disk refuses (full, I/O error), commit() answers with a `storage` error, the batch goes to
// the spill file that open() preallocated, and is replayed at the next open(): what reduces risk
// never waits for the disk, what adds risk must not be sent after such an error.
// A spilled batch that the database then refuses for its content is kept in `<path>.spill.refused`,
// with an error in the log.
//
// One process, one Store per database: the lock is AccountHome's. Others open_for_reading().
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "store/records.h"

namespace bb::store {

/// Changes that belong together. Rows are upserts by key unless said otherwise.
class Batch {
 public:
  Batch();
  ~Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;

  Batch& put(const Run& run);
  Batch& put(const Holding& holding);
  Batch& put(const Intent& intent);
  Batch& put(const Slot& slot);
  Batch& put(const OutboxMessage& message);
  Batch& put(const Delivery& delivery);  // of a message that is known
  Batch& put(const CommandRecord& command);
  Batch& add(const OrderEvent& event);
  Batch& add(const FillRecord& fill);  // completes a trade that is known
  Batch& add(const WalletSnapshot& snapshot);
  Batch& add(const IncomeRecord& income);  // ignored when the movement is known
  Batch& add(const JournalRow& row);       // ignored when (source, key) is known
  bool empty() const;

 private:
  friend class Store;
  struct Content;
  std::unique_ptr<Content> content_;
};

struct StoreOptions {
  std::string path;           // ":memory:" for a store without a file (always inline)
  bool threaded = true;       // false: writes happen inline (simulations, one-shot commands)
  bool sync = true;           // false: never waits for the device (simulations)
  Millis busy_timeout{2000};  // how long a write waits for another process's lock
  /// Whether a database that was not closed is looked through before it is used. false: for who has
  /// positions to close; the next to open it looks.
  bool checks_pages = true;
};

class Store {
 public:
  /// Creates or migrates the database. Errors say what to do: not a database, damaged
  /// (quick_check after an unclean end), written by a newer version, of another account
  /// (`account` is stored at the first open and compared), folder not writable, disk full. A known
  /// database on a disk that is full now opens, but is not healthy(). The executor's loop and the
  /// clock outlive the store.
  static Result<std::unique_ptr<Store>> open(StoreOptions options, std::string account,
                                             boost::asio::any_io_executor executor, Clock& clock,
                                             const Log& log);
  /// The database as it is now, beside the process that holds it: a read-only connection, no lock,
  /// nothing replayed, migrated or marked. What the holder has spilled is not seen. Open state is
  /// of this instant, history of its call. Errors as for open(), and: no file, an older schema.
  static Result<std::unique_ptr<const Store>> open_for_reading(std::string path,
                                                               const std::string& account,
                                                               Clock& clock);
  ~Store();  // waits for what is queued; a clean end is marked

  /// The change happens in this call, also when the Task is never awaited; the Task only waits for
  /// the disk. A batch that contradicts the open state changes nothing and is a `conflict`: a
  /// second open holding of a symbol, a second run of a day, an unknown run or holding, an intent
  /// that goes back to `sent` after it was answered (the same order would be sent twice).
  Task<Status> commit(Batch batch);
  /// False after a storage error until a commit succeeds again: no new risk then.
  bool healthy() const;
  /// Reads every page of the file (quick_check) on a thread and a connection of its own, beside the
  /// writing; inline where the store is not threaded. An error says what is damaged and what to do.
  /// One at a time: `busy` while another runs.
  Task<Status> check();

  // Open state, from memory: all runs, intents of the last 8 days and unresolved ones, closed
  // holdings, slots and attempt numbers of the last 40 days. Pointers hold until the next commit.
  const Run* find_run(const std::string& trade_day_utc) const;
  const Run* find_latest_run() const;
  std::vector<Holding> open_holdings() const;  // by symbol
  std::optional<Holding> find_open_holding(Symbol symbol) const;
  std::vector<Holding> holdings_of_run(const std::string& run_id) const;
  const Holding* find_holding(std::int64_t id) const;
  const Slot* find_slot(Job job, const std::string& local_date) const;
  /// Intents in state sent or unknown, oldest first: what a recovery must settle.
  std::vector<Intent> unresolved_intents() const;
  const Intent* find_intent(const ClientOrderId& id) const;  // of the last 8 days
  std::vector<Intent> intents_of(const std::string& trade_day, Symbol symbol) const;
  /// The next free attempt number of (day, job, symbol, kind).
  int next_attempt(const std::string& trade_day, Job job, Symbol symbol, OrderKind kind) const;
  std::vector<OutboxMessage> pending_messages() const;  // by id
  /// Of a pending message; nothing where no channel has touched it yet.
  std::vector<Delivery> deliveries_of(std::int64_t message_id) const;
  const CommandRecord* find_command(const std::string& id) const;  // of the last day
  std::vector<CommandRecord> running_commands() const;
  std::optional<TimePoint> last_income_time() const;
  std::optional<TimePoint> first_snapshot_time() const;
  std::optional<TimePoint> last_snapshot_time() const;
  std::int64_t next_holding_id();
  std::int64_t next_outbox_id();

  /// How many rows were committed so far, by the name of their table: what a watcher compares.
  std::vector<std::pair<std::string_view, std::uint64_t>> change_counts() const;

  // History, from disk (a read connection); for audits and reports, never on the trading path.
  Result<std::vector<Run>> load_runs() const;
  Result<std::vector<Holding>> load_holdings() const;
  Result<std::vector<Intent>> load_intents() const;
  Result<std::vector<FillRecord>> load_fills() const;
  Result<std::vector<FillRecord>> load_fills_of(std::int64_t holding_id) const;  // a few rows
  Result<std::vector<IncomeRecord>> load_income() const;
  Result<std::vector<WalletSnapshot>> load_snapshots() const;
  Result<std::vector<JournalRow>> load_journal(const std::string& source) const;
  Result<std::vector<OrderEvent>> load_order_events(std::int64_t holding_id) const;

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bb::store
