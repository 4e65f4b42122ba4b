#include "store/reader.h"

#include "store/impl/reader_state.h"

namespace bb::store {

namespace {

constexpr Millis kBusyTimeout{250};
constexpr std::string_view kFunding = "FUNDING_FEE";

/// Grows with conditions; each adds its value.
struct Where {
  std::string text;
  std::vector<sql::Value> values;

  void add(std::string_view condition) {
    text += text.empty() ? "WHERE " : " AND ";
    text += condition;
  }
  void add(std::string_view condition, sql::Value bound) {
    add(condition);
    values.push_back(std::move(bound));
  }
};

Where where_of(const HoldingFilter& filter) {
  Where where;
  where.add(filter.open ? "status = 'OPEN'" : "closed_at_utc IS NOT NULL");
  if (!filter.symbol.empty()) where.add("symbol = ?", value(filter.symbol));
  if (!filter.reason.empty()) where.add("status = ?", value(filter.reason));
  if (filter.since) where.add("closed_at_utc >= ?", value(*filter.since));
  if (filter.until) where.add("closed_at_utc < ?", value(*filter.until));
  if (filter.before > 0) where.add("id < ?", value(filter.before));
  return where;
}

/// Closing is what is opposite to a short; only shorts are held.
void add_fill(HoldingResult& result, const FillRecord& fill, std::string_view quote) {
  ++result.fills;
  result.realized += fill.realized_pnl;
  if (fill.commission_asset == quote || fill.commission_asset.empty())
    result.commission -= fill.commission;
  else if (!fill.commission.is_zero())
    result.other_commission = true;
  if (fill.side != Side::buy) return;
  result.closed_qty += fill.qty;
  result.closed_notional += fill.price * fill.qty;
}

// Contracts are named by base and quote; commission is paid in the quote asset unless in BNB.
std::string_view quote_of(Symbol symbol) {
  return symbol.str().ends_with("USDC") ? "USDC" : "USDT";
}

}  // namespace

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::open(const std::string& path, const std::string& account) {
  auto connection = open_for_reading(path, account, kBusyTimeout);
  if (!connection) return std::unexpected(connection.error());
  return Reader(std::make_unique<State>(std::move(*connection)));
}

Result<std::int64_t> Reader::data_version() {
  return state_->connection.query_integer("PRAGMA data_version");
}

Result<std::string> Reader::load_trades_version() {
  return state_->connection.query_text(
      "SELECT (SELECT count(*) || ' ' || coalesce(max(updated_at_utc), 0) FROM positions) || ' ' "
      "|| "
      "(SELECT count(*) || ' ' || coalesce(max(event_time_utc), 0) FROM fills) || ' ' || "
      "(SELECT count(*) || ' ' || coalesce(max(event_time_utc), 0) FROM income)");
}

Result<std::vector<Run>> Reader::load_runs(int limit) {
  return state_->rows<Run>(runs_table().select("ORDER BY started_at_utc DESC, run_id LIMIT ?"),
                           {value(limit)});
}

Result<std::optional<Run>> Reader::load_run(const std::string& run_id) {
  return first_of(state_->rows<Run>(runs_table().select("WHERE run_id = ?"), {value(run_id)}));
}

Result<std::vector<Intent>> Reader::load_intents_of_run(const std::string& run_id) {
  // By the day, which has an index, and then by the run.
  return state_->rows<Intent>(
      intents_table().select("WHERE run_id = ?1 AND trade_day = (SELECT trade_day_utc FROM runs "
                             "WHERE run_id = ?1) ORDER BY sent_at_utc, client_order_id"),
      {value(run_id)});
}

Result<std::string> Reader::load_journal_text(const std::string& source, const std::string& key) {
  const auto found = first_of(state_->query<std::string>(
      "SELECT body FROM journal WHERE source = ? AND key = ?", {value(source), value(key)},
      [](RowReader& in) { return in.text(); }));
  if (!found) return std::unexpected(found.error());
  return found->value_or(std::string());
}

Result<std::vector<FillRecord>> Reader::load_fills_of(std::int64_t holding_id) {
  return state_->rows<FillRecord>(
      fills_table().select("WHERE position_id = ? ORDER BY event_time_utc, trade_id"),
      {value(holding_id)});
}

Result<std::vector<HoldingResult>> Reader::State::with_results(
    Result<std::vector<Holding>> holdings) {
  if (!holdings) return std::unexpected(holdings.error());
  auto fills = connection.prepare(
      fills_table().select("WHERE position_id = ? ORDER BY event_time_utc, trade_id"));
  if (!fills) return std::unexpected(fills.error());
  auto funding = connection.prepare(
      "SELECT coalesce(sum(amount),0) FROM income WHERE symbol = ? AND event_time_utc >= ? AND "
      "event_time_utc <= ? AND income_type = ?");
  if (!funding) return std::unexpected(funding.error());
  std::vector<HoldingResult> results;
  results.reserve(holdings->size());
  for (auto& holding : *holdings) {
    HoldingResult result;
    result.holding = std::move(holding);
    const auto& held = result.holding;
    fills->reset();
    if (auto bound = fills->bind(1, held.id); !bound) return std::unexpected(bound.error());
    for (;;) {
      const auto row = fills->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      RowReader in(*fills);
      FillRecord fill;
      read_row(in, fill);
      add_fill(result, fill, quote_of(held.symbol));
    }
    funding->reset();
    const std::vector<sql::Value> values{value(held.symbol), value(held.opened_at),
                                         value(held.closed_at.value_or(TimePoint::max())),
                                         value(kFunding)};
    if (auto bound = funding->bind_all(values); !bound) return std::unexpected(bound.error());
    const auto row = funding->step();
    if (!row) return std::unexpected(row.error());
    result.funding = Usdt(funding->decimal(0));
    results.push_back(std::move(result));
  }
  return results;
}

Result<std::vector<HoldingResult>> Reader::load_holdings(const HoldingFilter& filter) {
  Where where = where_of(filter);
  where.values.push_back(value(filter.limit));
  return state_->with_results(state_->rows<Holding>(
      positions_table().select(where.text + " ORDER BY id DESC LIMIT ?"), where.values));
}

Result<std::vector<HoldingResult>> Reader::load_holdings_of_run(const std::string& run_id) {
  return state_->with_results(state_->rows<Holding>(
      positions_table().select("WHERE run_id = ? ORDER BY id"), {value(run_id)}));
}

Result<std::optional<HoldingResult>> Reader::load_holding(std::int64_t id) {
  return first_of(state_->with_results(
      state_->rows<Holding>(positions_table().select("WHERE id = ?"), {value(id)})));
}

Result<std::vector<Numbered<EventOfPosition>>> Reader::load_events(const EventFilter& filter) {
  Where where;
  if (filter.holding_id > 0) where.add("e.position_id = ?", value(filter.holding_id));
  if (!filter.symbol.empty()) where.add("e.symbol = ?", value(filter.symbol));
  if (filter.before > 0) where.add("e.id < ?", value(filter.before));
  where.values.push_back(value(filter.limit));
  const std::string select =
      "SELECT e.id, e.position_id, e.symbol, e.order_id, e.client_order_id, e.type, e.side, "
      "e.price, e.qty, e.status, e.event_time_utc, e.raw_json, p.status, p.close_reason "
      "FROM order_events e LEFT JOIN positions p ON p.id = e.position_id " +
      where.text + " ORDER BY e.id DESC LIMIT ?";
  return state_->query<Numbered<EventOfPosition>>(select, where.values, [](RowReader& in) {
    Numbered<EventOfPosition> row;
    row.id = in.integer();
    auto& event = row.record.event;
    event.holding_id = in.integer();
    event.symbol = in.symbol();
    event.order_id = in.integer();
    event.client_order_id = in.client_order_id();
    event.type = in.text();
    event.side = in.text();
    event.price = in.amount<Price>();
    event.qty = in.amount<Qty>();
    event.status = in.text();
    event.event_time = in.time();
    event.detail = in.text();
    row.record.position_status = in.text();
    row.record.position_close_reason = in.text();
    return row;
  });
}

Result<std::vector<CommandRecord>> Reader::load_commands(int limit) {
  return state_->rows<CommandRecord>(
      commands_table().select("ORDER BY received_at_utc DESC, id LIMIT ?"), {value(limit)});
}

Result<std::vector<Slot>> Reader::load_slots(int limit) {
  return state_->rows<Slot>(slots_table().select("ORDER BY local_date DESC, job LIMIT ?"),
                            {value(limit)});
}

}  // namespace bb::store
