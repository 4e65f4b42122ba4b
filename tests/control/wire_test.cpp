#include "control/wire.h"

#include <doctest/doctest.h>

namespace bb::control::test {
namespace {

Command a_flatten() {
  Command command;
  command.id = "0123456789abcdef0123456789abcdef";
  command.kind = CommandKind::flatten;
  command.made_at = from_ms(1'760'000'000'000);
  command.who = "shell of uid 0, \"quoted\"\n";
  command.tracked = true;
  command.percent = Decimal::parse("12.5").value();
  command.symbols = {"BTCUSDT", "币安人生USDT"};
  return command;
}

std::string refusal_of(const std::string& line) {
  const auto parsed = parse_request(line);
  return parsed ? std::string() : parsed.error().text;
}

std::string with(std::string rest) {
  return R"({"v":1,"id":"0123456789abcdef0123456789abcdef","at":1,)" + std::move(rest) + "}";
}

}  // namespace

TEST_CASE("a command comes out as it went in, in one line") {
  for (const CommandKind kind :
       {CommandKind::entry, CommandKind::manage, CommandKind::loss_cut, CommandKind::flatten,
        CommandKind::preview, CommandKind::pause, CommandKind::resume, CommandKind::status,
        CommandKind::cancel, CommandKind::catch_up}) {
    Command command;
    if (kind == CommandKind::flatten) command = a_flatten();
    if (kind == CommandKind::preview) {
      command = a_flatten();
      command.sides = Sides::shorts;
      command.profits = Profits::losers;
    }
    command.id = "ffffffffffffffffffffffffffffffff";
    command.kind = kind;
    if (kind == CommandKind::entry) command.trade_day = "2025-10-10";
    if (kind == CommandKind::pause) command.reason = "holiday";
    if (kind == CommandKind::resume) command.seen = "paused 1760000000000 2";
    if (kind == CommandKind::catch_up) command.reason = "off";
    if (kind == CommandKind::cancel) command.symbols = {"AAAUSDT"};
    const std::string line = write_request(command);
    CHECK(line.find('\n') == line.size() - 1);
    const auto parsed = parse_request(line);
    REQUIRE(parsed);
    CHECK(std::get<Command>(*parsed) == command);
  }
  CHECK(std::holds_alternative<Ping>(parse_request(write_request(Ping{})).value()));
  CHECK(std::holds_alternative<Watch>(parse_request(write_request(Watch{})).value()));
}

TEST_CASE("what this version does not know is refused, not ignored") {
  CHECK(refusal_of(with(R"("do":"manage","limit":"5")")).find("'limit'") != std::string::npos);
  CHECK(refusal_of(with(R"("do":"manage","percent":"5")")).find("'percent'") != std::string::npos);
  CHECK(refusal_of(with(R"("do":"cancel","side":"long")")).find("'side'") != std::string::npos);
  CHECK(refusal_of(with(R"("do":"withdraw")")).find("'withdraw'") != std::string::npos);
  CHECK(refusal_of(R"({"v":2,"do":"ping"})").find("version") != std::string::npos);
}

TEST_CASE("a command without its parts is refused") {
  CHECK_FALSE(refusal_of(R"({"v":1,"do":"manage","at":1})").empty());
  CHECK_FALSE(refusal_of(R"({"v":1,"do":"manage","at":1,"id":"12"})").empty());
  CHECK_FALSE(
      refusal_of(R"({"v":1,"do":"manage","id":"0123456789abcdef0123456789abcdef"})").empty());
  CHECK_FALSE(refusal_of(with(R"("do":"flatten")")).empty());
  CHECK_FALSE(refusal_of(with(R"("do":"flatten","scope":"account","percent":"1e2")")).empty());
  CHECK_FALSE(refusal_of(with(R"("do":"flatten","scope":"account","percent":50.5)")).empty());
  CHECK_FALSE(refusal_of(with(R"("do":"flatten","scope":"all","percent":"50")")).empty());
  CHECK_FALSE(refusal_of(with(R"("do":"flatten","scope":"account","percent":"50","symbols":[" "])"))
                  .empty());
  CHECK(refusal_of(with(R"("do":"flatten","scope":"account","percent":"50","symbols":["A"])"))
            .empty());
  CHECK_FALSE(
      refusal_of(with(R"("do":"flatten","scope":"account","percent":"50","side":"both")")).empty());
  CHECK_FALSE(refusal_of(with(R"("do":"flatten","scope":"account","percent":"50","profit":"all")"))
                  .empty());
  CHECK_FALSE(refusal_of(with(R"("do":"manage","side":"long")")).empty());
  CHECK_FALSE(refusal_of(with(R"("do":"flatten-preview")")).empty());
}

TEST_CASE("garbage is refused with a sentence") {
  for (const char* line : {"", "{", "[]", "1", "null", "\"ping\"", "{}", R"({"v":"one"})",
                           R"({"v":1})", R"({"v":1,"do":7})", "\xff\xfe", "GET / HTTP/1.1"})
    CHECK_MESSAGE(!refusal_of(line).empty(), line);
}

TEST_CASE("an answer keeps its report byte for byte") {
  Answer answer;
  answer.by = {"service", 42};
  answer.report = {3, "{\"a\":\"\\n\"}\n", "two\nlines of \"text\" 平仓\n", true};
  const auto parsed = parse_message(write_message(answer));
  REQUIRE(parsed);
  const auto& read = std::get<Answer>(*parsed);
  CHECK(read.by.command == "service");
  CHECK(read.by.pid == 42);
  CHECK(read.report == answer.report);
  CHECK_FALSE(parse_message("{}"));
  CHECK_FALSE(parse_message(R"({"v":1,"state":"answered"})"));
}

}  // namespace bb::control::test
