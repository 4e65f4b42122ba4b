#include "store/ops_store.h"

#include <doctest/doctest.h>

#include "sql/connection.h"
#include "support/run.h"

namespace bb::store {
namespace {

using test::some_day;
using test::TempDir;

std::unique_ptr<OpsStore> open(const TempDir& dir) {
  auto store = OpsStore::open(dir.file("ops.db"));
  REQUIRE_MESSAGE(store.has_value(), store.error().text);
  return std::move(*store);
}

TEST_CASE("ops: an update is taken once, also by the next process, and moves the offset with it") {
  const TempDir dir;
  auto ops = open(dir);
  CHECK(ops->next_offset(1) == 0);
  CHECK(ops->take({1, 70, 5, 6, "/status", some_day()}) == true);
  CHECK(ops->take({1, 70, 5, 6, "/status", some_day()}) == false);
  CHECK(ops->next_offset(1) == 71);
  CHECK(ops->next_offset(2) == 0);  // another bot counts for itself
  ops = open(dir);
  CHECK(ops->next_offset(1) == 71);
  CHECK(ops->take({1, 70, 5, 6, "/status", some_day()}) == false);
  CHECK(ops->skip(1, 80).has_value());
  CHECK(ops->next_offset(1) == 81);
}

TEST_CASE("ops: what a process left in the middle is found once by the next one") {
  const TempDir dir;
  auto ops = open(dir);
  CHECK(ops->take({1, 1, 5, 6, "/a", some_day()}) == true);
  CHECK(ops->take({1, 2, 5, 6, "/b", some_day()}) == true);
  CHECK(ops->finish(1, 1).has_value());
  ops = open(dir);
  const auto cut = ops->interrupt_running();
  REQUIRE(cut.has_value());
  REQUIRE(cut->size() == 1);
  CHECK(cut->front().action == "/b");
  CHECK(ops->interrupt_running()->empty());
  CHECK(ops->prune(some_day() + Hours(1)).has_value());
  CHECK(ops->take({1, 1, 5, 6, "/a", some_day()}) == true);  // forgotten after its time
}

TEST_CASE("ops: a card goes with all its buttons at the first use, and when its message gets new") {
  const TempDir dir;
  auto ops = open(dir);
  CardRecord card;
  card.user_id = 5;
  card.chat_id = 6;
  card.expires_at = some_day();
  const auto id = ops->put_card(card, {{"n1", "/a"}, {"n2", "/b"}});
  REQUIRE(id.has_value());
  CHECK(ops->bind_card(*id, 9).has_value());
  CHECK(ops->bind_card(*id, 10).has_value());  // the first word stands
  const auto found = ops->find_button("n2");
  REQUIRE((found && *found));
  CHECK((*found)->action == "/b");
  CHECK((*found)->card.message_id == 9);
  CHECK(ops->use_card(*id) == true);
  CHECK(ops->use_card(*id) == false);
  CHECK_FALSE(ops->find_button("n1")->has_value());
  card.message_id = 11;
  REQUIRE(ops->put_card(card, {{"n3", "/c"}}).has_value());
  REQUIRE(ops->put_card(card, {{"n4", "/d"}}).has_value());
  CHECK_FALSE(ops->find_button("n3")->has_value());
  CHECK(ops->take_expired_cards(some_day() - Millis(1))->empty());
  CHECK(ops->take_expired_cards(some_day())->size() == 1);
  CHECK_FALSE(ops->find_button("n4")->has_value());
}

TEST_CASE("ops: users and the audit are kept in order") {
  const TempDir dir;
  auto ops = open(dir);
  CHECK(ops->find_user(5)->language.empty());
  CHECK(ops->put_user({5, "zh", 7, 2, some_day()}).has_value());
  ops = open(dir);
  const auto user = ops->find_user(5);
  CHECK(user->language == "zh");
  CHECK(user->totp_used == 7);
  CHECK(user->locked_until == some_day());
  CHECK_FALSE(ops->last_audit()->has_value());
  for (std::int64_t i = 1; i <= 3; ++i)
    CHECK(ops->add_audit({i, some_day(), 1, 2, 3, "a", "r", "p", "h" + std::to_string(i)})
              .has_value());
  CHECK((*ops->last_audit())->hash == "h3");
  CHECK(ops->load_audit(2, 10)->size() == 2);
  CHECK_FALSE(ops->add_audit({3, some_day(), 1, 2, 3, "a", "r", "p", "h"}).has_value());
}

TEST_CASE("ops: another program's file is refused with a sentence") {
  const TempDir dir;
  {
    auto other = sql::Connection::open_writer(dir.file("ops.db"), {});
    REQUIRE(other.has_value());
    CHECK(other->execute("CREATE TABLE x (y); PRAGMA application_id=5").has_value());
  }
  const auto opened = OpsStore::open(dir.file("ops.db"));
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().text.find("another program") != std::string::npos);
  CHECK_FALSE(OpsStore::open("/proc/none/ops.db").has_value());
}

}  // namespace
}  // namespace bb::store
