// Actions: check, order, and read the state back until it is what was asked.
#include <fmt/format.h>

#include <algorithm>

#include "supervise/impl/selection.h"
#include "supervise/strategies.h"
#include "supervise/text.h"

namespace bb::supervise {

namespace {

constexpr Millis kLookFirst{50};
constexpr Millis kLookMax{500};
// As long a process must live under one pid to count as running, or be down to count as not coming.
constexpr Millis kSettled{1200};
constexpr Millis kAfterStop{10'000};
// What a runner tells of our own action comes a little later than the action's end.
constexpr Millis kEcho{5000};
constexpr std::size_t kAtOnce = 8;

std::string key_of(const Strategy& strategy) { return strategy.runner + "/" + strategy.name; }

ActionResult refusal(const Strategy& strategy, Action action, Error error) {
  ActionResult out;
  out.name = clean_text(strategy.name, 64);
  out.runner = strategy.runner;
  out.action = action;
  out.verdict = Verdict::refused;
  out.kind = error.kind;
  out.text = std::move(error.text);
  return out;
}

ActionResult refusal(const std::string& word, Action action, Error error) {
  Strategy nobody;
  nobody.name = word;
  return refusal(nobody, action, std::move(error));
}

std::string state_text(const Process& process) {
  std::string out(str(process.state));
  if (process.pid != 0) out += fmt::format(" (pid {})", process.pid);
  if (is_down(process.state) && !process.last_exit.empty())
    out += fmt::format(" ({})", clean_text(process.last_exit));
  if (process.health != Health::none) out += fmt::format(", {}", str(process.health));
  return out;
}

/// Another run than the one before the order.
bool is_new_run(const Process& before, const Process& now) {
  return is_down(before.state) || now.pid != before.pid || now.started_at != before.started_at;
}

/// Follows one process from the order to its end.
class Follow {
 public:
  Follow(Action action, const Process& before) : action_(action), before_(before) {}

  enum class Seen { not_yet, reached, given_up };
  Seen look(const Process& now, SteadyTime at) {
    if (action_ == Action::stop) return is_down(now.state) ? Seen::reached : Seen::not_yet;
    const bool is_new = action_ == Action::start || is_new_run(before_, now);
    if (now.state == State::running && is_new) {
      if (!up_since_ || pid_ != now.pid) up_since_ = at;
      pid_ = now.pid;
      down_since_.reset();
      return at - *up_since_ >= kSettled ? Seen::reached : Seen::not_yet;
    }
    up_since_.reset();
    // What is down and stays so does not come by waiting.
    if (!is_down(now.state)) {
      down_since_.reset();
      return Seen::not_yet;
    }
    if (!down_since_) down_since_ = at;
    return at - *down_since_ >= 2 * kSettled ? Seen::given_up : Seen::not_yet;
  }

 private:
  Action action_;
  Process before_;
  std::optional<SteadyTime> up_since_, down_since_;
  std::int64_t pid_ = 0;
};

bool is_as_asked(Action action, const Process& process) {
  switch (action) {
    case Action::start:
      return process.state == State::running;
    case Action::stop:
      return is_down(process.state);
    case Action::restart:
      return false;
  }
  return false;
}

/// The state is on its way to what was asked although the order was answered by an error.
bool is_on_the_way(Action action, const Process& before, const Process& now) {
  if (action == Action::stop) return now.state == State::stopping;
  return now.state == State::starting || (now.state == State::running && is_new_run(before, now));
}

/// Strategies that several workers share.
struct Queue {
  std::vector<Strategy> strategies;
  std::size_t next = 0;
  std::vector<std::vector<ActionResult>> results;
};

Millis limit_of(const SuperviseSettings& settings, const Strategy& strategy, Action action,
                const Process& process) {
  const Millis limit = Seconds(settings.action_limit_sec);
  if (action == Action::start) return limit;
  const Millis grace = std::max<Millis>(Seconds(strategy.grace_sec), process.stop_takes);
  return std::max(limit, grace + kAfterStop);
}

}  // namespace

bool Strategies::is_ours(const Strategy& strategy) const {
  const auto key = key_of(strategy);
  if (acting_.contains(key)) return true;
  const auto found = acted_until_.find(key);
  return found != acted_until_.end() && parts_.clock.steady_now() < found->second;
}

Task<std::vector<ActionResult>> Strategies::act(std::string word, Action action, Actor actor) {
  const auto listing = co_await read_within(Millis(0));
  const auto chosen = choose(*listing, word);
  std::vector<ActionResult> out;
  if (!chosen) {
    out.push_back(refusal(word, action, chosen.error()));
    parts_.log.warn("strategy action refused",
                    {{"word", quote_word(word)}, {"action", str(action)}, {"by", actor.user}});
    co_return out;
  }
  const auto strategy = **chosen;
  if (strategy.processes.empty()) {
    const auto kind =
        listing->has_trouble(strategy.runner) ? ErrorKind::unreachable : ErrorKind::conflict;
    const Error error{kind, why_absent(*listing, strategy), 0};
    out.push_back(refusal(strategy, action, error));
    co_return out;
  }
  std::vector<Strategy> all{strategy};
  co_return co_await act_on_all(std::move(all), action, std::move(actor));
}

Task<std::vector<ActionResult>> Strategies::act_on_group(std::string group, Action action,
                                                         Actor actor) {
  const auto listing = co_await read_within(Millis(0));
  std::vector<Strategy> all;
  for (const auto& strategy : listing->strategies)
    if (strategy.touchable && !group.empty() && strategy.group == group) all.push_back(strategy);
  if (!all.empty()) co_return co_await act_on_all(std::move(all), action, std::move(actor));
  const Error error{ErrorKind::invalid_input,
                    "no declared strategy is in a group " + quote_word(group), 0};
  std::vector<ActionResult> out;
  out.push_back(refusal(group, action, error));
  co_return out;
}

Task<std::vector<ActionResult>> Strategies::act_on_account(std::string account, Action action,
                                                           Actor actor) {
  const auto listing = co_await read_within(Millis(0));
  std::vector<Strategy> all;
  for (const auto& strategy : listing->strategies)
    if (strategy.touchable && !account.empty() && strategy.account == account)
      all.push_back(strategy);
  co_return co_await act_on_all(std::move(all), action, std::move(actor));
}

Task<std::vector<ActionResult>> Strategies::act_on_all(std::vector<Strategy> chosen, Action action,
                                                       Actor actor) {
  Queue queue;
  queue.results.resize(chosen.size());
  queue.strategies = std::move(chosen);
  const auto work = [](Strategies& self, Queue& q, Action what, Actor who) -> Task<void> {
    while (q.next < q.strategies.size()) {
      const auto mine = q.next++;
      const auto strategy = q.strategies[mine];
      if (const auto allowed = check_operator(strategy, who); !allowed) {
        q.results[mine].push_back(refusal(strategy, what, allowed.error()));
        continue;
      }
      q.results[mine] = co_await self.act_on(strategy, what, who);
    }
  };
  TaskGroup group(parts_.io.get_executor());
  for (std::size_t i = 0; i < std::min(kAtOnce, queue.strategies.size()); ++i)
    group.spawn(work(*this, queue, action, actor));
  co_await group.join();
  std::vector<ActionResult> out;
  for (auto& results : queue.results)
    for (auto& result : results)
      out.push_back(std::move(result));
  co_return out;
}

Task<std::vector<ActionResult>> Strategies::act_on(Strategy strategy, Action action, Actor actor) {
  const auto key = key_of(strategy);
  std::vector<ActionResult> out;
  if (!acting_.insert(key).second) {
    const Error error{ErrorKind::busy, "another action on it is under way; wait for its answer", 0};
    out.push_back(refusal(strategy, action, error));
    co_return out;
  }
  parts_.log.info("strategy action began",
                  {{"strategy", clean_text(key)}, {"action", str(action)}, {"by", actor.user}});
  std::exception_ptr fault;
  try {
    std::vector<Task<ActionResult>> tasks;
    for (const auto& process : strategy.processes)
      tasks.push_back(act_on_process(strategy, process, action));
    out = co_await gather(std::move(tasks));
  } catch (...) {
    fault = std::current_exception();
  }
  acting_.erase(key);
  acted_until_[key] = parts_.clock.after(kEcho);
  if (fault) std::rethrow_exception(fault);
  for (const auto& result : out)
    parts_.log.info("strategy action ended", {{"strategy", clean_text(key)},
                                              {"id", clean_text(result.id)},
                                              {"verdict", str(result.verdict)},
                                              {"what", result.text}});
  co_return out;
}

Task<ActionResult> Strategies::act_on_process(Strategy strategy, Process listed, Action action) {
  auto& clock = parts_.clock;
  auto* supervisor = find_supervisor(strategy.runner);
  const Millis answer_limit(parts_.settings.answer_limit_ms);
  auto out = refusal(strategy, action, {ErrorKind::conflict, "", 0});
  out.id = listed.id;
  // An id may have been given to another process since it was listed.
  auto before = co_await supervisor->look(listed.id, clock.after(answer_limit));
  if (before && before->name != listed.name)
    before = fail(ErrorKind::conflict, "its id belongs to another process now; list again");
  if (!before) {
    out.kind = before.error().kind;
    out.text = "nothing was done: " + before.error().text;
    co_return out;
  }
  out.now = *before;
  if (is_as_asked(action, *before)) {
    out.verdict = Verdict::already;
    out.text = fmt::format("{} already: {}", out.name, state_text(*before));
    co_return out;
  }
  const auto limit = limit_of(parts_.settings, strategy, action, *before);
  const auto deadline = clock.after(limit);
  const auto begun = clock.steady_now();
  const auto ordered =
      co_await supervisor->order(*before, action, Seconds(strategy.grace_sec), deadline);
  // No answer, or a broken one, is no refusal: a proxy gives up, and the runner still does it.
  const bool was_refused = !ordered && ordered.error().kind != ErrorKind::unreachable &&
                           ordered.error().kind != ErrorKind::malformed;
  Follow follow(action, *before);
  auto seen = Follow::Seen::not_yet;
  Result<Process> now = *before;
  for (Millis pause = kLookFirst;;) {
    now = co_await supervisor->look(listed.id, clock.after(answer_limit));
    if (now) {
      out.now = *now;
      seen = follow.look(*now, clock.steady_now());
    }
    // A refused order changed nothing; what the runner did before it said no is in the state.
    const bool is_over = seen != Follow::Seen::not_yet || clock.steady_now() >= deadline ||
                         (was_refused && (!now || !is_on_the_way(action, *before, *now)));
    if (is_over) break;
    co_await sleep_for(clock, pause);
    pause = std::min(pause * 2, kLookMax);
  }
  const auto took = std::chrono::duration_cast<Seconds>(clock.steady_now() - begun).count();
  if (seen == Follow::Seen::reached) {
    out.verdict = Verdict::done;
    out.text = fmt::format("{} is {}", out.name, state_text(*now));
  } else if (!now) {
    out.verdict = Verdict::unknown;
    out.kind = now.error().kind;
    out.text = fmt::format("{}: what it is now is not known: {}", out.name, now.error().text);
  } else if (!ordered && !was_refused) {
    out.verdict = Verdict::unknown;
    out.kind = ordered.error().kind;
    out.text = fmt::format("{} is {} after {} s, and may still {}: {}", out.name, state_text(*now),
                           took, str(action), ordered.error().text);
  } else if (!ordered) {
    out.verdict = Verdict::refused;
    out.kind = ordered.error().kind;
    out.text = fmt::format("{} is {}: {}", out.name, state_text(*now), ordered.error().text);
  } else {
    out.verdict = Verdict::not_reached;
    out.text = fmt::format("{} was told to {}, but is {} after {} s", out.name, str(action),
                           state_text(*now), took);
  }
  co_return out;
}

}  // namespace bb::supervise
