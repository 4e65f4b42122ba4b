// runs, positions, intents, slots, outbox, deliveries: the rows that are put and put again.
#include "store/table.h"

namespace bb::store {

const Table& runs_table() {
  static const Table table(
      "runs", "run_id,trade_day_utc,started_at_utc,completed_at_utc,status,message", "run_id");
  return table;
}

void append_row(const Run& run, TimePoint, RowIds&, std::vector<Write>& writes) {
  writes.push_back({runs_table().upsert(),
                    {value(run.run_id), value(run.trade_day_utc), value(run.started_at),
                     value(run.completed_at), value(str(run.status)), value(run.message)}});
}

void read_row(RowReader& in, Run& run) {
  run.run_id = in.text();
  run.trade_day_utc = in.text();
  run.started_at = in.time();
  run.completed_at = in.maybe_time();
  run.status = in.word<RunStatus>();
  run.message = in.text();
}

const Table& positions_table() {
  static const Table table("positions",
                           "id,run_id,symbol,side,qty,entry_price,liq_price_open,liq_price_latest,"
                           "tp_price,sl_price,tp_order_id,sl_order_id,tp_client_order_id,"
                           "sl_client_order_id,opened_at_utc,expire_at_utc,closed_at_utc,"
                           "close_order_id,status,close_reason,last_error,created_at_utc,"
                           "updated_at_utc",
                           "id");
  return table;
}

void append_row(const Holding& holding, TimePoint, RowIds&, std::vector<Write>& writes) {
  const Holding& h = holding;
  writes.push_back({positions_table().upsert(),
                    {value(h.id),
                     value_or_null(h.run_id),
                     value(h.symbol),
                     value(str(h.side)),
                     value(h.qty),
                     value(h.entry_price),
                     value(h.liq_price_open),
                     value(h.liq_price_latest),
                     value(h.tp_price),
                     value(h.sl_price),
                     value_or_null(h.tp_order_id),
                     value_or_null(h.sl_order_id),
                     value_or_null(h.tp_client_order_id),
                     value_or_null(h.sl_client_order_id),
                     value(h.opened_at),
                     value(h.expire_at),
                     value(h.closed_at),
                     value_or_null(h.close_order_id),
                     value(str(h.status)),
                     value_or_null(h.close_reason),
                     value_or_null(h.last_error),
                     value(h.created_at),
                     value(h.updated_at)}});
}

void read_row(RowReader& in, Holding& holding) {
  holding.id = in.integer();
  holding.run_id = in.text();
  holding.symbol = in.symbol();
  holding.side = in.word<PositionSide>();
  holding.qty = in.amount<Qty>();
  holding.entry_price = in.amount<Price>();
  holding.liq_price_open = in.maybe_amount<Price>();
  holding.liq_price_latest = in.maybe_amount<Price>();
  holding.tp_price = in.maybe_amount<Price>();
  holding.sl_price = in.maybe_amount<Price>();
  holding.tp_order_id = in.integer();
  holding.sl_order_id = in.integer();
  holding.tp_client_order_id = in.client_order_id();
  holding.sl_client_order_id = in.client_order_id();
  holding.opened_at = in.time();
  holding.expire_at = in.time();
  holding.closed_at = in.maybe_time();
  holding.close_order_id = in.integer();
  holding.status = in.word<HoldingStatus>();
  holding.close_reason = in.text();
  holding.last_error = in.text();
  holding.created_at = in.time();
  holding.updated_at = in.time();
}

const Table& intents_table() {
  static const Table table("intents",
                           "client_order_id,trade_day,job,kind,attempt,symbol,side,position_side,"
                           "type,qty,price,trigger_price,reduce_only,close_position,run_id,"
                           "position_id,sent_at_utc,state,order_id,executed_qty,evidence",
                           "client_order_id");
  return table;
}

void append_row(const Intent& intent, TimePoint, RowIds&, std::vector<Write>& writes) {
  const Intent& i = intent;
  writes.push_back({intents_table().upsert(),
                    {value(i.client_order_id.str()),
                     value(i.trade_day),
                     value(str(i.job)),
                     value(str(i.kind)),
                     value(i.attempt),
                     value(i.symbol),
                     value(str(i.side)),
                     value(str(i.position_side)),
                     value(str(i.type)),
                     value(i.qty),
                     value(i.price),
                     value(i.trigger_price),
                     value(i.reduce_only),
                     value(i.close_position),
                     value_or_null(i.run_id),
                     value_or_null(i.holding_id),
                     value(i.sent_at),
                     value(str(i.state)),
                     value_or_null(i.order_id),
                     value(i.executed_qty),
                     value(i.evidence)}});
}

void read_row(RowReader& in, Intent& intent) {
  intent.client_order_id = in.client_order_id();
  intent.trade_day = in.text();
  intent.job = in.word<Job>();
  intent.kind = in.word<OrderKind>();
  intent.attempt = in.small();
  intent.symbol = in.symbol();
  intent.side = in.word<Side>();
  intent.position_side = in.word<PositionSide>();
  intent.type = in.word<OrderType>();
  intent.qty = in.amount<Qty>();
  intent.price = in.amount<Price>();
  intent.trigger_price = in.amount<Price>();
  intent.reduce_only = in.flag();
  intent.close_position = in.flag();
  intent.run_id = in.text();
  intent.holding_id = in.integer();
  intent.sent_at = in.time();
  intent.state = in.word<IntentState>();
  intent.order_id = in.integer();
  intent.executed_qty = in.amount<Qty>();
  intent.evidence = in.text();
}

const Table& slots_table() {
  static const Table table("slots", "job,local_date,state,reason,updated_at_utc", "job,local_date");
  return table;
}

void append_row(const Slot& slot, TimePoint, RowIds&, std::vector<Write>& writes) {
  writes.push_back({slots_table().upsert(),
                    {value(str(slot.job)), value(slot.local_date), value(str(slot.state)),
                     value(slot.reason), value(slot.updated_at)}});
}

void read_row(RowReader& in, Slot& slot) {
  slot.job = in.word<Job>();
  slot.local_date = in.text();
  slot.state = in.word<SlotState>();
  slot.reason = in.text();
  slot.updated_at = in.time();
}

const Table& outbox_table() {
  static const Table table("outbox",
                           "id,topic,title,body,created_at_utc,next_attempt_utc,attempts,state,"
                           "last_error,attachment,acknowledged_by",
                           "id");
  return table;
}

void append_row(const OutboxMessage& message, TimePoint, RowIds&, std::vector<Write>& writes) {
  const OutboxMessage& m = message;
  writes.push_back(
      {outbox_table().upsert(),
       {value(m.id), value(m.topic), value(m.title), value(m.body), value(m.created_at),
        value(m.next_attempt), value(m.attempts), value(m.state), value_or_null(m.last_error),
        value_or_null(m.attachment), value_or_null(m.acknowledged_by)}});
}

void read_row(RowReader& in, OutboxMessage& message) {
  message.id = in.integer();
  message.topic = in.text();
  message.title = in.text();
  message.body = in.text();
  message.created_at = in.time();
  message.next_attempt = in.time();
  message.attempts = in.small();
  message.state = in.text();
  message.last_error = in.text();
  message.attachment = in.text();
  message.acknowledged_by = in.text();
}

const Table& deliveries_table() {
  static const Table table("deliveries",
                           "message_id,channel,state,attempts,times,next_attempt_utc,shown_at_utc,"
                           "reference,last_error",
                           "message_id,channel");
  return table;
}

void append_row(const Delivery& d, TimePoint, RowIds&, std::vector<Write>& writes) {
  writes.push_back({deliveries_table().upsert(),
                    {value(d.message_id), value(d.channel), value(d.state), value(d.attempts),
                     value(d.times), value(d.next_attempt), value(d.shown_at),
                     value_or_null(d.reference), value_or_null(d.last_error)}});
}

void read_row(RowReader& in, Delivery& delivery) {
  delivery.message_id = in.integer();
  delivery.channel = in.text();
  delivery.state = in.text();
  delivery.attempts = in.small();
  delivery.times = in.small();
  delivery.next_attempt = in.time();
  delivery.shown_at = in.maybe_time();
  delivery.reference = in.text();
  delivery.last_error = in.text();
}

}  // namespace bb::store
