// What the doctor makes of figures that a test cannot bring about.
#include <doctest/doctest.h>

#include <fstream>

#include "app/doctor_checks.h"
#include "support/run.h"

namespace bb::app::test {
namespace {

constexpr std::uint64_t kGigabyte = 1'000'000'000;

TEST_CASE("doctor: a disk without room, or without room for files, is a fault") {
  const auto judge = [](std::uint64_t bytes, std::uint64_t files) {
    return judge_space("log folder", "/logs", bytes, files).mark;
  };
  CHECK(judge(50 * kGigabyte, 1'000'000) == Mark::fine);
  CHECK(judge(kGigabyte / 2, 1'000'000) == Mark::warning);
  CHECK(judge(kGigabyte / 100, 1'000'000) == Mark::fault);
  CHECK(judge(50 * kGigabyte, 3) == Mark::fault);
}

TEST_CASE("doctor: a folder that cannot be made is a fault that names the key") {
  const bb::test::TempDir dir;
  CHECK(check_folder("log folder", dir.file("new/logs"), "log_dir").mark != Mark::fault);
  std::ofstream(dir.file("file")) << "in the way";
  const auto impossible = check_folder("log folder", dir.file("file/logs"), "log_dir");
  CHECK(impossible.mark == Mark::fault);
  CHECK(impossible.advice.find("log_dir") != std::string::npos);
}

TEST_CASE("doctor: a machine clock that nobody keeps is a warning, not knowing is none") {
  CHECK(judge_clock_kept(true).mark == Mark::fine);
  CHECK(judge_clock_kept(std::nullopt).mark == Mark::fine);
  CHECK(judge_clock_kept(false).mark == Mark::warning);
}

TEST_CASE("doctor: a clock that could not be measured is a fault") {
  CHECK(judge_clock(Micros(0), std::nullopt, Millis(5000)).mark == Mark::fault);
  CHECK(judge_clock(Micros(-400'000), Micros(30'000), Millis(5000)).mark == Mark::fine);
  CHECK(judge_clock(Micros(-2'000'000), Micros(30'000), Millis(5000)).mark == Mark::warning);
}

TEST_CASE("doctor: on live a key must be bound to an address, elsewhere that is advice") {
  binance::KeyPermissions may;
  may.reads = may.futures = true;
  CHECK(judge_permissions(may, "live").mark == Mark::fault);
  CHECK(judge_permissions(may, "paper").mark == Mark::warning);
  may.is_ip_bound = true;
  CHECK(judge_permissions(may, "live").mark == Mark::fine);
  for (auto permission :
       {&binance::KeyPermissions::withdrawals, &binance::KeyPermissions::internal_transfers,
        &binance::KeyPermissions::universal_transfers}) {
    auto too_much = may;
    too_much.*permission = true;
    CHECK(judge_permissions(too_much, "live").mark == Mark::fault);
  }
}

TEST_CASE("doctor: the wallet host belongs to the environment") {
  binance::Settings settings;
  CHECK(binance::wallet_url_of(settings) == "https://api.binance.com");
  settings.base_url = "https://demo-fapi.binance.com";
  CHECK(binance::wallet_url_of(settings).empty());
  settings.base_url = "http://127.0.0.1:8790";
  CHECK(binance::wallet_url_of(settings) == "http://127.0.0.1:8790");
}

TEST_CASE("doctor: what others spend of the rate limit is told in time") {
  CHECK(judge_rate({{}, 200, 2400, {}, {}}).mark == Mark::fine);
  CHECK(judge_rate({{}, 1300, 2400, {}, {}}).mark == Mark::warning);
  CHECK(judge_rate({{}, 1700, 2400, {}, {}}).mark == Mark::fault);
  CHECK(judge_rate({{}, 0, 2400, {}, bb::test::some_day()}).mark == Mark::fault);
}

TEST_CASE("doctor: too few contracts are a fault, some that cannot be used a warning") {
  trading::Settings settings;
  CHECK(judge_contracts({500, 400, 0, 0}, settings).mark == Mark::fine);
  CHECK(judge_contracts({500, 400, 3, 2}, settings).mark == Mark::warning);
  CHECK(judge_contracts({500, 12, 2, 1}, settings).mark == Mark::fault);
}

TEST_CASE("doctor: conditional orders that leave no room for an entry's are told") {
  trading::Settings settings;
  CHECK(judge_conditional_orders(90, settings).mark == Mark::fine);
  CHECK(judge_conditional_orders(160, settings).mark == Mark::warning);
  CHECK(judge_conditional_orders(180, settings).mark == Mark::fault);
}

TEST_CASE("doctor: positions in cross margin are named") {
  exchange::Position position;
  position.symbol = Symbol("COINUSDT");
  const exchange::SymbolSettings cross{Symbol("COINUSDT"), MarginType::cross, 20};
  const exchange::SymbolSettings isolated{Symbol("COINUSDT"), MarginType::isolated, 2};
  CHECK(judge_margin({}, {cross}, {}).mark == Mark::fine);
  CHECK(judge_margin({position}, {isolated}, {}).mark == Mark::fine);
  const auto held = judge_margin({position}, {cross}, {});
  CHECK(held.mark == Mark::warning);
  CHECK(held.found.find("COINUSDT") != std::string::npos);
}

TEST_CASE("doctor: live without the owner's word is a fault") {
  Config config;
  CHECK(check_environment_word(config).mark == Mark::fault);
  config.binance.environment = "live";
  CHECK(check_environment_word(config).mark == Mark::fine);
  config.binance.base_url = "http://127.0.0.1:8790";
  CHECK(check_environment_word(config).mark == Mark::fine);
}

TEST_CASE("doctor: a time zone that this machine does not know is a fault") {
  Config config;
  CHECK(check_time_zone(config, bb::test::some_day()).found.find("2025-10-11 07:40") !=
        std::string::npos);
  config.runtime.timezone = "Mars/Olympus";
  CHECK(check_time_zone(config, bb::test::some_day()).mark == Mark::fault);
}

TEST_CASE("doctor: a configuration that does not read is a report of faults") {
  const auto report = report_of({"config.ini:3: no"});
  CHECK(exit_code_of(report) == kFailed);
  const auto text = render(report, false);
  CHECK(text.text.find("[FAIL]  config  config.ini:3: no") != std::string::npos);
  CHECK(text.json.find(R"("ok":false)") != std::string::npos);
  CHECK(render(report, true).text.find("\033[31mFAIL\033[0m") != std::string::npos);
}

}  // namespace
}  // namespace bb::app::test
