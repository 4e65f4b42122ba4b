#include "store/ops_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "sql/connection.h"
#include "store/schema.h"

namespace bb::store {

namespace {

constexpr std::int32_t kApplicationId = 0x42754F70;  // "BuOp"

using Values = std::vector<sql::Value>;

sql::Value of(std::int64_t number) { return number; }
sql::Value of(const std::string& text) { return text; }
sql::Value of(TimePoint time) { return to_ms(time); }

// Made before SQLite does it with the umask's mode: buttons and users are nobody else's business.
Status make_private(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(ErrorKind::configuration,
                fmt::format("cannot open the bot's database '{}'; its folder must exist and be "
                            "writable for this user ([bot] ops_db)",
                            path));
  ::close(fd);
  return {};
}

CardRecord read_card(const sql::Statement& row) {
  return {row.integer(0), row.integer(1),          row.integer(2),
          row.integer(3), from_ms(row.integer(4)), row.integer(5) != 0};
}

AuditRow read_audit(const sql::Statement& row) {
  return {row.integer(0), from_ms(row.integer(1)),
          row.integer(2), row.integer(3),
          row.integer(4), row.text(5),
          row.text(6),    row.text(7),
          row.text(8)};
}

constexpr const char* kCardColumns =
    "SELECT id, user_id, chat_id, ifnull(message_id, 0), expires_at, is_proposal FROM cards ";
constexpr const char* kAuditColumns =
    "SELECT seq, at, user_id, chat_id, update_id, action, result, previous, hash FROM audit ";

std::string offset_key(std::int64_t bot_id) { return fmt::format("offset.{}", bot_id); }

}  // namespace

struct OpsStore::State {
  sql::Connection db;

  Status run(std::string_view text, const Values& values) {
    auto statement = db.prepare(text);
    if (!statement) return std::unexpected(statement.error());
    return statement->run(values);
  }

  /// Calls `each` per row.
  Status read(std::string_view text, const Values& values, const auto& each) {
    auto statement = db.prepare(text);
    if (!statement) return std::unexpected(statement.error());
    if (auto bound = statement->bind_all(values); !bound) return bound;
    for (;;) {
      const auto row = statement->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return {};
      each(*statement);
    }
  }

  /// How many rows the last statement changed.
  Result<std::int64_t> changes() { return db.query_integer("SELECT changes()"); }

  Status put_value(const std::string& key, const std::string& value) {
    return run("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
               {of(key), of(value)});
  }

  Status put_offset(std::int64_t bot_id, std::int64_t next) {
    return put_value(offset_key(bot_id), std::to_string(next));
  }
};

OpsStore::OpsStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
OpsStore::~OpsStore() = default;

Result<std::unique_ptr<OpsStore>> OpsStore::open(const std::string& path) {
  if (auto made = make_private(path); !made) return std::unexpected(made.error());
  auto connection = sql::Connection::open_writer(path, {});
  if (!connection) return advised(connection.error(), path);
  const sql::Schema schema{kApplicationId, "bubble-buster bot", ops_migration_texts()};
  if (auto migrated = sql::migrate(*connection, schema); !migrated)
    return advised(migrated.error(), path);
  if (auto set = connection->execute("PRAGMA synchronous=NORMAL"); !set)
    return std::unexpected(set.error());
  return std::unique_ptr<OpsStore>(new OpsStore(std::make_unique<State>(std::move(*connection))));
}

Result<std::string> OpsStore::find_value(const std::string& key) {
  std::string value;
  const auto done = state_->read("SELECT value FROM meta WHERE key = ?1", {of(key)},
                                 [&](const auto& row) { value = row.text(0); });
  if (!done) return std::unexpected(done.error());
  return value;
}

Status OpsStore::put_value(const std::string& key, const std::string& value) {
  return state_->put_value(key, value);
}

Result<std::int64_t> OpsStore::next_offset(std::int64_t bot_id) {
  const auto text = find_value(offset_key(bot_id));
  if (!text) return std::unexpected(text.error());
  return text->empty() ? 0 : std::strtoll(text->c_str(), nullptr, 10);
}

Result<bool> OpsStore::take(const TakenUpdate& update) {
  auto transaction = sql::Transaction::begin(state_->db);
  if (!transaction) return std::unexpected(transaction.error());
  const auto put = state_->run(
      "INSERT INTO updates VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6) ON CONFLICT DO NOTHING",
      {of(update.bot_id), of(update.update_id), of(update.user_id), of(update.chat_id),
       of(update.action), of(update.received_at)});
  if (!put) return std::unexpected(put.error());
  const auto changed = state_->changes();
  if (!changed) return std::unexpected(changed.error());
  if (auto moved = state_->put_offset(update.bot_id, update.update_id + 1); !moved)
    return std::unexpected(moved.error());
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return *changed == 1;
}

Status OpsStore::skip(std::int64_t bot_id, std::int64_t update_id) {
  return state_->put_offset(bot_id, update_id + 1);
}

Status OpsStore::finish(std::int64_t bot_id, std::int64_t update_id) {
  return state_->run("UPDATE updates SET state = 'done' WHERE bot_id = ?1 AND update_id = ?2",
                     {of(bot_id), of(update_id)});
}

Result<std::vector<TakenUpdate>> OpsStore::interrupt_running() {
  std::vector<TakenUpdate> found;
  const auto read = state_->read(
      "SELECT bot_id, update_id, user_id, chat_id, action, received_at FROM updates "
      "WHERE state = 'running' ORDER BY update_id",
      {}, [&](const auto& row) {
        found.push_back({row.integer(0), row.integer(1), row.integer(2), row.integer(3),
                         row.text(4), from_ms(row.integer(5))});
      });
  if (!read) return std::unexpected(read.error());
  const auto marked =
      state_->run("UPDATE updates SET state = 'interrupted' WHERE state = 'running'", {});
  if (!marked) return std::unexpected(marked.error());
  return found;
}

Result<std::int64_t> OpsStore::put_card(const CardRecord& card,
                                        const std::vector<ButtonRecord>& buttons) {
  auto transaction = sql::Transaction::begin(state_->db);
  if (!transaction) return std::unexpected(transaction.error());
  if (card.message_id != 0)
    if (auto gone = state_->run("DELETE FROM cards WHERE chat_id = ?1 AND message_id = ?2",
                                {of(card.chat_id), of(card.message_id)});
        !gone)
      return std::unexpected(gone.error());
  const auto put = state_->run(
      "INSERT INTO cards (user_id, chat_id, message_id, expires_at, is_proposal) "
      "VALUES (?1, ?2, nullif(?3, 0), ?4, ?5)",
      {of(card.user_id), of(card.chat_id), of(card.message_id), of(card.expires_at),
       of(std::int64_t{card.is_proposal ? 1 : 0})});
  if (!put) return std::unexpected(put.error());
  const auto id = state_->db.query_integer("SELECT last_insert_rowid()");
  if (!id) return id;
  for (const auto& button : buttons)
    if (auto added = state_->run("INSERT INTO buttons VALUES (?1, ?2, ?3)",
                                 {of(button.nonce), of(*id), of(button.action)});
        !added)
      return std::unexpected(added.error());
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return *id;
}

Status OpsStore::bind_card(std::int64_t id, std::int64_t message_id) {
  return state_->run("UPDATE cards SET message_id = ?2 WHERE id = ?1 AND message_id IS NULL",
                     {of(id), of(message_id)});
}

Result<std::optional<OpsStore::Pressed>> OpsStore::find_button(const std::string& nonce) {
  std::optional<Pressed> found;
  const auto read = state_->read(
      "SELECT c.id, c.user_id, c.chat_id, ifnull(c.message_id, 0), c.expires_at, c.is_proposal, "
      "b.action FROM buttons b JOIN cards c ON c.id = b.card_id WHERE b.nonce = ?1",
      {of(nonce)}, [&](const auto& row) { found = Pressed{read_card(row), row.text(6)}; });
  if (!read) return std::unexpected(read.error());
  return found;
}

Result<bool> OpsStore::use_card(std::int64_t id) {
  if (auto gone = state_->run("DELETE FROM cards WHERE id = ?1", {of(id)}); !gone)
    return std::unexpected(gone.error());
  const auto changed = state_->changes();
  if (!changed) return std::unexpected(changed.error());
  return *changed == 1;
}

Result<std::vector<CardRecord>> OpsStore::take_expired_cards(TimePoint now) {
  std::vector<CardRecord> found;
  const auto read =
      state_->read(std::string(kCardColumns) + "WHERE expires_at <= ?1 ORDER BY id", {of(now)},
                   [&](const auto& row) { found.push_back(read_card(row)); });
  if (!read) return std::unexpected(read.error());
  if (auto gone = state_->run("DELETE FROM cards WHERE expires_at <= ?1", {of(now)}); !gone)
    return std::unexpected(gone.error());
  return found;
}

Result<OpsUser> OpsStore::find_user(std::int64_t user_id) {
  OpsUser user;
  user.user_id = user_id;
  const auto read = state_->read(
      "SELECT language, totp_used, wrong_codes, locked_until FROM users WHERE user_id = ?1",
      {of(user_id)}, [&](const auto& row) {
        user = {user_id, row.text(0), row.integer(1), row.integer(2), from_ms(row.integer(3))};
      });
  if (!read) return std::unexpected(read.error());
  return user;
}

Status OpsStore::put_user(const OpsUser& user) {
  return state_->run("INSERT OR REPLACE INTO users VALUES (?1, ?2, ?3, ?4, ?5)",
                     {of(user.user_id), of(user.language), of(user.totp_used), of(user.wrong_codes),
                      of(user.locked_until)});
}

Result<std::optional<AuditRow>> OpsStore::last_audit() {
  std::optional<AuditRow> found;
  const auto read = state_->read(std::string(kAuditColumns) + "ORDER BY seq DESC LIMIT 1", {},
                                 [&](const auto& row) { found = read_audit(row); });
  if (!read) return std::unexpected(read.error());
  return found;
}

Status OpsStore::add_audit(const AuditRow& row) {
  return state_->run("INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                     {of(row.seq), of(row.at), of(row.user_id), of(row.chat_id), of(row.update_id),
                      of(row.action), of(row.result), of(row.previous), of(row.hash)});
}

Result<std::vector<AuditRow>> OpsStore::load_audit(std::int64_t from, std::int64_t limit) {
  std::vector<AuditRow> rows;
  const auto read = state_->read(
      std::string(kAuditColumns) + "WHERE seq >= ?1 ORDER BY seq LIMIT ?2", {of(from), of(limit)},
      [&](const auto& row) { rows.push_back(read_audit(row)); });
  if (!read) return std::unexpected(read.error());
  return rows;
}

Status OpsStore::prune(TimePoint before) {
  return state_->run("DELETE FROM updates WHERE state <> 'running' AND received_at < ?1",
                     {of(before)});
}

}  // namespace bb::store
