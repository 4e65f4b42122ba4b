#include "store/python_database.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

namespace bb::store {

namespace {

constexpr Millis kBusyTimeout{5000};

// "2026-02-16T23:40:00+00:00", perhaps with a fraction, perhaps with another offset or none.
std::optional<TimePoint> parse_time(std::string text) {
  if (text.size() < 19) return std::nullopt;
  if (text[10] == ' ') text[10] = 'T';
  const auto whole = parse_utc_instant(text.substr(0, 19));
  if (!whole) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(19);
  Millis fraction{0};
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    for (int scale = 100; !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; scale /= 10) {
      fraction += Millis(scale * (rest[0] - '0'));
      rest.remove_prefix(1);
    }
  }
  if (rest.empty() || rest == "Z") return *whole + fraction;
  const auto digit = [&](std::size_t i) { return rest[i] >= '0' && rest[i] <= '9'; };
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':' || !digit(1) ||
      !digit(2) || !digit(4) || !digit(5))
    return std::nullopt;
  const auto two = [&](std::size_t i) { return (rest[i] - '0') * 10 + (rest[i + 1] - '0'); };
  const auto offset = Minutes(two(1) * 60 + two(4));
  return *whole + fraction - (rest[0] == '+' ? offset : -offset);
}

/// One row of the Python program, column by column. The first thing that cannot be read is kept.
class SourceRow {
 public:
  explicit SourceRow(const sql::Statement& statement) : statement_(statement) {}

  std::string text() { return statement_.text(column_++); }
  std::int64_t integer() { return statement_.integer(column_++); }
  /// SQLite writes a REAL with 15 significant digits: every decimal of so many comes back exactly.
  /// What is beyond the eighth place is noise of float arithmetic.
  std::optional<Decimal> maybe_amount(const char* name) {
    const int column = column_++;
    if (statement_.is_null(column)) return std::nullopt;
    const auto parsed = Decimal::parse_rounded(statement_.text(column), Rounding::nearest);
    if (parsed) return *parsed;
    note(fmt::format("{} is '{}'", name, statement_.text(column)));
    return std::nullopt;
  }
  Decimal amount(const char* name) {
    const int column = column_;
    if (statement_.is_null(column)) note(fmt::format("{} is empty", name));
    return maybe_amount(name).value_or(Decimal());
  }
  std::optional<TimePoint> maybe_time(const char* name) {
    const std::string found = text();
    if (found.empty()) return std::nullopt;
    const auto time = parse_time(found);
    if (!time) note(fmt::format("{} is '{}'", name, found));
    return time;
  }
  TimePoint time(const char* name) {
    const auto found = maybe_time(name);
    if (!found) note(fmt::format("{} is empty", name));
    return found.value_or(TimePoint());
  }
  template <class A>
  std::optional<A> maybe(const char* name) {
    const auto found = maybe_amount(name);
    if (!found) return std::nullopt;
    return A(*found);
  }
  void note(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
  }
  const std::string& problem() const { return problem_; }

 private:
  const sql::Statement& statement_;
  int column_ = 0;
  std::string problem_;
};

/// The first column of `select` names the row.
template <class Record, class Read>
Result<std::vector<Record>> read_rows(sql::Connection& connection, const std::string& table,
                                      const std::string& select,
                                      const PythonDatabase::Problem& problem, const Read& read) {
  auto statement = connection.prepare(select);
  if (!statement) return std::unexpected(statement.error());
  std::vector<Record> records;
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return records;
    SourceRow in(*statement);
    const std::string name = in.text();
    Record record = read(in);
    if (in.problem().empty())
      records.push_back(std::move(record));
    else
      problem(fmt::format("{} {}: {}", table, name, in.problem()));
  }
}

Holding read_position(SourceRow& in) {
  Holding holding;
  holding.id = in.integer();
  holding.run_id = in.text();
  holding.symbol = Symbol(in.text());
  if (const std::string side = in.text(); side != "SHORT")
    in.note(fmt::format("side is '{}', and it only ever held shorts", side));
  holding.qty = Qty(in.amount("qty"));
  holding.entry_price = Price(in.amount("entry_price"));
  holding.liq_price_open = in.maybe<Price>("liq_price_open");
  holding.liq_price_latest = in.maybe<Price>("liq_price_latest");
  holding.tp_price = in.maybe<Price>("tp_price");
  holding.sl_price = in.maybe<Price>("sl_price");
  holding.tp_order_id = in.integer();
  holding.sl_order_id = in.integer();
  holding.tp_client_order_id = ClientOrderId(in.text());
  holding.sl_client_order_id = ClientOrderId(in.text());
  holding.opened_at = in.time("opened_at_utc");
  holding.expire_at = in.maybe_time("expire_at_utc").value_or(holding.opened_at);
  holding.closed_at = in.maybe_time("closed_at_utc");
  holding.close_order_id = in.integer();
  const std::string status = in.text();
  holding.close_reason = in.text();
  holding.last_error = in.text();
  holding.created_at = in.maybe_time("created_at_utc").value_or(holding.opened_at);
  holding.updated_at = in.maybe_time("updated_at_utc").value_or(holding.created_at);
  if (holding.symbol.empty()) in.note("it has no symbol");
  for (const auto known : {HoldingStatus::open, HoldingStatus::closed_tp, HoldingStatus::closed_sl,
                           HoldingStatus::closed_timeout, HoldingStatus::closed_external,
                           HoldingStatus::closed_risk_off, HoldingStatus::closed_daily_loss_cut})
    if (str(known) == status) {
      holding.status = known;
      return holding;
    }
  in.note(fmt::format("status is '{}'", status));
  return holding;
}

}  // namespace

Result<PythonDatabase> PythonDatabase::open(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored))
    return fail(
        ErrorKind::configuration,
        fmt::format("there is no database '{}'; name the Python program's with --from-db", path));
  auto connection = sql::Connection::open_reader(path, kBusyTimeout);
  if (!connection) return std::unexpected(connection.error());
  auto owned = std::make_unique<sql::Connection>(std::move(*connection));
  auto view = sql::Transaction::begin_read(*owned);
  if (!view) return std::unexpected(view.error());
  PythonDatabase database(std::move(owned), std::move(*view));
  const auto mark = database.connection_->query_integer("PRAGMA application_id");
  if (!mark) return std::unexpected(mark.error());
  for (const char* table :
       {"runs", "positions", "order_events", "wallet_snapshots", "cashflow_events"}) {
    const auto found = database.has_table(table);
    if (!found) return std::unexpected(found.error());
    if (!*found || *mark != 0)
      return fail(ErrorKind::configuration,
                  fmt::format("'{}' is not a database of the Python program{}", path,
                              *mark != 0 ? ": it is marked as another's" : ""));
  }
  const auto fills = database.has_table("fills");
  if (!fills) return std::unexpected(fills.error());
  database.has_fills_ = *fills;
  return database;
}

Result<bool> PythonDatabase::has_table(const std::string& name) {
  const auto found = connection_->query_integer(
      fmt::format("SELECT count(*) FROM sqlite_master WHERE type='table' AND name='{}'", name));
  if (!found) return std::unexpected(found.error());
  return *found == 1;
}

Result<std::int64_t> PythonDatabase::count(const std::string& table) {
  return connection_->query_integer(fmt::format("SELECT count(*) FROM {}", table));
}

Result<std::string> PythonDatabase::total(const std::string& table, const std::string& column) {
  return connection_->query_text(
      fmt::format("SELECT printf('%.2f', total({})) FROM {}", column, table));
}

Result<std::vector<PythonDatabase::SourceRun>> PythonDatabase::load_runs(const Problem& problem) {
  return read_rows<SourceRun>(
      *connection_, "runs",
      "SELECT run_id,run_id,trade_day_utc,started_at_utc,completed_at_utc,status,message FROM runs "
      "ORDER BY started_at_utc",
      problem, [](SourceRow& in) {
        SourceRun found;
        found.run.run_id = in.text();
        found.trade_day = found.run.trade_day_utc = in.text();
        found.run.started_at = in.time("started_at_utc");
        found.run.completed_at = in.maybe_time("completed_at_utc");
        const std::string status = in.text();
        found.run.message = in.text();
        found.run.status = status == "SUCCESS" ? RunStatus::success : RunStatus::failed;
        // Nobody will end it any more.
        if (found.run.status == RunStatus::failed && status != "FAILED")
          found.run.message = fmt::format("it was {} when it was taken over{}{}", status,
                                          found.run.message.empty() ? "" : ": ", found.run.message);
        if (found.run.run_id.empty() || found.trade_day.empty())
          in.note("it has no id or no trade day");
        return found;
      });
}

Result<std::vector<Holding>> PythonDatabase::load_positions(const Problem& problem) {
  return read_rows<Holding>(
      *connection_, "positions",
      "SELECT id,id,run_id,symbol,side,qty,entry_price,liq_price_open,liq_price_latest,tp_price,"
      "sl_price,tp_order_id,sl_order_id,tp_client_order_id,sl_client_order_id,opened_at_utc,"
      "expire_at_utc,closed_at_utc,close_order_id,status,close_reason,last_error,created_at_utc,"
      "updated_at_utc FROM positions ORDER BY id",
      problem, read_position);
}

Result<std::vector<OrderEvent>> PythonDatabase::load_order_events(const Problem& problem) {
  return read_rows<OrderEvent>(
      *connection_, "order_events",
      "SELECT id,position_id,symbol,order_id,client_order_id,type,side,price,qty,status,"
      "event_time_utc,raw_json FROM order_events ORDER BY id",
      problem, [](SourceRow& in) {
        OrderEvent event;
        event.holding_id = in.integer();
        event.symbol = Symbol(in.text());
        event.order_id = in.integer();
        event.client_order_id = ClientOrderId(in.text());
        event.type = in.text();
        event.side = in.text();
        event.price = in.maybe<Price>("price").value_or(Price());
        event.qty = in.maybe<Qty>("qty").value_or(Qty());
        event.status = in.text();
        event.event_time = in.time("event_time_utc");
        event.detail = in.text();
        return event;
      });
}

Result<std::vector<WalletSnapshot>> PythonDatabase::load_snapshots(const Problem& problem) {
  return read_rows<WalletSnapshot>(
      *connection_, "wallet_snapshots",
      "SELECT id,captured_at_utc,balance_usdt,source,error FROM wallet_snapshots "
      "ORDER BY captured_at_utc,id",
      problem, [](SourceRow& in) {
        WalletSnapshot snapshot;
        snapshot.captured_at = in.time("captured_at_utc");
        const auto equity = in.maybe_amount("balance_usdt");
        snapshot.source = in.text();
        snapshot.error = in.text();
        if (!equity && snapshot.error.empty()) in.note("balance_usdt is empty");
        snapshot.equity = Usdt(equity.value_or(Decimal()));
        return snapshot;
      });
}

Result<std::vector<IncomeRecord>> PythonDatabase::load_cashflows(const Problem& problem) {
  return read_rows<IncomeRecord>(
      *connection_, "cashflow_events",
      "SELECT id,event_time_utc,asset,amount,income_type,symbol,CAST(tran_id AS INTEGER),info "
      "FROM cashflow_events ORDER BY id",
      problem, [](SourceRow& in) {
        IncomeRecord income;
        income.time = in.time("event_time_utc");
        income.asset = in.text();
        income.amount = Usdt(in.amount("amount"));
        income.type = in.text();
        income.symbol = in.text();
        income.transaction_id = in.integer();
        income.info = in.text();
        income.is_cashflow = true;
        if (income.transaction_id == 0) in.note("it has no transaction id");
        return income;
      });
}

Result<std::vector<JournalRow>> PythonDatabase::load_raw(const std::string& table, TimePoint now) {
  const auto exists = has_table(table);
  if (!exists) return std::unexpected(exists.error());
  if (!*exists) return std::vector<JournalRow>{};
  auto names = connection_->query_text(fmt::format(
      "SELECT group_concat('''' || name || ''',\"' || name || '\"') FROM pragma_table_info('{}')",
      table));
  if (!names) return std::unexpected(names.error());
  return read_rows<JournalRow>(
      *connection_, table,
      fmt::format("SELECT id,id,json_object({}) FROM {} ORDER BY id", *names, table), {},
      [&](SourceRow& in) {
        JournalRow row;
        row.source = "python." + table;
        row.key = in.text();
        row.exchange_time = row.seen_at = now;  // its own times stand in the text
        row.body = in.text();
        return row;
      });
}

}  // namespace bb::store
