#include "bot/request.h"

#include <doctest/doctest.h>

namespace bb::bot {
namespace {

const std::vector<std::string> kAccounts = {"alice", "bob@mail.example", "my own", "50"};

std::string read(std::string_view line) {
  const auto parsed = parse_request(line, "bubble_bot", kAccounts);
  if (!parsed) return "refused: " + parsed.error().argument;
  return *parsed ? line_of(**parsed) : "nothing";
}

TEST_CASE("request: what is typed means one thing, and is written back as that") {
  CHECK(read("/status") == "/status");
  CHECK(read("/pos alice") == "/positions alice");
  CHECK(read("/flatten alice 50 short") == "/flatten alice 50 short");
  CHECK(read("/flatten 12.5 bob@mail.example BTCUSDT ETHUSDT") ==
        "/flatten bob@mail.example 12.5 BTCUSDT ETHUSDT");
  CHECK(read("/flatten \"my own\" losers") == "/flatten \"my own\" losers");
  CHECK(read("/flatten all") == "/flatten all");
  CHECK(read("/flatten group:x winners") == "/flatten group:x winners");
  CHECK(read("/pnl week alice") == "/pnl week alice");
  CHECK(read("/mute 1h") == "/mute 1h");
  CHECK(read("/logs 100 alice") == "/logs 100 alice");
  CHECK(read("/list_account") == "/accounts");
  CHECK(read("/language zh") == "/language zh");
  CHECK(read("/STATUS") == "/status");
}

TEST_CASE("request: an account's name wins over every other meaning of a word") {
  CHECK(read("/clearpos 50") == "/clearpos 50");
  const auto parsed = parse_request("/clearpos 50", "b", kAccounts);
  REQUIRE(parsed.has_value());
  CHECK((*parsed)->target == "50");
  CHECK_FALSE((*parsed)->says_percent);
}

TEST_CASE("request: the original's forms of clearpos, and none beside them") {
  CHECK(read("/clearpos") == "/clearpos");
  CHECK(read("/clear alice") == "/clearpos alice");
  CHECK(read("/clearpos alice 50") == "/clearpos alice 50");
  for (const char* line :
       {"/clearpos alice 50 extra", "/clearpos alice -50", "/clearpos alice 200",
        "/clearpos alice 0", "/clearpos alice x", "/clearpos nobody", "/clearpos nobody 50",
        "/clearpos alice NaN", "/clearpos alice 1e2", "/clearpos alice 100%",
        "/clearpos alice bob@mail.example", "/clearpos alice 50 50"})
    CHECK_MESSAGE(read(line).starts_with("refused"), line);
}

TEST_CASE("request: a word too many or unknown is an error, never a wider command") {
  for (const char* line :
       {"/flatten alice 50 60", "/flatten alice bob@mail.example", "/flatten nobody",
        "/flatten alice long short", "/flatten alice everything", "/pause alice now",
        "/resume alice 123456 123456", "/status alice bob@mail.example", "/pnl year",
        "/mute forever", "/logs -5", "/logs 99999", "/language fr", "/rm", "/clearpo"})
    CHECK_MESSAGE(read(line).starts_with("refused"), line);
}

TEST_CASE("request: a command for another bot of the group is nothing; so is talk") {
  CHECK(read("/status@bubble_bot") == "/status");
  CHECK(read("/status@Bubble_Bot alice") == "/status alice");
  CHECK(read("/status@other_bot") == "nothing");
  CHECK(read("close everything") == "nothing");
  CHECK(read("") == "nothing");
}

TEST_CASE("request: whatever a deep link carries, it opens the menu only") {
  CHECK(read("/start flatten_all") == "/start");
  CHECK(read("/start /flatten all 100") == "/start");
}

TEST_CASE("request: a code does not stand in the line that is kept") {
  const auto parsed = parse_request("/resume alice 123456", "b", kAccounts);
  REQUIRE(parsed.has_value());
  CHECK((*parsed)->code == "123456");
  CHECK(line_of(**parsed) == "/resume alice");
}

}  // namespace
}  // namespace bb::bot
