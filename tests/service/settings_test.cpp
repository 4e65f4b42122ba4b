#include "service/settings.h"

#include <doctest/doctest.h>

namespace bb::service::test {
namespace {

Status set(Settings& settings, const std::string& key, const std::string& value) {
  const auto section = settings_section(settings);
  for (const auto& row : section.rows())
    if (row.key == key) return row.set(value);
  return fail(ErrorKind::invalid_input, "no such row: " + key);
}

TEST_CASE("runtime settings: the defaults are the original's") {
  Settings s;
  CHECK(s.entry_schedule().hour == 7);
  CHECK(s.entry_schedule().minute == 40);
  CHECK(s.entry_window().grace == Minutes(120));
  CHECK(s.loss_cut_window().grace == Millis(0));
  CHECK(s.manager_interval() == Seconds(60));
  CHECK(validate(s).empty());
}

TEST_CASE("runtime settings: without catch-up the entry has its own minute and no more") {
  Settings s;
  REQUIRE(set(s, "entry_catchup_enabled", "false").has_value());
  CHECK(s.entry_window().allows(Millis(59'999)));
  CHECK_FALSE(s.entry_window().allows(Millis(60'000)));
}

TEST_CASE("runtime settings: a slice never exceeds thirty seconds") {
  Settings s;
  REQUIRE(set(s, "service_loop_sleep_sec", "0.2").has_value());
  CHECK(s.slice() == Millis(200));
  REQUIRE(set(s, "service_loop_sleep_sec", "600").has_value());
  CHECK(s.slice() == Seconds(30));
}

TEST_CASE("runtime settings: nothing out of range is accepted") {
  Settings s;
  CHECK_FALSE(set(s, "entry_hour", "24").has_value());
  CHECK_FALSE(set(s, "entry_minute", "-1").has_value());
  CHECK_FALSE(set(s, "daily_loss_cut_scope", "everything").has_value());
  CHECK_FALSE(set(s, "log_level", "LOUD").has_value());
  CHECK_FALSE(set(s, "dashboard_port", "70000").has_value());
  CHECK_FALSE(set(s, "dashboard_curve_points", "50").has_value());
  s.timezone = "Nowhere/Land";
  s.lock_file.clear();
  CHECK(validate(s).size() == 2);
}

TEST_CASE("runtime settings: income types are upper-cased") {
  Settings s;
  REQUIRE(set(s, "cashflow_income_types", "transfer, welcome_bonus,coin_swap_deposit").has_value());
  CHECK(s.cashflow_income_types ==
        std::vector<std::string>{"TRANSFER", "WELCOME_BONUS", "COIN_SWAP_DEPOSIT"});
}

}  // namespace
}  // namespace bb::service::test
