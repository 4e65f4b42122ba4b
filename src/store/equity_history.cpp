#include "store/equity_history.h"

#include "store/schema.h"
#include "store/table.h"

namespace bb::store {

namespace {

constexpr Millis kBusyTimeout{250};

Result<std::vector<TimedAmount>> read_amounts(sql::Connection& connection, const char* select,
                                              TimePoint since) {
  auto statement = connection.prepare(select);
  if (!statement) return std::unexpected(statement.error());
  const std::vector<sql::Value> values{value(since)};
  if (auto bound = statement->bind_all(values); !bound) return std::unexpected(bound.error());
  std::vector<TimedAmount> amounts;
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return amounts;
    RowReader in(*statement);
    const TimePoint at = in.time();
    amounts.push_back({at, in.amount<Usdt>()});
  }
}

}  // namespace

Result<EquityHistory> load_equity_history(const std::string& path, const std::string& account,
                                          TimePoint since) {
  auto connection = open_for_reading(path, account, kBusyTimeout);
  if (!connection) return std::unexpected(connection.error());
  const auto read = [&](const char* select) { return read_amounts(*connection, select, since); };
  auto samples = read(
      "SELECT captured_at_utc, balance_usdt FROM wallet_snapshots "
      "WHERE captured_at_utc >= ? AND error IS NULL ORDER BY captured_at_utc, id");
  if (!samples) return std::unexpected(samples.error());
  auto flows = read(
      "SELECT event_time_utc, amount FROM cashflow_events WHERE event_time_utc >= ? "
      "ORDER BY event_time_utc");
  if (!flows) return std::unexpected(flows.error());
  EquityHistory history{std::move(*samples), std::move(*flows), {}, {}, {}};
  const auto sum = [&](const char* select, Usdt& total) -> Status {
    const auto rows = read(select);
    if (!rows) return std::unexpected(rows.error());
    for (const auto& row : *rows)
      total += row.amount;
    return {};
  };
  const auto realized = read(
      "SELECT event_time_utc, amount FROM income WHERE event_time_utc >= ? AND "
      "income_type = 'REALIZED_PNL'");
  if (!realized) return std::unexpected(realized.error());
  history.closes = static_cast<std::int64_t>(realized->size());
  for (const auto& row : *realized)
    history.realized += row.amount;
  if (const auto done = sum("SELECT event_time_utc, amount FROM income WHERE event_time_utc >= ? "
                            "AND income_type = 'COMMISSION' AND asset = 'USDT'",
                            history.commission);
      !done)
    return std::unexpected(done.error());
  if (const auto done = sum("SELECT event_time_utc, amount FROM income WHERE event_time_utc >= ? "
                            "AND income_type = 'FUNDING_FEE'",
                            history.funding);
      !done)
    return std::unexpected(done.error());
  return history;
}

}  // namespace bb::store
