#include "supervise/strategies.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>

#include "base/join.h"
#include "base/random.h"
#include "supervise/fake_pm2.h"
#include "supervise/render.h"
#include "support/run.h"

using namespace bb;
using namespace bb::supervise;
using bb::supervise::test::FakePm2;
using bb::test::RealLoop;

namespace {

/// A fake PM2 with declared and undeclared processes, and Strategies that look at it.
struct World {
  explicit World(RealLoop& l)
      : loop(l), pm2(l.io, folder.path()), log(LogLevel::error, null_sink()) {
    pm2.processes[0] = {"live-1", "live"};
    pm2.processes[1] = {"live-2", "live"};
    pm2.processes[2] = {"other", "default"};
    pm2.processes[3] = {"all", "default"};
    pm2.processes[4] = {"/.*/", "default"};
    pm2.processes[5] = {"-rf", "default"};
    settings.ctrl_mode = "pm2";
    settings.strategies = {"namespace:live", "-rf"};
    settings.answer_limit_ms = 300;
    settings.action_limit_sec = 5;
    settings.environment["PM2_HOME"] = folder.path();
  }
  Strategies make() { return Strategies({loop.io, loop.clock, log, settings, {}}); }

  RealLoop& loop;
  bb::test::TempDir folder;
  FakePm2 pm2;
  SuperviseSettings settings;
  Log log;
};

using Body = Task<void> (*)(World&);

void run_world(Body body) {
  bb::test::run_real([body](RealLoop& loop) -> Task<void> {
    World world(loop);
    TaskGroup group(loop.io.get_executor());
    group.spawn(world.pm2.run());
    const auto finish = [](World& w, Body b) -> Task<void> {
      co_await b(w);
      w.pm2.stop();
    };
    co_await join_after(group, finish(world, body));
  });
}

std::size_t hostile_count() {
  const char* text = std::getenv("BB_HOSTILE_NAMES");
  return text == nullptr ? 500 : std::strtoul(text, nullptr, 10);
}

/// Words made of what is dangerous somewhere, near the names that are declared.
std::string hostile_word(Random& random) {
  static const std::vector<std::string> kPieces = {
      "live-1", "live-2", "live", "-",      "--",     ";",      "$(",     ")",     "`",    "\n",
      "|",      "&&",     "*",    "/",      "/.*/",   "all",    "../",    " ",     "\t",   "'",
      "\"",     "\\",     "%00",  "\u202e", "\u200b", "\u0456", "\u2010", "[",     "]",    ",",
      "?",      "#",      ":",    "=",      "0",      "1",      "-rf",    "--all", "\x1b", "\xff"};
  std::string out;
  for (auto left = 1 + random.below(5); left > 0; --left) {
    if (random.chance(0.1))
      out += '\0';
    else
      out += kPieces[random.below(kPieces.size())];
  }
  return out;
}

bool is_a_name(const std::string& word) {
  static const std::vector<std::string> kNames = {"live-1", "live-2", "-rf", "0", "1", "5"};
  return std::ranges::find(kNames, word) != kNames.end();
}

}  // namespace

TEST_CASE("no word touches what it does not name, and nothing is ever executed") {
  run_world([](World& world) -> Task<void> {
    auto strategies = world.make();
    Random random(20'261'121);
    rusage before{};
    getrusage(RUSAGE_CHILDREN, &before);
    for (auto left = hostile_count(); left > 0; --left) {
      const auto word = hostile_word(random);
      if (is_a_name(word)) continue;
      const auto results = co_await strategies.act(word, Action::stop, shell_actor());
      REQUIRE(results.size() == 1);
      CHECK_MESSAGE(results[0].verdict == Verdict::refused, word);
    }
    rusage after{};
    getrusage(RUSAGE_CHILDREN, &after);
    CHECK(after.ru_maxrss == before.ru_maxrss);
    CHECK(world.pm2.orders.empty());
    CHECK(world.pm2.reads > 0);
  });
}

TEST_CASE("a process with a dangerous name is acted on by its id alone") {
  run_world([](World& world) -> Task<void> {
    auto strategies = world.make();
    const auto declared = co_await strategies.act("-rf", Action::stop, shell_actor());
    CHECK(declared[0].verdict == Verdict::done);
    for (const auto* word : {"all", "/.*/", "other"}) {
      const auto results = co_await strategies.act(word, Action::stop, shell_actor());
      CHECK(results[0].verdict == Verdict::refused);
      CHECK(results[0].text.find("STRATEGIES") != std::string::npos);
    }
    CHECK(world.pm2.orders == std::vector<std::string>{"stopProcessId 5"});
  });
}

TEST_CASE("a stop that did not stop is not called done") {
  run_world([](World& world) -> Task<void> {
    world.pm2.ignores_stop = true;
    world.settings.action_limit_sec = 1;
    auto strategies = world.make();
    // The grace of an undeclared one is 30 s: what is waited for is the limit, cut short here.
    const auto listing = co_await strategies.read();
    const auto chosen = choose(*listing, "live-1");
    CHECK(chosen.has_value());
    world.pm2.is_hung = true;
    const auto results = co_await strategies.act("live-1", Action::stop, shell_actor());
    CHECK(results[0].verdict == Verdict::refused);
    CHECK(results[0].kind == ErrorKind::unreachable);
    CHECK(results[0].text.find("does not answer") != std::string::npos);
  });
}

TEST_CASE("a start that dies is told as what it is, soon") {
  run_world([](World& world) -> Task<void> {
    world.pm2.processes[0].status = "stopped";
    world.pm2.starts_die = true;
    auto strategies = world.make();
    const auto results = co_await strategies.act("live-1", Action::start, shell_actor());
    CHECK(results[0].verdict == Verdict::not_reached);
    CHECK(results[0].now->state == State::failed);
  });
}

TEST_CASE(
    "a restart is done when another process runs, and a start of one that runs does nothing") {
  run_world([](World& world) -> Task<void> {
    auto strategies = world.make();
    const auto started = co_await strategies.act("live-1", Action::start, shell_actor());
    CHECK(started[0].verdict == Verdict::already);
    CHECK(world.pm2.orders.empty());
    const auto again = co_await strategies.act("live-1", Action::restart, shell_actor());
    CHECK(again[0].verdict == Verdict::done);
    CHECK(again[0].now->pid == 101);
    const auto listing = co_await strategies.read();
    CHECK(strategies.is_ours(**choose(*listing, "live-1")));
    CHECK_FALSE(strategies.is_ours(**choose(*listing, "live-2")));
  });
}

TEST_CASE("all of a group are acted on, others are not") {
  run_world([](World& world) -> Task<void> {
    auto strategies = world.make();
    const auto results = co_await strategies.act_on_group("live", Action::stop, shell_actor());
    CHECK(results.size() == 2);
    auto orders = world.pm2.orders;
    std::ranges::sort(orders);
    CHECK(orders == std::vector<std::string>{"stopProcessId 0", "stopProcessId 1"});
    const auto nobody = co_await strategies.act_on_group("default2", Action::stop, shell_actor());
    CHECK(nobody[0].verdict == Verdict::refused);
  });
}

TEST_CASE("two actions on one strategy at the same time: the second is refused") {
  run_world([](World& world) -> Task<void> {
    auto strategies = world.make();
    auto first = strategies.act("live-1", Action::restart, shell_actor());
    auto second = strategies.act("live-1", Action::stop, shell_actor());
    const auto [a, b] = co_await both(std::move(first), std::move(second));
    CHECK(a[0].verdict == Verdict::done);
    CHECK(b[0].verdict == Verdict::refused);
    CHECK(b[0].kind == ErrorKind::busy);
  });
}

TEST_CASE("who is not among the operators of a strategy does not touch it") {
  run_world([](World& world) -> Task<void> {
    auto declared = std::make_unique<StrategySettings>();
    declared->name = "grid";
    declared->target = "live-1";
    declared->runner = "pm2";
    declared->operators = {"7"};
    world.settings.declared["grid"] = std::move(declared);
    auto strategies = world.make();
    const auto stranger = co_await strategies.act("grid", Action::stop, {"8", false});
    CHECK(stranger[0].verdict == Verdict::refused);
    CHECK(world.pm2.orders.empty());
    const auto operator_ = co_await strategies.act("grid", Action::stop, {"7", false});
    CHECK(operator_[0].verdict == Verdict::done);
  });
}

TEST_CASE("a runner that hangs is a trouble in the list within its limit") {
  run_world([](World& world) -> Task<void> {
    world.pm2.is_hung = true;
    auto strategies = world.make();
    const auto begun = world.loop.clock.steady_now();
    const auto listing = co_await strategies.read();
    CHECK(world.loop.clock.steady_now() - begun < Millis(2000));
    REQUIRE(listing->troubles.size() == 1);
    CHECK(listing->troubles[0].error.kind == ErrorKind::unreachable);
    CHECK(listing->troubles[0].error.text.find("hangs") != std::string::npos);
  });
}

namespace {

/// Beside the runner of the world one more that takes connections and never answers.
Task<void> beside_a_hung_one(World& world, Task<void> (*body)(World&, Strategies&)) {
  const bb::test::TempDir folder;
  FakePm2 hung(world.loop.io, folder.path());
  hung.is_hung = true;
  auto runner = std::make_unique<RunnerSettings>();
  runner->name = "hung";
  runner->kind = RunnerKind::pm2;
  runner->home = folder.path();
  world.settings.runners["hung"] = std::move(runner);
  for (const auto& [name, account] : {std::pair("live-1", "alice"), std::pair("gone", "alice")}) {
    auto declared = std::make_unique<StrategySettings>();
    declared->name = declared->target = name;
    declared->runner = "pm2";
    declared->account = account;
    world.settings.declared[name] = std::move(declared);
  }
  world.settings.answer_limit_ms = 2000;
  auto strategies = world.make();
  TaskGroup group(world.loop.io.get_executor());
  group.spawn(hung.run());
  const auto finish = [](World& w, Strategies& s, FakePm2& h,
                         Task<void> (*b)(World&, Strategies&)) -> Task<void> {
    co_await b(w, s);
    h.stop();
  };
  co_await join_after(group, finish(world, strategies, hung, body));
}

}  // namespace

TEST_CASE("a runner that hangs delays no action on another one that is named") {
  run_world([](World& world) -> Task<void> {
    co_await beside_a_hung_one(world, [](World& w, Strategies& strategies) -> Task<void> {
      const auto begun = w.loop.clock.steady_now();
      const auto one = co_await strategies.act("pm2:live-1", Action::stop, shell_actor());
      CHECK(one[0].verdict == Verdict::done);
      const auto all = co_await strategies.act_on_account("alice", Action::stop, shell_actor());
      CHECK(w.loop.clock.steady_now() - begun < Millis(1500));
      REQUIRE(all.size() == 2);
      CHECK(all[0].text == "pm2 has no process of that name");
      CHECK(all[1].verdict == Verdict::already);
      CHECK(strategies.last() == nullptr);
      const auto listing = co_await strategies.read();
      CHECK(listing->has_trouble("hung"));
      const auto nobody = co_await strategies.act_on_account("bob", Action::stop, shell_actor());
      CHECK(nobody.empty());
    });
  });
}

TEST_CASE("a list that is older than an action is not shown again") {
  run_world([](World& world) -> Task<void> {
    auto strategies = world.make();
    const auto before = co_await strategies.read();
    const auto same = co_await strategies.read_within(Millis(60'000));
    CHECK(same == before);
    (void)co_await strategies.act("pm2:live-1", Action::stop, shell_actor());
    const auto after = co_await strategies.read_within(Millis(60'000));
    CHECK(state_of(**choose(*after, "live-1")) == State::stopped);
  });
}

TEST_CASE("a name that is somebody else's id is never guessed") {
  run_world([](World& world) -> Task<void> {
    world.pm2.processes[9] = {"1", "live"};
    auto strategies = world.make();
    const auto results = co_await strategies.act("1", Action::stop, shell_actor());
    CHECK(results[0].verdict == Verdict::refused);
    CHECK(results[0].text.find("more than one") != std::string::npos);
    CHECK(world.pm2.orders.empty());
  });
}

TEST_CASE("a line shows what matters, and nothing of the environment") {
  run_world([](World& world) -> Task<void> {
    auto strategies = world.make();
    const auto listing = co_await strategies.read();
    for (const auto& strategy : listing->strategies) {
      const auto now = from_ms(1795169596837 + 7'500'000);
      CHECK(line_of(strategy, now).find("running · up 2 h 5 min") != std::string::npos);
      CHECK(card_of(strategy, now).find("canary") == std::string::npos);
    }
  });
}
