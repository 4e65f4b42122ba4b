#include "binance/outcome_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

namespace bb::binance::test {
namespace {

Verdict answered(int status, Body body, int code = 0) {
  return classify({Stage::answered, status, body, code});
}

TEST_CASE("outcome: nothing sent is refused, no answer is unknown") {
  CHECK(classify({Stage::not_sent, 0, Body::none, 0}) == Verdict::refused);
  CHECK(classify({Stage::no_answer, 0, Body::none, 0}) == Verdict::unknown);
}

TEST_CASE("outcome: done needs 200 and an answer about our order") {
  CHECK(answered(200, Body::answer) == Verdict::done);
  CHECK(answered(200, Body::none) == Verdict::unknown);
  CHECK(answered(200, Body::unparsable) == Verdict::unknown);
  CHECK(answered(200, Body::wrong_echo) == Verdict::unknown);
  CHECK(answered(200, Body::error, -2019) == Verdict::unknown);
  for (const int status : {100, 201, 202, 204, 301, 302, 304})
    CHECK(answered(status, Body::answer) == Verdict::unknown);
}

// Spelled out again on purpose: a slip in the table must not change the test with it.
const std::vector<int> kProveNothingWasDone{
    -1002, -1003, -1004, -1005, -1011, -1013, -1014, -1015, -1020, -1021, -1022, -1023, -1099,
    -1100, -1101, -1102, -1103, -1104, -1105, -1106, -1108, -1109, -1110, -1111, -1112, -1114,
    -1115, -1116, -1117, -1118, -1119, -1120, -1121, -1122, -1125, -1126, -1127, -1128, -1130,
    -1136, -2010, -2011, -2013, -2014, -2015, -2016, -2017, -2018, -2019, -2020, -2021, -2022,
    -2023, -2024, -2025, -2026, -2027, -2028, -4000, -4001, -4002, -4003, -4004, -4005, -4006,
    -4007, -4013, -4014, -4015, -4016, -4020, -4021, -4022, -4023, -4024, -4028, -4031, -4032,
    -4044, -4045, -4046, -4047, -4048, -4049, -4050, -4051, -4052, -4053, -4054, -4055, -4056,
    -4057, -4059, -4060, -4061, -4062, -4067, -4068, -4082, -4087, -4088, -4104, -4105, -4106,
    -4107, -4109, -4114, -4115, -4116, -4117, -4118, -4120, -4129, -4130, -4131, -4135, -4136,
    -4137, -4138, -4139, -4140, -4141, -4142, -4144, -4161, -4164, -4165, -4167, -4168, -4169,
    -4170, -4171, -4172, -4183, -4184, -4189, -4192, -4202, -4203, -4204, -4205, -4206, -4207,
    -4208, -4209, -4210, -4211, -4400, -4401, -4402, -4403, -4411, -4500, -4509, -4531, -5000,
    -5021, -5022, -5024, -5025, -5026, -5027, -5028, -5029, -5037, -5038, -5039, -5040, -5041,
    -5043, -5047, -20132};

TEST_CASE("outcome: a listed code is a refusal in a structured 4xx answer, and nowhere else") {
  for (const int code : kProveNothingWasDone) {
    CAPTURE(code);
    for (const int status : {400, 401, 403, 404, 418, 429})
      CHECK(answered(status, Body::error, code) == Verdict::refused);
    for (const int status : {200, 302, 408, 500, 502, 503, 504})
      CHECK(answered(status, Body::error, code) == Verdict::unknown);
  }
}

TEST_CASE("outcome: the list holds these codes and no others") {
  std::set<int> listed;
  for (const auto& row : refusal_codes()) {
    CAPTURE(row.code);
    CHECK_FALSE(row.meaning.empty());
    CHECK(listed.insert(row.code).second);
  }
  CHECK(listed == std::set<int>(kProveNothingWasDone.begin(), kProveNothingWasDone.end()));
}

TEST_CASE("outcome: codes that leave the result open, and new ones, are unknown at any status") {
  for (const int code : {-1000, -1001, -1006, -1007, -1008, -1010, -1016, -2012, -4083, -9999, -1})
    for (const int status : {200, 400, 404, 408, 418, 429, 500, 503}) {
      CAPTURE(code);
      CAPTURE(status);
      CHECK(answered(status, Body::error, code) == Verdict::unknown);
    }
}

TEST_CASE("outcome: without a structured body every status is unknown") {
  for (const int status : {400, 401, 403, 404, 408, 418, 429, 500, 502, 503, 504})
    for (const Body body : {Body::none, Body::unparsable, Body::wrong_echo, Body::answer}) {
      CAPTURE(status);
      CHECK(answered(status, body) == Verdict::unknown);
    }
}

// The exchange's own list (reference §21), spelled out once more.
const std::vector<int> kDocumented{
    -1000, -1001, -1002, -1003, -1004, -1005, -1006, -1007, -1008, -1010, -1011, -1013, -1014,
    -1015, -1016, -1020, -1021, -1022, -1023, -1099, -1100, -1101, -1102, -1103, -1104, -1105,
    -1106, -1108, -1109, -1110, -1111, -1112, -1114, -1115, -1116, -1117, -1118, -1119, -1120,
    -1121, -1122, -1125, -1126, -1127, -1128, -1130, -1136, -2010, -2011, -2012, -2013, -2014,
    -2015, -2016, -2017, -2018, -2019, -2020, -2021, -2022, -2023, -2024, -2025, -2026, -2027,
    -2028, -4000, -4001, -4002, -4003, -4004, -4005, -4006, -4007, -4013, -4014, -4015, -4016,
    -4020, -4021, -4022, -4023, -4024, -4028, -4031, -4032, -4044, -4045, -4046, -4047, -4048,
    -4049, -4050, -4051, -4052, -4053, -4054, -4055, -4056, -4057, -4059, -4060, -4061, -4062,
    -4067, -4068, -4082, -4083, -4087, -4088, -4104, -4105, -4106, -4107, -4109, -4114, -4115,
    -4116, -4117, -4118, -4120, -4129, -4130, -4131, -4135, -4136, -4137, -4138, -4139, -4140,
    -4141, -4142, -4144, -4161, -4164, -4165, -4167, -4168, -4169, -4170, -4171, -4172, -4183,
    -4184, -4189, -4192, -4202, -4203, -4204, -4205, -4206, -4207, -4208, -4209, -4210, -4211,
    -4400, -4401, -4402, -4403, -4411, -4509, -4531, -5021, -5022, -5024, -5025, -5026, -5027,
    -5028, -5029, -5037, -5038, -5039, -5040, -5041, -5043, -5047};

TEST_CASE("outcome: every documented code is in the table, once, with what it proves") {
  std::map<int, int> rows;
  for (const auto& row : refusal_codes())
    ++rows[row.code];
  for (const auto& row : open_codes()) {
    CHECK_FALSE(row.meaning.empty());
    ++rows[row.code];
  }
  for (const int code : kDocumented) {
    CAPTURE(code);
    CHECK(rows[code] == 1);
  }
  for (const auto& row : open_codes())
    for (const int status : {200, 400, 401, 408, 418, 429, 503})
      CHECK(answered(status, Body::error, row.code) == Verdict::unknown);
}

/// An answer that this rule, and none before it, speaks of.
std::optional<Evidence> example_of(std::size_t number) {
  const auto& rule = outcome_rules()[number];
  for (const Stage stage : {Stage::not_sent, Stage::no_answer, Stage::answered})
    for (const Body body :
         {Body::none, Body::unparsable, Body::error, Body::wrong_echo, Body::answer})
      for (const int status : {0, 101, 200, 204, 302, 400, 408, 418, 429, 500, 503})
        for (const int code : {0, -1000, -2019, -9999}) {
          const Evidence evidence{stage, status, body, code};
          const auto judged = judge(evidence);
          if (judged.rule == number && judged.verdict == rule.verdict) return evidence;
        }
  return std::nullopt;
}

TEST_CASE("outcome: every rule can be met, and says why") {
  for (std::size_t i = 0; i < outcome_rules().size(); ++i) {
    CAPTURE(outcome_rules()[i].when);
    CHECK(example_of(i).has_value());
    CHECK_FALSE(outcome_rules()[i].reason.empty());
  }
}

TEST_CASE("outcome: docs/outcomes.md is what the table says") {
  const std::string path = BB_DOCS "/outcomes.md";
  const auto text = outcomes_document();
  if (std::getenv("BB_WRITE_DOCS") != nullptr) std::ofstream(path) << text;
  std::ostringstream written;
  written << std::ifstream(path).rdbuf();
  CHECK(written.str() == text);
}

TEST_CASE("outcome: the two codes of a duplicate client id are one") {
  CHECK(canonical_code(-20132) == -4116);
  CHECK(canonical_code(-2019) == -2019);
}

}  // namespace
}  // namespace bb::binance::test
