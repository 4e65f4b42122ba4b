#include <fmt/format.h>

#include <algorithm>

#include "supervise/render.h"
#include "supervise/text.h"
#include "supervise/watch.h"

namespace bb::supervise {

namespace {

constexpr int kInARow = 3;
constexpr int kRunnerFailures = 2;

std::int64_t restarts_of(const Strategy& strategy) {
  std::int64_t out = 0;
  for (const auto& process : strategy.processes)
    out += process.restarts.value_or(0);
  return out;
}

std::string last_exit_of(const Strategy& strategy) {
  for (const auto& process : strategy.processes)
    if (!process.last_exit.empty()) return " (" + clean_text(process.last_exit) + ")";
  return {};
}

bool is_up(State state) {
  return state == State::running || state == State::starting || state == State::restarting ||
         state == State::paused;
}

}  // namespace

std::string_view str(Trouble trouble) {
  switch (trouble) {
    case Trouble::failed:
      return "failed";
    case Trouble::stopped:
      return "stopped";
    case Trouble::crash_loop:
      return "crash_loop";
    case Trouble::unhealthy:
      return "unhealthy";
    case Trouble::stalled:
      return "stalled";
    case Trouble::cpu:
      return "cpu";
    case Trouble::memory:
      return "memory";
    case Trouble::vanished:
      return "vanished";
    case Trouble::runner_down:
      return "runner_down";
  }
  return "failed";
}

struct WatchMemory::Hold {
  const Strategy& strategy;
  Seen& seen;
  const Look& look;
  bool ours;
  bool is_new;
  bool is_quiet;  // the first look of all
  std::vector<Change>& out;
  std::optional<Trouble> ended{};

  std::string name() const { return clean_text(strategy.name, 64); }

  /// Opens or ends a trouble; an opening is told once, and not on the first look of all.
  void set(Trouble trouble, bool is_bad, const std::string& text) {
    if (is_bad == seen.open.contains(trouble)) return;
    if (is_bad) {
      seen.open.insert(trouble);
      if (!is_quiet)
        out.push_back(
            {Change::Kind::trouble, strategy.runner, strategy.name, trouble, name() + " " + text});
      return;
    }
    seen.open.erase(trouble);
    ended = trouble;
  }

  /// The end of the last trouble, when it runs; what an operator did himself he knows.
  void tell_recovery() {
    const auto state = state_of(strategy);
    if (!ended || !seen.open.empty() || ours || !state || !is_up(*state)) return;
    out.push_back({Change::Kind::recovered, strategy.runner, strategy.name, *ended,
                   "well again: " + line_of(strategy, look.now)});
  }
};

std::vector<Change> WatchMemory::judge(const Look& look) {
  std::vector<Change> out;
  judge_runners(look, out);
  for (const auto& strategy : look.listing->strategies) {
    if (!strategy.touchable || strategy.processes.empty()) continue;
    const auto key = key_of(strategy);
    auto [place, is_new] = seen_.try_emplace(key);
    auto& seen = place->second;
    seen.runner = strategy.runner;
    seen.name = strategy.name;
    Hold hold{strategy, seen, look, look.ours.contains(key), is_new, !began_, out};
    hold.set(Trouble::vanished, false, "");
    judge_restarts(hold);
    judge_state(hold);
    judge_limits(hold);
    hold.tell_recovery();
    seen.present = true;
  }
  judge_missing(look, out);
  began_ = true;
  return out;
}

void WatchMemory::judge_runners(const Look& look, std::vector<Change>& out) {
  for (const auto& trouble : look.listing->troubles) {
    auto& failures = runner_failures_[trouble.runner];
    if (++failures != kRunnerFailures) continue;
    out.push_back({Change::Kind::trouble, trouble.runner, "", Trouble::runner_down,
                   fmt::format("{} is not reached: {}. What it runs is not watched meanwhile.",
                               trouble.runner, trouble.error.text)});
  }
  for (auto& [runner, failures] : runner_failures_) {
    if (look.listing->has_trouble(runner)) continue;
    if (failures >= kRunnerFailures)
      out.push_back({Change::Kind::recovered, runner, "", Trouble::runner_down,
                     runner + " is reached again"});
    failures = 0;
  }
}

void WatchMemory::judge_restarts(Hold& hold) {
  auto& seen = hold.seen;
  const auto& rules = hold.strategy.rules;
  const auto restarts = restarts_of(hold.strategy);
  const auto grown = hold.is_new ? 0 : restarts - seen.restarts;
  seen.restarts = restarts;
  const auto oldest = hold.look.now - Minutes(rules.window_min);
  while (!seen.restarted.empty() && seen.restarted.front() < oldest)
    seen.restarted.pop_front();
  if (hold.ours) {
    seen.restarted.clear();
    hold.set(Trouble::crash_loop, false, "");
    return;
  }
  // One entry per restart, but never more than tell the rule.
  const auto kept = std::min<std::int64_t>(grown, rules.restarts_in_window + 1);
  for (std::int64_t i = 0; i < kept; ++i)
    seen.restarted.push_back(hold.look.now);
  const auto recent = std::ssize(seen.restarted);
  const bool loops = rules.restarts_in_window > 0 && recent > rules.restarts_in_window;
  // A loop ends when the window holds none, not when it holds one less.
  if (loops || seen.restarted.empty())
    hold.set(Trouble::crash_loop, loops,
             fmt::format("is in a crash loop: {} restarts within {} min{}", recent,
                         rules.window_min, last_exit_of(hold.strategy)));
  if (grown > 0 && !seen.open.contains(Trouble::crash_loop))
    hold.out.push_back(
        {Change::Kind::crashed, hold.strategy.runner, hold.strategy.name, Trouble::failed,
         fmt::format("{} ended and was restarted, not by us{}: {}", hold.name(),
                     last_exit_of(hold.strategy), line_of(hold.strategy, hold.look.now))});
}

void WatchMemory::judge_state(Hold& hold) {
  auto& seen = hold.seen;
  const auto state = state_of(hold.strategy).value_or(State::unknown);
  const bool was_up = seen.was_up;
  if (is_up(state) || is_down(state)) seen.was_up = is_up(state);
  seen.state = state;
  hold.set(Trouble::failed, state == State::failed,
           "has failed" + last_exit_of(hold.strategy) + " and nobody restarts it");
  // Whoever stops a strategy through us knows it; a stop from elsewhere may be a crash.
  const bool is_stopped = state == State::stopped;
  if (!is_stopped || hold.ours)
    hold.set(Trouble::stopped, false, "");
  else if (was_up)
    hold.set(Trouble::stopped, true, "was stopped, not by us" + last_exit_of(hold.strategy));
}

void WatchMemory::judge_limits(Hold& hold) {
  auto& seen = hold.seen;
  const auto& rules = hold.strategy.rules;
  std::int64_t memory = 0;
  double cpu = 0;
  auto health = Health::none;
  for (const auto& process : hold.strategy.processes) {
    memory += process.memory_bytes.value_or(0);
    cpu += process.cpu_percent.value_or(0);
    health = std::max(health, process.health);
  }
  // A health check that begins again says nothing yet.
  if (health != Health::starting)
    hold.set(Trouble::unhealthy, health == Health::unhealthy, "is unhealthy, its check says");
  constexpr std::int64_t kMega = 1'000'000;
  const auto over = [](int& count, bool is_high) {
    count = is_high ? std::min(count + 1, kInARow) : 0;
    return count == kInARow;
  };
  const bool cpu_high =
      rules.cpu_percent_max > 0 && cpu > static_cast<double>(rules.cpu_percent_max);
  hold.set(Trouble::cpu, over(seen.cpu_high, cpu_high),
           fmt::format("uses {:.0f} % of a core, above {} %", cpu, rules.cpu_percent_max));
  const bool memory_high = rules.memory_mb_max > 0 && memory > rules.memory_mb_max * kMega;
  hold.set(Trouble::memory, over(seen.memory_high, memory_high),
           fmt::format("uses {} MB, above {} MB", memory / kMega, rules.memory_mb_max));
  const auto logged = hold.look.last_log_at.find(key_of(hold.strategy));
  if (rules.stalled_min == 0 || logged == hold.look.last_log_at.end()) return;
  const bool is_running = seen.state == State::running;
  const auto quiet = hold.look.now - logged->second;
  hold.set(Trouble::stalled, is_running && quiet > Minutes(rules.stalled_min),
           fmt::format("runs, but has written no log line for {} min",
                       std::chrono::duration_cast<Minutes>(quiet).count()));
}

void WatchMemory::judge_missing(const Look& look, std::vector<Change>& out) {
  std::set<std::string> present;
  for (const auto& strategy : look.listing->strategies)
    if (!strategy.processes.empty()) present.insert(key_of(strategy));
  for (auto& [key, seen] : seen_) {
    if (present.contains(key) || !seen.present || look.listing->has_trouble(seen.runner)) continue;
    seen.present = false;
    seen.open = {Trouble::vanished};
    seen.state.reset();
    seen.was_up = false;
    seen.restarted.clear();
    if (!look.ours.contains(key))
      out.push_back({Change::Kind::trouble, seen.runner, seen.name, Trouble::vanished,
                     fmt::format("{} has vanished: {} does not have it any more",
                                 clean_text(seen.name, 64), seen.runner)});
  }
}

std::vector<std::string> WatchMemory::open_troubles() const {
  std::vector<std::string> out;
  for (const auto& [runner, failures] : runner_failures_)
    if (failures >= kRunnerFailures) out.push_back(runner + ": not reached");
  for (const auto& [key, seen] : seen_)
    for (const auto trouble : seen.open)
      out.push_back(fmt::format("{}: {}", clean_text(seen.name, 64), str(trouble)));
  return out;
}

Millis restart_pause(std::int64_t attempt) {
  constexpr Millis kFirst{2000};
  constexpr Millis kMax{300'000};
  return attempt > 8 ? kMax : std::min(kFirst * (std::int64_t{1} << (attempt - 1)), kMax);
}

}  // namespace bb::supervise
