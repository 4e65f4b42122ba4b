#include "store/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sql/connection.h"
#include "store/durable_file.h"
#include "store/inspect.h"

namespace bb::store {

namespace fs = std::filesystem;

namespace {

constexpr Millis kBusyTimeout{5000};
constexpr std::size_t kStampSize = 16;  // "20261122T074000Z"
constexpr const char* kBeside[] = {"", "-wal", "-shm", "-journal", ".spill"};

std::string stamp_of(TimePoint when) {
  std::string out;
  for (const char c : iso_seconds(when).substr(0, 19))
    if (c != '-' && c != ':') out += c;
  return out + "Z";
}

std::optional<TimePoint> time_of_stamp(std::string_view s) {
  if (s.size() != kStampSize) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t size) {
    return std::string(s.substr(at, size));
  };
  const auto time = parse_utc_instant(part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" +
                                      part(9, 2) + ":" + part(11, 2) + ":" + part(13, 2) + "Z");
  if (!time || s[8] != 'T' || s[15] != 'Z') return std::nullopt;
  return *time;
}

std::unexpected<Error> problem(const std::string& path, const std::string& why) {
  return fail(ErrorKind::storage, fmt::format("'{}': {}", path, why));
}

Status sync_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return problem(path, std::strerror(errno));
  const bool done = fsync(fd) == 0;
  give_to_owner(fd, path);
  close(fd);
  if (!done) return problem(path, std::strerror(errno));
  return {};
}

void remove_with_beside(const std::string& path) {
  std::error_code ignored;
  for (const char* suffix : kBeside)
    fs::remove(path + suffix, ignored);
}

// For its owner alone before the first byte of it is there.
Status make_private(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return problem(path, std::strerror(errno));
  close(fd);
  return {};
}

// One file: a copy that needs its WAL beside it would be restored without it some day.
Status copy_whole(const std::string& database, const std::string& aside) {
  auto source = sql::Connection::open_reader(database, kBusyTimeout);
  if (!source) return std::unexpected(source.error());
  auto copy = sql::Connection::open_writer(aside, {kBusyTimeout});
  if (!copy) return std::unexpected(copy.error());
  if (auto copied = source->copy_into(*copy); !copied) return copied;
  const auto mode = copy->query_text("PRAGMA journal_mode=DELETE");
  if (!mode) return std::unexpected(mode.error());
  const auto verdict = copy->query_text("PRAGMA integrity_check(1)");
  if (!verdict) return std::unexpected(verdict.error());
  if (*verdict != "ok") return problem(database, "its copy is damaged: " + *verdict);
  return {};
}

std::string stem_of(const std::string& database) { return fs::path(database).stem().string(); }

}  // namespace

Result<BackupFacts> make_backup(const std::string& database, const std::string& folder,
                                TimePoint now) {
  std::error_code error;
  if (!fs::exists(database, error))
    return fail(ErrorKind::configuration,
                fmt::format("there is no database '{}'; check db_path", database));
  const bool is_new = fs::create_directories(folder, error);
  if (error)
    return fail(ErrorKind::configuration,
                fmt::format("cannot make '{}': {}; name another folder with --to", folder,
                            error.message()));
  if (is_new) chmod(folder.c_str(), 0700);  // another's, such as /tmp, stays as it is
  const std::string path =
      (fs::path(folder) / fmt::format("{}-{}.db", stem_of(database), stamp_of(now))).string();
  if (fs::exists(path, error)) return problem(path, "there is such a copy already");
  const std::string aside = path + ".part";
  remove_with_beside(aside);
  auto done = make_private(aside);
  if (done) done = copy_whole(database, aside);
  if (done) done = sync_file(aside);
  if (done && rename(aside.c_str(), path.c_str()) != 0) done = problem(path, std::strerror(errno));
  if (done) done = sync_folder(path);
  if (!done) {
    remove_with_beside(aside);
    return std::unexpected(done.error());
  }
  return BackupFacts{path, now, fs::file_size(path, error), {}};
}

std::vector<BackupFacts> list_backups(const std::string& database, const std::string& folder) {
  std::vector<BackupFacts> found;
  const std::string prefix = stem_of(database) + "-";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(".db")) continue;
    const auto taken = time_of_stamp(
        std::string_view(name).substr(prefix.size(), name.size() - prefix.size() - 3));
    if (taken) found.push_back({entry.path().string(), *taken, entry.file_size(ignored), {}});
  }
  std::ranges::sort(found, {}, &BackupFacts::taken_at);
  return found;
}

Result<int> prune_backups(const std::string& database, const std::string& folder,
                          std::size_t keep) {
  const auto found = list_backups(database, folder);
  int removed = 0;
  for (std::size_t i = 0; i + keep < found.size(); ++i) {
    if (auto done = remove_durably(found[i].path); !done) return std::unexpected(done.error());
    ++removed;
  }
  return removed;
}

Result<BackupFacts> examine_backup(const std::string& path) {
  std::error_code error;
  BackupFacts facts;
  facts.path = path;
  facts.bytes = fs::file_size(path, error);
  if (error) return fail(ErrorKind::configuration, fmt::format("there is no copy '{}'", path));
  const std::string name = fs::path(path).stem().string();
  if (name.size() > kStampSize)
    facts.taken_at = time_of_stamp(std::string_view(name).substr(name.size() - kStampSize))
                         .value_or(TimePoint());
  const auto inside = inspect_database(path);
  if (!inside) return std::unexpected(inside.error());
  if (!*inside || (*inside)->version == 0) return problem(path, "nothing is in it");
  facts.account = (*inside)->account;
  return facts;
}

Result<std::vector<std::string>> put_back(const std::string& backup, const std::string& database,
                                          TimePoint now) {
  const auto examined = examine_backup(backup);
  if (!examined) return std::unexpected(examined.error());
  const std::string aside = database + ".restoring";
  std::error_code error;
  remove_with_beside(aside);
  if (auto made = make_private(aside); !made) return std::unexpected(made.error());
  fs::copy_file(backup, aside, fs::copy_options::overwrite_existing, error);
  Status done;
  if (error) done = problem(aside, error.message());
  if (done) done = sync_file(aside);
  if (done)
    if (const auto read = examine_backup(aside); !read) done = std::unexpected(read.error());
  std::vector<std::string> moved;
  const std::string suffix = ".before-" + stamp_of(now);
  for (const char* beside : kBeside) {
    if (!done || !fs::exists(database + beside, error)) continue;
    const std::string kept = database + suffix + beside;
    if (rename((database + beside).c_str(), kept.c_str()) != 0)
      done = problem(kept, std::strerror(errno));
    else
      moved.push_back(kept);
  }
  if (done && rename(aside.c_str(), database.c_str()) != 0)
    done = problem(database, std::strerror(errno));
  if (done) done = sync_folder(database);
  if (done) return moved;
  remove_with_beside(aside);
  return std::unexpected(done.error());
}

}  // namespace bb::store
