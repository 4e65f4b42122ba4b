#include "service/messages.h"

#include <doctest/doctest.h>

#include "support/run.h"

namespace bb::service::test {
namespace {

const TimePoint kNow = bb::test::some_day();

bool says(const store::OutboxMessage& message, const std::string& text) {
  return (message.title + "\n" + message.body).find(text) != std::string::npos;
}

TEST_CASE("messages: a patrol without news says nothing; a moved stop alone is no news") {
  trading::PatrolReport report;
  report.total = 10;
  CHECK_FALSE(patrol_message(report, kNow).has_value());
  report.updated_sl = 3;
  CHECK_FALSE(patrol_message(report, kNow).has_value());
}

TEST_CASE("messages: a patrol tells what it closed, in both languages") {
  trading::PatrolReport report;
  report.total = 10;
  report.closed_tp = 2;
  report.closed_timeout = 1;
  const auto message = patrol_message(report, kNow);
  REQUIRE(message.has_value());
  CHECK(message->topic == "patrol");
  CHECK(says(*message, "平仓 3 个"));
  CHECK(says(*message, "3 closed"));
  CHECK(says(*message, "| 止盈 / take-profit | 2 |"));
  report.errors = 1;
  CHECK(says(*patrol_message(report, kNow), "1 errors"));
}

TEST_CASE("messages: a loss cut names the configured time, not a fixed one") {
  trading::LossCutReport report;
  report.total = 4;
  const auto scope = trading::LossCutScope::exchange;
  CHECK_FALSE(loss_cut_message(report, scope, "12:30 Europe/Berlin", kNow).has_value());
  report.closed = 2;
  report.details = {"AUSDT both closed (-3 USDT)"};
  const auto message = loss_cut_message(report, scope, "12:30 Europe/Berlin", kNow);
  REQUIRE(message.has_value());
  CHECK(says(*message, "12:30 Europe/Berlin"));
  CHECK(says(*message, "exchange"));
  CHECK(says(*message, "AUSDT"));
  CHECK_FALSE(says(*message, "11:55"));
  trading::LossCutReport failed;
  failed.failed = true;
  CHECK(says(*loss_cut_message(failed, scope, "12:30 Europe/Berlin", kNow), "failed"));
}

TEST_CASE("messages: long lists are cut and say by how much") {
  trading::LossCutReport report;
  report.closed = 25;
  for (int i = 0; i < 25; ++i)
    report.details.push_back("line " + std::to_string(i));
  const auto message =
      loss_cut_message(report, trading::LossCutScope::tracked, "11:55 Asia/Shanghai", kNow);
  CHECK(says(*message, "line 19"));
  CHECK_FALSE(says(*message, "line 20"));
  CHECK(says(*message, "5 more"));
}

TEST_CASE("messages: a missed slot tells what, when and why") {
  const Slot slot{LocalDate(std::chrono::days(20'000)), kNow};
  const auto message = missed_message(Job::loss_cut, slot, "11:55 Asia/Shanghai", "too late", kNow);
  CHECK(message.topic == "service_late");
  CHECK(says(message, "loss cut skipped"));
  CHECK(says(message, str(slot.date) + " 11:55 Asia/Shanghai"));
  CHECK(says(message, "too late"));
}

}  // namespace
}  // namespace bb::service::test
