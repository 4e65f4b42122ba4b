// The account's own files: home, lock, latch, database.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "app/doctor_checks.h"
#include "store/inspect.h"
#include "store/latch.h"

namespace bb::app {

namespace {

Finding check_home(const std::string& home) {
  struct stat info{};
  if (stat(home.c_str(), &info) != 0) return fine("home", home + ": not made yet");
  const auto mode = info.st_mode & 07777;
  const std::string found = fmt::format("{}, mode {:04o}", home, mode);
  if (info.st_uid != geteuid() && geteuid() != 0)
    return fault("home", fmt::format("{}, owned by user {}", found, info.st_uid),
                 fmt::format("run as that user, or chown -R {} {}", geteuid(), home));
  if ((mode & (S_IRWXG | S_IRWXO)) != 0)
    return fault("home", found + ": others may stop entries, or command the service",
                 "chmod 700 " + home);
  return fine("home", found);
}

Finding check_lock(const Config& config, const std::string& home) {
  for (const auto& file : {home + "/lock", config.runtime.lock_file})
    if (const auto holder = store::find_holder(file))
      return fine("lock", fmt::format("the account is held by {}", *holder));
  return fine("lock", "free: nobody holds the account");
}

Finding check_latch(const std::string& home) {
  const auto note = store::Latch(home).read();
  if (!note) return fine("latch", "not set: entries may open positions");
  const std::string found =
      fmt::format("{} since {} by {}: {}",
                  note->kind == store::LatchKind::paused ? "entries are paused" : "halted",
                  iso_seconds(note->since), note->who.empty() ? "somebody" : note->who, note->why);
  if (note->kind == store::LatchKind::paused)
    return warning("latch", found, "nothing is opened until somebody resumes");
  return fault("latch", found,
               "find out what happened; nothing is opened until somebody resumes. Positions are "
               "protected meanwhile");
}

}  // namespace

Finding check_database(const Config& config, const std::string& account) {
  const auto& path = config.runtime.db_path;
  const auto facts = store::inspect_database(path);
  if (!facts)
    return fault("database", facts.error().text, "correct [runtime] db_path, or restore a backup");
  if (!*facts) return fine("database", path + ": there is none yet; the first start makes it");
  const auto& db = **facts;
  const std::string found = fmt::format("{}: whole, schema {} of {}, of account '{}'", path,
                                        db.version, db.newest, db.account);
  if (!account.empty() && !db.account.empty() && db.account != account)
    return fault("database", fmt::format("{}; this is account '{}'", found, account),
                 "give each account and environment its own [runtime] db_path");
  if (db.has_refused_records)
    return warning("database",
                   found + "; it refused records of ours, kept in " + path + ".spill.refused",
                   "compare with `bubble-buster audit`, then move that file away");
  if (db.version < db.newest)
    return fine("database", found + "; the next start brings it to the newest");
  return fine("database", found);
}

Findings check_account_files(const Config& config, const exchange::AccountIdentity& identity) {
  const auto& runtime = config.runtime;
  const std::string home =
      store::AccountHome::path_of(runtime.state_dir, identity.environment, identity.alias);
  Findings out;
  out.push_back(check_folder("state folder", home, "state_dir"));
  out.push_back(check_home(home));
  out.push_back(check_lock(config, home));
  out.push_back(check_latch(home));
  out.push_back(check_folder(
      "database folder", std::filesystem::path(runtime.db_path).parent_path().string(), "db_path"));
  out.push_back(check_database(config, identity.environment + "-" + identity.alias));
  out.push_back(check_folder("log folder", runtime.log_dir, "log_dir"));
  return out;
}

}  // namespace bb::app
