#include "base/settings.h"

#include <doctest/doctest.h>

#include <fstream>

#include "support/run.h"

namespace bb::test {
namespace {

struct Sample {
  std::int64_t leverage = 2;
  Decimal buffer = Decimal::from_int(1);
  bool enabled = true;
  std::string scope = "tracked";
  std::vector<std::string> types = {"TRANSFER"};
  Secret key;
};

std::vector<SettingsSection> table(Sample& s) {
  SettingsSection strategy("strategy");
  strategy.integer("leverage", s.leverage, 1, 125, "Leverage of every position.")
      .decimal("sl_liq_buffer_pct", s.buffer, Decimal(), Decimal::from_int(99), "Stop distance.");
  SettingsSection runtime("runtime");
  runtime.flag("enabled", s.enabled, "On or off.")
      .choice("scope", s.scope, {"tracked", "exchange"}, "What is cut.")
      .list("types", s.types, "Income types.")
      .secret("api_key", s.key, "The key.");
  std::vector<SettingsSection> sections;
  sections.push_back(std::move(strategy));
  sections.push_back(std::move(runtime));
  return sections;
}

std::vector<std::string> faults_of(std::string_view text, const Environment& environment = {}) {
  Sample sample;
  auto sections = table(sample);
  const auto file = parse_ini(text, "config.ini");
  if (!file) return file.error();
  const auto applied = apply_settings(*file, environment, sections);
  return applied ? std::vector<std::string>{} : applied.error();
}

TEST_CASE("settings: a file fills its targets; a percent sign is a percent sign") {
  Sample sample;
  auto sections = table(sample);
  const auto file = parse_ini(
      "# comment\n[strategy]\nleverage = 3\nsl_liq_buffer_pct: 1.5\n\n[runtime]\nscope = EXCHANGE\n"
      "types = TRANSFER, WELCOME_BONUS\napi_key = 100%x\n",
      "config.ini");
  const auto loaded = apply_settings(file.value(), {}, sections);
  REQUIRE(loaded.has_value());
  CHECK(sample.leverage == 3);
  CHECK(sample.buffer.str() == "1.5");
  CHECK(sample.scope == "exchange");
  CHECK(sample.types == std::vector<std::string>{"TRANSFER", "WELCOME_BONUS"});
  CHECK(sample.key.reveal() == "100%x");
  CHECK(loaded->has_inline_secret);
}

TEST_CASE("settings: a percent sign in a value stands for itself") {
  for (const std::string value : {"100%", "%", "a%%b", "%(leverage)s", "x%y"}) {
    INFO(value);
    Sample sample;
    auto sections = table(sample);
    const auto file = parse_ini("[runtime]\napi_key = " + value + "\n", "config.ini");
    REQUIRE(apply_settings(file.value(), {}, sections).has_value());
    CHECK(sample.key.reveal() == value);
  }
}

TEST_CASE("settings: all faults are reported at once, with line and nearest key") {
  const auto faults = faults_of(
      "[strategy]\nleverge = 3\nleverage = many\nsl_liq_buffer_pct = 150\n[runtme]\nx = 1\n");
  REQUIRE(faults.size() == 4);
  CHECK(faults[0] == "config.ini: unknown section [runtme]; did you mean 'runtime'?");
  CHECK(faults[1] == "config.ini:2: [strategy] leverge: unknown key; did you mean 'leverage'?");
  CHECK(faults[2] == "config.ini:3: [strategy] leverage: 'many' is not a whole number");
  CHECK(faults[3] ==
        "config.ini:4: [strategy] sl_liq_buffer_pct: 150 is outside the range 0 to 99");
}

TEST_CASE("settings: malformed lines and duplicates are faults, not guesses") {
  CHECK(faults_of("leverage = 1\n").at(0) == "config.ini:1: a key before the first [section]");
  CHECK(faults_of("[strategy]\nleverage = 1\nLEVERAGE = 2\n").at(0) ==
        "config.ini:3: [strategy] leverage was set in line 2 already");
  CHECK(faults_of("[strategy]\nnonsense\n").size() == 1);
}

TEST_CASE("settings: the environment overrides the file") {
  Sample sample;
  auto sections = table(sample);
  const auto file = parse_ini("[strategy]\nleverage = 3\n", "config.ini");
  const Environment environment = {{"BUBBLE_BUSTER_STRATEGY_LEVERAGE", "5"}};
  REQUIRE(apply_settings(file.value(), environment, sections).has_value());
  CHECK(sample.leverage == 5);
  CHECK(faults_of("", {{"BUBBLE_BUSTER_STRATEGY_LEVERAGE", "x"}}).size() == 1);
}

TEST_CASE("settings: a secret may come from a file of its own") {
  TempDir dir;
  std::ofstream(dir.file("key")) << "abc \n";
  Sample sample;
  auto sections = table(sample);
  const auto file = parse_ini("[runtime]\napi_key = file:" + dir.file("key") + "\n", "config.ini");
  const auto loaded = apply_settings(file.value(), {}, sections);
  REQUIRE(loaded.has_value());
  CHECK(sample.key.reveal() == "abc");
  CHECK_FALSE(loaded->has_inline_secret);
}

TEST_CASE("settings: secrets are never printed") {
  Sample sample;
  auto sections = table(sample);
  sample.key = Secret("canary");
  CHECK(print_settings(sections).find("canary") == std::string::npos);
  CHECK(document_settings(sections).find("`leverage` | `2`") != std::string::npos);
}

}  // namespace
}  // namespace bb::test
