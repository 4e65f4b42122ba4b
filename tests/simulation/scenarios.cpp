#include "simulation/scenarios.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "simulation/guard.h"
#include "sql/migrations.h"
#include "store/schema.h"

namespace bb::simulation {

namespace {

using control::CommandKind;

struct Scenario {
  const char* name;
  Plan plan;
  /// What comes before the part that is looked at, and that part.
  std::function<void(World&)> prologue, story;
};

constexpr Minutes kEntry{40};  // behind 23:00 UTC: 07:40 in Shanghai

Plan with(Plan plan, const char* key, const char* value) {
  for (auto& account : plan.accounts)
    account.settings[std::string("BUBBLE_BUSTER_") + key] = value;
  return plan;
}

void enter(World& world) {
  world.begin();
  world.live_until(world.start() + kEntry + Minutes(3));
}

// A third of what the position may lose is taken away: its stop has to come closer.
void draw_margin(World& world) {
  auto& exchange = world.server().exchange();
  world.server().advance();
  for (const auto& row : exchange.positions(0))
    if (!row.position.qty.is_zero())
      (void)exchange.change_isolated_margin(
          0, row.position.symbol, row.position.side,
          Usdt(Decimal::from_raw(-row.position.isolated_wallet.value().raw() / 20)));
}

void make_old_database(World& world, std::size_t version) {
  world.disk().make_folders("/sim/sim0");
  auto connection = sql::Connection::open_writer("/sim/sim0/state.db", {});
  if (!connection) throw std::runtime_error(connection.error().text);
  auto schema = store::store_schema();
  schema.steps = schema.steps.first(version);
  if (const auto made = sql::migrate(*connection, schema); !made)
    throw std::runtime_error(made.error().text);
}

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  all.push_back({"entry", quiet_plan(3, 1),
                 [](World& w) {
                   w.begin();
                   w.live_until(w.start() + kEntry - Minutes(4));
                 },
                 [](World& w) { w.live_until(w.start() + kEntry + Minutes(3)); }});
  all.push_back({"stop", quiet_plan(3, 1), enter, [](World& w) {
                   draw_margin(w);
                   w.live_for(Minutes(2));
                 }});
  all.push_back({"timeout", with(quiet_plan(3, 1), "STRATEGY_MAX_HOLD_HOURS", "0.1"), enter,
                 [](World& w) { w.live_for(Minutes(6)); }});
  all.push_back({"loss-cut",
                 with(with(quiet_plan(3, 1), "RUNTIME_DAILY_LOSS_CUT_HOUR", "7"),
                      "RUNTIME_DAILY_LOSS_CUT_MINUTE", "45"),
                 enter, [](World& w) { w.live_until(w.start() + kEntry + Minutes(7)); }});
  all.push_back({"flatten", quiet_plan(3, 3), enter, [](World& w) {
                   for (std::size_t i = 0; i < 3; ++i)
                     w.ask(i, w.command_of(CommandKind::flatten));
                   w.live_for(Minutes(2));
                 }});
  for (std::size_t version = 1; version < store::store_schema().steps.size(); ++version)
    all.push_back({"migration", quiet_plan(3, 1),
                   [version](World& w) { make_old_database(w, version); },
                   [](World& w) {
                     w.begin();
                     w.live_for(Seconds(30));
                   }});
  return all;
}

/// One scenario, at its points.
class Enumeration {
 public:
  Enumeration(const Scenario& scenario, const EnumerationOptions& options)
      : scenario_(scenario), options_(options) {}

  int run() {
    const double begin = real_seconds();
    Random entropy(1);
    Guard guard(entropy);
    World world(scenario_.plan, {});
    scenario_.prologue(world);
    world.on_crash_point = [&](const CrashPoint& point) { at_point(world, point); };
    scenario_.story(world);
    world.on_crash_point = {};
    if (!dead_) return summary(world, real_seconds() - begin);
    finish(world);
  }

 private:
  void at_point(World& world, const CrashPoint& point) {
    if (dead_ && options_.second == 0) return;
    ++seen_;
    const std::uint64_t stride = dead_ ? options_.second : options_.stride;
    if (seen_ % stride != 0 || deaths_ == 2) return;
    if (options_.seconds > 0 && real_seconds() - began_ > options_.seconds) return;
    for (int variant = 0; variant <= options_.tears; ++variant) {
      ++tried_;
      std::fflush(stdout);
      int ends[2];
      if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
      const pid_t child = ::fork();
      if (child == 0) {
        ::close(ends[0]);
        if (report_ >= 0) ::close(report_);
        report_ = ends[1];
        dead_ = true;
        ++deaths_;
        where_ += fmt::format("{}point {} ({}), {}", where_.empty() ? "" : "; then ", point.number,
                              point.what, variant == 0 ? "killed" : "power lost");
        tried_ = failed_ = seen_ = 0;
        if (variant > 0) world.salt_tears(static_cast<std::uint64_t>(variant));
        world.crash(variant == 0 ? World::Crash::killed : World::Crash::power_lost);
        return;
      }
      ::close(ends[1]);
      collect(ends[0], child);
    }
  }

  void collect(int end, pid_t child) {
    std::string text;
    char chunk[4096];
    for (ssize_t got = 0; (got = ::read(end, chunk, sizeof chunk)) > 0;)
      text.append(chunk, static_cast<std::size_t>(got));
    ::close(end);
    int status = 0;
    ::waitpid(child, &status, 0);
    const auto space = text.find(' ');
    if (status != 0 || space == std::string::npos) {
      ++failed_;
      fmt::print("{} ended with {}\n", scenario_.name, status);
      return;
    }
    tried_ += std::stoull(text);
    failed_ += std::stoull(text.substr(space));
    std::fputs(text.substr(text.find('\n') + 1).c_str(), stdout);
  }

  // In the child: recover, judge, tell.
  [[noreturn]] void finish(World& world) {
    world.live_for(kConverge);
    world.rest(false);
    world.live_for(kSettle);
    world.restart_twice();
    world.rest(true);
    const auto verdict = world.verdict();
    std::string lines;
    for (const auto& v : verdict.violations)
      lines += fmt::format("{} {} {} {}: {}\n", scenario_.name, v.invariant, iso_millis(v.at),
                           where_, v.text);
    if (!verdict.violations.empty()) ++failed_;
    const auto text = fmt::format("{} {}\n{}", tried_, failed_, lines);
    if (::write(report_, text.data(), text.size()) < 0) _exit(4);
    _exit(0);
  }

  int summary(World& world, double seconds) {
    const auto verdict = world.verdict();
    for (const auto& v : verdict.violations)
      fmt::print("{} {} {} without a crash: {}\n", scenario_.name, v.invariant, iso_millis(v.at),
                 v.text);
    fmt::print(
        "{{\"scenario\":\"{}\",\"points\":{},\"crashes\":{},\"failed\":{},\"stride\":{},"
        "\"second\":{},\"seconds\":{:.1f}}}\n",
        scenario_.name, seen_, tried_, failed_, options_.stride, options_.second, seconds);
    std::fflush(stdout);
    return failed_ == 0 && verdict.violations.empty() ? 0 : 1;
  }

  const Scenario& scenario_;
  const EnumerationOptions& options_;
  double began_ = real_seconds();
  std::uint64_t seen_ = 0, tried_ = 0, failed_ = 0;
  int deaths_ = 0;
  bool dead_ = false;  // in a child
  int report_ = -1;
  std::string where_;
};

}  // namespace

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& scenario : scenarios())
    if (names.empty() || names.back() != scenario.name) names.emplace_back(scenario.name);
  return names;
}

int enumerate_crashes(const EnumerationOptions& options) {
  int code = 0;
  for (const auto& scenario : scenarios()) {
    if (options.scenario != "all" && options.scenario != scenario.name) continue;
    (void)market_of(scenario.plan.market);
    code |= Enumeration(scenario, options).run();
  }
  return code;
}

}  // namespace bb::simulation
