#include "supervise/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "base/join.h"
#include "base/park.h"
#include "supervise/text.h"

namespace bb::supervise {

namespace {

constexpr Millis kSlice{500};   // how late a stop may be noticed
constexpr Millis kGather{100};  // events of one cause come together
constexpr Millis kRetryFirst{1000};
constexpr Millis kRetryMax{30'000};
constexpr Seconds kLogAsked{30};
constexpr Seconds kStaysUp{60};
constexpr Seconds kGaveUpLook{15};
constexpr std::size_t kAlertLines = 10;
constexpr std::size_t kAlertBytes = 1500;

}  // namespace

/// Rung by events; the sampling loop waits for it or for a time.
struct Watch::Bell {
  bool rung = false;
  Resume waiter;

  void ring() {
    rung = true;
    if (waiter) std::exchange(waiter, {})();
  }

  Task<void> wait_until(Clock& clock, SteadyTime when) {
    if (rung) co_return;
    TimerId timer = 0;
    co_await park([&](Resume resume) {
      waiter = std::move(resume);
      timer = clock.call_at(when, [this] {
        if (waiter) std::exchange(waiter, {})();
      });
    });
    clock.cancel(timer);
  }
};

Watch::Watch(Parts parts) : parts_(std::move(parts)), bell_(std::make_unique<Bell>()) {}
Watch::~Watch() = default;

Task<void> Watch::run(Stop& stop) {
  TaskGroup hearers(parts_.io.get_executor());
  for (const auto& runner : parts_.strategies.runners())
    if (runner.supervisor) hearers.spawn(hear(runner, stop));
  co_await join_after(hearers, sample_and_end(stop, hearers));
}

Task<void> Watch::sample_and_end(Stop& stop, TaskGroup& hearers) {
  std::exception_ptr error;
  try {
    co_await sample(stop);
  } catch (...) {
    error = std::current_exception();
  }
  ending_ = true;
  // Again and again: one that was just connecting has nothing to be cancelled yet.
  while (hearers.running() > 0) {
    for (const auto& runner : parts_.strategies.runners())
      if (runner.supervisor) runner.supervisor->cancel_watch();
    co_await sleep_for(parts_.clock, kGather);
  }
  if (error) std::rethrow_exception(error);
}

/// Events only bring the look forward: what they say is never believed without it.
Task<void> Watch::hear(const Strategies::Runner& runner, Stop& stop) {
  Millis pause = kRetryFirst;
  while (!stop.requested() && !ending_) {
    const auto begun = parts_.clock.steady_now();
    const auto ended = co_await runner.supervisor->watch([this] { bell_->ring(); });
    if (stop.requested() || ending_) co_return;
    bell_->ring();
    if (!ended)
      parts_.log.debug("events of a runner ended",
                       {{"runner", runner.settings.name}, {"why", ended.error().text}});
    const bool was_good = parts_.clock.steady_now() - begun > kRetryMax;
    pause = was_good ? kRetryFirst : std::min(pause * 2, kRetryMax);
    co_await stop.sleep_until(parts_.clock.after(pause));
  }
}

Task<void> Watch::sample(Stop& stop) {
  TaskGroup revivals(parts_.io.get_executor());
  const auto loop = [](Watch& self, Stop& s, TaskGroup& group) -> Task<void> {
    auto& c = self.parts_.clock;
    while (!s.requested()) {
      self.bell_->rung = false;
      co_await self.look(s, group);
      const auto next = c.after(Millis(self.parts_.settings.sample_ms));
      while (!s.requested() && !self.bell_->rung && c.steady_now() < next)
        co_await self.bell_->wait_until(c, std::min(next, c.after(kSlice)));
      if (self.bell_->rung) co_await s.sleep_until(c.after(kGather));
    }
  };
  co_await join_after(revivals, loop(*this, stop, revivals));
}

Task<void> Watch::look(Stop& stop, TaskGroup& group) {
  const auto listing = co_await parts_.strategies.read();
  WatchMemory::Look look;
  look.listing = listing.get();
  look.now = parts_.clock.utc_now();
  look.last_log_at = co_await fetch_log_times(*listing);
  for (const auto& strategy : listing->strategies)
    if (parts_.strategies.is_ours(strategy)) look.ours.insert(WatchMemory::key_of(strategy));
  const auto changes = memory_.judge(look);
  for (const auto& change : changes)
    co_await tell(change);
  for (const auto& strategy : listing->strategies) {
    const bool is_down = std::ranges::any_of(
        strategy.processes, [](const Process& process) { return process.state == State::failed; });
    if (began_ && strategy.touchable && is_down && strategy.rules.restart_attempts > 0 &&
        !look.ours.contains(WatchMemory::key_of(strategy)) &&
        reviving_.insert(WatchMemory::key_of(strategy)).second)
      group.spawn(revive(strategy, stop));
  }
  began_ = true;
  beat(*listing);
}

Task<std::map<std::string, TimePoint>> Watch::fetch_log_times(const Listing& listing) {
  for (const auto& strategy : listing.strategies) {
    if (strategy.rules.stalled_min == 0 || strategy.processes.empty()) continue;
    const auto key = WatchMemory::key_of(strategy);
    auto& asked = log_asked_[key];
    if (asked != SteadyTime{} && parts_.clock.steady_now() - asked < kLogAsked) continue;
    asked = parts_.clock.steady_now();
    std::optional<TimePoint> newest;
    for (const auto& process : strategy.processes) {
      const auto at = co_await parts_.strategies.last_log_at(strategy, process);
      if (at) newest = std::max(newest, *at);
      // One that has just started has not had the time to write.
      newest = std::max(newest, process.started_at);
    }
    if (newest) log_times_[key] = *newest;
  }
  co_return log_times_;
}

Task<void> Watch::tell(Change change) {
  std::string kind;
  switch (change.kind) {
    case Change::Kind::trouble:
      kind = str(change.trouble);
      break;
    case Change::Kind::crashed:
      kind = "crashed";
      break;
    case Change::Kind::recovered:
      kind = "recovered";
      break;
  }
  std::string text = change.text;
  const bool has_log = !change.name.empty() && change.kind != Change::Kind::recovered &&
                       change.trouble != Trouble::vanished;
  if (has_log) {
    const auto word = change.runner + ":" + change.name;
    auto log = co_await parts_.strategies.read_logs(word, kAlertLines, shell_actor());
    if (log && !log->empty()) {
      if (log->size() > kAlertBytes) log->erase(0, log->find('\n', log->size() - kAlertBytes) + 1);
      text += "\n" + *log;
    }
  }
  parts_.log.warn("strategy changed", {{"kind", kind}, {"what", change.text}});
  parts_.alert(std::move(kind), std::move(text));
}

Task<bool> Watch::is_failed(std::string word) {
  const auto listing = co_await parts_.strategies.read();
  const auto chosen = choose(*listing, word);
  co_return chosen&& std::ranges::any_of(
      (*chosen)->processes, [](const Process& process) { return process.state == State::failed; });
}

/// Starts a failed strategy again, with growing pauses, and gives up after the allowed attempts.
Task<void> Watch::revive(Strategy strategy, Stop& stop) {
  const auto name = clean_text(strategy.name, 64);
  const auto word = strategy.runner + ":" + strategy.name;
  const auto attempts = strategy.rules.restart_attempts;
  for (std::int64_t attempt = 1; attempt <= attempts; ++attempt) {
    const bool is_time = co_await stop.sleep_until(parts_.clock.after(restart_pause(attempt)));
    // Somebody may have been quicker, or have stopped it on purpose.
    if (!is_time || !co_await is_failed(word)) {
      reviving_.erase(WatchMemory::key_of(strategy));
      co_return;
    }
    const auto results = co_await parts_.strategies.act(word, Action::start, {"watch", true});
    const bool is_up = std::ranges::all_of(results, [](const ActionResult& result) {
      return result.verdict == Verdict::done || result.verdict == Verdict::already;
    });
    if (!is_up) continue;
    parts_.alert("restarted", fmt::format("{} was started again by us, attempt {} of {}", name,
                                          attempt, attempts));
    // Down again within this time is the next attempt; later it is another failure.
    co_await stop.sleep_until(parts_.clock.after(kStaysUp));
  }
  if (!stop.requested() && co_await is_failed(word))
    parts_.alert("gave_up", fmt::format("{} stays down: {} attempts to start it did not last. It "
                                        "is not tried again until somebody starts it.",
                                        name, attempts));
  while (!stop.requested() && co_await is_failed(word))
    co_await stop.sleep_until(parts_.clock.after(kGaveUpLook));
  reviving_.erase(WatchMemory::key_of(strategy));
}

void Watch::beat(const Listing& listing) {
  const auto& at = parts_.settings.heartbeat_utc;
  if (at.empty()) return;
  const auto now = parts_.clock.utc_now();
  const auto today = utc_date(now);
  const auto clock_text = iso_seconds(now).substr(11, 5);
  if (last_beat_.empty() && clock_text >= at) last_beat_ = today;  // began after the hour
  if (last_beat_ == today || clock_text < at) return;
  last_beat_ = today;
  std::size_t watched = 0;
  std::size_t running = 0;
  for (const auto& strategy : listing.strategies) {
    if (!strategy.touchable) continue;
    ++watched;
    running += !strategy.processes.empty() &&
               std::ranges::all_of(strategy.processes, [](const Process& process) {
                 return process.state == State::running;
               });
  }
  std::string text = fmt::format("alive: {} of {} strategies run", running, watched);
  for (const auto& trouble : memory_.open_troubles())
    text += "\n" + trouble;
  parts_.alert("heartbeat", std::move(text));
}

}  // namespace bb::supervise
