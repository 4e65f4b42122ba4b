// Reader: an account's database looked at page by page beside the process that writes it: one
// read-only connection that is kept, no lock, nothing in memory. For surfaces with a thread of
// their own: a call may take some milliseconds. One thread at a time.
//
// Every call is one statement, so no transaction of it lasts longer than the call. What the writer
// has spilled is not seen.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/equity_history.h"
#include "store/records.h"

namespace bb::store {

/// A row that has a number of its own; numbers grow with time.
template <class Record>
struct Numbered {
  std::int64_t id = 0;
  Record record;
};

/// An order event and what its position has come to.
struct EventOfPosition {
  OrderEvent event;
  std::string position_status;  // empty = no position row
  std::string position_close_reason;
};

/// What a holding earned, as the exchange booked it. Amounts are signed as they changed the wallet.
struct HoldingResult {
  Holding holding;
  Qty closed_qty;        // of the closing fills that are known
  Usdt closed_notional;  // and what they traded for: the average close price is the quotient
  Usdt realized;         // before commission
  Usdt commission;       // of opening and closing, where it was paid in the quote asset
  int fills = 0;
  bool other_commission = false;  // some was paid in another asset and is not in `commission`
  Usdt funding;                   // of its symbol between opening and closing
};

struct HoldingFilter {
  bool open = false;                      // else closed ones, newest first
  std::string symbol;                     // empty = all
  std::string reason;                     // a status such as CLOSED_TP; empty = all
  std::optional<TimePoint> since, until;  // closed_at in [since, until)
  std::int64_t before = 0;                // ids below this one; 0 = from the newest
  int limit = 100;
};

struct EventFilter {
  std::int64_t holding_id = 0;  // 0 = all
  std::string symbol;
  std::int64_t before = 0;
  int limit = 120;
};

/// A part of the equity curve, ascending. With a `resolution` above zero each span of that length
/// stands as its first, lowest, highest and last sample; no extreme is ever left out.
struct Curve {
  std::vector<TimedAmount> points;
  Millis resolution{0};
};

class Reader {
 public:
  /// Errors as Store::open_for_reading().
  static Result<Reader> open(const std::string& path, const std::string& account);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  /// A number that changes when another connection has committed.
  Result<std::int64_t> data_version();

  /// A text that changes when positions, fills or income do; some counts, no rows.
  Result<std::string> load_trades_version();

  /// Samples in [since, until], from the finest source with at most about `rows_max` rows.
  Result<Curve> load_curve(TimePoint since, TimePoint until, std::size_t rows_max);
  Result<std::optional<WalletSnapshot>> load_last_snapshot();
  Result<std::optional<TimePoint>> load_first_sample_time();
  /// Deposits (above zero) and withdrawals of `asset`, all of them, ascending.
  Result<std::vector<TimedAmount>> load_flows(const std::string& asset);
  Result<std::vector<IncomeRecord>> load_cashflows(int limit);  // newest first

  Result<std::vector<Run>> load_runs(int limit);  // newest first
  Result<std::optional<Run>> load_run(const std::string& run_id);
  Result<std::vector<Intent>> load_intents_of_run(const std::string& run_id);
  /// The body of a journal row, or empty.
  Result<std::string> load_journal_text(const std::string& source, const std::string& key);
  Result<std::vector<HoldingResult>> load_holdings_of_run(const std::string& run_id);

  Result<std::vector<HoldingResult>> load_holdings(const HoldingFilter& filter);
  Result<std::optional<HoldingResult>> load_holding(std::int64_t id);
  Result<std::vector<FillRecord>> load_fills_of(std::int64_t holding_id);

  Result<std::vector<Numbered<EventOfPosition>>> load_events(const EventFilter& filter);
  Result<std::vector<CommandRecord>> load_commands(int limit);  // newest first
  Result<std::vector<Slot>> load_slots(int limit);              // newest first

 private:
  struct State;
  explicit Reader(std::unique_ptr<State> state);
  static Status append_curve(State& state, TimePoint from, TimePoint until, std::ptrdiff_t level,
                             std::vector<TimedAmount>& points);
  std::unique_ptr<State> state_;
};

}  // namespace bb::store
