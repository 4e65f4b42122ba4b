#include "supervise/render.h"

#include <fmt/format.h>

#include <algorithm>

#include "supervise/text.h"

namespace bb::supervise {

namespace {

constexpr std::size_t kNameMax = 64;
constexpr const char* kNone = "-";

/// Higher is worse.
int badness(State state) {
  switch (state) {
    case State::running:
      return 0;
    case State::starting:
      return 1;
    case State::stopping:
      return 2;
    case State::paused:
      return 3;
    case State::stopped:
      return 4;
    case State::restarting:
      return 5;
    case State::unknown:
      return 6;
    case State::failed:
      return 7;
  }
  return 7;
}

std::string span_text(Millis span) {
  const auto seconds = std::max<std::int64_t>(span.count() / 1000, 0);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 86'400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86'400, seconds / 3600 % 24);
}

std::string memory_text(std::int64_t bytes) {
  constexpr double kMega = 1e6;
  const auto megabytes = static_cast<double>(bytes) / kMega;
  return megabytes < 10'000 ? fmt::format("{:.0f} MB", megabytes)
                            : fmt::format("{:.1f} GB", megabytes / 1000);
}

Health worst_health(const Strategy& strategy) {
  auto out = Health::none;
  for (const auto& process : strategy.processes)
    out = std::max(out, process.health);
  return out;
}

}  // namespace

std::optional<State> state_of(const Strategy& strategy) {
  std::optional<State> worst;
  for (const auto& process : strategy.processes)
    if (!worst || badness(process.state) > badness(*worst)) worst = process.state;
  return worst;
}

Columns columns_of(const Strategy& strategy, TimePoint now) {
  Columns out{clean_text(strategy.name, kNameMax),
              "missing",
              kNone,
              kNone,
              kNone,
              kNone,
              kNone,
              strategy.host.empty() ? kNone : clean_text(strategy.host, kNameMax)};
  const auto worst = state_of(strategy);
  if (!worst) return out;
  out.state = str(*worst);
  const auto running = std::ranges::count(strategy.processes, State::running, &Process::state);
  if (strategy.processes.size() > 1)
    out.state += fmt::format(" {}/{}", running, strategy.processes.size());
  std::optional<TimePoint> since;
  std::optional<std::int64_t> restarts, memory;
  std::optional<double> cpu;
  for (const auto& process : strategy.processes) {
    if (process.started_at && (!since || *process.started_at > *since)) since = process.started_at;
    if (process.restarts) restarts = restarts.value_or(0) + *process.restarts;
    if (process.memory_bytes) memory = memory.value_or(0) + *process.memory_bytes;
    if (process.cpu_percent) cpu = cpu.value_or(0) + *process.cpu_percent;
  }
  if (since) out.uptime = span_text(now - *since);
  if (restarts) out.restarts = std::to_string(*restarts);
  if (cpu) out.cpu = fmt::format("{:.1f} %", *cpu);
  if (memory) out.memory = memory_text(*memory);
  if (const auto health = worst_health(strategy); health != Health::none) out.health = str(health);
  return out;
}

std::string line_of(const Strategy& strategy, TimePoint now) {
  const auto columns = columns_of(strategy, now);
  std::string out = columns.name + " · " + columns.state;
  if (columns.uptime != kNone) out += " · up " + columns.uptime;
  if (columns.restarts != kNone && columns.restarts != "0")
    out += " · " + columns.restarts + (columns.restarts == "1" ? " restart" : " restarts");
  for (const auto* each : {&columns.cpu, &columns.memory, &columns.health, &columns.host})
    if (*each != kNone) out += " · " + *each;
  return out;
}

std::string card_of(const Strategy& strategy, TimePoint now) {
  std::string out = line_of(strategy, now) + "\n";
  out += fmt::format("runner: {}\n", clean_text(strategy.runner, kNameMax));
  if (!strategy.account.empty()) out += fmt::format("account: {}\n", clean_text(strategy.account));
  if (!strategy.group.empty()) out += fmt::format("group: {}\n", clean_text(strategy.group));
  for (const auto& process : strategy.processes) {
    out += fmt::format("{}: {}", clean_text(process.id, 12), str(process.state));
    if (process.pid != 0) out += fmt::format(", pid {}", process.pid);
    if (!process.last_exit.empty())
      out += fmt::format(", last exit: {}", clean_text(process.last_exit));
    out += "\n";
  }
  if (!strategy.touchable) out += "not declared: it is shown, and never touched\n";
  return out;
}

}  // namespace bb::supervise
