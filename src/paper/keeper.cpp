#include "paper/keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>

#include "sql/connection.h"
#include "sql/migrations.h"

namespace bb::paper {

namespace {

constexpr std::int32_t kApplication = 0x42425058;  // "BBPX"

// Times are UTC milliseconds, money is 1e-8 units. An era is a stay in one market.
constexpr std::string_view kInitial = R"sql(
CREATE TABLE eras(
  era INTEGER PRIMARY KEY,
  market TEXT NOT NULL,
  first_day INTEGER NOT NULL,
  begun INTEGER NOT NULL,
  last_time INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts(
  era INTEGER NOT NULL REFERENCES eras(era),
  number INTEGER NOT NULL,
  alias TEXT NOT NULL,
  balance INTEGER NOT NULL,
  hedge INTEGER NOT NULL,
  leverage INTEGER NOT NULL,
  is_isolated INTEGER NOT NULL,
  maker INTEGER NOT NULL,
  taker INTEGER NOT NULL,
  wallet_now INTEGER NOT NULL,
  unrealized_now INTEGER NOT NULL,
  hedge_now INTEGER NOT NULL,
  PRIMARY KEY(era, number)
) STRICT;

CREATE TABLE acts(
  act INTEGER PRIMARY KEY,
  era INTEGER NOT NULL REFERENCES eras(era),
  time INTEGER NOT NULL,
  account INTEGER NOT NULL,
  method INTEGER NOT NULL,
  target TEXT NOT NULL,
  body TEXT NOT NULL,
  made_ids INTEGER NOT NULL,
  journal INTEGER NOT NULL
) STRICT;
)sql";
// 0: the exchange's default.
constexpr std::string_view kRpiFees = R"sql(
ALTER TABLE accounts ADD COLUMN rpi INTEGER NOT NULL DEFAULT 0;
)sql";
constexpr std::array kSteps = {kInitial, kRpiFees};

sql::Schema schema() { return {kApplication, "the paper exchange", kSteps}; }

constexpr Seconds kAgain{1};  // after the disk refused

}  // namespace

struct Keeper::State {
  State(Clock& c, sql::Connection opened) : clock(c), connection(std::move(opened)) {}

  /// Writes at `when`, unless that is due already; again and again while the disk refuses.
  void arm(SteadyTime when);
  Status flush();
  Status write();
  Status write_acts();
  Status write_worths();

  Clock& clock;
  sql::Connection connection;
  std::int64_t era = 0;
  std::deque<Act> pending;
  std::uint64_t added = 0, committed = 0, attempts = 0;
  std::function<std::pair<TimePoint, std::vector<Worth>>()> look;
  std::optional<TimerId> timer;
  Event changed;
  bool failing = false;
  std::optional<Log> log;
};

Status Keeper::State::write_acts() {
  auto insert = connection.prepare(
      "INSERT INTO acts(era,time,account,method,target,body,made_ids,journal) "
      "VALUES(?,?,?,?,?,?,?,?)");
  if (!insert) return std::unexpected(insert.error());
  for (const Act& act : pending) {
    const std::array<sql::Value, 8> values{era,
                                           to_ms(act.time),
                                           std::int64_t{act.account},
                                           static_cast<std::int64_t>(act.method),
                                           act.target,
                                           act.body,
                                           act.made_ids,
                                           act.journal};
    if (auto ok = insert->run(values); !ok) return ok;
  }
  return {};
}

Status Keeper::State::write_worths() {
  if (!look) return {};
  const auto [time, worths] = look();
  auto clock_row = connection.prepare("UPDATE eras SET last_time=? WHERE era=?");
  if (!clock_row) return std::unexpected(clock_row.error());
  const std::array<sql::Value, 2> when{to_ms(time), era};
  if (auto ok = clock_row->run(when); !ok) return ok;
  auto update = connection.prepare(
      "UPDATE accounts SET wallet_now=?,unrealized_now=?,hedge_now=? WHERE era=? AND number=?");
  if (!update) return std::unexpected(update.error());
  for (std::size_t i = 0; i < worths.size(); ++i) {
    const std::array<sql::Value, 5> values{
        worths[i].wallet.value().raw(), worths[i].unrealized.value().raw(),
        std::int64_t{worths[i].hedge}, era, static_cast<std::int64_t>(i)};
    if (auto ok = update->run(values); !ok) return ok;
  }
  return {};
}

Status Keeper::State::write() {
  auto transaction = sql::Transaction::begin(connection);
  if (!transaction) return std::unexpected(transaction.error());
  if (auto ok = write_acts(); !ok) return ok;
  if (auto ok = write_worths(); !ok) return ok;
  return transaction->commit();
}

Keeper::Keeper(std::unique_ptr<State> state) : state_(std::move(state)) {}

Keeper::~Keeper() {
  if (state_->timer) state_->clock.cancel(*state_->timer);
}

Result<std::unique_ptr<Keeper>> Keeper::open(const std::string& path, Clock& clock) {
  const auto held = [&](const Error& error) {
    const bool is_busy = error.text.find("SQLITE_BUSY") != std::string::npos;
    return is_busy ? fail(ErrorKind::busy, fmt::format("'{}' is held by another paper exchange; "
                                                       "stop it or name another file",
                                                       path))
                   : std::unexpected(error);
  };
  auto connection = sql::Connection::open_writer(path, {.busy_timeout = Millis(200)});
  if (!connection) return held(connection.error());
  if (auto ok = connection->execute("PRAGMA locking_mode=EXCLUSIVE"); !ok) return held(ok.error());
  if (auto ok = sql::migrate(*connection, schema()); !ok) return held(ok.error());
  // The first write takes the lock, and keeps it.
  if (auto ok = connection->execute("BEGIN IMMEDIATE; COMMIT"); !ok) return held(ok.error());
  auto keeper =
      std::unique_ptr<Keeper>(new Keeper(std::make_unique<State>(clock, std::move(*connection))));
  const auto era =
      keeper->state_->connection.query_integer("SELECT coalesce(max(era),0) FROM eras");
  if (!era) return std::unexpected(era.error());
  keeper->state_->era = *era;
  return keeper;
}

Result<std::optional<Era>> Keeper::era() {
  State& s = *state_;
  if (s.era == 0) return std::nullopt;
  auto row = s.connection.prepare("SELECT market,first_day,begun FROM eras WHERE era=?");
  if (!row) return std::unexpected(row.error());
  if (auto bound = row->bind(1, s.era); !bound) return std::unexpected(bound.error());
  if (auto stepped = row->step(); !stepped) return std::unexpected(stepped.error());
  Era era{row->text(0), from_ms(row->integer(1)), from_ms(row->integer(2)), {}};
  auto rows = s.connection.prepare(
      "SELECT alias,balance,hedge,leverage,is_isolated,maker,taker,rpi FROM accounts WHERE era=? "
      "ORDER BY number");
  if (!rows) return std::unexpected(rows.error());
  if (auto bound = rows->bind(1, s.era); !bound) return std::unexpected(bound.error());
  for (;;) {
    const auto more = rows->step();
    if (!more) return std::unexpected(more.error());
    if (!*more) return era;
    PaperAccount& account = era.accounts.emplace_back();
    account.alias = rows->text(0);
    account.balance = Usdt(rows->decimal(1));
    account.hedge = rows->integer(2) != 0;
    account.default_leverage = static_cast<int>(rows->integer(3));
    account.default_margin = rows->integer(4) != 0 ? MarginType::isolated : MarginType::cross;
    account.fees = {Ratio(rows->decimal(5)), Ratio(rows->decimal(6)), Ratio(rows->decimal(7))};
  }
}

Result<std::vector<Worth>> Keeper::worths() {
  State& s = *state_;
  auto rows = s.connection.prepare(
      "SELECT alias,wallet_now,unrealized_now,hedge_now FROM accounts WHERE era=? ORDER BY number");
  if (!rows) return std::unexpected(rows.error());
  if (auto bound = rows->bind(1, s.era); !bound) return std::unexpected(bound.error());
  std::vector<Worth> all;
  for (;;) {
    const auto more = rows->step();
    if (!more) return std::unexpected(more.error());
    if (!*more) return all;
    all.push_back(
        {rows->text(0), Usdt(rows->decimal(1)), Usdt(rows->decimal(2)), rows->integer(3) != 0});
  }
}

Result<TimePoint> Keeper::last_time() {
  const auto ms = state_->connection.query_integer(
      fmt::format("SELECT last_time FROM eras WHERE era={}", state_->era));
  if (!ms) return std::unexpected(ms.error());
  return from_ms(*ms);
}

Status Keeper::begin_era(const Era& era) {
  State& s = *state_;
  auto transaction = sql::Transaction::begin(s.connection);
  if (!transaction) return std::unexpected(transaction.error());
  const std::int64_t number = s.era + 1;
  auto insert = s.connection.prepare(
      "INSERT INTO eras(era,market,first_day,begun,last_time) VALUES(?,?,?,?,?)");
  if (!insert) return std::unexpected(insert.error());
  const std::array<sql::Value, 5> values{number, era.market, to_ms(era.first_day), to_ms(era.begun),
                                         to_ms(era.begun)};
  if (auto ok = insert->run(values); !ok) return ok;
  auto account_row = s.connection.prepare("INSERT INTO accounts VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)");
  if (!account_row) return std::unexpected(account_row.error());
  for (std::size_t i = 0; i < era.accounts.size(); ++i) {
    const PaperAccount& account = era.accounts[i];
    const std::int64_t balance = account.balance.value().raw();
    const std::array<sql::Value, 13> row{
        number,
        static_cast<std::int64_t>(i),
        account.alias,
        balance,
        std::int64_t{account.hedge},
        std::int64_t{account.default_leverage},
        std::int64_t{account.default_margin == MarginType::isolated},
        account.fees.maker.value().raw(),
        account.fees.taker.value().raw(),
        balance,
        std::int64_t{0},
        std::int64_t{account.hedge},
        account.fees.rpi.value().raw()};
    if (auto ok = account_row->run(row); !ok) return ok;
  }
  if (auto ok = transaction->commit(); !ok) return ok;
  s.era = number;
  return {};
}

Status Keeper::for_each_act(const std::function<Status(const Act&)>& each) {
  State& s = *state_;
  auto rows = s.connection.prepare(
      "SELECT time,account,method,target,body,made_ids,journal FROM acts WHERE era=? ORDER BY act");
  if (!rows) return std::unexpected(rows.error());
  if (auto bound = rows->bind(1, s.era); !bound) return bound;
  for (;;) {
    const auto more = rows->step();
    if (!more) return std::unexpected(more.error());
    if (!*more) return {};
    const auto method = std::clamp<std::int64_t>(rows->integer(2), 0, 3);
    const Act act{from_ms(rows->integer(0)),
                  static_cast<int>(rows->integer(1)),
                  static_cast<net::Method>(method),
                  rows->text(3),
                  rows->text(4),
                  rows->integer(5),
                  rows->integer(6)};
    if (auto done = each(act); !done) return done;
  }
}

void Keeper::watch(std::function<std::pair<TimePoint, std::vector<Worth>>()> look) {
  state_->look = std::move(look);
}

void Keeper::add(Act act) {
  State& s = *state_;
  s.pending.push_back(std::move(act));
  ++s.added;
  s.arm(s.clock.steady_now());
}

void Keeper::State::arm(SteadyTime when) {
  if (timer) return;
  timer = clock.call_at(when, [this] {
    timer.reset();
    if (!flush()) arm(clock.after(kAgain));
  });
}

Status Keeper::State::flush() {
  const Status written = write();
  ++attempts;
  if (!written && !failing && log)
    log->error("paper exchange could not write its file and refuses orders until it can",
               {{"file", connection.path()},
                {"acts_waiting", pending.size()},
                {"error", written.error().text}});
  if (written && failing && log)
    log->info("paper exchange wrote its file again and takes orders",
              {{"file", connection.path()}, {"acts_written", pending.size()}});
  failing = !written;
  if (written) {
    committed += pending.size();
    pending.clear();
  }
  changed.notify();
  return written;
}

Status Keeper::flush() { return state_->flush(); }

bool Keeper::is_failing() const { return state_->failing; }

void Keeper::log_to(const Log& log) { state_->log = log; }

Task<bool> Keeper::saved() {
  State& s = *state_;
  const std::uint64_t wanted = s.added;
  if (s.committed >= wanted) co_return true;
  s.arm(s.clock.steady_now());
  const std::uint64_t attempt = s.attempts;
  while (s.attempts == attempt)
    co_await s.changed.wait();
  co_return s.committed >= wanted;
}

}  // namespace bb::paper
