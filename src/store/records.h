// What the store remembers, one struct per table. Tables that the original program had keep their
// names and meaning; the new ones stand beside them. Times are UTC milliseconds, money is 1e-8
// integers, on disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "domain/client_order_id.h"
#include "domain/rules.h"
#include "store/command_record.h"

namespace bb::store {

enum class RunStatus { running, success, failed };

/// `runs`: one daily entry. trade_day_utc is the UTC date of the slot's scheduled instant, or the
/// key a person named; unique.
struct Run {
  std::string run_id;
  std::string trade_day_utc;
  TimePoint started_at{};
  std::optional<TimePoint> completed_at;
  RunStatus status = RunStatus::running;
  std::string message;
};

enum class HoldingStatus {
  open,
  closed_tp,
  closed_sl,
  closed_timeout,
  closed_external,
  closed_risk_off,
  closed_daily_loss_cut,
  closed_flatten,  // a person closed it through us
};

/// `positions`: our lifecycle record of one short. At most one open row per symbol.
struct Holding {
  std::int64_t id = 0;  // from Store::next_holding_id()
  std::string run_id;
  Symbol symbol;
  PositionSide side = PositionSide::both;  // both in one-way mode, short_ in hedge mode
  Qty qty;                                 // positive size of the short
  Price entry_price;
  std::optional<Price> liq_price_open, liq_price_latest;
  std::optional<Price> tp_price, sl_price;
  std::int64_t tp_order_id = 0, sl_order_id = 0;
  ClientOrderId tp_client_order_id, sl_client_order_id;
  TimePoint opened_at{};
  TimePoint expire_at{};
  std::optional<TimePoint> closed_at;
  std::int64_t close_order_id = 0;
  HoldingStatus status = HoldingStatus::open;
  std::string close_reason;  // the original's words: TAKE_PROFIT_FILLED, MAX_HOLD_EXCEEDED, ...
  std::string last_error;
  TimePoint created_at{};
  TimePoint updated_at{};
};

enum class IntentState { sent, done, refused, unknown };

/// `intents`: an order before and after its bytes. Written `sent` before anything that adds risk
/// leaves; a crash at any point is resumed from here.
struct Intent {
  ClientOrderId client_order_id;  // primary key
  std::string trade_day;          // date of the slot it belongs to
  Job job = Job::patrol;
  OrderKind kind = OrderKind::entry;
  int attempt = 0;
  Symbol symbol;
  Side side = Side::sell;
  PositionSide position_side = PositionSide::both;
  OrderType type = OrderType::market;
  Qty qty;
  Price price;
  Price trigger_price;
  bool reduce_only = false;
  bool close_position = false;
  std::string run_id;           // of the entry it belongs to, if any
  std::int64_t holding_id = 0;  // 0 = none yet
  TimePoint sent_at{};          // exchange time
  IntentState state = IntentState::sent;
  std::int64_t order_id = 0;
  Qty executed_qty;
  std::string evidence;  // what settled it: "answer", "query", "stream", "fills", a refusal's text
};

enum class SlotState { running, done, partial, skipped, failed };

/// `slots`: (job, local date) of the schedule; each ends once.
struct Slot {
  Job job = Job::entry;
  std::string local_date;
  SlotState state = SlotState::running;
  std::string reason;
  TimePoint updated_at{};
};

/// `order_events`: an order as the exchange answered, and what became of it.
struct OrderEvent {
  std::int64_t holding_id = 0;  // 0 = no position row
  Symbol symbol;
  std::int64_t order_id = 0;
  ClientOrderId client_order_id;
  std::string type;
  std::string side;
  Price price;
  Qty qty;
  std::string status;
  TimePoint event_time{};
  std::string detail;  // JSON or plain text
};

/// `fills`: one execution, keyed by (symbol, trade_id). Adding it again fills in holding, client
/// order id and commission where they were not known, and changes nothing else.
struct FillRecord {
  std::int64_t holding_id = 0;
  Symbol symbol;
  std::int64_t trade_id = 0;
  std::int64_t order_id = 0;
  ClientOrderId client_order_id;  // empty when not known
  Side side = Side::buy;
  PositionSide position_side = PositionSide::both;
  Qty qty;
  Price price;
  Usdt realized_pnl;
  Usdt commission;
  std::string commission_asset;
  bool maker = false;
  TimePoint time{};
};

/// `wallet_snapshots`: equity of the account.
struct WalletSnapshot {
  TimePoint captured_at{};
  Usdt equity;
  std::string source = "API";
  std::string error;
};

/// `income`: every money movement, keyed by (type, transaction_id); those whose type is in
/// cashflow_income_types also stand in `cashflow_events`.
struct IncomeRecord {
  std::string type;
  std::int64_t transaction_id = 0;
  std::string asset;
  Usdt amount;
  std::string symbol;
  std::string info;
  TimePoint time{};
  bool is_cashflow = false;
};

/// `outbox`: a message to people, durable before it is sent.
struct OutboxMessage {
  std::int64_t id = 0;  // from Store::next_outbox_id()
  std::string topic;    // the kind of alert: a name of notify/kinds.h
  std::string title;
  std::string body;  // Markdown
  TimePoint created_at{};
  TimePoint next_attempt{};
  int attempts = 0;
  std::string state = "pending";  // pending, delivered, dropped
  std::string last_error;
  std::string attachment = {};       // what is drawn beside it when it is sent; empty = nothing
  std::string acknowledged_by = {};  // who saw it; a critical message comes again until then
};

/// `deliveries`: what one channel did with one message.
struct Delivery {
  std::int64_t message_id = 0;
  std::string channel;            // "telegram:42", "serverchan", "webhook"
  std::string state = "pending";  // pending, delivered, dropped
  int attempts = 0;               // that failed, since the last that did not
  int times = 0;                  // it was shown
  TimePoint next_attempt{};
  std::optional<TimePoint> shown_at = {};
  std::string reference = {};  // the channel's own name for it
  std::string last_error = {};
};

/// `journal`: every exchange fact once, raw; (source, key) is unique.
struct JournalRow {
  std::string source;
  std::string key;
  TimePoint exchange_time{};
  TimePoint seen_at{};
  std::string body;
};

std::string_view str(RunStatus status);
std::string_view str(HoldingStatus status);
std::string_view str(IntentState state);
std::string_view str(SlotState state);

}  // namespace bb::store
