// Committer: puts batches on the disk, in order, and never loses one. What the database cannot take
// waits in the backlog and in the spill file, and goes first in the next transaction, so a newer
// row is never overwritten by an older one. What the database then refuses for its content is kept
// aside (refused.h) before the transaction goes on without it.
//
// Belongs to one thread at a time: the writer's, or the loop's in inline mode.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>

#include "store/schema.h"
#include "store/spill.h"

namespace bb::store {

/// A batch of the backlog that the database refused for its content.
struct Refusal {
  std::uint64_t sequence = 0;
  std::string why;
  std::string path;  // of the file that keeps it
};

/// How the committer is after a commit.
struct Condition {
  bool is_healthy = true;        // the last transaction went to the disk
  std::vector<Refusal> refused;  // in this session, each batch once
};

class Committer {
 public:
  /// `spill` is absent for a database in memory. `sync` false: never waits for the device.
  Committer(OpenedDatabase database, bool sync);

  /// Writes the spilled batches of earlier runs and marks the session as begun; `load` reads the
  /// open state inside the same transaction, so it sees both even when the disk then refuses the
  /// COMMIT. That refusal, a `storage` error, leaves the committer unhealthy, with the backlog in
  /// hand; all other errors are returned.
  Status begin_session(const std::function<Status(sql::Connection&)>& load);

  /// One transaction for all groups; one answer per group. A group that the database refuses for
  /// its content gets a `conflict` and the others are written without it; a `storage` error means
  /// the group is in the spill file (or says that even that failed).
  std::vector<Status> commit(std::span<Group> groups);
  /// Marks a clean end. Nothing may be committed afterwards.
  void end_session();

  Condition condition() const { return condition_; }
  sql::Connection& connection() { return database_.connection; }

 private:
  Status migrate();
  Status write(std::span<Group> groups);
  Status transact(std::span<Group> groups);
  Status write_backlog();
  Status write_waiting(const Group& group);
  Status seal(sql::Transaction& transaction);
  Status run(const Group& group);
  Status run(const std::string& sql, std::span<const sql::Value> values);
  Status set_synchronous(bool durable);
  Status reopen();
  Status spill(Group group, const Error& why);

  OpenedDatabase database_;
  std::map<std::string, sql::Statement> statements_;
  std::vector<Group> backlog_;
  std::vector<std::pair<const Group*, Error>> refused_;  // of the backlog, by this transaction
  bool sync_ = true;
  Condition condition_;
  bool must_reopen_ = false;
  std::string synchronous_;
};

}  // namespace bb::store
