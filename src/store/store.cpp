#include "store/store.h"

#include <algorithm>
#include <array>
#include <ranges>

#include "base/park.h"
#include "store/checker.h"
#include "store/committer.h"
#include "store/memory.h"
#include "store/writer.h"

namespace bb::store {

namespace {

constexpr Millis kReadBusyTimeout{250};
constexpr const char* kMemory = ":memory:";

// One commit on its way: touched on the loop only.
struct Ticket {
  bool is_done = false;
  Status status;
  Resume resume;
};

// Outlives the store where answers are still on their way to the loop.
struct Health {
  Log log;
  Condition last;

  void note(const Status& status, Condition now) {
    if (!status && status.error().kind != ErrorKind::storage)
      log.error("store refused a batch", {{"reason", status.error().text}});
    if (last.is_healthy && !now.is_healthy)
      log.error("store failed", {{"reason", status ? "the session cannot begin on this disk"
                                                   : status.error().text}});
    if (!last.is_healthy && now.is_healthy) log.warn("store recovered");
    for (std::size_t i = last.refused.size(); i < now.refused.size(); ++i) {
      const Refusal& each = now.refused[i];
      log.error("spilled batch was refused and kept aside",
                {{"batch", each.sequence}, {"reason", each.why}, {"file", each.path}});
    }
    last = now;
  }
};

Task<Status> wait_for(std::shared_ptr<Ticket> ticket) {
  if (!ticket->is_done)
    co_await park([&ticket](Resume resume) { ticket->resume = std::move(resume); });
  co_return ticket->status;
}

void sort_oldest_first(std::vector<Intent>& intents) {
  std::sort(intents.begin(), intents.end(), [](const Intent& a, const Intent& b) {
    return std::tie(a.sent_at, a.client_order_id) < std::tie(b.sent_at, b.client_order_id);
  });
}

// In the order of Row.
constexpr std::array<std::string_view, std::variant_size_v<Row>> kRowNames = {
    "runs",  "holdings",  "intents", "slots",   "messages", "order_events",
    "fills", "snapshots", "income",  "journal", "commands", "deliveries"};

// On the device before its effect.
bool begins_command(const Row& row) {
  const auto* command = std::get_if<CommandRecord>(&row);
  return command != nullptr && command->state == CommandState::running;
}

// What the exchange can be asked again, or what can be lost: it leaves the spill file to the rest.
bool is_sample(const Row& row) {
  return std::holds_alternative<WalletSnapshot>(row) || std::holds_alternative<JournalRow>(row) ||
         std::holds_alternative<IncomeRecord>(row) || std::holds_alternative<OrderEvent>(row) ||
         std::holds_alternative<OutboxMessage>(row) || std::holds_alternative<Delivery>(row);
}

}  // namespace

struct Store::State {
  State(StoreOptions o, Clock& c, const Log& log)
      : options(std::move(o)), clock(c), health(std::make_shared<Health>(Health{log, {}})) {}

  std::shared_ptr<Ticket> submit(const std::vector<Row>& rows);
  std::shared_ptr<Ticket> submit_check();
  Group make_group(const std::vector<Row>& rows);

  template <class Record>
  Result<std::vector<Record>> load(const std::string& select,
                                   std::span<const sql::Value> values = {});

  StoreOptions options;
  Clock& clock;
  std::shared_ptr<Health> health;
  Memory memory;
  std::array<std::uint64_t, std::variant_size_v<Row>> changes{};
  std::optional<sql::Connection> reader;
  std::optional<Committer> committer;  // none in a store that only reads
  std::unique_ptr<Writer> writer;      // none in inline mode
  std::unique_ptr<Checker> checker;    // the same
};

// Table by table, in the order of Row: what is referred to goes in first, whatever the order of the
// calls was. Rows of one table keep theirs.
Group Store::State::make_group(const std::vector<Row>& rows) {
  Group group;
  for (std::size_t kind = 0; kind < std::variant_size_v<Row>; ++kind) {
    for (const Row& row : rows) {
      if (row.index() != kind) continue;
      append_writes(row, clock.utc_now(), memory.next_ids, group.writes);
      group.durable |= std::holds_alternative<Intent>(row) || begins_command(row);
      group.essential |= !is_sample(row);
    }
  }
  return group;
}

std::shared_ptr<Ticket> Store::State::submit(const std::vector<Row>& rows) {
  auto ticket = std::make_shared<Ticket>();
  ticket->is_done = true;
  if (rows.empty()) return ticket;
  ticket->status = memory.check(rows);
  if (!ticket->status) return ticket;
  memory.apply(rows);
  for (const Row& row : rows)
    ++changes[row.index()];
  memory.prune(clock.utc_now());

  Group group = make_group(rows);
  if (!writer) {
    ticket->status = committer->commit(std::span(&group, 1)).front();
    health->note(ticket->status, committer->condition());
    return ticket;
  }
  ticket->is_done = false;
  writer->push(std::move(group), [ticket, noted = health](Status status, Condition now) {
    noted->note(status, now);
    ticket->status = std::move(status);
    ticket->is_done = true;
    if (ticket->resume) ticket->resume();
  });
  return ticket;
}

std::shared_ptr<Ticket> Store::State::submit_check() {
  auto ticket = std::make_shared<Ticket>();
  if (!checker) {
    ticket->is_done = true;
    if (options.path != kMemory) ticket->status = check_file(options.path, kReadBusyTimeout);
    return ticket;
  }
  const bool started = checker->start([ticket](Status status) {
    ticket->status = std::move(status);
    ticket->is_done = true;
    if (ticket->resume) ticket->resume();
  });
  if (started) return ticket;
  ticket->is_done = true;
  ticket->status = fail(ErrorKind::busy, "the database is being checked already");
  return ticket;
}

template <class Record>
Result<std::vector<Record>> Store::State::load(const std::string& select,
                                               std::span<const sql::Value> values) {
  if (options.path == kMemory) return read_all<Record>(committer->connection(), select, values);
  if (!reader) {
    auto opened = sql::Connection::open_reader(options.path, kReadBusyTimeout);
    if (!opened) return advised(opened.error(), options.path);
    reader.emplace(std::move(*opened));
  }
  auto rows = read_all<Record>(*reader, select, values);
  if (!rows) return advised(rows.error(), options.path);
  return rows;
}

Result<std::unique_ptr<Store>> Store::open(StoreOptions options, std::string account,
                                           boost::asio::any_io_executor executor, Clock& clock,
                                           const Log& log) {
  auto database = open_database(options.path, {options.busy_timeout}, account, clock.utc_now(),
                                options.checks_pages);
  if (!database) return std::unexpected(database.error());
  if (database->is_unclean)
    log.warn("database was not closed",
             {{"path", options.path}, {"checked", !database->is_unchecked}});
  if (database->spill && database->spill->moved_aside())
    log.error("spill file of another database was moved aside",
              {{"path", options.path + ".spill.other"}});
  if (!database->backlog.empty())
    log.warn("spilled batches are replayed", {{"count", database->backlog.size()}});

  auto state = std::make_unique<State>(std::move(options), clock, log);
  Committer& committer = state->committer.emplace(std::move(*database), state->options.sync);
  const auto begun = committer.begin_session([&](sql::Connection& connection) -> Status {
    auto memory = Memory::load(connection, clock.utc_now());
    if (!memory) return std::unexpected(memory.error());
    state->memory = std::move(*memory);
    return {};
  });
  state->health->note({}, committer.condition());
  if (!begun) return std::unexpected(begun.error());
  if (state->options.threaded && state->options.path != kMemory) {
    state->checker = std::make_unique<Checker>(state->options.path, kReadBusyTimeout, executor);
    state->writer = std::make_unique<Writer>(committer, std::move(executor));
  }
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

Result<std::unique_ptr<const Store>> Store::open_for_reading(std::string path,
                                                             const std::string& account,
                                                             Clock& clock) {
  auto reader = store::open_for_reading(path, account, kReadBusyTimeout);
  if (!reader) return std::unexpected(reader.error());
  // Nothing is decided or retried here, so there is nothing to log.
  auto state = std::make_unique<State>(StoreOptions{.path = path, .threaded = false}, clock,
                                       Log(LogLevel::error, null_sink()));
  auto snapshot = sql::Transaction::begin_read(*reader);
  if (!snapshot) return advised(snapshot.error(), path);
  auto memory = Memory::load(*reader, clock.utc_now());
  if (!memory) return advised(memory.error(), path);
  if (auto ended = snapshot->commit(); !ended) return advised(ended.error(), path);
  state->memory = std::move(*memory);
  state->reader.emplace(std::move(*reader));
  return std::unique_ptr<const Store>(new Store(std::move(state)));
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}

Store::~Store() {
  state_->checker.reset();
  state_->writer.reset();
  // Before the writer's connection: the last one to close folds the WAL into the file.
  state_->reader.reset();
  if (!state_->committer) return;
  state_->committer->end_session();
  state_->health->note({}, state_->committer->condition());
}

Task<Status> Store::commit(Batch batch) { return wait_for(state_->submit(batch.content_->rows)); }

Task<Status> Store::check() { return wait_for(state_->submit_check()); }

bool Store::healthy() const { return state_->health->last.is_healthy; }

const Run* Store::find_run(const std::string& trade_day_utc) const {
  const auto found = state_->memory.runs.find(trade_day_utc);
  return found == state_->memory.runs.end() ? nullptr : &found->second;
}

const Run* Store::find_latest_run() const {
  const Run* latest = nullptr;
  for (const auto& [day, run] : state_->memory.runs)
    if (latest == nullptr || run.started_at >= latest->started_at) latest = &run;
  return latest;
}

std::vector<Holding> Store::open_holdings() const {
  std::vector<Holding> found;
  for (const auto& [symbol, id] : state_->memory.open)
    found.push_back(state_->memory.holdings.at(id));
  return found;
}

std::optional<Holding> Store::find_open_holding(Symbol symbol) const {
  const auto found = state_->memory.open.find(symbol);
  if (found == state_->memory.open.end()) return std::nullopt;
  return state_->memory.holdings.at(found->second);
}

std::vector<Holding> Store::holdings_of_run(const std::string& run_id) const {
  std::vector<Holding> found;
  for (const auto& [id, holding] : state_->memory.holdings)
    if (holding.run_id == run_id) found.push_back(holding);
  return found;
}

const Slot* Store::find_slot(Job job, const std::string& local_date) const {
  const auto found = state_->memory.slots.find({job, local_date});
  return found == state_->memory.slots.end() ? nullptr : &found->second;
}

std::vector<Intent> Store::unresolved_intents() const {
  std::vector<Intent> found;
  for (const ClientOrderId& id : state_->memory.unresolved)
    found.push_back(state_->memory.intents.at(id));
  sort_oldest_first(found);
  return found;
}

const Intent* Store::find_intent(const ClientOrderId& id) const {
  const auto found = state_->memory.intents.find(id);
  return found == state_->memory.intents.end() ? nullptr : &found->second;
}

std::vector<Intent> Store::intents_of(const std::string& trade_day, Symbol symbol) const {
  std::vector<Intent> found;
  for (const auto& [id, intent] : state_->memory.intents)
    if (intent.symbol == symbol && intent.trade_day == trade_day) found.push_back(intent);
  sort_oldest_first(found);
  return found;
}

int Store::next_attempt(const std::string& trade_day, Job job, Symbol symbol,
                        OrderKind kind) const {
  const auto found = state_->memory.last_attempts.find({trade_day, job, symbol, kind});
  return found == state_->memory.last_attempts.end() ? 0 : found->second + 1;
}

std::vector<OutboxMessage> Store::pending_messages() const {
  const auto values = std::views::values(state_->memory.pending);
  return {values.begin(), values.end()};
}

std::vector<Delivery> Store::deliveries_of(std::int64_t message_id) const {
  const auto known = state_->memory.deliveries.find(message_id);
  if (known == state_->memory.deliveries.end()) return {};
  const auto values = std::views::values(known->second);
  return {values.begin(), values.end()};
}

const CommandRecord* Store::find_command(const std::string& id) const {
  const auto found = state_->memory.commands.find(id);
  return found == state_->memory.commands.end() ? nullptr : &found->second;
}

std::vector<CommandRecord> Store::running_commands() const {
  std::vector<CommandRecord> found;
  for (const auto& [id, command] : state_->memory.commands)
    if (command.state == CommandState::running) found.push_back(command);
  return found;
}

std::vector<std::pair<std::string_view, std::uint64_t>> Store::change_counts() const {
  std::vector<std::pair<std::string_view, std::uint64_t>> counts;
  for (std::size_t kind = 0; kind < kRowNames.size(); ++kind)
    counts.emplace_back(kRowNames[kind], state_->changes[kind]);
  return counts;
}

std::optional<TimePoint> Store::last_income_time() const { return state_->memory.last_income; }

std::optional<TimePoint> Store::first_snapshot_time() const {
  return state_->memory.first_snapshot;
}

std::optional<TimePoint> Store::last_snapshot_time() const { return state_->memory.last_snapshot; }
const Holding* Store::find_holding(std::int64_t id) const {
  const auto found = state_->memory.holdings.find(id);
  return found == state_->memory.holdings.end() ? nullptr : &found->second;
}

std::int64_t Store::next_holding_id() { return state_->memory.next_holding_id++; }

std::int64_t Store::next_outbox_id() { return state_->memory.next_outbox_id++; }

Result<std::vector<Run>> Store::load_runs() const {
  return state_->load<Run>(runs_table().select("ORDER BY started_at_utc, run_id"));
}

Result<std::vector<Holding>> Store::load_holdings() const {
  return state_->load<Holding>(positions_table().select("ORDER BY id"));
}

Result<std::vector<Intent>> Store::load_intents() const {
  return state_->load<Intent>(intents_table().select("ORDER BY sent_at_utc, client_order_id"));
}

Result<std::vector<FillRecord>> Store::load_fills() const {
  return state_->load<FillRecord>(
      fills_table().select("ORDER BY event_time_utc, symbol, trade_id"));
}

Result<std::vector<FillRecord>> Store::load_fills_of(std::int64_t holding_id) const {
  const std::vector<sql::Value> values{holding_id};
  return state_->load<FillRecord>(
      fills_table().select("WHERE position_id = ? ORDER BY event_time_utc, trade_id"), values);
}

Result<std::vector<IncomeRecord>> Store::load_income() const {
  return state_->load<IncomeRecord>(
      income_table().select("ORDER BY event_time_utc, income_type, tran_id"));
}

Result<std::vector<WalletSnapshot>> Store::load_snapshots() const {
  return state_->load<WalletSnapshot>(snapshots_table().select("ORDER BY captured_at_utc, id"));
}

Result<std::vector<JournalRow>> Store::load_journal(const std::string& source) const {
  const std::vector<sql::Value> values{value(source)};
  return state_->load<JournalRow>(
      journal_table().select("WHERE source = ? ORDER BY exchange_time_utc, id"), values);
}

Result<std::vector<OrderEvent>> Store::load_order_events(std::int64_t holding_id) const {
  const std::vector<sql::Value> values{value(holding_id)};
  return state_->load<OrderEvent>(
      order_events_table().select("WHERE coalesce(position_id,0) = ? ORDER BY id"), values);
}

}  // namespace bb::store
