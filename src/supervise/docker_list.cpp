#include "supervise/impl/docker_list.h"

#include "supervise/impl/docker_client.h"

namespace bb::supervise {

namespace {

using net::JsonView;

std::string text_or(JsonView view, std::string_view name) {
  return view.has(name) && view.at(name).is_string() ? std::string(view.at(name).text()) : "";
}

std::optional<std::int64_t> integer_of(JsonView view, std::string_view name) {
  if (!view.has(name) || !view.at(name).is_number()) return std::nullopt;
  return static_cast<std::int64_t>(view.at(name).number());
}

double number_or(JsonView view, std::string_view name) {
  return view.has(name) && view.at(name).is_number() ? view.at(name).number() : 0;
}

bool flag_of(JsonView view, std::string_view name) {
  return view.has(name) && view.at(name).boolean();
}

std::map<std::string, std::string> labels_of(JsonView view) {
  std::map<std::string, std::string> out;
  if (!view.has("Labels")) return out;
  view.at("Labels").for_each_member([&](std::string_view name, JsonView value) {
    if (value.is_string()) out.emplace(name, value.text());
  });
  return out;
}

/// A stop ends a container with its own code, or 128 + the signal (INT, KILL, TERM).
bool is_ordinary_end(std::int64_t code) {
  return code == 0 || code == 130 || code == 137 || code == 143;
}

State state_of(JsonView state, std::int64_t code) {
  const auto status = text_or(state, "Status");
  if (status == "running") return State::running;
  if (status == "restarting") return State::restarting;
  if (status == "created") return State::stopped;
  if (status == "paused") return State::paused;
  if (status == "removing") return State::stopping;
  if (status == "dead") return State::failed;
  if (status == "exited")
    return is_ordinary_end(code) && !flag_of(state, "OOMKilled") ? State::stopped : State::failed;
  return State::unknown;
}

Health health_of(JsonView state) {
  if (!state.has("Health")) return Health::none;
  const auto word = text_or(state.at("Health"), "Status");
  if (word == "healthy") return Health::healthy;
  if (word == "unhealthy") return Health::unhealthy;
  return word == "starting" ? Health::starting : Health::none;
}

template <class Out, class Parse>
Result<Out> guarded(const char* what, Parse parse) {
  try {
    return parse();
  } catch (const net::JsonError& error) {
    return fail(ErrorKind::malformed, std::string("Docker's ") + what + ": " + error.what());
  }
}

struct ServiceTasks {
  std::int64_t running = 0;
  std::int64_t coming = 0;
  std::int64_t ended = 0;  // shut down, failed, rejected: each one after the first is a restart
  std::int64_t pid = 0;
  std::optional<TimePoint> started_at;
  std::string last_error;
  std::optional<std::int64_t> last_code;
  std::string newest;
};

void count_task(JsonView task, ServiceTasks& out) {
  const auto status = task.at("Status");
  const auto state = text_or(status, "State");
  const auto stamp = text_or(status, "Timestamp");
  const bool has_container = status.has("ContainerStatus");
  if (state == "running") {
    ++out.running;
    out.started_at = parse_engine_time(stamp);
    if (has_container) out.pid = integer_of(status.at("ContainerStatus"), "PID").value_or(0);
  } else if (state == "complete" || state == "shutdown" || state == "failed" ||
             state == "rejected" || state == "orphaned" || state == "remove") {
    ++out.ended;
    if (stamp < out.newest) return;
    out.newest = stamp;
    out.last_error = text_or(status, "Err");
    if (has_container) out.last_code = integer_of(status.at("ContainerStatus"), "ExitCode");
  } else {
    ++out.coming;
  }
}

State state_of(std::int64_t wanted, const ServiceTasks& tasks) {
  if (wanted == 0) return tasks.running > 0 ? State::stopping : State::stopped;
  if (tasks.running >= wanted) return State::running;
  // The manager tries again for ever; a task that came to its end says that it is not the first.
  if (tasks.coming > 0 && !tasks.last_error.empty()) return State::restarting;
  return tasks.coming > 0 || tasks.ended == 0 ? State::starting : State::failed;
}

}  // namespace

Result<std::vector<std::string>> parse_container_ids(JsonView list) {
  return guarded<std::vector<std::string>>("list", [&] {
    std::vector<std::string> out;
    list.for_each([&](JsonView entry) { out.emplace_back(entry.at("Id").text()); });
    return out;
  });
}

bool has_tty(JsonView inspect) {
  return inspect.has("Config") && flag_of(inspect.at("Config"), "Tty");
}

Result<Process> parse_container(JsonView inspect) {
  return guarded<Process>("container", [&] {
    const auto state = inspect.at("State");
    Process out;
    out.id = inspect.at("Id").text();
    out.name = inspect.at("Name").text();
    if (out.name.starts_with('/')) out.name.erase(0, 1);
    if (inspect.has("Config")) out.labels = labels_of(inspect.at("Config"));
    if (const auto project = out.labels.find("com.docker.compose.project");
        project != out.labels.end())
      out.group = project->second;
    const auto code = integer_of(state, "ExitCode").value_or(0);
    out.raw_status = text_or(state, "Status");
    out.state = state_of(state, code);
    out.restarts = integer_of(inspect, "RestartCount");
    out.health = out.state == State::running ? health_of(state) : Health::none;
    if (out.state == State::running || out.state == State::paused) {
      out.pid = integer_of(state, "Pid").value_or(0);
      out.started_at = parse_engine_time(text_or(state, "StartedAt"));
    }
    const auto finished = parse_engine_time(text_or(state, "FinishedAt"));
    if (finished && out.state != State::running) out.exit_code = code;
    if (finished) {
      out.last_exit = "code " + std::to_string(code);
      if (flag_of(state, "OOMKilled")) out.last_exit += ", out of memory";
      if (const auto error = text_or(state, "Error"); !error.empty()) out.last_exit += ", " + error;
      if (out.state == State::running) out.last_exit.clear();  // ExitCode is of the present run
    }
    return out;
  });
}

Result<ContainerStats> parse_container_stats(JsonView stats) {
  return guarded<ContainerStats>("statistics", [&] {
    ContainerStats out;
    if (stats.has("cpu_stats")) {
      const auto cpu = stats.at("cpu_stats");
      out.cpu.system = number_or(cpu, "system_cpu_usage");
      out.cpu.cores = number_or(cpu, "online_cpus");
      if (cpu.has("cpu_usage")) {
        const auto usage = cpu.at("cpu_usage");
        out.cpu.used = number_or(usage, "total_usage");
        if (out.cpu.cores == 0 && usage.has("percpu_usage"))
          out.cpu.cores = static_cast<double>(usage.at("percpu_usage").size());
      }
    }
    if (!stats.has("memory_stats")) return out;
    const auto memory = stats.at("memory_stats");
    const auto usage = integer_of(memory, "usage");
    if (!usage) return out;
    std::int64_t cache = 0;
    if (memory.has("stats")) {
      const auto detail = memory.at("stats");
      // cgroup v1 counts children by "total_"; v2 has the plain name.
      cache = integer_of(detail, "total_inactive_file")
                  .value_or(integer_of(detail, "inactive_file").value_or(0));
    }
    out.memory_bytes = cache < *usage ? *usage - cache : *usage;
    // Without a limit the engine gives the machine's memory, or a number near 2^63.
    constexpr std::int64_t kNoLimit = std::int64_t{1} << 50;
    if (const auto limit = integer_of(memory, "limit"); limit && *limit > 0 && *limit < kNoLimit)
      out.memory_limit_bytes = limit;
    return out;
  });
}

std::optional<double> cpu_percent(const CpuTotals& before, const CpuTotals& now) {
  const double used = now.used - before.used;
  const double system = now.system - before.system;
  if (system <= 0 || used < 0 || before.system == 0) return std::nullopt;
  return used / system * now.cores * 100;
}

Result<Process> parse_service(JsonView service, JsonView tasks) {
  return guarded<Process>("service", [&] {
    Process out;
    out.id = service.at("ID").text();
    const auto spec = service.at("Spec");
    out.name = spec.at("Name").text();
    out.labels = labels_of(spec);
    if (const auto stack = out.labels.find("com.docker.stack.namespace"); stack != out.labels.end())
      out.group = stack->second;
    std::int64_t wanted = 1;
    if (spec.has("Mode") && spec.at("Mode").has("Replicated"))
      wanted = integer_of(spec.at("Mode").at("Replicated"), "Replicas").value_or(1);
    ServiceTasks count;
    tasks.for_each([&](JsonView task) {
      if (text_or(task, "ServiceID") == out.id) count_task(task, count);
    });
    out.state = state_of(wanted, count);
    out.raw_status = std::to_string(count.running) + "/" + std::to_string(wanted);
    out.restarts = count.ended;
    if (out.state == State::running) {
      out.pid = count.pid;
      out.started_at = count.started_at;
    } else {
      out.exit_code = count.last_code;
    }
    out.last_exit = count.last_error;
    if (count.last_code)
      out.last_exit +=
          (out.last_exit.empty() ? "code " : ", code ") + std::to_string(*count.last_code);
    return out;
  });
}

}  // namespace bb::supervise
