// Which files the store opens and which it refuses, and with what sentence.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "builders.h"
#include "sql/connection.h"
#include "store/schema.h"

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
  CHECK(contains(kept.lines, "database was not closed"));
  opened->reset();
  kept.lines.clear();
  opened = store::Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, kept.log);
  REQUIRE(opened.has_value());
  CHECK(kept.lines.empty());
}

TEST_CASE("open: whoever must close looks through no pages, and leaves that to the next") {
  TempDir dir;
  const std::string path = dir.file("state.db");
  make_crashed(path);
  SimLoop loop;
  KeptLog kept;
  store::StoreOptions options;
  options.path = path;
  options.threaded = false;
  options.checks_pages = false;
  auto opened =
      store::Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, kept.log);
  REQUIRE(opened.has_value());
  CHECK((*opened)->pending_messages().size() == 200);
  opened->reset();
  kept.lines.clear();
  options.checks_pages = true;
  opened = store::Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, kept.log);
  REQUIRE(opened.has_value());
  CHECK(contains(kept.lines, "database was not closed"));
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

// What open_for_reading() is refused with; empty when it is not.
std::string reading_error(const std::string& path, const std::string& account = "paper-one") {
  SimLoop loop;
  const auto opened = store::Store::open_for_reading(path, account, loop.clock);
  return opened ? std::string() : opened.error().text;
}

TEST_CASE("open for reading: beside the store that writes, and the file is left as it is") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    auto holder = open_store(loop, path);
    const auto put = [&holder](const std::string& symbol, std::int64_t trade) {
      store::Batch batch;
      store::FillRecord fill = a_fill(symbol, trade);
      const store::Holding holding = a_holding(holder->next_holding_id(), symbol);
      fill.holding_id = holding.id;
      batch.put(holding).put(an_intent("entry-" + symbol, symbol)).add(fill);
      return holder->commit(std::move(batch));
    };
    const Status first = co_await put("BTCUSDT", 1);
    CHECK(first.has_value());
    const std::string before = bytes_of(path) + bytes_of(path + "-wal") + bytes_of(path + ".spill");
    const auto reading = store::Store::open_for_reading(path, "paper-one", loop.clock);
    REQUIRE(reading.has_value());
    CHECK((*reading)->open_holdings().size() == 1);
    CHECK((*reading)->unresolved_intents().size() == 1);
    CHECK((*reading)->load_fills().value().size() == 1);
    CHECK(bytes_of(path) + bytes_of(path + "-wal") + bytes_of(path + ".spill") == before);

    const Status second = co_await put("ETHUSDT", 2);
    CHECK(second.has_value());
    CHECK((*reading)->load_fills().value().size() == 2);
    CHECK((*reading)->open_holdings().size() == 1);
  });
}

TEST_CASE("open for reading: what a crash left in the spill file stays there") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db"), crashed = dir.file("crashed.db");
    auto opened = open_store(loop, path);
    {
      auto intruder = sql::Connection::open_writer(path, {}).value();
      const auto lock = sql::Transaction::begin(intruder).value();
      store::Batch batch;
      batch.put(an_intent("one", "BTCUSDT"));
      const Status waits = co_await opened->commit(std::move(batch));
      CHECK(!waits.has_value());
      copy_database(path, crashed);
    }
    const std::string spilled = bytes_of(crashed + ".spill");
    {
      const auto reading = store::Store::open_for_reading(crashed, "paper-one", loop.clock);
      REQUIRE(reading.has_value());
      CHECK((*reading)->unresolved_intents().empty());
    }
    CHECK(bytes_of(crashed + ".spill") == spilled);
    CHECK(open_store(loop, crashed)->unresolved_intents().size() == 1);
  });
}

TEST_CASE("open for reading: what cannot be read is refused with a sentence, and nothing is made") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  CHECK(contains(reading_error(path), "there is no database '" + path + "'; check db_path"));
  CHECK(!std::filesystem::exists(path));
  CHECK(open_error(path) == "");
  CHECK(reading_error(path) == "");
  CHECK(contains(reading_error(path, "paper-two"), "belongs to account 'paper-one'"));

  const std::string schema = std::to_string(store::migration_texts().size());
  run_sql(path, "PRAGMA user_version=0");
  CHECK(contains(reading_error(path), "has schema 0, this program reads " + schema));
  run_sql(path, "PRAGMA user_version=99");
  CHECK(contains(reading_error(path), "was written by a newer bubble-buster (schema 99"));
  run_sql(path, "PRAGMA user_version=" + schema);
  spoil_table(path, "runs");
  CHECK(contains(reading_error(path), "is damaged"));
  CHECK(contains(reading_error(path), "Move it aside"));

  run_sql(dir.file("other.db"), "CREATE TABLE mine(x INTEGER)");
  CHECK(contains(reading_error(dir.file("other.db")), "is a database of another program"));
  std::ofstream(dir.file("text.db")) << std::string(9000, 'x');
  CHECK(contains(reading_error(dir.file("text.db")), "is not a database; check db_path"));
}

TEST_CASE("check: damage of an open database is found, on the thread as inline") {
  const auto check = [](RealLoop& loop, bool threaded) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    store::StoreOptions options;
    options.path = path;
    options.threaded = threaded;
    const Log log(LogLevel::error, null_sink());
    auto opened = store::Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, log);
    REQUIRE(opened.has_value());
    const Status sound = co_await (*opened)->check();
    CHECK(sound.has_value());
    spoil_table(path, "journal");
    auto first = (*opened)->check();
    auto second = (*opened)->check();
    const Status damaged = co_await std::move(first);
    REQUIRE(!damaged.has_value());
    CHECK(contains(damaged.error().text, "is damaged"));
    const Status other = co_await std::move(second);
    REQUIRE(!other.has_value());
    CHECK((other.error().kind == ErrorKind::busy) == threaded);
  };
  for (const bool threaded : {false, true})
    run_real([check, threaded](RealLoop& loop) { return check(loop, threaded); });
}

TEST_CASE("check: the end of a store waits for it") {
  const TempDir dir;
  RealLoop loop;
  store::StoreOptions options;
  options.path = dir.file("state.db");
  const Log log(LogLevel::error, null_sink());
  auto opened = store::Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, log);
  REQUIRE(opened.has_value());
  {
    const Task<Status> never_awaited = (*opened)->check();
  }
  opened->reset();
  loop.io.run();
  CHECK(open_error(options.path) == "");
}

}  // namespace
}  // namespace bb::test
