#include <doctest/doctest.h>

#include "supervise/watch.h"
#include "support/run.h"

using namespace bb;
using namespace bb::supervise;

namespace {

/// One strategy "grid" under "pm2", and the memory that watches it.
struct Night {
  Night() {
    listing.strategies.emplace_back();
    auto& grid = strategy();
    grid.name = "grid";
    grid.runner = "pm2";
    grid.touchable = true;
    grid.processes.emplace_back();
    process().state = State::running;
    process().pid = 7;
    process().restarts = 0;
  }
  Strategy& strategy() { return listing.strategies.front(); }
  Process& process() { return strategy().processes.front(); }

  /// "trouble failed", "crashed", "recovered": what is told after a look, a while later.
  std::vector<std::string> look(Millis later = Millis(2000), bool ours = false) {
    now += later;
    WatchMemory::Look look{&listing, now, {}, logged};
    if (ours) look.ours.insert("pm2/grid");
    std::vector<std::string> out;
    for (const auto& change : memory.judge(look)) {
      last_text = change.text;
      if (change.kind == Change::Kind::trouble)
        out.push_back("trouble " + std::string(str(change.trouble)));
      else
        out.emplace_back(change.kind == Change::Kind::crashed ? "crashed" : "recovered");
    }
    return out;
  }

  WatchMemory memory;
  Listing listing;
  TimePoint now = bb::test::some_day();
  std::map<std::string, TimePoint> logged;
  std::string last_text;
};

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("watch: the first look tells nothing, whatever it sees") {
  Night night;
  night.process().state = State::failed;
  CHECK(night.look() == Told{});
  CHECK(night.memory.open_troubles() == Told{"grid: failed"});
}

TEST_CASE("watch: what appears later and has failed is told") {
  Night night;
  const auto grid = night.listing.strategies;
  night.listing.strategies.clear();
  night.look();
  night.listing.strategies = grid;
  night.process().state = State::failed;
  night.process().restarts = 20;
  CHECK(night.look() == Told{"trouble failed"});
}

TEST_CASE("watch: a failure is told once, and so is its end") {
  Night night;
  night.look();
  night.process().state = State::failed;
  night.process().last_exit = "code 3";
  CHECK(night.look() == Told{"trouble failed"});
  CHECK(night.last_text.find("code 3") != std::string::npos);
  CHECK(night.look() == Told{});
  night.process().state = State::running;
  CHECK(night.look() == Told{"recovered"});
  CHECK(night.look() == Told{});
}

TEST_CASE("watch: a crash that the runner mended is told once each time") {
  Night night;
  night.look();
  night.process().restarts = 1;
  CHECK(night.look() == Told{"crashed"});
  CHECK(night.look() == Told{});
  night.process().restarts = 2;
  CHECK(night.look() == Told{"crashed"});
}

TEST_CASE("watch: a crash loop is one alert, and its end comes when the window is clean") {
  Night night;
  night.look();
  Told all;
  for (int restarts = 1; restarts <= 30; ++restarts) {
    night.process().restarts = restarts;
    for (const auto& each : night.look())
      all.push_back(each);
  }
  CHECK(all == Told{"crashed", "crashed", "crashed", "trouble crash_loop"});
  CHECK(night.look(Minutes(9)) == Told{});
  CHECK(night.look(Minutes(2)) == Told{"recovered"});
}

TEST_CASE("watch: a slow loop that PM2 would go on with for ever is one too") {
  Night night;
  night.look();
  Told all;
  for (int restarts = 1; restarts <= 6; ++restarts) {
    night.process().restarts = restarts;
    for (const auto& each : night.look(Minutes(2)))
      all.push_back(each);
  }
  CHECK(all == Told{"crashed", "crashed", "crashed", "trouble crash_loop"});
}

TEST_CASE("watch: what we do ourselves is no crash") {
  Night night;
  night.look();
  night.process().restarts = 1;
  night.process().state = State::starting;
  CHECK(night.look(Millis(500), true) == Told{});
  night.process().state = State::stopped;
  CHECK(night.look(Millis(500), true) == Told{});
  CHECK(night.look() == Told{});
  night.process().state = State::running;
  CHECK(night.look(Millis(500), true) == Told{});
}

TEST_CASE("watch: a stop by somebody else is told, and its end") {
  Night night;
  night.look();
  night.process().state = State::stopped;
  CHECK(night.look() == Told{"trouble stopped"});
  CHECK(night.look() == Told{});
  night.process().state = State::running;
  CHECK(night.look() == Told{"recovered"});
}

TEST_CASE("watch: health, and a check that has not spoken yet says nothing") {
  Night night;
  night.process().health = Health::healthy;
  night.look();
  night.process().health = Health::starting;
  CHECK(night.look() == Told{});
  night.process().health = Health::unhealthy;
  CHECK(night.look() == Told{"trouble unhealthy"});
  night.process().health = Health::starting;
  CHECK(night.look() == Told{});
  night.process().health = Health::healthy;
  CHECK(night.look() == Told{"recovered"});
}

TEST_CASE("watch: a limit must be passed three times in a row") {
  Night night;
  night.strategy().rules.cpu_percent_max = 50;
  night.strategy().rules.memory_mb_max = 100;
  night.look();
  night.process().cpu_percent = 80;
  CHECK(night.look() == Told{});
  CHECK(night.look() == Told{});
  CHECK(night.look() == Told{"trouble cpu"});
  CHECK(night.look() == Told{});
  night.process().cpu_percent = 10;
  CHECK(night.look() == Told{"recovered"});
  night.process().memory_bytes = 200'000'000;
  night.look();
  night.look();
  CHECK(night.look() == Told{"trouble memory"});
}

TEST_CASE("watch: a strategy that runs and writes nothing is stalled") {
  Night night;
  night.strategy().rules.stalled_min = 5;
  night.logged["pm2/grid"] = night.now;
  night.look();
  CHECK(night.look(Minutes(4)) == Told{});
  CHECK(night.look(Minutes(2)) == Told{"trouble stalled"});
  night.logged["pm2/grid"] = night.now;
  CHECK(night.look() == Told{"recovered"});
}

TEST_CASE("watch: what vanished is told once, and when it is there again") {
  Night night;
  night.look();
  const auto before = night.listing.strategies;
  night.strategy().processes.clear();
  CHECK(night.look() == Told{"trouble vanished"});
  CHECK(night.look() == Told{});
  night.listing.strategies = before;
  CHECK(night.look() == Told{"recovered"});
}

TEST_CASE("watch: a stop from elsewhere is told although a look saw it on its way") {
  Night night;
  night.look();
  night.process().state = State::stopping;
  CHECK(night.look() == Told{});
  night.process().state = State::stopped;
  CHECK(night.look() == Told{"trouble stopped"});
  CHECK(night.look() == Told{});
}

TEST_CASE("watch: what comes back broken, or is stopped after a failure, is not called well") {
  Night night;
  night.look();
  const auto before = night.listing.strategies;
  night.strategy().processes.clear();
  night.look();
  night.listing.strategies = before;
  night.process().state = State::failed;
  CHECK(night.look() == Told{"trouble failed"});
  night.process().state = State::stopped;
  CHECK(night.look() == Told{});
}

TEST_CASE("watch: a runner that does not answer is told after two looks, and hides no strategy") {
  Night night;
  night.look();
  const auto before = night.listing.strategies;
  night.listing.strategies.clear();
  night.listing.troubles = {{"pm2", {ErrorKind::unreachable, "it hangs", 0}}};
  CHECK(night.look() == Told{});
  CHECK(night.look() == Told{"trouble runner_down"});
  CHECK(night.look() == Told{});
  night.listing.strategies = before;
  night.listing.troubles.clear();
  CHECK(night.look() == Told{"recovered"});
}

TEST_CASE("watch: what nothing declares is not watched") {
  Night night;
  night.strategy().touchable = false;
  night.look();
  night.process().state = State::failed;
  CHECK(night.look() == Told{});
}

TEST_CASE("watch: the pauses between attempts grow to five minutes") {
  CHECK(restart_pause(1) == Millis(2000));
  CHECK(restart_pause(2) == Millis(4000));
  CHECK(restart_pause(8) == Millis(256'000));
  CHECK(restart_pause(9) == Minutes(5));
  CHECK(restart_pause(100) == Minutes(5));
}
