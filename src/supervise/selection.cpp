#include "supervise/impl/selection.h"

#include <fmt/format.h>

#include <algorithm>

namespace bb::supervise {

namespace {

constexpr std::string_view kNamespace = "namespace:";
constexpr std::string_view kLabel = "label:";

bool is_systemd(RunnerKind kind) {
  return kind == RunnerKind::systemd || kind == RunnerKind::systemd_user;
}

bool is_plain_name(std::string_view selector) {
  return !selector.starts_with(kNamespace) && !selector.starts_with(kLabel);
}

bool has_label(const Process& process, std::string_view wanted) {
  const auto equals = wanted.find('=');
  const auto found = process.labels.find(std::string(wanted.substr(0, equals)));
  if (found == process.labels.end()) return false;
  return equals == std::string_view::npos || found->second == wanted.substr(equals + 1);
}

void add_unit(std::vector<std::string>& units, std::string name) {
  if (!name.ends_with(".service")) name += ".service";
  if (is_unit_name(name) && std::ranges::find(units, name) == units.end())
    units.push_back(std::move(name));
}

}  // namespace

bool shows_all(const SuperviseSettings& settings) {
  return settings.declared.empty() && settings.runners.empty();
}

std::vector<RunnerSettings> runners_of(const SuperviseSettings& settings) {
  std::vector<RunnerSettings> out;
  for (const auto& [name, runner] : settings.runners)
    out.push_back(*runner);
  const auto add_kind = [&](const std::string& word) {
    const bool known = std::ranges::any_of(out, [&](const auto& r) { return r.name == word; });
    const auto kind = parse_runner_kind(word);
    if (!known && kind) out.push_back(default_runner(*kind, settings.environment));
  };
  for (const auto& [name, declared] : settings.declared)
    add_kind(declared->runner);
  if (shows_all(settings) || !settings.strategies.empty()) add_kind(settings.ctrl_mode);
  for (auto& runner : out) {
    if (runner.name == settings.ctrl_mode)
      runner.strategies.insert(runner.strategies.end(), settings.strategies.begin(),
                               settings.strategies.end());
    if (!is_systemd(runner.kind)) continue;
    for (const auto& selector : runner.strategies)
      if (is_plain_name(selector)) add_unit(runner.units, selector);
    for (const auto& [name, declared] : settings.declared)
      if (declared->runner == runner.name) add_unit(runner.units, declared->target);
  }
  return out;
}

const StrategySettings* find_declared(const SuperviseSettings& settings,
                                      const RunnerSettings& runner, const std::string& process) {
  for (const auto& [name, declared] : settings.declared)
    if (declared->runner == runner.name && declared->target == process) return declared.get();
  return nullptr;
}

bool is_selected(const RunnerSettings& runner, const Process& process) {
  return std::ranges::any_of(runner.strategies, [&](const std::string& text) {
    const std::string_view selector = text;
    if (selector.starts_with(kNamespace))
      return !process.group.empty() && process.group == selector.substr(kNamespace.size());
    if (selector.starts_with(kLabel)) return has_label(process, selector.substr(kLabel.size()));
    return selector == process.name ||
           (is_systemd(runner.kind) && text + ".service" == process.name);
  });
}

Strategy strategy_of(const StrategySettings& declared) {
  Strategy out;
  out.name = declared.name;
  out.runner = declared.runner;
  out.account = declared.account;
  out.group = declared.group;
  out.operators = declared.operators;
  out.grace_sec = declared.grace_sec;
  out.log_file = declared.log_file;
  out.rules = declared.rules;
  return out;
}

std::string why_absent(const Listing& listing, const Strategy& strategy) {
  for (const auto& trouble : listing.troubles)
    if (trouble.runner == strategy.runner) return trouble.error.text;
  return fmt::format("{} has no process of that name", strategy.runner);
}

}  // namespace bb::supervise
