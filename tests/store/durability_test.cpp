// What is on the disk when commit() returns, whatever happens next.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "builders.h"
#include "sql/connection.h"
#include "store/committer.h"

namespace bb::test {
namespace {

using store::Batch;
using store::Store;

std::unique_ptr<Store> open_threaded(RealLoop& loop, const std::string& path) {
  store::StoreOptions options;
  options.path = path;
  const Log log(LogLevel::error, null_sink());
  auto opened = Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, log);
  if (!opened) FAIL(opened.error().text);
  return std::move(*opened);
}

Batch intent_batch(int number) {
  Batch batch;
  batch.put(an_intent("intent-" + std::to_string(number), "BTCUSDT", number));
  return batch;
}

// Transactions in a WAL: its frames whose header gives the size of the database after a commit.
int commits_in_wal(const std::string& path) {
  std::ifstream file(path + "-wal", std::ios::binary);
  const std::string wal{std::istreambuf_iterator<char>(file), {}};
  const auto number = [&wal](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value = value << 8 | static_cast<unsigned char>(wal[at + i]);
    return value;
  };
  if (wal.size() < 32) return 0;
  int commits = 0;
  for (std::size_t at = 32; at + 24 <= wal.size(); at += 24 + number(8))
    if (number(at + 4) != 0) ++commits;
  return commits;
}

TEST_CASE("durability: inline, every prefix of commits survives a crash, and nothing more") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_store(loop, dir.file("state.db"));
    for (int i = 1; i <= 12; ++i) {
      const Status status = co_await opened->commit(intent_batch(i));
      CHECK(status.has_value());
      const std::string crashed = dir.file("crashed-" + std::to_string(i) + ".db");
      copy_database(dir.file("state.db"), crashed);
      CHECK(open_store(loop, crashed)->unresolved_intents().size() == static_cast<std::size_t>(i));
    }
  });
}

TEST_CASE("durability: on the thread, an intent is in the file when commit returns") {
  run_real([](RealLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_threaded(loop, dir.file("state.db"));
    for (int i = 1; i <= 5; ++i) {
      const Status status = co_await opened->commit(intent_batch(i));
      CHECK(status.has_value());
      copy_database(dir.file("state.db"), dir.file("crashed.db"));
      CHECK(count_rows(dir.file("crashed.db"), "intents") == i);
      std::filesystem::remove(dir.file("crashed.db-wal"));
      std::filesystem::remove(dir.file("crashed.db-shm"));
    }
  });
}

TEST_CASE("durability: batches that wait share a transaction, and each gets its answer") {
  run_real([](RealLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_threaded(loop, dir.file("state.db"));
    const int before = commits_in_wal(dir.file("state.db"));
    std::vector<Task<Status>> answers;
    {
      auto intruder = sql::Connection::open_writer(dir.file("state.db"), {}).value();
      auto lock = sql::Transaction::begin(intruder).value();
      for (int i = 0; i < 20; ++i)
        answers.push_back(opened->commit(intent_batch(i)));
    }
    int good = 0;
    for (auto& answer : answers) {
      const Status status = co_await std::move(answer);
      if (status) ++good;
    }
    CHECK(good == 20);
    CHECK(count_rows(dir.file("state.db"), "intents") == 20);
    const int used = commits_in_wal(dir.file("state.db")) - before;
    CHECK(used >= 1);
    CHECK(used <= 2);
  });
}

TEST_CASE("durability: what is committed in one turn of the loop is one transaction") {
  run_real([](RealLoop& loop) -> Task<void> {
    const TempDir dir;
    auto opened = open_threaded(loop, dir.file("state.db"));
    const int before = commits_in_wal(dir.file("state.db"));
    std::vector<Task<Status>> answers;
    for (int i = 0; i < 20; ++i)
      answers.push_back(opened->commit(intent_batch(i)));
    for (auto& answer : answers) {
      const Status status = co_await std::move(answer);
      CHECK_MESSAGE(status.has_value(), "a batch was refused");
    }
    CHECK(commits_in_wal(dir.file("state.db")) - before == 1);
  });
}

TEST_CASE("durability: the loop has work until a commit is answered") {
  const TempDir dir;
  RealLoop loop;
  auto opened = open_threaded(loop, dir.file("state.db"));
  {
    const Task<Status> never_awaited = opened->commit(intent_batch(1));
  }
  // Returns only because the answer came: until then there was work.
  loop.io.run();
  CHECK(count_rows(dir.file("state.db"), "intents") == 1);
}

TEST_CASE("durability: the end of a store writes what is queued and marks a clean end") {
  const TempDir dir;
  RealLoop loop;
  auto opened = open_threaded(loop, dir.file("state.db"));
  for (int i = 0; i < 50; ++i)
    static_cast<void>(opened->commit(intent_batch(i)));
  opened.reset();
  CHECK(count_rows(dir.file("state.db"), "intents") == 50);
  auto reader = sql::Connection::open_reader(dir.file("state.db"), Millis(250));
  REQUIRE(reader.has_value());
  CHECK(reader->query_text("SELECT value FROM meta WHERE key='clean_end'").value() == "1");
  loop.io.run();
}

TEST_CASE("durability: what a killed process was told is written, is written") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  int pipe_ends[2] = {};
  REQUIRE(pipe(pipe_ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    RealLoop loop;
    const auto body = [](RealLoop& l, std::string file, int out) -> Task<void> {
      auto opened = open_threaded(l, file);
      for (int i = 0;; ++i) {
        const Status status = co_await opened->commit(intent_batch(i));
        if (!status || write(out, "x", 1) != 1) _exit(1);
      }
    };
    run_to_end(loop.io, body(loop, path, pipe_ends[1]));
    _exit(2);
  }
  close(pipe_ends[1]);
  int told = 0;
  char byte = 0;
  while (told < 25 && read(pipe_ends[0], &byte, 1) == 1)
    ++told;
  kill(child, SIGKILL);
  while (read(pipe_ends[0], &byte, 1) == 1)
    ++told;
  close(pipe_ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  SimLoop loop;
  const auto found = static_cast<int>(open_store(loop, path)->unresolved_intents().size());
  CHECK(told >= 25);
  CHECK(found >= told);
  CHECK(found <= told + 1);
}

TEST_CASE("durability: intents are synced to the device, samples only to the WAL") {
  const TempDir dir;
  auto database = store::open_database(dir.file("state.db"), {}, "paper-one", some_day());
  REQUIRE(database.has_value());
  store::Committer committer(std::move(*database), true);
  const auto no_load = [](sql::Connection&) -> Status { return {}; };
  REQUIRE(committer.begin_session(no_load).has_value());
  const auto synchronous = [&committer] {
    return committer.connection().query_integer("PRAGMA synchronous").value();
  };
  std::vector<store::Group> groups(2);
  CHECK(committer.commit(groups)[0].has_value());
  CHECK(synchronous() == 1);  // NORMAL
  groups[1].durable = true;
  CHECK(committer.commit(groups)[1].has_value());
  CHECK(synchronous() == 2);  // FULL
}

TEST_CASE("durability: a batch that the database refuses does not take the others with it") {
  const TempDir dir;
  auto database = store::open_database(dir.file("state.db"), {}, "paper-one", some_day());
  REQUIRE(database.has_value());
  store::Committer committer(std::move(*database), false);
  REQUIRE(committer.begin_session([](sql::Connection&) -> Status { return {}; }).has_value());
  const auto slot = [](sql::Value job) {
    store::Group group;
    group.writes.push_back({"INSERT INTO slots VALUES(?,'2025-10-10','DONE','',0)", {job}});
    return group;
  };
  std::vector<store::Group> groups{slot(std::string("a")), slot(sql::Value()),
                                   slot(std::string("b"))};
  const auto answers = committer.commit(groups);
  REQUIRE(answers.size() == 3);
  CHECK(answers[0].has_value());
  CHECK(answers[1].error().kind == ErrorKind::conflict);
  CHECK(answers[2].has_value());
  CHECK(committer.condition().is_healthy);
  CHECK(committer.connection().query_integer("SELECT count(*) FROM slots").value() == 2);
}

// What another process's lock keeps from being written waits in the backlog.
void commit_under_lock(store::Committer& committer, store::Group group) {
  auto intruder = sql::Connection::open_writer(committer.connection().path(), {}).value();
  const auto lock = sql::Transaction::begin(intruder).value();
  CHECK(committer.commit(std::span(&group, 1))[0].error().kind == ErrorKind::storage);
}

store::Group one_write(const std::string& sql) {
  store::Group group;
  group.writes.push_back({sql, {}});
  return group;
}

TEST_CASE("durability: a waiting batch whose reference is checked at the end blocks nobody") {
  const TempDir dir;
  const std::string path = dir.file("state.db");
  auto database = store::open_database(path, {Millis(50)}, "paper-one", some_day());
  REQUIRE(database.has_value());
  store::Committer committer(std::move(*database), false);
  REQUIRE(committer.begin_session([](sql::Connection&) -> Status { return {}; }).has_value());
  REQUIRE(committer.connection()
              .execute("CREATE TABLE late(run_id TEXT REFERENCES runs(run_id) DEFERRABLE "
                       "INITIALLY DEFERRED) STRICT")
              .has_value());
  commit_under_lock(committer, one_write("INSERT INTO late VALUES('absent')"));
  store::Group good = one_write("INSERT INTO slots VALUES('a','2025-10-10','DONE','',0)");
  CHECK(committer.commit(std::span(&good, 1))[0].has_value());
  CHECK(count_rows(path, "slots") == 1);
  CHECK(count_rows(path, "late") == 0);
  REQUIRE(committer.condition().refused.size() == 1);
  CHECK(std::filesystem::exists(committer.condition().refused[0].path));
}

TEST_CASE("durability: a session that the database refuses for its content does not begin") {
  const TempDir dir;
  auto database = store::open_database(dir.file("state.db"), {}, "paper-one", some_day());
  REQUIRE(database.has_value());
  store::Committer committer(std::move(*database), false);
  const Status begun = committer.begin_session([](sql::Connection& connection) {
    return connection.execute(
        "PRAGMA defer_foreign_keys=ON; INSERT INTO positions(run_id,symbol,side,qty,entry_price,"
        "opened_at_utc,expire_at_utc,status,created_at_utc,updated_at_utc) "
        "VALUES('absent','BTCUSDT','BOTH',1,1,0,0,'OPEN',0,0)");
  });
  REQUIRE(!begun.has_value());
  CHECK(begun.error().kind == ErrorKind::conflict);
}

TEST_CASE("durability: after a device failed the first COMMIT, the next starts from a new handle") {
  const TempDir dir;
  auto database = store::open_database(dir.file("state.db"), {}, "paper-one", some_day());
  REQUIRE(database.has_value());
  store::Committer committer(std::move(*database), true);
  REQUIRE(committer.connection().execute("CREATE TEMP TABLE of_this_handle(x)").has_value());
  {
    const FullDisk full(std::filesystem::file_size(dir.file("state.db-wal")));
    REQUIRE(committer.begin_session([](sql::Connection&) -> Status { return {}; }).has_value());
  }
  CHECK(!committer.condition().is_healthy);
  store::Group group = one_write("INSERT INTO slots VALUES('a','2025-10-10','DONE','',0)");
  CHECK(committer.commit(std::span(&group, 1))[0].has_value());
  CHECK(committer.condition().is_healthy);
  CHECK(committer.connection().query_integer("SELECT count(*) FROM temp.sqlite_master").value() ==
        0);
}

}  // namespace
}  // namespace bb::test
