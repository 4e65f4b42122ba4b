// How long a list of 50 strategies takes, from real runners: as the bot answers it while its watch
// runs (data at most 2 s old), and cold, asking the runner. The worst of PM2, Docker and systemd.
// BB_BENCH_PROCESSES=200 measures with as many, and what watching them costs in memory.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/process/child.hpp>
#include <boost/process/io.hpp>
#include <boost/process/pipe.hpp>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/join.h"
#include "net/json.h"
#include "process.h"
#include "supervise/render.h"
#include "supervise/watch.h"

namespace {

using namespace bb;
using namespace bb::supervise;
using bench::Steady;

constexpr int kLists = 200;
constexpr int kColdReads = 15;
constexpr Millis kAgeMax{2000};
constexpr Millis kPause{37};  // so that lists fall on every part of a sample

int process_count() {
  constexpr int kUsual = 50;
  const char* wanted = std::getenv("BB_BENCH_PROCESSES");
  return wanted == nullptr ? kUsual : std::stoi(wanted);
}
const int kProcesses = process_count();

struct Figures {
  std::vector<double> cached, cold;  // ms
};

double ms_since(Steady::time_point begun) {
  return std::chrono::duration<double, std::milli>(Steady::now() - begun).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// What a list command does with what was read; the size of its answer.
std::size_t render(const Listing& listing, TimePoint now) {
  std::size_t bytes = 0;
  for (const auto& strategy : listing.strategies)
    if (strategy.shown) bytes += line_of(strategy, now).size();
  return bytes;
}

Task<void> measure(Strategies& strategies, Clock& clock, Stop& stop, Figures& out) {
  for (int i = 0; i < kColdReads; ++i) {
    const auto begun = Steady::now();
    const auto listing = co_await strategies.read();
    render(*listing, clock.utc_now());
    out.cold.push_back(ms_since(begun));
    const auto count = std::ranges::count_if(listing->strategies, [](const Strategy& strategy) {
      return strategy.touchable && state_of(strategy) == State::running;
    });
    if (count != kProcesses) throw std::runtime_error("not all of the processes are listed");
  }
  for (int i = 0; i < kLists; ++i) {
    co_await sleep_for(clock, kPause);
    const auto begun = Steady::now();
    const auto listing = co_await strategies.read_within(kAgeMax);
    render(*listing, clock.utc_now());
    out.cached.push_back(ms_since(begun));
  }
  stop.request();
}

Task<void> measure_beside(Watch& watch, Strategies& strategies, Clock& clock, Stop& stop,
                          Figures& out) {
  TaskGroup group(co_await boost::asio::this_coro::executor);
  group.spawn(watch.run(stop));
  co_await join_after(group, measure(strategies, clock, stop, out));
}

Figures run(const RunnerSettings& runner) {
  boost::asio::io_context io(1);
  SystemClock clock(io);
  const Log log(LogLevel::error, stderr_sink());
  SuperviseSettings settings;
  settings.runners["here"] = std::make_unique<RunnerSettings>(runner);
  for (int i = 0; i < kProcesses; ++i) {
    auto declared = std::make_unique<StrategySettings>();
    declared->name = fmt::format("s{:03}", i);
    declared->target = declared->name;
    if (runner.kind == RunnerKind::systemd_user) declared->target += ".service";
    declared->runner = runner.name;
    settings.declared[declared->name] = std::move(declared);
  }
  Strategies strategies({io, clock, log, settings, {}});
  Watch watch(
      {io, clock, log, settings, strategies, [](const std::string&, const std::string&) {}});
  Stop stop(clock);
  Figures out;
  run_to_end(io, measure_beside(watch, strategies, clock, stop, out));
  return out;
}

}  // namespace

int main() {
  namespace process = boost::process;
  process::opstream input;
  process::ipstream output;
  process::child runners("/usr/bin/python3", BB_RUNNERS, std::to_string(kProcesses),
                         process::std_in<input, process::std_out> output);
  std::string line;
  if (!std::getline(output, line)) throw std::runtime_error("the runners did not start");
  const auto addresses = net::JsonDocument::parse(line);
  const auto text = [&](const char* name) {
    return std::string(addresses->root().at(name).text());
  };
  RunnerSettings pm2, docker, systemd;
  pm2.kind = RunnerKind::pm2;
  pm2.home = text("pm2");
  docker.kind = RunnerKind::docker;
  docker.address = text("docker");
  systemd.kind = RunnerKind::systemd_user;
  systemd.address = text("systemd");
  double worst = 0;
  std::string parts;
  const double rss_before = bench::rss_mb_of(getpid());
  for (auto* runner : {&pm2, &docker, &systemd}) {
    runner->name = "here";
    const auto figures = run(*runner);
    const auto cached = median(figures.cached);
    worst = std::max(worst, cached);
    parts += fmt::format(",\"{0}_ms\":{1:.3f},\"{0}_slowest_ms\":{2:.1f},\"{0}_cold_ms\":{3:.1f}",
                         str(runner->kind), cached, std::ranges::max(figures.cached),
                         median(figures.cold));
  }
  const double rss = bench::rss_mb_of(getpid()) - rss_before;
  fmt::print(
      "{{\"name\":\"strategies_list_ms\",\"value\":{:.3f},\"unit\":\"ms\",\"reach\":20,"
      "\"processes\":{},\"rss_growth_mb\":{:.1f}{}}}\n",
      worst, kProcesses, rss, parts);
  std::fflush(stdout);
  input.pipe().close();
  runners.wait();
}
