#include "store/memory.h"

#include <algorithm>

namespace bb::store {

namespace {

bool is_unresolved(const Intent& intent) {
  return intent.state == IntentState::sent || intent.state == IntentState::unknown;
}

// The rows of one batch, one after the other, over what memory holds.
class Check {
 public:
  Check(const Memory& memory, const std::vector<Row>& rows) : memory_(memory) {
    for (const Row& row : rows) {
      if (const auto* run = std::get_if<Run>(&row)) run_ids_.insert(run->run_id);
      if (const auto* holding = std::get_if<Holding>(&row)) holding_ids_.insert(holding->id);
    }
  }

  Status row(const Run& run) {
    if (run.run_id.empty() || run.trade_day_utc.empty())
      return refuse("a run needs an id and a trade day");
    const auto day = memory_.run_days.find(run.run_id);
    if (day != memory_.run_days.end() && day->second != run.trade_day_utc)
      return refuse("run " + run.run_id + " is of trade day " + day->second);
    const auto in_batch = days_.find(run.trade_day_utc);
    const auto known = memory_.runs.find(run.trade_day_utc);
    std::string owner = run.run_id;
    if (known != memory_.runs.end()) owner = known->second.run_id;
    if (in_batch != days_.end()) owner = in_batch->second;
    if (owner != run.run_id)
      return refuse("trade day " + run.trade_day_utc + " already has run " + owner);
    days_[run.trade_day_utc] = run.run_id;
    return {};
  }

  Status row(const Holding& holding) {
    if (holding.id <= 0) return refuse("a holding needs an id from next_holding_id()");
    if (!holding.run_id.empty() && !run_ids_.contains(holding.run_id) &&
        !memory_.run_days.contains(holding.run_id))
      return refuse("run " + holding.run_id + " of holding " + std::to_string(holding.id) +
                    " is not known");
    const std::int64_t open = open_id(holding.symbol);
    if (holding.status != HoldingStatus::open) {
      if (open == holding.id) open_[holding.symbol] = 0;
      return {};
    }
    if (open != 0 && open != holding.id)
      return refuse(holding.symbol.str() + " already has the open holding " + std::to_string(open));
    open_[holding.symbol] = holding.id;
    return {};
  }

  Status row(const Intent& intent) {
    if (intent.client_order_id.empty()) return refuse("an intent needs a client order id");
    const auto in_batch = states_.find(intent.client_order_id);
    const auto known = memory_.intents.find(intent.client_order_id);
    IntentState before = IntentState::sent;
    if (known != memory_.intents.end()) before = known->second.state;
    if (in_batch != states_.end()) before = in_batch->second;
    if (intent.state == IntentState::sent && before != IntentState::sent)
      return refuse("intent " + intent.client_order_id.str() +
                    " was already sent and answered; a new order needs a new attempt number");
    states_[intent.client_order_id] = intent.state;
    return {};
  }

  Status row(const OrderEvent& event) { return known_holding(event.holding_id); }
  Status row(const FillRecord& fill) { return known_holding(fill.holding_id); }
  Status row(const OutboxMessage& message) {
    if (message.id <= 0) return refuse("a message needs an id from next_outbox_id()");
    return {};
  }
  Status row(const Delivery& delivery) {
    if (delivery.message_id <= 0 || delivery.channel.empty())
      return refuse("a delivery needs its message and its channel");
    return {};
  }
  Status row(const Slot&) { return {}; }
  Status row(const WalletSnapshot&) { return {}; }
  Status row(const IncomeRecord&) { return {}; }
  Status row(const JournalRow&) { return {}; }
  Status row(const CommandRecord& command) {
    if (command.id.empty()) return refuse("a command needs an id");
    const auto known = memory_.commands.find(command.id);
    if (known == memory_.commands.end() || known->second.state == CommandState::running) return {};
    return refuse("command " + command.id + " has ended already");
  }

 private:
  static std::unexpected<Error> refuse(std::string why) {
    return fail(ErrorKind::conflict, "store: " + std::move(why));
  }

  std::int64_t open_id(Symbol symbol) const {
    if (const auto found = open_.find(symbol); found != open_.end()) return found->second;
    const auto found = memory_.open.find(symbol);
    return found == memory_.open.end() ? 0 : found->second;
  }

  Status known_holding(std::int64_t id) const {
    // A number that was given out and never put is none: the database would refuse the row after
    // memory had taken its batch.
    if (id == 0 || memory_.holding_ids.contains(id) || holding_ids_.contains(id)) return {};
    return refuse("holding " + std::to_string(id) + " is not known");
  }

  const Memory& memory_;
  std::set<std::string> run_ids_;
  std::set<std::int64_t> holding_ids_;
  std::map<std::string, std::string> days_;
  std::map<Symbol, std::int64_t> open_;
  std::map<ClientOrderId, IntentState> states_;
};

}  // namespace

Status Memory::check(const std::vector<Row>& rows) const {
  Check check(*this, rows);
  for (const Row& row : rows) {
    Status status = std::visit([&](const auto& record) { return check.row(record); }, row);
    if (!status) return status;
  }
  return {};
}

void Memory::apply(const std::vector<Row>& rows) {
  for (const Row& row : rows)
    std::visit([this](const auto& record) { apply_row(record); }, row);
}

void Memory::apply_row(const Run& run) {
  runs[run.trade_day_utc] = run;
  run_days[run.run_id] = run.trade_day_utc;
}

void Memory::apply_row(const Holding& holding) {
  holdings[holding.id] = holding;
  holding_ids.insert(holding.id);
  next_holding_id = std::max(next_holding_id, holding.id + 1);
  const auto current = open.find(holding.symbol);
  if (holding.status == HoldingStatus::open)
    open[holding.symbol] = holding.id;
  else if (current != open.end() && current->second == holding.id)
    open.erase(current);
}

void Memory::apply_row(const Intent& intent) {
  intents[intent.client_order_id] = intent;
  if (is_unresolved(intent))
    unresolved.insert(intent.client_order_id);
  else
    unresolved.erase(intent.client_order_id);
  const AttemptKey key(intent.trade_day, intent.job, intent.symbol, intent.kind);
  const auto [last, is_new] = last_attempts.emplace(key, intent.attempt);
  if (!is_new) last->second = std::max(last->second, intent.attempt);
}

void Memory::apply_row(const Slot& slot) { slots[{slot.job, slot.local_date}] = slot; }

void Memory::apply_row(const OutboxMessage& message) {
  next_outbox_id = std::max(next_outbox_id, message.id + 1);
  if (message.state == "pending")
    pending[message.id] = message;
  else
    pending.erase(message.id), deliveries.erase(message.id);
}

void Memory::apply_row(const Delivery& delivery) {
  if (pending.contains(delivery.message_id))
    deliveries[delivery.message_id][delivery.channel] = delivery;
}

void Memory::apply_row(const WalletSnapshot& snapshot) {
  if (!first_snapshot || snapshot.captured_at < *first_snapshot)
    first_snapshot = snapshot.captured_at;
  if (!last_snapshot || snapshot.captured_at > *last_snapshot) last_snapshot = snapshot.captured_at;
}

void Memory::apply_row(const IncomeRecord& income) {
  if (!last_income || income.time > *last_income) last_income = income.time;
}

void Memory::prune(TimePoint now) {
  if (now - pruned_at_ < Hours(1)) return;
  pruned_at_ = now;
  std::erase_if(intents, [&](const auto& entry) {
    return entry.second.sent_at < now - kIntentMemory && !is_unresolved(entry.second);
  });
  std::erase_if(commands,
                [&](const auto& entry) { return entry.second.received_at < now - kCommandMemory; });
  const TimePoint since = now - kHistoryMemory;
  std::erase_if(holdings, [&](const auto& entry) {
    return entry.second.opened_at < since && entry.second.status != HoldingStatus::open;
  });
  std::erase_if(slots, [&](const auto& entry) { return entry.second.updated_at < since; });
  const std::string first_day = utc_date(since);
  std::erase_if(last_attempts,
                [&](const auto& entry) { return std::get<0>(entry.first) < first_day; });
}

Result<Memory> Memory::load(sql::Connection& connection, TimePoint now) {
  Memory memory;
  const TimePoint since = now - kHistoryMemory;
  const std::vector<sql::Value> from{value(since)};
  const std::vector<sql::Value> intents_from{value(now - kIntentMemory)};

  const auto runs = read_all<Run>(connection, runs_table().select(""));
  if (!runs) return std::unexpected(runs.error());
  for (const Run& run : *runs)
    memory.apply_row(run);

  const auto holdings = read_all<Holding>(
      connection, positions_table().select("WHERE status='OPEN' OR opened_at_utc >= ?"), from);
  if (!holdings) return std::unexpected(holdings.error());
  for (const Holding& holding : *holdings)
    memory.apply_row(holding);

  if (auto ids = memory.load_holding_ids(connection); !ids) return std::unexpected(ids.error());

  const auto slots =
      read_all<Slot>(connection, slots_table().select("WHERE updated_at_utc >= ?"), from);
  if (!slots) return std::unexpected(slots.error());
  for (const Slot& slot : *slots)
    memory.apply_row(slot);

  const auto intents = read_all<Intent>(
      connection, intents_table().select("WHERE state IN ('SENT','UNKNOWN') OR sent_at_utc >= ?"),
      intents_from);
  if (!intents) return std::unexpected(intents.error());
  for (const Intent& intent : *intents)
    memory.apply_row(intent);

  const std::vector<sql::Value> commands_from{value(now - kCommandMemory)};
  const auto commands = read_all<CommandRecord>(
      connection, commands_table().select("WHERE state='RUNNING' OR received_at_utc >= ?"),
      commands_from);
  if (!commands) return std::unexpected(commands.error());
  for (const CommandRecord& command : *commands)
    memory.apply_row(command);

  const auto messages =
      read_all<OutboxMessage>(connection, outbox_table().select("WHERE state='pending'"));
  if (!messages) return std::unexpected(messages.error());
  for (const OutboxMessage& message : *messages)
    memory.apply_row(message);

  const auto deliveries = read_all<Delivery>(
      connection, deliveries_table().select(
                      "WHERE message_id IN (SELECT id FROM outbox WHERE state='pending')"));
  if (!deliveries) return std::unexpected(deliveries.error());
  for (const Delivery& delivery : *deliveries)
    memory.apply_row(delivery);

  if (auto counters = memory.load_counters(connection, since); !counters)
    return std::unexpected(counters.error());
  memory.prune(now);
  return memory;
}

Status Memory::load_holding_ids(sql::Connection& connection) {
  auto statement = connection.prepare("SELECT id FROM positions");
  if (!statement) return std::unexpected(statement.error());
  for (;;) {
    const auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    holding_ids.insert(statement->integer(0));
  }
}

Status Memory::load_counters(sql::Connection& connection, TimePoint since) {
  const std::string first_day = utc_date(since);
  auto attempts = connection.prepare(
      "SELECT trade_day,job,symbol,kind,max(attempt) FROM intents WHERE trade_day >= ? "
      "GROUP BY trade_day,job,symbol,kind");
  if (!attempts) return std::unexpected(attempts.error());
  if (auto bound = attempts->bind(1, std::string_view(first_day)); !bound) return bound;
  for (;;) {
    const auto row = attempts->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    RowReader in(*attempts);
    AttemptKey key;
    std::get<0>(key) = in.text();
    std::get<1>(key) = in.word<Job>();
    std::get<2>(key) = in.symbol();
    std::get<3>(key) = in.word<OrderKind>();
    last_attempts[key] = in.small();
    if (!in.problem().empty())
      return fail(ErrorKind::storage,
                  "database '" + connection.path() + "': intents: " + in.problem());
  }

  auto totals = connection.prepare(
      "SELECT (SELECT coalesce(max(id),0) FROM positions), (SELECT coalesce(max(id),0) FROM "
      "outbox),"
      "(SELECT coalesce(max(id),0) FROM order_events),"
      "(SELECT coalesce(max(id),0) FROM wallet_snapshots),"
      "(SELECT max(event_time_utc) FROM income),"
      "(SELECT min(captured_at_utc) FROM wallet_snapshots),"
      "(SELECT max(captured_at_utc) FROM wallet_snapshots)");
  if (!totals) return std::unexpected(totals.error());
  const auto row = totals->step();
  if (!row) return std::unexpected(row.error());
  RowReader in(*totals);
  next_holding_id = in.integer() + 1;
  next_outbox_id = in.integer() + 1;
  next_ids.order_event = in.integer() + 1;
  next_ids.snapshot = in.integer() + 1;
  last_income = in.maybe_time();
  first_snapshot = in.maybe_time();
  last_snapshot = in.maybe_time();
  return {};
}

}  // namespace bb::store
