// Which files the store opens and which it refuses, and with what sentence.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "builders.h"
#include "sql/connection.h"

namespace bb::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void run_sql(const std::string& path, const std::string& sql) {
  auto connection = sql::Connection::open_writer(path, {});
  if (!connection) FAIL(connection.error().text);
  const Status done = connection->execute(sql);
  if (!done) FAIL(done.error().text);
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A database with enough rows that its pages can be spoiled, left as a crash leaves it.
void make_crashed(const std::string& path) {
  run_sim([&path](SimLoop& loop) -> Task<void> {
    auto opened = open_store(loop, path + ".living");
    for (int i = 0; i < 200; ++i) {
      store::Batch batch;
      batch.put(a_message(opened->next_outbox_id(), some_day()));
      static_cast<void>(co_await opened->commit(std::move(batch)));
    }
    copy_database(path + ".living", path);
  });
}

TEST_CASE("open: the first open makes folder and file; the account is remembered") {
  const TempDir dir;
  const std::string path = dir.file("deep/er/state.db");
  CHECK(open_error(path) == "");
  CHECK(open_error(path) == "");
  const std::string refused = open_error(path, "paper-two");
  CHECK(contains(refused, "belongs to account 'paper-one', this is account 'paper-two'"));
  CHECK(contains(refused, path));
}

TEST_CASE("open: a newer database is refused and left as it is") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  CHECK(open_error(path) == "");
  run_sql(path, "PRAGMA user_version=99");
  CHECK(contains(open_error(path), "was written by a newer bubble-buster (schema 99"));
  CHECK(count_rows(path, "meta") > 0);
}

TEST_CASE("open: other databases are refused, the Python program's with the way to take it over") {
  const TempDir dir;
  run_sql(dir.file("other.db"), "CREATE TABLE mine(x INTEGER)");
  CHECK(contains(open_error(dir.file("other.db")), "is a database of another program"));
  run_sql(dir.file("original.db"),
          "CREATE TABLE runs(run_id TEXT); CREATE TABLE positions(id INTEGER);"
          "CREATE TABLE order_events(id INTEGER)");
  CHECK(contains(open_error(dir.file("original.db")), "bubble-buster import"));
}

TEST_CASE("open: a file that is no database is refused and not touched") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  std::ofstream(path) << std::string(9000, 'x');
  CHECK(contains(open_error(path), "is not a database; check db_path"));
  CHECK(bytes_of(path) == std::string(9000, 'x'));
}

TEST_CASE("open: after an unclean end a damaged file is refused, with advice, and kept") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  make_crashed(path);
  // Fold the WAL into the file, so that the damage is in the page that is read.
  run_sql(path, "PRAGMA wal_checkpoint(TRUNCATE)");
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path) - 4096));
    file << std::string(4096, '\x5a');
  }
  const std::string spoiled = bytes_of(path);
  const std::string refused = open_error(path);
  CHECK(contains(refused, "is damaged"));
  CHECK(contains(refused, "Move it aside"));
  CHECK(contains(refused, "the exchange remains the truth"));
  CHECK(bytes_of(path) == spoiled);
}

TEST_CASE("open: after an unclean end an intact file opens, and says that it was checked") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  make_crashed(path);
  SimLoop loop;
  KeptLog kept;
  store::StoreOptions options;
  options.path = path;
  options.threaded = false;
  auto opened =
      store::Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, kept.log);
  REQUIRE(opened.has_value());
  CHECK((*opened)->pending_messages().size() == 200);
  CHECK(contains(kept.lines, "database was not closed; checked"));
  opened->reset();
  kept.lines.clear();
  opened = store::Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, kept.log);
  REQUIRE(opened.has_value());
  CHECK(kept.lines.empty());
}

TEST_CASE("open: a crash between the first schema and its identity is continued") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  CHECK(open_error(path) == "");
  run_sql(path, "DELETE FROM meta");
  std::filesystem::remove(path + ".spill");
  CHECK(open_error(path) == "");
  CHECK(contains(open_error(path, "paper-two"), "belongs to account 'paper-one'"));
}

TEST_CASE("open: a row with a word that only a newer version knows is not half understood") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  CHECK(open_error(path) == "");
  run_sql(path, "INSERT INTO runs VALUES('r','2025-10-10',0,NULL,'PAUSED','')");
  CHECK(contains(open_error(path), "unknown word 'PAUSED'"));
}

TEST_CASE("open: a folder that cannot be written is named") {
  const TempDir dir;
  std::ofstream(dir.file("file")) << "not a folder";
  CHECK(contains(open_error(dir.file("file/state.db")), "cannot make the folder"));

  chmod(dir.path().c_str(), 0555);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // The superuser may write everywhere; nobody may not.
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(9);
    const std::string refused = open_error(dir.file("state.db"));
    _exit(contains(refused, "must be writable for this user") ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  chmod(dir.path().c_str(), 0755);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace bb::test
