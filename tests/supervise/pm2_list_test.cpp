#include <doctest/doctest.h>

#include "supervise/impl/pm2_list.h"

using namespace bb;
using namespace bb::supervise;

namespace {

std::string entry(const std::string& status, const std::string& more = "") {
  return R"({"args":[[{"pid":3414,"name":"grid-btc","pm_id":7,)"
         R"("monit":{"memory":3162112,"cpu":0.2},)"
         R"("pm2_env":{"name":"grid-btc","pm_id":7,"namespace":"live","status":")" +
         status +
         R"(","restart_time":4,"unstable_restarts":0,"pm_uptime":1795169596837,)"
         R"("pm_out_log_path":"/l/out.log","pm_err_log_path":"/l/err.log",)"
         R"("BINANCE_KEY":"canary","env":{"BINANCE_KEY":"canary"})" +
         more + "}}]]}";
}

Process parse_one(const std::string& json) {
  const auto list = parse_pm2_list(json);
  REQUIRE(list.has_value());
  REQUIRE(list->size() == 1);
  return list->front();
}

}  // namespace

TEST_CASE("pm2: an online process is running, with its figures") {
  const auto process =
      parse_one(entry("online", R"(,"created_at":1795169596837,"kill_timeout":5000)"));
  CHECK(process.id == "7");
  CHECK(process.name == "grid-btc");
  CHECK(process.group == "live");
  CHECK(process.state == State::running);
  CHECK(process.pid == 3414);
  CHECK(process.restarts == 4);
  CHECK(process.memory_bytes == 3162112);
  CHECK(process.cpu_percent == doctest::Approx(0.2));
  CHECK(to_ms(*process.started_at) == 1795169596837);
  CHECK(process.stop_takes == Millis(5000));
  CHECK(process.out_log == "/l/out.log");
}

TEST_CASE("pm2: the old pid of a process that waits for its restart is nobody's") {
  const auto process = parse_one(entry("waiting restart", R"(,"created_at":1795169596837)"));
  CHECK(process.state == State::restarting);
  CHECK(process.pid == 0);
  CHECK_FALSE(process.started_at.has_value());
}

TEST_CASE("pm2: who waits for ever for a restart has failed") {
  CHECK(parse_one(entry("waiting restart", R"(,"created_at":null)")).state == State::failed);
  const std::string ended = R"(,"created_at":1795169596837,"exit_code":42,"stop_exit_codes":)";
  CHECK(parse_one(entry("waiting restart", ended + "42")).state == State::failed);
  CHECK(parse_one(entry("waiting restart", ended + "[1,42]")).state == State::failed);
  CHECK(parse_one(entry("waiting restart", ended + "[1]")).state == State::restarting);
}

TEST_CASE("pm2: an exit code of 0 does not prove a clean end") {
  const auto process = parse_one(entry("stopped", R"(,"exit_code":0)"));
  CHECK(process.state == State::stopped);
  CHECK(process.last_exit == "code 0, or a signal");
}

TEST_CASE("pm2: a status of a later version is unknown, not running") {
  CHECK(parse_one(entry("hibernating")).state == State::unknown);
}

TEST_CASE("pm2: an answer of another shape is an error, not an empty list") {
  CHECK_FALSE(parse_pm2_list("{}").has_value());
  CHECK_FALSE(parse_pm2_list(R"({"args":[[{"pm_id":1}]]})").has_value());
  CHECK_FALSE(parse_pm2_list("").has_value());
}

TEST_CASE("pm2: an error of the daemon is told") {
  CHECK(pm2_error_of(R"({"error":"99 : id unknown","stack":"x"})") == "99 : id unknown");
  CHECK(pm2_error_of(R"({"args":[[]]})").empty());
}
