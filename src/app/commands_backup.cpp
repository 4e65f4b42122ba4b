// backup and restore: copies of the account's database, and one of them in its place again.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "app/commands.h"
#include "app/database_locks.h"
#include "app/exit_codes.h"
#include "app/report.h"
#include "app/restore_guard.h"
#include "net/json.h"
#include "store/backup.h"
#include "store/import.h"
#include "store/store.h"

namespace bb::app {

namespace {

namespace fs = std::filesystem;
using net::JsonWriter;

std::string folder_of_backups(const Config& config, const std::string& named) {
  if (!named.empty()) return fs::absolute(named).string();
  return (fs::path(config.runtime.db_path).parent_path() / "backups").string();
}

Task<int> do_backup(Session& session, const BackupCommand& command) {
  const Config& config = session.config();
  const std::string folder = folder_of_backups(config, command.to);
  const TimePoint now = session.clock().utc_now();
  std::vector<std::string> databases{config.runtime.db_path};
  std::error_code ignored;
  if (fs::exists(config.bot.ops_db, ignored)) databases.push_back(config.bot.ops_db);
  std::string text;
  JsonWriter json;
  json.begin_object().field("command", "backup").key("copies").begin_array();
  for (const auto& database : databases) {
    const auto copy = store::make_backup(database, folder, now);
    if (!copy) co_return report_error(copy.error(), session.json());
    int removed = 0;
    if (command.keep) {
      const auto pruned =
          store::prune_backups(database, folder, static_cast<std::size_t>(*command.keep));
      if (!pruned) co_return report_error(pruned.error(), session.json());
      removed = *pruned;
    }
    text += fmt::format("{}: {} bytes, read through{}\n", copy->path, copy->bytes,
                        removed > 0 ? fmt::format("; {} older ones removed", removed) : "");
    json.begin_object()
        .field("path", copy->path)
        .field("bytes", copy->bytes)
        .field("removed", removed)
        .end_object();
  }
  json.end_array().end_object();
  print(Rendered{json.take() + "\n", text}, session.json());
  co_return kDone;
}

/// What stands in a database, in a few numbers.
struct Figures {
  std::size_t runs = 0, positions = 0, open = 0, fills = 0, snapshots = 0;
  std::optional<TimePoint> last_snapshot;
};

Result<Figures> figures_of(const std::string& path, const std::string& account, Clock& clock) {
  const auto store = store::Store::open_for_reading(path, account, clock);
  if (!store) return std::unexpected(store.error());
  const auto runs = (*store)->load_runs();
  const auto holdings = (*store)->load_holdings();
  const auto fills = (*store)->load_fills();
  const auto snapshots = (*store)->load_snapshots();
  if (!runs || !holdings || !fills || !snapshots)
    return fail(ErrorKind::storage, fmt::format("'{}' cannot be read", path));
  return Figures{runs->size(),  holdings->size(),  (*store)->open_holdings().size(),
                 fills->size(), snapshots->size(), (*store)->last_snapshot_time()};
}

std::string text_of(const std::string& name, const Result<Figures>& figures) {
  if (!figures) return fmt::format("  {}: {}\n", name, figures.error().text);
  return fmt::format(
      "  {}: {} runs, {} positions ({} open), {} fills, {} samples{}\n", name, figures->runs,
      figures->positions, figures->open, figures->fills, figures->snapshots,
      figures->last_snapshot ? ", the last of " + iso_seconds(*figures->last_snapshot)
                             : std::string());
}

void write(JsonWriter& json, std::string_view name, const Result<Figures>& figures) {
  if (!figures) {
    json.field(std::string(name) + "_error", figures.error().text);
    return;
  }
  json.key(name)
      .begin_object()
      .field("runs", figures->runs)
      .field("positions", figures->positions)
      .field("open", figures->open)
      .field("fills", figures->fills)
      .field("samples", figures->snapshots)
      .end_object();
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code ignored;
    std::string name = (fs::temp_directory_path(ignored) / "bubble-buster-drill-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Everything that a restore does, to a place where it hurts nobody, and then what a start does.
Task<int> drill(Session& session, const store::BackupFacts& copy) {
  const TemporaryFolder folder;
  if (folder.path().empty())
    co_return report_error({ErrorKind::storage, "no temporary folder can be made", 0},
                           session.json());
  const std::string trial = folder.path() + "/state.db";
  const auto put = store::put_back(copy.path, trial, session.clock().utc_now());
  if (!put) co_return report_error(put.error(), session.json());
  {
    const auto opened = store::Store::open({.path = trial, .threaded = false}, copy.account,
                                           co_await boost::asio::this_coro::executor,
                                           session.clock(), session.log());
    if (!opened) co_return report_error(opened.error(), session.json());
  }
  const auto restored = figures_of(trial, copy.account, session.clock());
  const auto present = figures_of(session.config().runtime.db_path, copy.account, session.clock());
  const auto age = std::chrono::duration_cast<Minutes>(session.clock().utc_now() - copy.taken_at);
  const bool is_good = restored.has_value();
  JsonWriter json;
  json.begin_object()
      .field("command", "restore")
      .field("drill", true)
      .field("file", copy.path)
      .field("account", copy.account)
      .field("age_minutes", age.count())
      .field("restorable", is_good);
  write(json, "copy", restored);
  write(json, "present", present);
  json.end_object();
  print(
      Rendered{json.take() + "\n",
               fmt::format("{}: {}, {} minutes old\n", copy.path,
                           is_good ? "it can be restored" : "it CANNOT be restored", age.count()) +
                   text_of("copy", restored) + text_of("present", present)},
      session.json());
  co_return is_good ? kDone : kFailed;
}

// What was done since the copy is in no record of ours: the slot that may have run since does not
// run again.
Task<Status> guard_against_repeats(Session& session, const store::BackupFacts& copy,
                                   std::string why) {
  const Config& config = session.config();
  const auto store =
      store::Store::open({.path = config.runtime.db_path, .threaded = false}, copy.account,
                         co_await boost::asio::this_coro::executor, session.clock(), session.log());
  if (!store) co_return std::unexpected(store.error());
  co_return co_await skip_latest_entry(**store, config.runtime.entry_schedule(),
                                       session.clock().utc_now(), std::move(why));
}

Task<int> do_restore(Session& session, const RestoreCommand& command) {
  const Config& config = session.config();
  const std::string& database = config.runtime.db_path;
  std::string file = command.file;
  if (file.empty()) {
    const std::string folder = folder_of_backups(config, command.folder);
    const auto copies = store::list_backups(database, folder);
    if (copies.empty())
      co_return report_error(
          {ErrorKind::configuration,
           fmt::format("there is no copy of '{}' in '{}'; name one with --file", database, folder),
           0},
          session.json());
    file = copies.back().path;
  }
  const auto copy = store::examine_backup(file);
  if (!copy) co_return report_error(copy.error(), session.json());
  if (command.drill) co_return co_await drill(session, *copy);
  if (const auto owner = store::find_owner(database);
      owner && !owner->empty() && *owner != copy->account)
    co_return report_error({ErrorKind::configuration,
                            fmt::format("'{}' belongs to account '{}', and '{}' to '{}'",
                                        copy->path, copy->account, database, *owner),
                            0},
                           session.json());
  std::vector<std::string> moved;
  if (command.apply) {
    auto locks = co_await lock_database(session, config, copy->account, "bubble-buster restore");
    if (!locks) co_return report_error(locks.error(), session.json());
    const std::string why = "the database was restored from " + iso_seconds(copy->taken_at);
    // Before the old records are back: whatever goes wrong from here on, nothing is opened until a
    // person has looked.
    if (locks->home)
      if (const auto set = locks->home->latch().set(
              {store::LatchKind::paused, "bubble-buster restore", why, session.clock().utc_now()});
          !set)
        co_return report_error(set.error(), session.json());
    auto done = store::put_back(copy->path, database, session.clock().utc_now());
    if (!done) co_return report_error(done.error(), session.json());
    moved = std::move(*done);
    if (locks->home)
      if (const auto guarded = co_await guard_against_repeats(session, *copy, why); !guarded)
        co_return report_error(guarded.error(), session.json());
  }
  JsonWriter json;
  json.begin_object()
      .field("command", "restore")
      .field("applied", command.apply)
      .field("file", copy->path)
      .field("database", database)
      .key("moved")
      .begin_array();
  std::string text = fmt::format(
      "{} {} -> {}\n", command.apply ? "restored:" : "with --apply:", copy->path, database);
  for (const auto& each : moved) {
    json.value(each);
    text += "  kept: " + each + "\n";
  }
  json.end_array().end_object();
  if (command.apply)
    text +=
        "Entries are paused: look at `bubble-buster status` and `bubble-buster audit`, then "
        "`bubble-buster resume`.\n";
  print(Rendered{json.take() + "\n", text}, session.json());
  co_return kDone;
}

Log quiet_log() { return Log(LogLevel::error, stderr_sink()); }

}  // namespace

int run_command(const CommandContext& context, const BackupCommand& command) {
  Session session(context.config, quiet_log(), context.json);
  const auto body = [&](Session& s) { return do_backup(s, command); };
  return session.run(settled(context.config, body), AfterStop::own_code);
}

int run_command(const CommandContext& context, const RestoreCommand& command) {
  Session session(context.config, quiet_log(), context.json);
  const auto body = [&](Session& s) { return do_restore(s, command); };
  return session.run(settled(context.config, body), AfterStop::own_code);
}

}  // namespace bb::app
