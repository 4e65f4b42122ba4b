// Strategy processes from the chat, over a PM2 daemon of the test's own: its frames on a real
// socket.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/join.h"
#include "base/random.h"
#include "supervise/fake_pm2.h"
#include "world.h"

namespace bb::bot::test {
namespace {

using bb::test::RealLoop;
using supervise::StrategySettings;
using supervise::test::FakePm2;

/// grid trades on alice, maker on bob, solo on none; "other", "all" and their kin are undeclared.
struct Desk {
  explicit Desk(RealLoop& loop)
      : world({loop.io, loop.clock}, {Micros(500), Micros(0)}),
        pm2(loop.io, folder.path()),
        log(LogLevel::error, null_sink()) {
    pm2.processes[0] = {"live-1", "live"};
    pm2.processes[1] = {"live-2", "live"};
    pm2.processes[2] = {"solo", "default"};
    pm2.processes[3] = {"all", "default"};
    pm2.processes[4] = {"/.*/", "default"};
    pm2.processes[5] = {"-rf", "default"};
    settings.answer_limit_ms = 400;
    settings.action_limit_sec = 3;
    settings.environment["PM2_HOME"] = folder.path();
    declare("grid", "live-1", "alice", "money");
    declare("maker", "live-2", "bob@mail.example", "money");
    declare("solo", "solo", "", "");
    strategies = std::make_unique<supervise::Strategies>(
        supervise::Strategies::Parts{loop.io, loop.clock, log, settings, {}});
    world.strategies = strategies.get();
    world.restart();
  }

  StrategySettings& declare(const std::string& name, const std::string& target,
                            const std::string& account, const std::string& group) {
    auto one = std::make_unique<StrategySettings>();
    one->name = name;
    one->runner = "pm2";
    one->target = target;
    one->account = account;
    one->group = group;
    return *(settings.declared[name] = std::move(one));
  }

  bool says(std::int64_t chat, const std::string& text) const {
    return world.newest(chat).text.find(text) != std::string::npos;
  }
  bool has_button(std::int64_t chat, const std::string& label) const {
    return std::ranges::any_of(world.newest(chat).buttons, [&](const auto& button) {
      return button.first.find(label) != std::string::npos;
    });
  }
  double seconds_since(SteadyTime begun) const {
    return std::chrono::duration<double>(world.loop.clock.steady_now() - begun).count();
  }

  World world;
  bb::test::TempDir folder;
  FakePm2 pm2;
  supervise::SuperviseSettings settings;
  Log log;
  std::unique_ptr<supervise::Strategies> strategies;
};

using DeskBody = Task<void> (*)(Desk&);

void run_desk(DeskBody body) {
  bb::test::run_real([body](RealLoop& loop) -> Task<void> {
    Desk desk(loop);
    TaskGroup group(loop.io.get_executor());
    group.spawn(desk.pm2.run());
    const auto finish = [](Desk& d, DeskBody b) -> Task<void> {
      co_await b(d);
      d.pm2.stop();
      co_await d.world.close();
    };
    co_await join_after(group, finish(desk, body));
  });
}

TEST_CASE("strategies: a line each, and nobody sees those of an account that he may not see") {
  run_desk([](Desk& desk) -> Task<void> {
    co_await desk.world.type(kViewer, "/strategies");
    for (const char* name : {"grid", "maker", "solo"})
      CHECK_MESSAGE(desk.says(kViewer, std::string("<b>") + name + "</b> · running"), name);
    CHECK_FALSE(desk.says(kViewer, "/.*/"));
    CHECK(desk.says(kViewer, "3 of 3 run"));
    co_await desk.world.type(kOperator, "/list_strategy");
    CHECK(desk.says(kOperator, "grid"));
    CHECK_FALSE(desk.says(kOperator, "maker"));
    co_await desk.world.type(kOperator, "/strategy maker");
    CHECK(desk.says(kOperator, "no strategy is called"));
    co_await desk.world.type(kOwner, "/strategies GRI");
    CHECK(desk.says(kOwner, "1 of 1 run"));
    co_await desk.world.type(kOwner, "/strategies nothing-of-the-kind");
    CHECK(desk.says(kOwner, "No strategy is called"));
  });
}

TEST_CASE("strategies: fifty of them come in pages, in the reader's language") {
  run_desk([](Desk& desk) -> Task<void> {
    for (int i = 0; i < 50; ++i) {
      const auto name = fmt::format("s{:02}", i);
      desk.declare(name, name, "", "");
      desk.pm2.processes[100 + i] = {name, "many"};
    }
    co_await desk.world.type(kOwner, "/language zh");
    co_await desk.world.type(kOwner, "/strategies s");
    CHECK(desk.says(kOwner, "运行中"));
    CHECK(desk.says(kOwner, "s00"));
    CHECK_FALSE(desk.says(kOwner, "s20"));
    co_await desk.world.press(kOwner, "›");
    co_await desk.world.press(kOwner, "›");
    CHECK(desk.says(kOwner, "s20"));
    CHECK(desk.has_button(kOwner, "3/6"));
  });
}

TEST_CASE(
    "strategies: a stop is asked back, done once, and its answer is what was read afterwards") {
  run_desk([](Desk& desk) -> Task<void> {
    co_await desk.world.type(kOwner, "/strategy solo");
    co_await desk.world.press(kOwner, "Stop");
    CHECK(desk.says(kOwner, "Stop solo"));
    CHECK(desk.pm2.orders.empty());
    const Shown asked = desk.world.newest(kOwner);
    co_await desk.world.press(kOwner, "Yes");
    CHECK(desk.says(kOwner, "<b>solo</b> is stopped"));
    co_await desk.world.hear(
        {desk.world.press_of(kOwner, asked, desk.world.data_of(asked, "Yes"))});
    CHECK(desk.pm2.orders == std::vector<std::string>{"stopProcessId 2"});
    co_await desk.world.type(kOwner, "/stop_strategy solo");
    CHECK(desk.says(kOwner, "down already"));
    co_await desk.world.press(kOwner, "Yes");
    CHECK(desk.says(kOwner, "was stopped already"));
    co_await desk.world.type(kOwner, "/start_strategy 2");
    co_await desk.world.press(kOwner, "Yes: Start solo");
    CHECK(desk.says(kOwner, "<b>solo</b> is running (pid 101)"));
    CHECK(desk.pm2.processes[2].status == "online");
    CHECK(desk.world.audit().find("stop pm2:solo: done: solo is stopped") != std::string::npos);
  });
}

TEST_CASE("strategies: what does not come up is not called so") {
  run_desk([](Desk& desk) -> Task<void> {
    desk.pm2.starts_die = true;
    co_await desk.world.type(kOwner, "/restart_strategy solo");
    co_await desk.world.press(kOwner, "Yes");
    CHECK(desk.says(kOwner, "is failed, not as asked"));
  });
}

TEST_CASE("strategies: a cancelled or expired question stops nothing") {
  run_desk([](Desk& desk) -> Task<void> {
    co_await desk.world.type(kOwner, "/stop_strategy solo");
    co_await desk.world.press(kOwner, "Cancel");
    CHECK(desk.says(kOwner, "Nothing was done"));
    CHECK(desk.pm2.orders.empty());
  });
}

TEST_CASE("strategies: viewers, operators of other accounts and unlisted operators are refused") {
  run_desk([](Desk& desk) -> Task<void> {
    for (const char* verb : {"/start_strategy", "/stop_strategy", "/restart_strategy"})
      for (const char* name : {"grid", "solo", "group:money"}) {
        co_await desk.world.type(kViewer, std::string(verb) + " " + name);
        CHECK_FALSE(desk.has_button(kViewer, "Yes"));
      }
    co_await desk.world.type(kViewer, "/strategy grid");
    CHECK_FALSE(desk.has_button(kViewer, "Stop"));
    co_await desk.world.type(kViewer, "/strategy_logs grid");
    CHECK(desk.says(kViewer, "may not"));
    co_await desk.world.type(kOperator, "/stop_strategy maker");
    CHECK(desk.says(kOperator, "no strategy is called"));
    // The group is what he may act on, and no more.
    co_await desk.world.type(kOperator, "/stop_strategy group:money");
    CHECK(desk.says(kOperator, "grid"));
    CHECK_FALSE(desk.says(kOperator, "maker"));
    CHECK(desk.pm2.orders.empty());
  });
}

TEST_CASE("strategies: operators of one strategy are those that its section lists, admin or not") {
  run_desk([](Desk& desk) -> Task<void> {
    desk.settings.declared["solo"]->operators = {std::to_string(kPartner)};
    co_await desk.world.type(kOwner, "/strategy solo");
    CHECK_FALSE(desk.has_button(kOwner, "Stop"));
    co_await desk.world.type(kOwner, "/restart_strategy solo");
    CHECK(desk.says(kOwner, "may not"));
    co_await desk.world.type(kPartner, "/restart_strategy solo");
    CHECK(desk.has_button(kPartner, "Yes"));
    CHECK(desk.pm2.orders.empty());
    CHECK(desk.world.audit().find("refused: you are not among the operators of solo") !=
          std::string::npos);
  });
}

TEST_CASE("strategies: who may not any more when he presses is refused then") {
  run_desk([](Desk& desk) -> Task<void> {
    co_await desk.world.type(kOwner, "/stop_strategy solo");
    desk.settings.declared["solo"]->operators = {std::to_string(kPartner)};
    co_await desk.world.press(kOwner, "Yes");
    CHECK(desk.says(kOwner, "may not"));
    CHECK(desk.pm2.orders.empty());
  });
}

TEST_CASE("strategies: a stop of a bound one tells what is at stake, before and after") {
  run_desk([](Desk& desk) -> Task<void> {
    OrderRow order;
    order.symbol = Symbol("BBBUSDT");
    order.type = "LIMIT";
    order.qty = Qty(Decimal::from_int(3));
    order.price = Price(Decimal::from_int(7));
    desk.world.account("alice").orders.push_back(order);
    co_await desk.world.type(kOperator, "/stop_strategy grid");
    CHECK(desk.says(kOperator, "At stake now"));
    CHECK(desk.says(kOperator, "AAAUSDT -10"));
    CHECK(desk.says(kOperator, "BBBUSDT LIMIT BUY 3 @ 7"));
    desk.world.account("alice").positions.clear();
    desk.world.account("alice").orders.clear();
    co_await desk.world.press(kOperator, "Yes");
    CHECK(desk.says(kOperator, "<b>grid</b> is stopped"));
    CHECK(desk.says(kOperator, "After it:"));
    CHECK(desk.says(kOperator, "no positions, no resting orders"));
    CHECK(desk.world.performed() == 0);
  });
}

TEST_CASE("strategies: all of a group at once, confirmed, with a row for each") {
  run_desk([](Desk& desk) -> Task<void> {
    desk.pm2.processes.erase(1);
    co_await desk.world.type(kOwner, "/strategies group:money");
    co_await desk.world.press(kOwner, "Stop");
    CHECK(desk.says(kOwner, "Stop all of money"));
    co_await desk.world.press(kOwner, "Yes");
    CHECK(desk.says(kOwner, "<b>grid</b> is stopped"));
    CHECK(desk.says(kOwner, "<b>maker</b>: refused"));
    CHECK(desk.says(kOwner, "has no process of that name"));
    CHECK(desk.says(kOwner, "1 of 2 as asked"));
    CHECK(desk.pm2.orders == std::vector<std::string>{"stopProcessId 0"});
  });
}

TEST_CASE("strategies: a log comes without secrets, and long ones as a file") {
  run_desk([](Desk& desk) -> Task<void> {
    const auto path = desk.folder.file("solo.log");
    std::ofstream(path) << "tick api_secret=hush-hush-hush <b>\n";
    desk.settings.declared["solo"]->log_file = path;
    co_await desk.world.type(kOwner, "/strategy_logs solo");
    CHECK(desk.says(kOwner, "tick api_secret=*** &lt;b&gt;"));
    co_await desk.world.press(kOwner, "as a file");
    CHECK(std::ranges::find(desk.world.methods, "sendDocument") != desk.world.methods.end());
    co_await desk.world.type(kOwner, "/last_exit solo");
    CHECK(desk.says(kOwner, "tick api_secret=***"));
    co_await desk.world.type(kOwner, "/strategy_logs solo 0");
    CHECK(desk.says(kOwner, "Nothing was done"));
    desk.pm2.is_hung = true;
    co_await desk.world.type(kOwner, "/strategy_logs pm2:grid");
    CHECK(desk.says(kOwner, "does not answer"));
  });
}

TEST_CASE("strategies: a runner that hangs is told, and delays no flatten beside it") {
  run_desk([](Desk& desk) -> Task<void> {
    desk.pm2.is_hung = true;
    desk.settings.answer_limit_ms = 3000;
    co_await desk.world.type(kOwner, "/flatten alice");
    const Shown asked = desk.world.newest(kOwner);
    const auto press = desk.world.press_of(kOwner, asked, desk.world.data_of(asked, "Yes"));
    const auto begun = desk.world.loop.clock.steady_now();
    double flat = 0;
    TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn(desk.world.type(kPartner, "/strategies"));
    group.spawn(desk.world.type(kPartner, "/stop_strategy grid"));
    const auto close = [](Desk& d, std::string update, SteadyTime from,
                          double& took) -> Task<void> {
      co_await d.world.hear({update});
      took = d.seconds_since(from);
    };
    group.spawn(close(desk, press, begun, flat));
    co_await group.join();
    CHECK(desk.world.performed() == 1);
    CHECK(flat < 2.5);
    CHECK(desk.seconds_since(begun) >= 2.5);
    const bool is_told = std::ranges::any_of(desk.world.shown, [](const Shown& each) {
      return each.chat == kPartner && each.text.find("does not answer") != std::string::npos;
    });
    CHECK(is_told);
  });
}

TEST_CASE("flatten: stops the strategies of its accounts first, where that is chosen") {
  run_desk([](Desk& desk) -> Task<void> {
    co_await desk.world.type(kOwner, "/strategies");
    co_await desk.world.type(kOwner, "/flatten alice 50");
    CHECK(desk.says(kOwner, "Strategies that trade on it: grid 🟢"));
    co_await desk.world.press(kOwner, "Stop them first");
    CHECK(desk.world.performed() == 1);
    CHECK(desk.world.account("alice").commands.front().percent == Decimal::from_int(50));
    CHECK(desk.says(kOwner, "FLAT"));
    CHECK(desk.says(kOwner, "<b>grid</b> is stopped"));
    CHECK_FALSE(desk.says(kOwner, "not all of its strategies"));
    CHECK(desk.pm2.orders == std::vector<std::string>{"stopProcessId 0"});
    // Without the choice nothing is stopped; where nothing is bound nothing is offered.
    co_await desk.world.type(kOwner, "/flatten bob@mail.example");
    co_await desk.world.press(kOwner, "Yes");
    CHECK(desk.pm2.orders.size() == 1);
    desk.settings.declared["grid"]->operators = {"7"};
    co_await desk.world.type(kOwner, "/flatten alice");
    CHECK_FALSE(desk.has_button(kOwner, "Stop them first"));
  });
}

TEST_CASE("flatten: a runner that hangs holds it up by its answer limit, and no longer") {
  run_desk([](Desk& desk) -> Task<void> {
    desk.pm2.is_hung = true;
    const auto begun = desk.world.loop.clock.steady_now();
    co_await desk.world.type(kOwner, "/flatten alice stop-strategies");
    CHECK(desk.seconds_since(begun) < 0.35);  // the question asks no runner
    CHECK(desk.says(kOwner, "its strategies stopped first"));
    const auto pressed = desk.world.loop.clock.steady_now();
    co_await desk.world.press(kOwner, "Yes");
    CHECK(desk.world.performed() == 1);
    const auto made = desk.world.account("alice").commands.front().made_at;
    CHECK(desk.seconds_since(pressed) < 2);
    CHECK(desk.world.loop.clock.utc_now() - made < Millis(2000));
    CHECK(desk.says(kOwner, "FLAT"));
    CHECK(desk.says(kOwner, "not all of its strategies were down"));
    CHECK(desk.says(kOwner, "AAAUSDT -10"));
  });
}

TEST_CASE("flatten: a strategy that goes down only after closing began is told, and what is open") {
  run_desk([](Desk& desk) -> Task<void> {
    desk.pm2.ignores_stop = true;
    co_await desk.world.type(kOwner, "/flatten alice stop-strategies");
    const auto end_late = [](Desk& d) -> Task<void> {
      co_await sleep_for(d.world.loop.clock, Millis(1200));
      CHECK(d.world.performed() == 1);
      CHECK(d.says(kOwner, "FLAT"));
      CHECK(d.says(kOwner, "still being stopped"));
      d.pm2.processes[0].status = "stopped";
    };
    TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn(end_late(desk));
    group.spawn(desk.world.press(kOwner, "Yes"));
    co_await group.join();
    CHECK(desk.says(kOwner, "<b>grid</b> is stopped"));
    CHECK(desk.says(kOwner, "not all of its strategies were down"));
    CHECK(desk.says(kOwner, "AAAUSDT -10"));
  });
}

std::string hostile_word(Random& random) {
  static const std::vector<std::string> kPieces = {
      "live-1", "grid", "maker", "-",  "--",     ";",      "$(",     ")",      "`",
      "\n",     "|",    "&&",    "*",  "/",      "/.*/",   "all",    "../",    " ",
      "\t",     "'",    "\"",    "\\", "%00",    "\u202e", "\u200b", "\u0456", "\u2010",
      "[",      "]",    ",",     "?",  "#",      ":",      "=",      "0",      "1",
      "-rf",    "@",    "pm2:",  "3",  "group:", "\x1b",   "money",  "<b>",    "&amp;"};
  std::string out;
  for (auto left = 1 + random.below(5); left > 0; --left) {
    if (random.chance(0.1))
      out += '\0';
    else
      out += kPieces[random.below(kPieces.size())];
  }
  return out;
}

TEST_CASE("strategies: no hostile name from the chat touches what is not declared") {
  run_desk([](Desk& desk) -> Task<void> {
    constexpr int kNames = 500;
    constexpr int kBeforeTheLimit = 18;
    Random random(7);
    int confirmed = 0;
    for (int i = 0; i < kNames; ++i) {
      // The rate limit must not be what keeps them out.
      if (i % kBeforeTheLimit == 0) desk.world.restart();
      static const char* const kVerbs[] = {"/stop_strategy ", "/restart_strategy "};
      co_await desk.world.type(kOwner, kVerbs[random.below(2)] + hostile_word(random));
      if (!desk.has_button(kOwner, "Yes") || ++confirmed > 3) continue;
      co_await desk.world.press(kOwner, "Yes");
    }
    const std::set<std::string> declared{"stopProcessId 0",    "stopProcessId 1",
                                         "stopProcessId 2",    "restartProcessId 0",
                                         "restartProcessId 1", "restartProcessId 2"};
    for (const auto& order : desk.pm2.orders)
      CHECK_MESSAGE(declared.contains(order), order);
    for (const int undeclared : {3, 4, 5})
      CHECK(desk.pm2.processes[undeclared].status == "online");
    CHECK(desk.world.performed() == 0);
  });
}

TEST_CASE("strategies: without any the commands say how to set them up") {
  run_world([](World& world) -> Task<void> {
    for (const char* line :
         {"/strategies", "/strategy x", "/stop_strategy x", "/strategy_logs x"}) {
      co_await world.type(kOwner, line);
      CHECK(world.newest(kOwner).text.find("docs/strategies.md") != std::string::npos);
    }
    co_await world.type(kOwner, "/start");
    CHECK(world.newest(kOwner).text.find("Strategies") == std::string::npos);
  });
}

}  // namespace
}  // namespace bb::bot::test
