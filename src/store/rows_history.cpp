// order_events, fills, wallet_snapshots, income, cashflow_events, journal: rows that are added
// once.
#include "store/table.h"

namespace bb::store {

namespace {

const Table& cashflow_table() {
  static const Table table("cashflow_events",
                           "unique_key,event_time_utc,asset,amount,income_type,symbol,tran_id,info,"
                           "created_at_utc",
                           "unique_key");
  return table;
}

}  // namespace

const Table& journal_table() {
  static const Table table("journal", "source,key,exchange_time_utc,seen_at_utc,body",
                           "source,key");
  return table;
}

void read_row(RowReader& in, JournalRow& row) {
  row.source = in.text();
  row.key = in.text();
  row.exchange_time = in.time();
  row.seen_at = in.time();
  row.body = in.text();
}

// Rows without a key of their own: the id that the store gives is the first column.
const Table& order_events_table() {
  static const Table table("order_events",
                           "id,position_id,symbol,order_id,client_order_id,type,side,price,qty,"
                           "status,event_time_utc,raw_json",
                           "id");
  return table;
}

void append_row(const OrderEvent& event, TimePoint, RowIds& ids, std::vector<Write>& writes) {
  writes.push_back({order_events_table().insert(),
                    {value(ids.order_event++), value_or_null(event.holding_id), value(event.symbol),
                     value_or_null(event.order_id), value_or_null(event.client_order_id),
                     value(event.type), value(event.side), value(event.price), value(event.qty),
                     value(event.status), value(event.event_time), value_or_null(event.detail)}});
}

void read_row(RowReader& in, OrderEvent& event) {
  in.integer();
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
}

const Table& fills_table() {
  static const Table table("fills",
                           "symbol,trade_id,position_id,order_id,client_order_id,side,"
                           "position_side,qty,price,realized_pnl,commission,commission_asset,maker,"
                           "event_time_utc",
                           "symbol,trade_id");
  return table;
}

namespace {

// A trade is told by the stream and by history, in any order: what the first did not know is filled
// in, nothing that is known changes.
const std::string& complete_fill() {
  static const std::string sql = [] {
    std::string text = fills_table().insert();
    constexpr std::string_view kNothing = "NOTHING";
    text.resize(text.size() - kNothing.size());
    return text +
           "UPDATE SET position_id=coalesce(position_id,excluded.position_id),"
           "client_order_id=coalesce(client_order_id,excluded.client_order_id),"
           "commission=CASE commission_asset WHEN '' THEN excluded.commission ELSE commission END,"
           "commission_asset=CASE commission_asset WHEN '' THEN excluded.commission_asset "
           "ELSE commission_asset END";
  }();
  return sql;
}

}  // namespace

void append_row(const FillRecord& fill, TimePoint, RowIds&, std::vector<Write>& writes) {
  writes.push_back({complete_fill(),
                    {value(fill.symbol), value(fill.trade_id), value_or_null(fill.holding_id),
                     value(fill.order_id), value_or_null(fill.client_order_id),
                     value(str(fill.side)), value(str(fill.position_side)), value(fill.qty),
                     value(fill.price), value(fill.realized_pnl), value(fill.commission),
                     value(fill.commission_asset), value(fill.maker), value(fill.time)}});
}

void read_row(RowReader& in, FillRecord& fill) {
  fill.symbol = in.symbol();
  fill.trade_id = in.integer();
  fill.holding_id = in.integer();
  fill.order_id = in.integer();
  fill.client_order_id = in.client_order_id();
  fill.side = in.word<Side>();
  fill.position_side = in.word<PositionSide>();
  fill.qty = in.amount<Qty>();
  fill.price = in.amount<Price>();
  fill.realized_pnl = in.amount<Usdt>();
  fill.commission = in.amount<Usdt>();
  fill.commission_asset = in.text();
  fill.maker = in.flag();
  fill.time = in.time();
}

const Table& snapshots_table() {
  static const Table table("wallet_snapshots",
                           "id,captured_at_utc,balance_usdt,source,error,created_at_utc", "id");
  return table;
}

void append_row(const WalletSnapshot& snapshot, TimePoint now, RowIds& ids,
                std::vector<Write>& writes) {
  writes.push_back({snapshots_table().insert(),
                    {value(ids.snapshot++), value(snapshot.captured_at), value(snapshot.equity),
                     value(snapshot.source), value_or_null(snapshot.error), value(now)}});
}

void read_row(RowReader& in, WalletSnapshot& snapshot) {
  in.integer();
  snapshot.captured_at = in.time();
  snapshot.equity = in.amount<Usdt>();
  snapshot.source = in.text();
  snapshot.error = in.text();
}

const Table& income_table() {
  static const Table table("income",
                           "income_type,tran_id,asset,amount,symbol,info,event_time_utc,"
                           "is_cashflow",
                           "income_type,tran_id");
  return table;
}

void append_row(const IncomeRecord& income, TimePoint now, RowIds&, std::vector<Write>& writes) {
  writes.push_back({income_table().insert(),
                    {value(income.type), value(income.transaction_id), value(income.asset),
                     value(income.amount), value_or_null(income.symbol), value_or_null(income.info),
                     value(income.time), value(income.is_cashflow)}});
  if (!income.is_cashflow) return;
  const std::string key = income.type + ":" + std::to_string(income.transaction_id);
  writes.push_back({cashflow_table().insert(),
                    {value(key), value(income.time), value(income.asset), value(income.amount),
                     value(income.type), value_or_null(income.symbol), value(income.transaction_id),
                     value_or_null(income.info), value(now)}});
}

void read_row(RowReader& in, IncomeRecord& income) {
  income.type = in.text();
  income.transaction_id = in.integer();
  income.asset = in.text();
  income.amount = in.amount<Usdt>();
  income.symbol = in.text();
  income.info = in.text();
  income.time = in.time();
  income.is_cashflow = in.flag();
}

void append_row(const JournalRow& row, TimePoint, RowIds&, std::vector<Write>& writes) {
  writes.push_back({journal_table().insert(),
                    {value(row.source), value(row.key), value(row.exchange_time),
                     value(row.seen_at), value(row.body)}});
}

}  // namespace bb::store
