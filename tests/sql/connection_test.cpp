#include "sql/connection.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "support/run.h"

namespace bb::sql {
namespace {

using test::TempDir;

Connection open(const std::string& path) {
  auto connection = Connection::open_writer(path, {Millis(50)});
  if (!connection) FAIL(connection.error().text);
  return std::move(*connection);
}

void run(Connection& connection, const std::string& sql) {
  const Status done = connection.execute(sql);
  if (!done) FAIL(done.error().text);
}

TEST_CASE("connection: a writer has WAL, foreign keys, and no memory map") {
  const TempDir dir;
  Connection db = open(dir.file("a.db"));
  CHECK(db.query_text("PRAGMA journal_mode").value() == "wal");
  CHECK(db.query_integer("PRAGMA foreign_keys").value() == 1);
  CHECK(db.query_integer("PRAGMA mmap_size").value() == 0);
  CHECK(db.query_integer("PRAGMA busy_timeout").value() == 50);
}

TEST_CASE("statement: numbers, decimals, texts and nothing come back as they were bound") {
  const TempDir dir;
  Connection db = open(dir.file("a.db"));
  run(db, "CREATE TABLE t(a INTEGER, b INTEGER, c TEXT, d TEXT) STRICT");
  const auto lowest = std::numeric_limits<std::int64_t>::min();
  const std::string text("zero\0inside \xe4\xbb\x93", 15);
  auto insert = db.prepare("INSERT INTO t VALUES(?,?,?,?)");
  REQUIRE(insert.has_value());
  CHECK(insert->bind(1, lowest).has_value());
  CHECK(insert->bind(2, Decimal::parse("-92233720368.54775807").value()).has_value());
  CHECK(insert->bind(3, std::string_view(text)).has_value());
  CHECK(insert->bind_null(4).has_value());
  CHECK(insert->step().value() == false);

  auto select = db.prepare("SELECT a,b,c,d FROM t");
  REQUIRE(select.has_value());
  REQUIRE(select->step().value());
  CHECK(select->integer(0) == lowest);
  CHECK(select->decimal(1).str() == "-92233720368.54775807");
  CHECK(select->text(2) == text);
  CHECK(select->is_null(3));
  CHECK(!select->is_null(0));
  CHECK(!select->step().value());
}

TEST_CASE("statement: it runs again after a reset, and a wrong number of values is refused") {
  const TempDir dir;
  Connection db = open(dir.file("a.db"));
  run(db, "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT) STRICT");
  auto insert = db.prepare("INSERT INTO t VALUES(?,?)");
  REQUIRE(insert.has_value());
  const std::vector<Value> first{std::int64_t{1}, std::string("x")};
  const std::vector<Value> second{std::int64_t{2}, Value()};
  const std::vector<Value> wrong{std::int64_t{3}};
  CHECK(insert->run(first).has_value());
  CHECK(insert->run(second).has_value());
  CHECK(!insert->run(wrong).has_value());
  CHECK(db.query_integer("SELECT count(*) FROM t").value() == 2);
}

TEST_CASE("errors: what breaks a constraint is a conflict, and says which one") {
  const TempDir dir;
  Connection db = open(dir.file("a.db"));
  run(db, "CREATE TABLE t(a INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES(1)");
  const Status again = db.execute("INSERT INTO t VALUES(1)");
  REQUIRE(!again.has_value());
  CHECK(again.error().kind == ErrorKind::conflict);
  CHECK(again.error().text.find("UNIQUE constraint failed: t.a") != std::string::npos);
  CHECK(db.execute("INSERT INTO t VALUES('text')").error().kind == ErrorKind::conflict);
}

TEST_CASE("errors: a full database is a storage error") {
  const TempDir dir;
  Connection db = open(dir.file("a.db"));
  run(db, "CREATE TABLE t(a TEXT) STRICT; PRAGMA max_page_count=4");
  const Status full = db.execute("INSERT INTO t VALUES(hex(zeroblob(100000)))");
  REQUIRE(!full.has_value());
  CHECK(full.error().kind == ErrorKind::storage);
  CHECK(full.error().text.find("SQLITE_FULL") != std::string::npos);
  CHECK(full.error().text.find("make room") != std::string::npos);
  CHECK(full.error().text.find(dir.file("a.db")) != std::string::npos);
  CHECK(!is_io_error(full.error()));
}

TEST_CASE("errors: a file that is no database is told from a damaged one") {
  const TempDir dir;
  std::ofstream(dir.file("text.db")) << std::string(5000, 'x');
  const auto opened = Connection::open_writer(dir.file("text.db"), {});
  REQUIRE(!opened.has_value());
  CHECK(damage_of(opened.error()) == Damage::not_a_database);
}

TEST_CASE("transaction: what is not committed is rolled back") {
  const TempDir dir;
  Connection db = open(dir.file("a.db"));
  run(db, "CREATE TABLE t(a INTEGER) STRICT");
  {
    auto transaction = Transaction::begin(db);
    REQUIRE(transaction.has_value());
    run(db, "INSERT INTO t VALUES(1)");
  }
  CHECK(db.query_integer("SELECT count(*) FROM t").value() == 0);
  auto transaction = Transaction::begin(db);
  REQUIRE(transaction.has_value());
  run(db, "INSERT INTO t VALUES(1)");
  CHECK(transaction->commit().has_value());
  CHECK(db.query_integer("SELECT count(*) FROM t").value() == 1);
}

TEST_CASE("reader: it sees what is committed while the writer writes, and cannot write") {
  const TempDir dir;
  Connection writer = open(dir.file("a.db"));
  run(writer, "CREATE TABLE t(a INTEGER) STRICT; INSERT INTO t VALUES(1)");
  auto reader = Connection::open_reader(dir.file("a.db"), Millis(50));
  REQUIRE(reader.has_value());
  auto transaction = Transaction::begin(writer);
  REQUIRE(transaction.has_value());
  run(writer, "INSERT INTO t VALUES(2)");
  CHECK(reader->query_integer("SELECT count(*) FROM t").value() == 1);
  REQUIRE(transaction->commit().has_value());
  CHECK(reader->query_integer("SELECT count(*) FROM t").value() == 2);
  CHECK(!reader->execute("INSERT INTO t VALUES(3)").has_value());
}

TEST_CASE("reader: a file that was closed cleanly keeps its WAL and opens read-only") {
  const TempDir dir;
  {
    Connection writer = open(dir.file("a.db"));
    run(writer, "CREATE TABLE t(a INTEGER) STRICT; INSERT INTO t VALUES(1)");
  }
  CHECK(std::filesystem::exists(dir.file("a.db-wal")));
  auto reader = Connection::open_reader(dir.file("a.db"), Millis(50));
  REQUIRE(reader.has_value());
  CHECK(reader->query_integer("SELECT count(*) FROM t").value() == 1);
  CHECK(!Connection::open_reader(dir.file("absent.db"), Millis(50)).has_value());
}

TEST_CASE("lock: a second writer waits and then says busy") {
  const TempDir dir;
  Connection first = open(dir.file("a.db"));
  Connection second = open(dir.file("a.db"));
  auto held = Transaction::begin(first);
  REQUIRE(held.has_value());
  const auto refused = Transaction::begin(second);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().kind == ErrorKind::storage);
  CHECK(refused.error().text.find("SQLITE_BUSY") != std::string::npos);
}

}  // namespace
}  // namespace bb::sql
