// What happens when the disk, or another process's lock, keeps the database from taking a batch.
#include "store/spill.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "builders.h"
#include "sql/connection.h"
#include "store/refused.h"

namespace bb::test {
namespace {

using store::Batch;
using store::Store;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Another process that holds the write lock.
class Intruder {
 public:
  explicit Intruder(const std::string& path)
      : connection_(sql::Connection::open_writer(path, {Millis(50)}).value()),
        transaction_(sql::Transaction::begin(connection_).value()) {}

 private:
  sql::Connection connection_;
  sql::Transaction transaction_;
};

Task<Status> put(Store& opened, store::Intent intent) {
  Batch batch;
  batch.put(intent);
  co_return co_await opened.commit(std::move(batch));
}

std::string state_on_disk(const std::string& path, const std::string& id) {
  auto reader = sql::Connection::open_reader(path, Millis(250));
  REQUIRE(reader.has_value());
  const auto state =
      reader->query_text("SELECT state FROM intents WHERE client_order_id='" + id + "'");
  return state ? *state : "absent";
}

TEST_CASE("spill: a full disk is a storage error; the batch is replayed at the next open") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db"), crashed = dir.file("crashed.db");
    auto opened = open_store(loop, path);
    const Status before = co_await put(*opened, an_intent("before", "BTCUSDT"));
    CHECK(before.has_value());
    Status during;
    {
      const FullDisk full(std::filesystem::file_size(path + "-wal"));
      during = co_await put(*opened, an_intent("during", "ETHUSDT"));
    }
    REQUIRE(!during.has_value());
    CHECK(during.error().kind == ErrorKind::storage);
    CHECK(contains(during.error().text, "kept in the spill file"));
    CHECK(!opened->healthy());
    CHECK(opened->find_intent(ClientOrderId("during")) != nullptr);

    copy_database(path, crashed);
    CHECK(state_on_disk(crashed, "before") == "SENT");
    CHECK(state_on_disk(crashed, "during") == "absent");
    auto again = open_store(loop, crashed);
    CHECK(again->healthy());
    CHECK(again->unresolved_intents().size() == 2);
    CHECK(state_on_disk(crashed, "during") == "SENT");
  });
}

TEST_CASE("spill: the next commit that succeeds writes what waited, in order, and heals") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    auto opened = open_store(loop, path);
    store::Intent intent = an_intent("one", "BTCUSDT");
    {
      const FullDisk full(std::filesystem::file_size(path + "-wal"));
      for (int i = 0; i < 3; ++i) {
        intent.attempt = i;
        const Status refused = co_await put(*opened, intent);
        CHECK(!refused.has_value());
      }
    }
    intent.state = store::IntentState::done;
    intent.evidence = "the newest";
    const Status healed = co_await put(*opened, intent);
    CHECK(healed.has_value());
    CHECK(opened->healthy());
    CHECK(opened->load_intents().value()[0].evidence == "the newest");
    opened.reset();
    CHECK(open_store(loop, path)->load_intents().value()[0].evidence == "the newest");
  });
}

TEST_CASE("spill: frames that were written already are not replayed over newer rows") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db"), crashed = dir.file("crashed.db");
    auto opened = open_store(loop, path);
    store::Intent intent = an_intent("one", "BTCUSDT");
    {
      const Intruder intruder(path);
      const Status refused = co_await put(*opened, intent);
      CHECK(!refused.has_value());
    }
    std::filesystem::copy_file(path + ".spill", crashed + ".spill");
    intent.state = store::IntentState::done;
    const Status healed = co_await put(*opened, intent);
    CHECK(healed.has_value());
    // A crash between the COMMIT and the clearing of the spill file: new database, old frames.
    std::filesystem::copy_file(path, crashed);
    std::filesystem::copy_file(path + "-wal", crashed + "-wal");
    auto again = open_store(loop, crashed);
    CHECK(again->find_intent(intent.client_order_id)->state == store::IntentState::done);
    CHECK(state_on_disk(crashed, "one") == "DONE");
  });
}

TEST_CASE("spill: another process's lock that lasts is survived the same way") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    auto opened = open_store(loop, path);
    {
      const Intruder intruder(path);
      const Status refused = co_await put(*opened, an_intent("one", "BTCUSDT"));
      REQUIRE(!refused.has_value());
      CHECK(refused.error().kind == ErrorKind::storage);
      CHECK(contains(refused.error().text, "SQLITE_BUSY"));
      CHECK(!opened->healthy());
    }
    opened.reset();
    CHECK(state_on_disk(path, "one") == "SENT");
  });
}

TEST_CASE("spill: rows without a key of their own are not doubled by a replay") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db"), crashed = dir.file("crashed.db");
    auto opened = open_store(loop, path);
    {
      const Intruder intruder(path);
      Batch batch;
      batch.add(store::WalletSnapshot{some_day(), Usdt(dec("1")), "API", ""});
      const Status refused = co_await opened->commit(std::move(batch));
      CHECK(!refused.has_value());
    }
    Batch batch;
    batch.add(store::WalletSnapshot{some_day() + Minutes(1), Usdt(dec("2")), "API", ""});
    const Status healed = co_await opened->commit(std::move(batch));
    CHECK(healed.has_value());
    CHECK(opened->load_snapshots().value().size() == 2);
  });
}

TEST_CASE("spill: with a full disk the store opens, knows everything, and is not healthy") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db"), crashed = dir.file("crashed.db");
    {
      auto opened = open_store(loop, path);
      const Intruder intruder(path);
      const Status refused = co_await put(*opened, an_intent("one", "BTCUSDT"));
      CHECK(!refused.has_value());
      copy_database(path, crashed);
      std::filesystem::copy_file(path + "-shm", crashed + "-shm");
    }
    std::unique_ptr<Store> again;
    {
      const FullDisk full(std::filesystem::file_size(crashed + "-wal"));
      again = open_store(loop, crashed);
      CHECK(!again->healthy());
      CHECK(again->unresolved_intents().size() == 1);
    }
    const Status healed = co_await put(*again, an_intent("two", "ETHUSDT"));
    CHECK(healed.has_value());
    CHECK(again->healthy());
    CHECK(state_on_disk(crashed, "one") == "SENT");
    CHECK(state_on_disk(crashed, "two") == "SENT");
  });
}

// A fill waits in the spill file, and the row it refers to goes meanwhile.
Task<void> leave_a_dangling_fill(Store& opened, const std::string& path) {
  const std::int64_t id = opened.next_holding_id();
  Batch holding;
  holding.put(a_holding(id, "BTCUSDT"));
  const Status held = co_await opened.commit(std::move(holding));
  CHECK(held.has_value());
  auto intruder = sql::Connection::open_writer(path, {Millis(50)}).value();
  REQUIRE(intruder.execute("PRAGMA foreign_keys=OFF").has_value());
  auto transaction = sql::Transaction::begin(intruder).value();
  REQUIRE(intruder.execute("DELETE FROM positions").has_value());
  store::FillRecord dangling = a_fill("BTCUSDT", 4711);
  dangling.holding_id = id;
  Batch batch;
  batch.add(dangling);
  const Status waits = co_await opened.commit(std::move(batch));
  CHECK(!waits.has_value());
  REQUIRE(transaction.commit().has_value());
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

TEST_CASE("spill: a waiting batch that the database refuses for its content holds back nothing") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    auto opened = open_store(loop, path);
    co_await leave_a_dangling_fill(*opened, path);
    const Status healed = co_await put(*opened, an_intent("one", "BTCUSDT"));
    CHECK(healed.has_value());
    CHECK(opened->healthy());
    CHECK(state_on_disk(path, "one") == "SENT");
    CHECK(count_rows(path, "fills") == 0);
  });
}

TEST_CASE("spill: what the database refuses is kept aside for its owner, and told once") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db"), aside = path + ".spill.refused";
    KeptLog kept;
    auto opened = open_store(loop, path, "paper-one", kept.log);
    co_await leave_a_dangling_fill(*opened, path);
    kept.lines.clear();
    for (const char* id : {"one", "two"}) {
      const Status taken = co_await put(*opened, an_intent(id, "BTCUSDT"));
      CHECK(taken.has_value());
    }
    opened.reset();
    opened = open_store(loop, path, "paper-one", kept.log);

    CHECK(count(kept.lines, "spilled batch was refused and kept aside") == 1);
    CHECK(contains(kept.lines, "FOREIGN KEY"));
    CHECK(contains(kept.lines, aside));
    struct stat info{};
    REQUIRE(stat(aside.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    const std::string text = text_of(aside);
    CHECK(count(text, "INSERT INTO fills") == 1);
    CHECK(contains(text, "VALUES('BTCUSDT',4711,1,77,NULL,"));
    CHECK(contains(text, "FOREIGN KEY"));
  });
}

TEST_CASE("spill: kept aside at the very end of a store, it is told as well") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db");
    KeptLog kept;
    auto opened = open_store(loop, path, "paper-one", kept.log);
    co_await leave_a_dangling_fill(*opened, path);
    opened.reset();
    CHECK(count(kept.lines, "spilled batch was refused and kept aside") == 1);
    CHECK(contains(text_of(path + ".spill.refused"), "INSERT INTO fills"));
  });
}

TEST_CASE("spill: what can be neither written nor kept aside stays in the spill file") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("state.db"), aside = path + ".spill.refused";
    auto opened = open_store(loop, path);
    co_await leave_a_dangling_fill(*opened, path);
    std::filesystem::create_directory(aside);
    const Status refused = co_await put(*opened, an_intent("one", "BTCUSDT"));
    REQUIRE(!refused.has_value());
    CHECK(refused.error().kind == ErrorKind::storage);
    CHECK(contains(refused.error().text, aside));
    CHECK(!opened->healthy());

    opened.reset();
    opened = open_store(loop, path);
    CHECK(!opened->healthy());
    CHECK(opened->unresolved_intents().size() == 1);
    std::filesystem::remove(aside);
    const Status healed = co_await put(*opened, an_intent("two", "BTCUSDT"));
    CHECK(healed.has_value());
    CHECK(count(text_of(aside), "INSERT INTO fills") == 1);
    CHECK(state_on_disk(path, "one") == "SENT");
  });
}

TEST_CASE("refused batches: the text runs as SQL, and leaves out no value") {
  const TempDir dir;
  const std::string path = dir.file("x.refused");
  store::Group group;
  group.sequence = 9;
  const std::string text("it's a \0 and a ?", 16);
  group.writes.push_back({"INSERT INTO t VALUES(?,'?',?,?)", {std::int64_t{-5}, text, {}}});
  group.writes.push_back(
      {"INSERT INTO t VALUES(1,'','',?)", {std::string("a'b"), std::int64_t{8}}});
  REQUIRE(store::append_refused(path, group, "two\nlines").has_value());
  REQUIRE(store::append_refused(path, group, "again").has_value());
  auto db = sql::Connection::open_writer(dir.file("x.db"), {}).value();
  REQUIRE(db.execute("CREATE TABLE t(a INTEGER, b TEXT, c TEXT, d TEXT) STRICT").has_value());
  REQUIRE(db.execute(text_of(path)).has_value());
  CHECK(db.query_integer("SELECT count(*) FROM t").value() == 4);
  CHECK(db.query_text("SELECT c FROM t WHERE a=-5 AND b='?' AND d IS NULL").value() == text);
  CHECK(db.query_text("SELECT d FROM t WHERE a=1").value() == "a'b");
  CHECK(count(text_of(path), "-- and the value 8") == 2);
}

store::Group a_group(std::uint64_t sequence, const std::string& text, bool essential = true) {
  store::Group group;
  group.sequence = sequence;
  group.essential = essential;
  group.durable = true;
  group.writes.push_back({"INSERT ?", {std::int64_t{-5}, text, sql::Value()}});
  return group;
}

TEST_CASE("spill file: frames come back as they were appended, and a torn one ends them") {
  const TempDir dir;
  const std::string path = dir.file("x.spill");
  {
    auto spill = store::Spill::open(path, "instance");
    REQUIRE(spill.has_value());
    CHECK(spill->append(a_group(1, "first")).has_value());
    CHECK(spill->append(a_group(2, "second")).has_value());
    CHECK(spill->append(a_group(3, "third")).has_value());
  }
  CHECK(std::filesystem::file_size(path) == store::Spill::kSize);
  auto spill = store::Spill::open(path, "instance");
  REQUIRE(spill.has_value());
  const auto whole = spill->load().value();
  REQUIRE(whole.size() == 3);
  CHECK(whole[1].sequence == 2);
  CHECK(whole[1].durable);
  CHECK(whole[1].writes[0].sql == "INSERT ?");
  CHECK(whole[1].writes[0].values ==
        std::vector<sql::Value>{std::int64_t{-5}, std::string("second"), sql::Value()});

  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(bytes.find("third")));
  file << 'T';
  file.close();
  CHECK(spill->load().value().size() == 2);
}

TEST_CASE("spill file: after it was cleared no old frame comes back behind a new one") {
  const TempDir dir;
  auto spill = store::Spill::open(dir.file("x.spill"), "instance");
  REQUIRE(spill.has_value());
  for (std::uint64_t i = 1; i <= 3; ++i)
    CHECK(spill->append(a_group(i, "old")).has_value());
  CHECK(spill->clear().has_value());
  CHECK(spill->load().value().empty());
  CHECK(spill->append(a_group(4, "new")).has_value());
  REQUIRE(spill->load().value().size() == 1);
  CHECK(spill->load().value()[0].sequence == 4);
}

TEST_CASE("spill file: samples leave the last half to what matters") {
  const TempDir dir;
  auto spill = store::Spill::open(dir.file("x.spill"), "instance");
  REQUIRE(spill.has_value());
  const std::string big(100'000, 'x');
  std::uint64_t taken = 0;
  while (spill->append(a_group(taken + 1, big, false)).has_value())
    ++taken;
  CHECK(taken == 5);
  while (spill->append(a_group(taken + 1, big, true)).has_value())
    ++taken;
  CHECK(taken == 10);
  CHECK(contains(spill->append(a_group(99, big)).error().text, "is full"));
  CHECK(spill->load().value().size() == 10);
}

TEST_CASE("spill file: one of another database is moved aside, not replayed and not lost") {
  const TempDir dir;
  const std::string path = dir.file("x.spill");
  {
    auto spill = store::Spill::open(path, "instance");
    REQUIRE(spill.has_value());
    CHECK(spill->append(a_group(1, "theirs")).has_value());
  }
  auto spill = store::Spill::open(path, "another");
  REQUIRE(spill.has_value());
  CHECK(spill->moved_aside());
  CHECK(spill->load().value().empty());
  auto kept = store::Spill::open(path + ".other", "instance");
  REQUIRE(kept.has_value());
  CHECK(kept->load().value().size() == 1);
}

}  // namespace
}  // namespace bb::test
