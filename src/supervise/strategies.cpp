#include "supervise/strategies.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "supervise/impl/log_file.h"
#include "supervise/impl/selection.h"
#include "supervise/text.h"

namespace bb::supervise {

namespace {

constexpr std::size_t kShortId = 12;  // digits of a container's id that lists show
constexpr std::size_t kNamesShown = 12;

std::string how_to_declare(std::string_view name) {
  const auto shown = is_strategy_name(name) ? std::string(name) : std::string("NAME");
  return fmt::format(
      "To allow it, add a section [process.{}] to the configuration, or name it in "
      "STRATEGIES (docs/strategies.md).",
      shown);
}

std::string known_names(const Listing& listing) {
  std::string out;
  std::size_t count = 0;
  for (const auto& strategy : listing.strategies)
    if (strategy.touchable && ++count <= kNamesShown)
      out += (out.empty() ? "" : ", ") + clean_text(strategy.name, 64);
  if (count > kNamesShown) out += fmt::format(" and {} more", count - kNamesShown);
  return out.empty() ? "none" : out;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id_of(const std::string& word, const Process& process) {
  if (word == process.id) return true;
  return word.size() >= kShortId && process.id.size() == 64 && is_hex(word) &&
         process.id.starts_with(word);
}

bool is_meant(const std::string& word, const Strategy& strategy) {
  if (word == strategy.name || word == strategy.runner + ":" + strategy.name) return true;
  return std::ranges::any_of(strategy.processes,
                             [&](const Process& process) { return is_id_of(word, process); });
}

}  // namespace

bool Listing::has_trouble(const std::string& runner) const {
  return std::ranges::any_of(troubles, [&](const auto& each) { return each.runner == runner; });
}

std::string_view str(Verdict verdict) {
  switch (verdict) {
    case Verdict::done:
      return "done";
    case Verdict::already:
      return "already";
    case Verdict::not_reached:
      return "not_reached";
    case Verdict::refused:
      return "refused";
    case Verdict::unknown:
      return "unknown";
  }
  return "unknown";
}

std::vector<const Strategy*> meant_by(const Listing& listing, const std::string& word) {
  std::vector<const Strategy*> meant;
  for (const auto& strategy : listing.strategies)
    if (is_meant(word, strategy)) meant.push_back(&strategy);
  return meant;
}

Result<const Strategy*> choose(const Listing& listing, const std::string& word) {
  const auto meant = meant_by(listing, word);
  // A name that is also somebody's id, or the same name twice: never guessed.
  if (meant.size() > 1) {
    std::string names;
    for (const auto* each : meant)
      names += fmt::format("{}{}:{}", names.empty() ? "" : ", ", each->runner,
                           clean_text(each->name, 64));
    return fail(
        ErrorKind::invalid_input,
        fmt::format("{} means more than one: {}; say one of these", quote_word(word), names));
  }
  if (meant.empty()) {
    std::string text = fmt::format("no strategy is called {}; known: {}. ", quote_word(word),
                                   known_names(listing));
    for (const auto& trouble : listing.troubles)
      text += fmt::format("{} could not be asked: {}. ", trouble.runner, trouble.error.text);
    return fail(listing.troubles.empty() ? ErrorKind::invalid_input : ErrorKind::unreachable,
                text + how_to_declare(word));
  }
  if (!meant.front()->touchable)
    return fail(
        ErrorKind::invalid_input,
        fmt::format("{} is under {}, but is not declared, and nothing undeclared is touched. "
                    "{}",
                    quote_word(meant.front()->name), meant.front()->runner,
                    how_to_declare(meant.front()->name)));
  return meant.front();
}

Status check_operator(const Strategy& strategy, const Actor& actor) {
  if (actor.is_shell || strategy.operators.empty() ||
      std::ranges::find(strategy.operators, actor.user) != strategy.operators.end())
    return {};
  return fail(ErrorKind::invalid_input,
              fmt::format("you are not among the operators of {} ([process.{}] operators)",
                          strategy.name, strategy.name));
}

struct Strategies::Part {
  const Runner* runner = nullptr;
  Result<std::vector<Process>> processes;
};

Strategies::Strategies(Parts parts) : parts_(std::move(parts)) {
  for (auto& settings : runners_of(parts_.settings)) {
    Runner runner{std::move(settings), nullptr, {}};
    try {
      runner.supervisor = make_supervisor(parts_.io, parts_.clock, runner.settings);
    } catch (const std::runtime_error& error) {
      runner.broken = {ErrorKind::configuration, error.what(), 0};
    }
    runners_.push_back(std::move(runner));
  }
}

Strategies::~Strategies() = default;

Task<Strategies::Part> Strategies::read_runner(const Runner& runner) {
  if (!runner.supervisor) co_return Part{&runner, std::unexpected(runner.broken)};
  const auto deadline = parts_.clock.after(Millis(parts_.settings.answer_limit_ms));
  auto processes = co_await runner.supervisor->list(deadline);
  co_return Part{&runner, std::move(processes)};
}

Task<ListingPtr> Strategies::read() {
  std::set<std::string> names;
  for (const auto& runner : runners_)
    names.insert(runner.settings.name);
  const auto done = done_;
  last_ = co_await read_runners(std::move(names));
  last_at_ = parts_.clock.steady_now();
  last_done_ = done;
  co_return last_;
}

Task<ListingPtr> Strategies::read_runners(std::set<std::string> names) {
  std::vector<Task<Part>> reads;
  for (const auto& runner : runners_)
    if (names.contains(runner.settings.name)) reads.push_back(read_runner(runner));
  auto parts = co_await gather(std::move(reads));
  auto out = std::make_shared<Listing>();
  out->read_at = parts_.clock.utc_now();
  for (auto& part : parts) {
    if (part.processes)
      add_processes(*part.runner, std::move(*part.processes), *out);
    else
      out->troubles.push_back({part.runner->settings.name, part.processes.error()});
  }
  add_missing(names, *out);
  std::ranges::sort(out->strategies, {}, [](const Strategy& strategy) {
    return std::pair(strategy.runner, strategy.name);
  });
  co_return out;
}

Task<ListingPtr> Strategies::read_for(std::string word) {
  const auto runner = word.substr(0, word.find(':'));
  const bool is_known = runner.size() < word.size() && find_supervisor(runner) != nullptr;
  if (!is_known) co_return co_await read();
  co_return co_await read_runners({runner});
}

Task<ListingPtr> Strategies::read_within(Millis age_max) {
  const bool is_young = last_ && parts_.clock.steady_now() - last_at_ <= age_max;
  if (is_young && last_done_ == done_) co_return last_;
  co_return co_await read();
}

void Strategies::add_processes(const Runner& runner, std::vector<Process> processes,
                               Listing& out) const {
  const auto& settings = parts_.settings;
  enum class Standing { declared, selected, other };
  std::map<std::pair<Standing, std::string>, Strategy> found;
  for (auto& process : processes) {
    const auto* declared = find_declared(settings, runner.settings, process.name);
    const auto standing = declared != nullptr                     ? Standing::declared
                          : is_selected(runner.settings, process) ? Standing::selected
                                                                  : Standing::other;
    const auto& name = declared != nullptr ? declared->name : process.name;
    auto [place, is_new] = found.try_emplace({standing, name});
    auto& strategy = place->second;
    if (is_new) {
      if (declared != nullptr) strategy = strategy_of(*declared);
      strategy.name = name;
      strategy.runner = runner.settings.name;
      strategy.host = runner.settings.host;
      if (strategy.group.empty()) strategy.group = process.group;
      strategy.touchable = standing != Standing::other;
      strategy.shown = strategy.touchable || shows_all(settings);
    }
    strategy.processes.push_back(std::move(process));
  }
  for (auto& [key, strategy] : found) {
    const auto& [standing, name] = key;
    // A name means what was declared first, then what was selected: no namesake rides along.
    const bool hidden =
        (standing != Standing::declared && found.contains({Standing::declared, name})) ||
        (standing == Standing::other && found.contains({Standing::selected, name}));
    if (!hidden) out.strategies.push_back(std::move(strategy));
  }
}

/// Declared ones that their runner does not have; a runner in trouble says nothing about them.
void Strategies::add_missing(const std::set<std::string>& read, Listing& out) const {
  for (const auto& [name, declared] : parts_.settings.declared) {
    if (!read.contains(declared->runner)) continue;
    const bool found = std::ranges::any_of(out.strategies, [&](const Strategy& strategy) {
      return strategy.touchable && strategy.name == name && strategy.runner == declared->runner;
    });
    if (found) continue;
    auto strategy = strategy_of(*declared);
    strategy.touchable = strategy.shown = true;
    for (const auto& runner : runners_)
      if (runner.settings.name == strategy.runner) strategy.host = runner.settings.host;
    out.strategies.push_back(std::move(strategy));
  }
}

Supervisor* Strategies::find_supervisor(const std::string& runner) const {
  for (const auto& each : runners_)
    if (each.settings.name == runner) return each.supervisor.get();
  return nullptr;
}

Task<Result<std::string>> Strategies::read_logs(std::string word, std::size_t lines, Actor actor) {
  const auto listing = co_await read_for(word);
  const auto chosen = choose(*listing, word);
  if (!chosen) co_return std::unexpected(chosen.error());
  const auto strategy = **chosen;
  if (const auto allowed = check_operator(strategy, actor); !allowed)
    co_return std::unexpected(allowed.error());
  if (strategy.processes.empty())
    co_return fail(
        listing->has_trouble(strategy.runner) ? ErrorKind::unreachable : ErrorKind::conflict,
        why_absent(*listing, strategy));
  std::string out;
  for (const auto& process : strategy.processes) {
    const auto text = co_await read_one_log(strategy, process, lines);
    if (!text) co_return std::unexpected(text.error());
    if (strategy.processes.size() > 1)
      out += fmt::format("--- {} {} ---\n", clean_text(strategy.name, 64), process.id);
    out += *text;
    if (!out.empty() && !out.ends_with('\n')) out += '\n';
    if (!strategy.log_file.empty()) break;  // one file for all of them
  }
  co_return out;
}

Task<Result<std::string>> Strategies::read_one_log(Strategy strategy, Process process,
                                                   std::size_t lines) {
  LogRequest request;
  request.lines = lines;
  Result<std::string> text;
  if (!strategy.log_file.empty()) {
    text = read_log_file(strategy.log_file, request);
  } else {
    auto* supervisor = find_supervisor(strategy.runner);
    const auto deadline = parts_.clock.after(Millis(parts_.settings.answer_limit_ms));
    text = co_await supervisor->read_log(std::move(process), request, deadline);
  }
  if (!text) co_return text;
  co_return mask_secrets(clean_lines(*text), parts_.known_secrets);
}

Task<Result<std::optional<TimePoint>>> Strategies::last_log_at(const Strategy& strategy,
                                                               Process process) {
  if (!strategy.log_file.empty()) co_return log_file_written_at(strategy.log_file);
  auto* supervisor = find_supervisor(strategy.runner);
  if (supervisor == nullptr) co_return std::nullopt;
  const auto deadline = parts_.clock.after(Millis(parts_.settings.answer_limit_ms));
  co_return co_await supervisor->last_log_at(std::move(process), deadline);
}

}  // namespace bb::supervise
