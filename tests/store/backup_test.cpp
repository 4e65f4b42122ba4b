// Copies of a database in use, and one of them in its place again.
#include "store/backup.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "sql/connection.h"
#include "store/store.h"
#include "support/run.h"

namespace bb::store {
namespace {

namespace fs = std::filesystem;
using bb::test::SimLoop;
using bb::test::TempDir;

const TimePoint kNow = parse_utc_instant("2025-10-10T07:40:00Z").value();

std::unique_ptr<Store> open(const std::string& path, SimLoop& loop) {
  auto store = Store::open({.path = path, .threaded = false, .sync = false}, "paper-me",
                           loop.io.get_executor(), loop.clock, Log(LogLevel::error, null_sink()));
  CAPTURE(store ? "" : store.error().text);
  REQUIRE(store.has_value());
  return std::move(*store);
}

Task<void> sample(Store& store, const char* equity, TimePoint when) {
  Batch batch;
  batch.add(WalletSnapshot{when, Usdt::parse(equity).value(), "API", {}});
  const auto stored = co_await store.commit(std::move(batch));
  CHECK(stored.has_value());
}

TEST_CASE("backup: a copy is made beside the writer, is whole by itself, and is private") {
  bb::test::run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const auto store = open(dir.file("state.db"), loop);
    co_await sample(*store, "1000", kNow);
    const auto copy = make_backup(dir.file("state.db"), dir.file("backups"), kNow);
    CAPTURE(copy ? "" : copy.error().text);
    REQUIRE(copy.has_value());
    CHECK(copy->path == dir.file("backups/state-20251010T074000Z.db"));
    co_await sample(*store, "2000", kNow + Minutes(1));  // the writer goes on
    struct stat info{};
    REQUIRE(stat(copy->path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    CHECK(!fs::exists(copy->path + "-wal"));
    const auto seen = examine_backup(copy->path);
    REQUIRE(seen.has_value());
    CHECK(seen->account == "paper-me");
    CHECK(seen->taken_at == kNow);
    CHECK(!fs::exists(copy->path + "-wal"));  // looking leaves nothing behind
    const auto twice = make_backup(dir.file("state.db"), dir.file("backups"), kNow);
    CHECK(!twice.has_value());
  });
}

TEST_CASE("backup: a folder that is made is private, one that was there keeps its rights") {
  const TempDir dir;
  SimLoop loop(kNow);
  open(dir.file("state.db"), loop).reset();
  const auto rights = [](const std::string& path) {
    struct stat info{};
    REQUIRE(stat(path.c_str(), &info) == 0);
    return static_cast<unsigned>(info.st_mode) & 07777U;
  };
  REQUIRE(make_backup(dir.file("state.db"), dir.file("new"), kNow).has_value());
  CHECK(rights(dir.file("new")) == 0700U);
  fs::create_directory(dir.file("shared"));
  REQUIRE(chmod(dir.file("shared").c_str(), 01777) == 0);
  REQUIRE(make_backup(dir.file("state.db"), dir.file("shared"), kNow).has_value());
  CHECK(rights(dir.file("shared")) == 01777U);
}

TEST_CASE("backup: only so many stay, the newest, and nothing else in the folder is touched") {
  const TempDir dir;
  SimLoop loop(kNow);
  open(dir.file("state.db"), loop).reset();
  for (int day = 0; day < 4; ++day)
    REQUIRE(make_backup(dir.file("state.db"), dir.file("b"), kNow + Hours(24) * day).has_value());
  std::ofstream(dir.file("b/state-notes.db")) << "mine";
  std::ofstream(dir.file("b/other-20251010T074000Z.db")) << "mine";
  CHECK(prune_backups(dir.file("state.db"), dir.file("b"), 2).value() == 2);
  const auto left = list_backups(dir.file("state.db"), dir.file("b"));
  REQUIRE(left.size() == 2);
  CHECK(left.front().taken_at == kNow + Hours(48));
  CHECK(fs::exists(dir.file("b/state-notes.db")));
  CHECK(fs::exists(dir.file("b/other-20251010T074000Z.db")));
}

TEST_CASE("backup: put back, the database says what the copy said, and the former one is kept") {
  bb::test::run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    Result<BackupFacts> copy = fail(ErrorKind::storage, "");
    {
      const auto store = open(dir.file("state.db"), loop);
      co_await sample(*store, "1000", kNow);
      copy = make_backup(dir.file("state.db"), dir.file("backups"), kNow);
      REQUIRE(copy.has_value());
      co_await sample(*store, "2000", kNow + Minutes(1));
    }
    const auto moved = put_back(copy->path, dir.file("state.db"), kNow + Hours(1));
    CAPTURE(moved ? "" : moved.error().text);
    REQUIRE(moved.has_value());
    CHECK(!moved->empty());
    {
      const auto store = open(dir.file("state.db"), loop);
      CHECK(store->load_snapshots()->size() == 1);
    }
    const auto former = open(dir.file("state.db.before-20251010T084000Z"), loop);
    CHECK(former->load_snapshots()->size() == 2);
  });
}

TEST_CASE("backup: a damaged copy, a newer one and another's are refused before anything moves") {
  const TempDir dir;
  SimLoop loop(kNow);
  open(dir.file("state.db"), loop).reset();
  const auto copy = make_backup(dir.file("state.db"), dir.file("b"), kNow);
  REQUIRE(copy.has_value());
  const auto refuses = [&](const std::string& path, const std::string& word) {
    const auto put = put_back(path, dir.file("state.db"), kNow);
    REQUIRE(!put.has_value());
    CAPTURE(put.error().text);
    CHECK(put.error().text.find(word) != std::string::npos);
    CHECK(fs::exists(dir.file("state.db")));
    CHECK(!fs::exists(dir.file("state.db.restoring")));
  };
  refuses(dir.file("none.db"), "none.db");
  fs::copy_file(copy->path, dir.file("torn.db"));
  fs::resize_file(dir.file("torn.db"), fs::file_size(copy->path) / 2);
  refuses(dir.file("torn.db"), "damaged");
  fs::copy_file(copy->path, dir.file("newer.db"));
  {
    auto db = sql::Connection::open_writer(dir.file("newer.db"), {});
    REQUIRE(db->execute("PRAGMA user_version=999").has_value());
  }
  refuses(dir.file("newer.db"), "newer");
  std::ofstream(dir.file("text.db")) << std::string(5000, 'x');
  refuses(dir.file("text.db"), "not a database");
}

TEST_CASE("backup: where nothing can be written it says so, and leaves nothing behind") {
  const TempDir dir;
  SimLoop loop(kNow);
  open(dir.file("state.db"), loop).reset();
  std::ofstream(dir.file("file")) << "x";
  const auto copy = make_backup(dir.file("state.db"), dir.file("file/backups"), kNow);
  REQUIRE(!copy.has_value());
  CHECK(copy.error().text.find("name another folder with --to") != std::string::npos);
  const auto none = make_backup(dir.file("none.db"), dir.file("b"), kNow);
  REQUIRE(!none.has_value());
  CHECK(none.error().text.find("there is no database") != std::string::npos);
}

}  // namespace
}  // namespace bb::store
