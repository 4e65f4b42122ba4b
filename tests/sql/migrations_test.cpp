#include "sql/migrations.h"

#include <doctest/doctest.h>

#include <array>

#include "support/run.h"

namespace bb::sql {
namespace {

using test::TempDir;

constexpr std::array<std::string_view, 2> kSteps{
    "CREATE TABLE a(x INTEGER) STRICT", "CREATE TABLE b(x INTEGER) STRICT; -- the last line"};

Schema schema(std::size_t steps) { return {7, "the program", std::span(kSteps).first(steps)}; }

Connection open(const std::string& path) {
  auto connection = Connection::open_writer(path, {});
  if (!connection) FAIL(connection.error().text);
  return std::move(*connection);
}

TEST_CASE("migrations: each step runs once, in order, and the version counts them") {
  const TempDir dir;
  Connection db = open(dir.file("a.db"));
  CHECK(check_version(db, schema(2)).value() == 0);
  REQUIRE(migrate(db, schema(1)).has_value());
  CHECK(check_version(db, schema(2)).value() == 1);
  CHECK(db.execute("INSERT INTO a VALUES(5)").has_value());
  REQUIRE(migrate(db, schema(2)).has_value());
  REQUIRE(migrate(db, schema(2)).has_value());
  CHECK(db.query_integer("PRAGMA user_version").value() == 2);
  CHECK(db.query_integer("PRAGMA application_id").value() == 7);
  CHECK(db.query_integer("SELECT x FROM a").value() == 5);
  CHECK(db.query_integer("SELECT count(*) FROM b").value() == 0);
}

TEST_CASE("migrations: a step that fails leaves the file at the step before") {
  const TempDir dir;
  static constexpr std::array<std::string_view, 2> kBroken{
      "CREATE TABLE a(x INTEGER) STRICT",
      "CREATE TABLE b(x INTEGER) STRICT; CREATE TABLE a(y TEXT)"};
  Connection db = open(dir.file("a.db"));
  CHECK(!migrate(db, Schema{7, "the program", kBroken}).has_value());
  CHECK(db.query_integer("PRAGMA user_version").value() == 1);
  CHECK(db.query_integer("SELECT count(*) FROM sqlite_master WHERE name='b'").value() == 0);
}

TEST_CASE("migrations: a newer database is refused with both versions") {
  const TempDir dir;
  Connection db = open(dir.file("a.db"));
  REQUIRE(migrate(db, schema(2)).has_value());
  const auto refused = check_version(db, schema(1));
  REQUIRE(!refused.has_value());
  CHECK(refused.error().kind == ErrorKind::configuration);
  CHECK(refused.error().text.find("newer the program (schema 2, this program knows 1)") !=
        std::string::npos);
}

TEST_CASE("migrations: the database of another program is refused") {
  const TempDir dir;
  Connection db = open(dir.file("a.db"));
  CHECK(db.execute("CREATE TABLE runs(run_id TEXT)").has_value());
  const auto refused = check_version(db, schema(2));
  REQUIRE(!refused.has_value());
  CHECK(refused.error().text.find("another program") != std::string::npos);
  CHECK(!migrate(db, schema(2)).has_value());
}

}  // namespace
}  // namespace bb::sql
