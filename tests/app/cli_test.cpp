#include "app/cli.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "app/exit_codes.h"

namespace bb::app::test {
namespace {

Invocation parse(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  return parse_command_line(arguments, environment);
}

int printed_code(const Invocation& invocation) {
  const auto* print = std::get_if<PrintCommand>(&invocation.command);
  return print == nullptr ? -1 : print->exit_code;
}

const std::vector<std::string> kCommands = {"entry", "manage", "loss-cut", "flatten",
                                            "pause", "resume", "status",   "service",
                                            "board", "audit",  "paper",    "demo"};

TEST_CASE("cli: --config is accepted before and after every sub-command") {
  for (const auto& name : kCommands) {
    INFO(name);
    const auto before = parse({"--config", "a.ini", name});
    const auto after = parse({name, "--config", "a.ini"});
    const auto joined = parse({name, "--config=a.ini"});
    for (const auto& each : {before, after, joined}) {
      CHECK(printed_code(each) == -1);
      CHECK(each.name == name);
      CHECK(each.config_path == "a.ini");
      CHECK(each.config_named);
    }
  }
}

TEST_CASE("cli: flatten takes a plain percentage, symbols and a scope, and nothing in between") {
  const auto all = parse({"flatten"});
  REQUIRE(std::holds_alternative<FlattenCommand>(all.command));
  CHECK(std::get<FlattenCommand>(all.command).percent == Decimal::from_int(100));
  CHECK(std::get<FlattenCommand>(all.command).symbols.empty());
  const auto some = parse(
      {"flatten", "--percent", "12.5", "--symbol", "BTCUSDT", "--symbol", "ETHUSDT", "--tracked"});
  REQUIRE(std::holds_alternative<FlattenCommand>(some.command));
  const auto& command = std::get<FlattenCommand>(some.command);
  CHECK(command.percent.str() == "12.5");
  CHECK(command.symbols == std::vector<std::string>{"BTCUSDT", "ETHUSDT"});
  CHECK(command.tracked);
  for (const char* wrong : {"0", "101", "1e2", "NaN", "50%", "-5", ""})
    CHECK_MESSAGE(printed_code(parse({"flatten", std::string("--percent=") + wrong})) == kUsage,
                  wrong);
  CHECK(printed_code(parse({"flatten", "--symbol", "BTC USDT"})) == kUsage);
  const auto losers = parse({"flatten", "--side", "short", "--losers", "--preview"});
  REQUIRE(std::holds_alternative<FlattenCommand>(losers.command));
  CHECK(std::get<FlattenCommand>(losers.command).side == "short");
  CHECK(std::get<FlattenCommand>(losers.command).losers);
  CHECK(std::get<FlattenCommand>(losers.command).preview);
  CHECK(printed_code(parse({"flatten", "--side", "both"})) == kUsage);
  CHECK(printed_code(parse({"flatten", "--losers", "--winners"})) == kUsage);
  const auto pause = parse({"pause", "--reason", "holiday"});
  REQUIRE(std::holds_alternative<PauseCommand>(pause.command));
  CHECK(std::get<PauseCommand>(pause.command).reason == "holiday");
}

TEST_CASE("cli: --account names accounts for everything that is about one, as often as wanted") {
  for (const char* name : {"entry", "manage", "loss-cut", "flatten", "cancel", "pause", "resume",
                           "status", "service", "audit", "doctor"}) {
    const auto parsed =
        parse_command_line({name, "--account", "a@x.io", "--account", "group:north"}, {});
    const std::vector<std::string> named = {"a@x.io", "group:north"};
    CHECK_MESSAGE(parsed.accounts == named, name);
    CHECK_MESSAGE(parse_command_line({name}, {}).accounts.empty(), name);
  }
  const auto cancel = parse_command_line({"cancel", "--symbol", "BTCUSDT"}, {});
  CHECK(std::get<CancelCommand>(cancel.command).symbols == std::vector<std::string>{"BTCUSDT"});
  const auto paper = parse_command_line({"paper", "--account", "a:k:s:5"}, {});
  CHECK(paper.accounts.empty());
}

TEST_CASE("cli: the environment names the config, and --config wins over it") {
  const Environment environment = {{"BUBBLE_BUSTER_CONFIG", "/etc/bb/config.ini"}};
  CHECK(parse({"service"}, environment).config_path == "/etc/bb/config.ini");
  CHECK(parse({"service", "--config", "b.ini"}, environment).config_path == "b.ini");
  CHECK(parse({"--config", "b.ini", "service"}, environment).config_path == "b.ini");
  CHECK(parse({"service"}).config_path == "config.ini");
  CHECK_FALSE(parse({"service"}).config_named);
}

TEST_CASE("cli: every command has help with examples on exit code 0") {
  for (const auto& name : kCommands) {
    INFO(name);
    const auto help = parse({name, "--help"});
    REQUIRE(printed_code(help) == kDone);
    const auto& text = std::get<PrintCommand>(help.command).text;
    CHECK(text.find("Examples:") != std::string::npos);
    CHECK(text.find("bubble-buster") != std::string::npos);
  }
  const auto all = parse({"--help"});
  REQUIRE(printed_code(all) == kDone);
  for (const auto& name : kCommands)
    CHECK(std::get<PrintCommand>(all.command).text.find(name) != std::string::npos);
  CHECK(std::get<PrintCommand>(parse({"--version"}).command).text.starts_with("bubble-buster "));
}

TEST_CASE("cli: what is not understood is a usage error") {
  CHECK(printed_code(parse({})) == kUsage);
  CHECK(printed_code(parse({"fly"})) == kUsage);
  CHECK(printed_code(parse({"entry", "--fast"})) == kUsage);
  CHECK(printed_code(parse({"entry", "manage"})) == kUsage);
  CHECK(printed_code(parse({"service", "--config"})) == kUsage);
  CHECK(printed_code(parse({"paper", "--port", "99999"})) == kUsage);
  CHECK(printed_code(parse({"paper", "--account", "alice:key"})) == kUsage);
  CHECK(printed_code(parse({"paper", "--account", "alice:key:secret:many"})) == kUsage);
  CHECK(printed_code(parse({"demo", "--days", "0"})) == kUsage);
  CHECK(printed_code(parse({"demo", "--path", "sideways"})) == kUsage);
}

TEST_CASE("cli: options reach their command") {
  const auto entry = parse({"entry", "--trade-day-utc", " 2025-10-10 ", "--json"});
  CHECK(std::get<EntryCommand>(entry.command).trade_day_utc == "2025-10-10");
  CHECK(entry.json);
  CHECK(std::get<EntryCommand>(parse({"entry", "--trade-day-utc", " "}).command)
            .trade_day_utc.empty());
  CHECK(std::get<ManageCommand>(parse({"manage", "--loop"}).command).loop);
  CHECK(std::get<BoardCommand>(parse({"board", "--push"}).command).push);
  const auto paper = parse({"paper", "--port", "0", "--account", "a:k:s:10", "--account",
                            "b:k2:s2:0.5", "--hedge", "--delay-ms", "50", "--expose-journal",
                            "--reduce-only-stop-without-position", "expired"});
  const auto& p = std::get<PaperCommand>(paper.command);
  CHECK(p.port == 0);
  REQUIRE(p.accounts.size() == 2);
  CHECK(p.accounts[1].alias == "b");
  CHECK(p.accounts[1].balance.str() == "0.5");
  CHECK(p.hedge);
  CHECK(p.delay_ms == 50);
  CHECK(p.expose_journal);
  CHECK(p.stop_without_position == "expired");
  const auto demo = parse({"demo", "--latency-ms", "100", "--days", "3", "--seed", "7", "--speed",
                           "600", "--exit", "--path", "low-first"});
  const auto& d = std::get<DemoCommand>(demo.command);
  CHECK(d.latency_ms == 100);
  CHECK(d.days == 3);
  CHECK(d.seed == 7u);
  CHECK(d.speed == 600);
  CHECK(d.path == "low-first");
}

TEST_CASE("cli: --print-config needs no command") {
  const auto alone = parse({"--print-config"});
  CHECK(alone.print_config);
  CHECK(alone.name.empty());
  CHECK(std::get<PrintCommand>(alone.command).text.empty());
  CHECK(parse({"service", "--print-config"}).print_config);
  CHECK(parse({"--print-config-reference"}).print_reference);
}

TEST_CASE("cli: doctor takes --send, and --json like every command") {
  const auto plain = parse({"doctor"});
  REQUIRE(std::holds_alternative<DoctorCommand>(plain.command));
  CHECK_FALSE(std::get<DoctorCommand>(plain.command).send);
  const auto sends = parse({"doctor", "--send", "--json"});
  CHECK(std::get<DoctorCommand>(sends.command).send);
  CHECK(sends.json);
}

TEST_CASE("cli: each kind of error has its exit code") {
  CHECK(exit_code_of(Error{ErrorKind::configuration, "", 0}) == 78);
  CHECK(exit_code_of(Error{ErrorKind::busy, "", 0}) == 4);
  CHECK(exit_code_of(Error{ErrorKind::unreachable, "", 0}) == 5);
  CHECK(exit_code_of(Error{ErrorKind::rate_limited, "", 0}) == 5);
  CHECK(exit_code_of(Error{ErrorKind::rejected, "", -2015}) == 1);
  CHECK(exit_code_of(Error{ErrorKind::storage, "", 0}) == 1);
}

TEST_CASE("cli: paper follows Binance or another source live, and then has no other market") {
  const auto of = [](const Invocation& invocation) {
    REQUIRE(std::holds_alternative<PaperCommand>(invocation.command));
    return std::get<PaperCommand>(invocation.command);
  };
  CHECK_FALSE(of(parse({"paper"})).live.has_value());
  CHECK(of(parse({"paper", "--live"})).live == "https://fapi.binance.com");
  CHECK(of(parse({"paper", "--live", "--port", "0"})).live == "https://fapi.binance.com");
  const auto other =
      of(parse({"paper", "--live", "http://127.0.0.1:8790", "--proxy", "http://127.0.0.1:3128"}));
  CHECK(other.live == "http://127.0.0.1:8790");
  CHECK(other.proxy == "http://127.0.0.1:3128");
  const auto named = parse_command_line({"paper", "--live"}, {{"PROXY_URL", "http://127.0.0.1:1"}});
  CHECK(of(named).proxy == "http://127.0.0.1:1");
  CHECK(of(parse_command_line({"paper"}, {{"PROXY_URL", "http://127.0.0.1:1"}})).proxy.empty());
  for (const auto& wrong :
       std::vector<std::vector<std::string>>{{"paper", "--live", "fapi.binance.com"},
                                             {"paper", "--proxy", "http://127.0.0.1:1"},
                                             {"paper", "--live", "--data", "bulk"},
                                             {"paper", "--live", "--speed", "2"},
                                             {"paper", "--live", "--at", "2025-10-10"},
                                             {"paper", "--live", "--paused"},
                                             {"paper", "--live", "--days", "3"},
                                             {"paper", "--live", "--interval", "1m"},
                                             {"paper", "--live", "--db", "x.db"}}) {
    CAPTURE(wrong.back());
    CHECK(printed_code(parse(wrong)) == kUsage);
  }
}

TEST_CASE("cli: paper takes its market, its clock, its control and its memory from flags") {
  const auto paper = parse({"paper", "--data", "bulk", "--interval", "15m", "--at",
                            "2025-10-10T20:00", "--speed", "60", "--paused", "--control-port", "0",
                            "--control-token-file", "token", "--db", "p.db", "--db-rebase"});
  REQUIRE(std::holds_alternative<PaperCommand>(paper.command));
  const auto& p = std::get<PaperCommand>(paper.command);
  CHECK(p.interval == Minutes(15));
  CHECK(p.at == from_ms(1'760'126'400'000));
  CHECK(p.speed == Decimal::from_int(60));
  CHECK(p.paused);
  CHECK(p.control_port == 0);
  CHECK(p.control_token_file == "token");
  CHECK(p.db_rebase);
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"paper", "--interval", "7m"},
                                             {"paper", "--at", "yesterday"},
                                             {"paper", "--speed", "0"},
                                             {"paper", "--speed", "fast"},
                                             {"paper", "--control-port", "5"},
                                             {"paper", "--db-rebase"}})
    CHECK(printed_code(parse(wrong)) == kUsage);
}

}  // namespace
}  // namespace bb::app::test
