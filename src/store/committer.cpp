#include "store/committer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/plant.h"
#include "store/refused.h"

namespace bb::store {

Committer::Committer(OpenedDatabase database, bool sync)
    : database_(std::move(database)), backlog_(std::move(database_.backlog)), sync_(sync) {}

// Spilled statements were written for the schema of their time, so they go in before it changes.
Status Committer::migrate() {
  if (!database_.is_outdated) return {};
  {
    auto transaction = sql::Transaction::begin(connection());
    if (!transaction) return std::unexpected(transaction.error());
    if (auto written = write_backlog(); !written) return written;
    if (auto committed = seal(*transaction); !committed) return committed;
  }
  backlog_.clear();
  return sql::migrate(connection(), store_schema());
}

Status Committer::begin_session(const std::function<Status(sql::Connection&)>& load) {
  if (auto set = set_synchronous(true); !set) return set;
  if (auto migrated = migrate(); !migrated) return migrated;
  auto transaction = sql::Transaction::begin(connection());
  if (!transaction) return std::unexpected(transaction.error());
  if (auto written = write_backlog(); !written) return written;
  if (auto marked = put_meta(connection(), "clean_end", "0"); !marked) return marked;
  if (auto marked = put_meta(connection(), "last_version", BB_VERSION); !marked) return marked;
  if (auto loaded = load(connection()); !loaded) return loaded;
  const auto committed = seal(*transaction);
  if (!committed) {
    if (committed.error().kind != ErrorKind::storage || !database_.spill) return committed;
    condition_.is_healthy = false;
    must_reopen_ = sql::is_io_error(committed.error());
    return {};
  }
  backlog_.clear();
  return database_.spill ? database_.spill->clear() : Status();
}

std::vector<Status> Committer::commit(std::span<Group> groups) {
  const Status together = write(groups);
  if (together) return std::vector<Status>(groups.size());

  std::vector<Status> answers;
  if (together.error().kind == ErrorKind::conflict) {
    if (groups.size() == 1) return {together};
    for (Group& group : groups)
      answers.push_back(commit(std::span(&group, 1)).front());
    return answers;
  }
  condition_.is_healthy = false;
  for (Group& group : groups)
    answers.push_back(spill(std::move(group), together.error()));
  return answers;
}

Status Committer::write(std::span<Group> groups) {
  if (must_reopen_)
    if (auto reopened = reopen(); !reopened) return reopened;
  const bool durable = !backlog_.empty() || std::any_of(groups.begin(), groups.end(),
                                                        [](const Group& g) { return g.durable; });
  if (auto set = set_synchronous(durable); !set) return set;

  if (const Status status = transact(groups); !status) {
    // A device that failed a write or a sync may report success for the same pages later: the next
    // attempt starts from the file, with a new handle.
    must_reopen_ = sql::is_io_error(status.error()) && database_.spill.has_value();
    return status;
  }
  condition_.is_healthy = true;
  if (backlog_.empty()) return {};
  backlog_.clear();
  // If this fails, the frames are known as written by their sequence.
  static_cast<void>(database_.spill->clear());
  return {};
}

Status Committer::transact(std::span<Group> groups) {
  auto transaction = sql::Transaction::begin(connection());
  if (!transaction) return std::unexpected(transaction.error());
  if (auto written = write_backlog(); !written) return written;
  for (const Group& group : groups)
    if (auto done = run(group); !done) return done;
  return seal(*transaction);
}

// Each group under a savepoint: one that the database refuses for its content must not hold back
// all others for ever.
Status Committer::write_backlog() {
  refused_.clear();
  if (backlog_.empty()) return {};
  for (const Group& group : backlog_) {
    if (auto begun = connection().execute("SAVEPOINT one_group"); !begun) return begun;
    const Status written = write_waiting(group);
    if (!written && written.error().kind != ErrorKind::conflict) return written;
    if (!written) {
      refused_.emplace_back(&group, written.error());
      if (auto undone = connection().execute("ROLLBACK TO one_group"); !undone) return undone;
    }
    if (auto ended = connection().execute("RELEASE one_group"); !ended) return ended;
  }
  return put_meta(connection(), "spill_applied", std::to_string(backlog_.back().sequence));
}

// A reference that is checked at the end would fail the COMMIT, and everything with it.
Status Committer::write_waiting(const Group& group) {
  if (auto done = run(group); !done) return done;
  if (!connection().has_unresolved_references()) return {};
  return fail(ErrorKind::conflict, "database '" + connection().path() +
                                       "': a row refers to one that does not exist (FOREIGN KEY)");
}

// What the transaction goes on without is kept aside before it is committed. Where that fails, the
// transaction fails like on a full disk, and the spill file keeps everything.
Status Committer::seal(sql::Transaction& transaction) {
  for (const auto& [group, error] : refused_) {
    const auto is_same = [&](const Refusal& known) { return known.sequence == group->sequence; };
    if (std::ranges::any_of(condition_.refused, is_same)) continue;
    const std::string path = refused_path(connection().path());
    if (auto kept = append_refused(path, *group, error.text); !kept) return kept;
    condition_.refused.push_back({group->sequence, error.text, path});
  }
  return transaction.commit();
}

Status Committer::run(const Group& group) {
  for (const Write& write : group.writes)
    if (auto done = run(write.sql, write.values); !done) return done;
  return {};
}

Status Committer::run(const std::string& sql, std::span<const sql::Value> values) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    auto statement = connection().prepare(sql);
    if (!statement) return std::unexpected(statement.error());
    found = statements_.emplace(sql, std::move(*statement)).first;
  }
  return found->second.run(values);
}

Status Committer::set_synchronous(bool durable) {
  std::string wanted = "OFF";
  if (sync_) wanted = durable && !planted("intent_not_synced") ? "FULL" : "NORMAL";
  if (wanted == synchronous_) return {};
  if (auto set = connection().execute("PRAGMA synchronous=" + wanted); !set) return set;
  synchronous_ = wanted;
  return {};
}

Status Committer::reopen() {
  statements_.clear();
  synchronous_.clear();
  auto fresh = sql::Connection::open_writer(connection().path(), database_.options);
  if (!fresh) return std::unexpected(fresh.error());
  database_.connection = std::move(*fresh);
  must_reopen_ = false;
  return {};
}

Status Committer::spill(Group group, const Error& why) {
  if (!database_.spill) return std::unexpected(why);
  group.sequence = database_.next_sequence++;
  const Status kept = database_.spill->append(group);
  backlog_.push_back(std::move(group));
  if (kept)
    return fail(ErrorKind::storage,
                why.text + "; the changes are kept in the spill file until the disk takes them",
                why.code);
  return fail(
      ErrorKind::storage,
      fmt::format("{}; the changes are kept in memory only: {}", why.text, kept.error().text),
      why.code);
}

void Committer::end_session() {
  // Any failure leaves the mark of an unclean end, which is then the truth.
  if (must_reopen_ || database_.is_unchecked || !set_synchronous(true)) return;
  auto transaction = sql::Transaction::begin(connection());
  if (!transaction) return;
  if (!write_backlog() || !put_meta(connection(), "clean_end", "1")) return;
  if (!seal(*transaction) || backlog_.empty() || !database_.spill) return;
  static_cast<void>(database_.spill->clear());
}

}  // namespace bb::store
