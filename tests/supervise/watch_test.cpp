#include "supervise/watch.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/join.h"
#include "supervise/fake_pm2.h"
#include "support/run.h"

using namespace bb;
using namespace bb::supervise;
using bb::supervise::test::FakePm2;
using bb::test::RealLoop;

namespace {

struct Guard {
  explicit Guard(RealLoop& l)
      : loop(l), pm2(l.io, folder.path()), log(LogLevel::error, null_sink()), stop(l.clock) {
    pm2.processes[0] = {"grid", "live"};
    settings.environment["PM2_HOME"] = folder.path();
    settings.sample_ms = 250;
    settings.answer_limit_ms = 300;
    auto declared = std::make_unique<StrategySettings>();
    declared->name = declared->target = "grid";
    declared->runner = "pm2";
    declared->rules.restart_attempts = 1;
    settings.declared["grid"] = std::move(declared);
  }

  bool told(const std::string& kind) const { return std::ranges::find(kinds, kind) != kinds.end(); }
  Task<bool> hears(std::string kind) {
    const auto limit = loop.clock.after(Seconds(15));
    while (!told(kind) && loop.clock.steady_now() < limit)
      co_await sleep_for(loop.clock, Millis(20));
    co_return told(kind);
  }

  RealLoop& loop;
  bb::test::TempDir folder;
  FakePm2 pm2;
  SuperviseSettings settings;
  Log log;
  Stop stop;
  std::vector<std::string> kinds;
};

using Body = Task<void> (*)(Guard&);

void run_guard(Body body) {
  bb::test::run_real([body](RealLoop& loop) -> Task<void> {
    Guard guard(loop);
    Strategies strategies({loop.io, loop.clock, guard.log, guard.settings, {}});
    Watch watch(
        {loop.io, loop.clock, guard.log, guard.settings, strategies,
         [&guard](const std::string& kind, const std::string&) { guard.kinds.push_back(kind); }});
    TaskGroup group(loop.io.get_executor());
    group.spawn(guard.pm2.run());
    group.spawn(watch.run(guard.stop));
    const auto finish = [](Guard& g, Body b) -> Task<void> {
      co_await sleep_for(g.loop.clock, Millis(400));
      co_await b(g);
      g.stop.request();
      co_await sleep_for(g.loop.clock, Millis(400));
      g.pm2.stop();
    };
    co_await join_after(group, finish(guard, body));
  });
}

}  // namespace

TEST_CASE("watch: a failed strategy is told, started again, and told as well again") {
  run_guard([](Guard& guard) -> Task<void> {
    CHECK(guard.kinds.empty());
    guard.pm2.processes[0].status = "errored";
    const bool failed = co_await guard.hears("failed");
    CHECK(failed);
    const bool restarted = co_await guard.hears("restarted");
    CHECK(restarted);
    CHECK(guard.pm2.orders == std::vector<std::string>{"startProcessId 0"});
    CHECK_FALSE(guard.told("gave_up"));
  });
}

TEST_CASE("watch: it gives up after the attempts it has, and says so") {
  run_guard([](Guard& guard) -> Task<void> {
    guard.pm2.starts_die = true;
    guard.pm2.processes[0].status = "errored";
    const bool gave_up = co_await guard.hears("gave_up");
    CHECK(gave_up);
    co_await sleep_for(guard.loop.clock, Millis(600));
    CHECK(guard.pm2.orders.size() == 1);
  });
}

TEST_CASE("watch: a daemon that hangs is told, and so is its coming back") {
  run_guard([](Guard& guard) -> Task<void> {
    guard.pm2.is_hung = true;
    const bool down = co_await guard.hears("runner_down");
    CHECK(down);
    guard.pm2.is_hung = false;
    const bool back = co_await guard.hears("recovered");
    CHECK(back);
  });
}
