// What is shown before a deed and after it: nothing that decides is left out, nothing is called
// better than it is known to be.
#include <doctest/doctest.h>

#include <algorithm>

#include "bot/strategy_words.h"
#include "world.h"

namespace bb::bot::test {
namespace {

Decimal dec(const char* text) { return *Decimal::parse(text); }

PreviewRow row_of(const char* symbol, PositionSide side, const char* held) {
  PreviewRow row;
  row.symbol = Symbol(symbol);
  row.side = side;
  row.held = row.closes = Qty(dec(held));
  row.notional = Usdt(dec("20"));
  return row;
}

TEST_CASE("preview: both sides of a hedged symbol can be told apart, and each has its cost") {
  run_world([](World& world) -> Task<void> {
    Preview preview;
    preview.rows = {row_of("AAAUSDT", PositionSide::long_, "10"),
                    row_of("AAAUSDT", PositionSide::short_, "-10")};
    for (auto& row : preview.rows) {
      row.slippage = Usdt(dec("0.5"));
      row.fee = Usdt(dec("0.25"));
    }
    world.account("alice").preview = preview;
    co_await world.type(kOwner, "/flatten all");
    CHECK(world.says(kOwner, "AAAUSDT long 10 of 10 · 20.00 USDT · slippage 0.50, fee 0.25"));
    CHECK(world.says(kOwner, "AAAUSDT short 10 of 10"));
    // bob's costs are not known: the sum says so.
    CHECK(world.says(kOwner, "slippage 1.00 USDT, fee 0.50 USDT (without bob@mail.example)"));
  });
}

TEST_CASE("preview: an estimate is called so, notes are shown, and the unread are not in the sum") {
  run_world([](World& world) -> Task<void> {
    Preview preview;
    preview.is_estimate = true;
    preview.notes = {"the book of AAAUSDT could not be read"};
    preview.rows = {row_of("AAAUSDT", PositionSide::both, "-10")};
    world.account("alice").preview = preview;
    world.account("bob@mail.example").preview = fail(ErrorKind::unreachable, "no connection");
    co_await world.type(kOwner, "/flatten all");
    CHECK(world.says(kOwner, "an estimate"));
    CHECK(world.says(kOwner, "the book of AAAUSDT could not be read"));
    CHECK(world.says(kOwner, "1 position, 20.00 USDT to close</b> (without bob@mail.example)"));
    CHECK(world.says(kOwner, "tried all the same"));
    co_await world.press(kOwner, "Yes");
    CHECK(world.performed() == 2);
  });
}

TEST_CASE("preview: what is possible for no account has no Yes") {
  run_world([](World& world) -> Task<void> {
    for (auto& account : world.accounts)
      account.preview = fail(ErrorKind::invalid_input, "there is no symbol BTCUSD");
    co_await world.type(kOwner, "/flatten all BTCUSD");
    CHECK(world.says(kOwner, "there is no symbol BTCUSD"));
    CHECK(World::is_over(world.newest(kOwner)));
    world.account("alice").preview.reset();
    co_await world.type(kOwner, "/flatten all BTCUSD");
    CHECK_FALSE(World::is_over(world.newest(kOwner)));
  });
}

TEST_CASE("preview: an account that throws is told as unread, and the others are shown") {
  run_world([](World& world) -> Task<void> {
    world.is_blind = true;
    co_await world.type(kOwner, "/flatten all");
    CHECK(world.says(kOwner, "no such thing"));
    CHECK(world.says(kOwner, "AAAUSDT"));
    co_await world.press(kOwner, "Yes");
    CHECK(world.performed() == 2);
    co_await world.type(kOwner, "/status");
    CHECK(world.says(kOwner, "no such thing"));
    CHECK(world.says(kOwner, "bob"));
  });
}

TEST_CASE("preview: losers that are confirmed are those that were shown, and no others") {
  run_world([](World& world) -> Task<void> {
    Preview preview;
    preview.rows = {row_of("AAAUSDT", PositionSide::both, "-10"),
                    row_of("BBBUSDT", PositionSide::both, "-10")};
    world.account("alice").preview = preview;
    co_await world.type(kOwner, "/flatten alice losers");
    CHECK(world.says(kOwner, "still float at a loss when it is done"));
    co_await world.press(kOwner, "Yes");
    REQUIRE(world.performed() == 1);
    const auto& command = world.account("alice").commands.front();
    CHECK(command.profits == control::Profits::losers);
    CHECK(command.symbols == std::vector<std::string>{"AAAUSDT", "BBBUSDT"});
    // Too many for a line: said instead.
    preview.rows.clear();
    for (int i = 0; i < 30; ++i)
      preview.rows.push_back(row_of(fmt::format("C{}USDT", i).c_str(), PositionSide::both, "-1"));
    world.account("alice").preview = preview;
    co_await world.type(kOwner, "/flatten alice winners");
    CHECK(world.says(kOwner, "as they stand when it is done"));
  });
}

TEST_CASE(
    "preview: of many positions each page keeps the sum and the Yes, and reaches every symbol") {
  run_world([](World& world) -> Task<void> {
    Preview preview;
    for (int i = 0; i < 60; ++i)
      preview.rows.push_back(row_of(fmt::format("C{}USDT", i).c_str(), PositionSide::both, "-1"));
    world.account("alice").preview = preview;
    co_await world.type(kOwner, "/flatten all");
    std::set<std::string> symbols;
    for (int page = 0; page < 10; ++page) {
      const Shown& where = world.newest(kOwner);
      CHECK(where.text.size() < 4096);
      CHECK(world.says(kOwner, "61 positions, 1,220.00 USDT to close"));
      const auto has = [&](const std::string& part) {
        return std::ranges::any_of(where.buttons, [&](const auto& button) {
          return button.first.find(part) != std::string::npos;
        });
      };
      CHECK(has("Yes"));
      for (const auto& [label, data] : where.buttons)
        if (label.ends_with("USDT")) symbols.insert(label);
      if (!has("›")) break;
      co_await world.press(kOwner, "›");
    }
    CHECK(symbols.size() == 61);
    co_await world.press(kOwner, "Yes");
    CHECK(world.performed() == 2);
    CHECK(world.account("alice").commands.front().symbols.empty());
  });
}

TEST_CASE("results: a flatten past a hung service, and one without records, are called so") {
  run_world([](World& world) -> Task<void> {
    auto& json = world.account("alice").answer.json;
    const std::string by = R"("by":{"command")";
    json.replace(json.find(by), by.size(),
                 R"("by":{"how":"done past a holder that does not answer, by","command")");
    co_await world.type(kOwner, "/flatten alice");
    co_await world.press(kOwner, "Yes");
    CHECK(world.says(kOwner, "past a service that does not answer"));
    CHECK(world.says(kOwner, "FLAT"));
  });
}

TEST_CASE("results: of many accounts what is well is one line, what is not is told in full") {
  Request request;
  request.verb = Verb::flatten;
  control::Report failed{5, R"({"error":"no connection","exit_code":5})",
                         "bubble-buster: no connection\n", true};
  for (const auto in : {Language::english, Language::chinese}) {
    CHECK(describe(in, request, failed).starts_with("❓"));
    request.verb = Verb::pause;
    CHECK(describe(in, request, failed).starts_with("❌"));
    request.verb = Verb::flatten;
  }
  CHECK(describe(Language::english, request, failed).find("MAY NOT BE PAUSED") !=
        std::string::npos);
  control::Report odd{0, "[", "text", false};
  CHECK(describe(Language::english, request, odd).find("UNKNOWN") != std::string::npos);
}

TEST_CASE("many accounts: each can be chosen, and what came of all of them is one message") {
  run_world([](World& world) -> Task<void> {
    const auto answer = world.accounts.front().answer;
    for (int i = 0; i < 60; ++i) {
      auto& account = world.accounts.emplace_back();
      account.name = fmt::format("account-{:02}@mail.example", i);
      account.answer = answer;
    }
    world.account("account-07@mail.example").answer.json =
        R"({"verdict":"PARTIAL","positions":[{"symbol":"AAAUSDT","side":"BOTH",)"
        R"x("before":"-10","target":"0","left":"-4","text":"refused (-4131)"}]})x";
    world.restart();
    co_await world.type(kOwner, "/flatten");
    CHECK(world.newest(kOwner).buttons.size() < 100);
    co_await world.press(kOwner, "›");
    co_await world.press(kOwner, "account-59");
    CHECK(world.says(kOwner, "account-59"));
    co_await world.type(kOwner, "/flatten all");
    co_await world.press(kOwner, "Yes");
    CHECK(world.performed() == 62);
    const auto& told = world.newest(kOwner).text;
    CHECK(notify::plain_of_html(told).size() < 4096);
    CHECK(told.find("account-59") != std::string::npos);
    CHECK(told.find("AAAUSDT -4: refused (-4131)") != std::string::npos);
    CHECK(World::is_over(world.newest(kOwner)));
  });
}

TEST_CASE("audit: what a person changed and what he was refused stand there as that") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/mute 8h all");
    CHECK(world.audit().find("/mute 8h all: muted for 8h: alice bob@mail.example") !=
          std::string::npos);
    co_await world.type(kOwner, "/alerts alice entry=off");
    CHECK(world.audit().find("set entry=off of alice") != std::string::npos);
    co_await world.type(kViewer, "/alerts alice entry=off");
    CHECK(world.audit().find("13 /alerts entry=off alice: refused: it needs the role operator") !=
          std::string::npos);
    co_await world.type(kViewer, "/flatten alice");
    CHECK(world.audit().find("13 /flatten alice: refused: it needs the role operator") !=
          std::string::npos);
    co_await world.type(kOwner, "/flatten alice");
    co_await world.press(kOwner, "Yes");
    CHECK(world.audit().find("11 yes: /flatten alice: done for 1 accounts") != std::string::npos);
    co_await world.type(kOwner, "/flatten alice");
    co_await world.press(kOwner, "Cancel");
    CHECK(world.audit().find("11 cancels: canceled") != std::string::npos);
  });
}

TEST_CASE("screens: an answer in a new message takes the buttons of the old one away") {
  run_world([](World& world) -> Task<void> {
    co_await world.type(kOwner, "/doctor alice");
    world.long_doctor = true;  // a file
    co_await world.press(kOwner, "Refresh");
    CHECK(world.methods.back() == "editMessageReplyMarkup");
  });
}

TEST_CASE("words: one is no plural, in whatever sentence") {
  constexpr Phrase kPhrase{"{0} position{0:s}, {1} left", "{0} 个持仓，剩 {1}"};
  CHECK(say(Language::english, kPhrase, Count{1}, 2) == "1 position, 2 left");
  CHECK(say(Language::english, kPhrase, Count{0}, 2) == "0 positions, 2 left");
  CHECK(say(Language::english, kPhrase, counted(12), 2) == "12 positions, 2 left");
  CHECK(say(Language::chinese, kPhrase, Count{1}, 2) == "1 个持仓，剩 2");
}

TEST_CASE("words: what runners answer is Chinese in a Chinese screen, names stay as they are") {
  const std::pair<const char*, const char*> sentences[] = {
      {"PM2 does not run at /home/t/.pm2 (no such file)",
       "PM2 未在 /home/t/.pm2 运行（no such file）"},
      {"nothing was done: PM2 has no process \"7\" any more",
       "未执行任何操作：PM2 中已没有进程 \"7\""},
      {"grid is stopped: PM2 refuses: boom", "grid 为已停止：PM2 拒绝：boom"},
      {"grid is running (pid 12) after 30 s, and may still stop: "
       "the Docker engine at /x does not answer: timed out",
       "grid 在 30 秒后为运行中（pid 12），之后仍可能停止：/x 的 Docker 引擎无响应：timed out"},
      {"grid was told to stop, but is running (pid 12) after 40 s",
       "已要求 grid 停止，但 40 秒后为运行中（pid 12）"},
      {"another action on it is under way; wait for its answer", "另一操作正在进行，请等待其结果"},
      {"no strategy is called \"x\"; known: a, b. To allow it, add a section [process.x] to the "
       "configuration, or name it in STRATEGIES (docs/strategies.md).",
       "没有名为 \"x\" 的策略；已知：a, b。\n如需允许，请在配置中添加 [process.x]，或写入 "
       "STRATEGIES（docs/strategies.md）。"},
      {"systemd --user does not answer: the bus went away: EOF",
       "systemd --user 无响应：总线连接断开：EOF"},
  };
  for (const auto& [english, chinese] : sentences) {
    CHECK(runner_words(Language::chinese, english) == chinese);
    CHECK(runner_words(Language::english, english) == english);
  }
  // Others' words are nobody's to guess.
  for (const char* other : {"", "what is this", "the disk is full: no space", "{} is {}"})
    CHECK(runner_words(Language::chinese, other) == other);
}

}  // namespace
}  // namespace bb::bot::test
