#include "supervise/impl/pm2_list.h"

#include "net/json.h"

namespace bb::supervise {

namespace {

using net::JsonView;

std::string text_or(JsonView view, std::string_view name) {
  if (!view.has(name)) return {};
  const auto value = view.at(name);
  return value.is_string() ? std::string(value.text()) : value.is_number() ? value.raw() : "";
}

std::optional<std::int64_t> integer_of(JsonView view, std::string_view name) {
  if (!view.has(name) || !view.at(name).is_number()) return std::nullopt;
  return static_cast<std::int64_t>(view.at(name).number());
}

/// A process that PM2 gave up (too many restarts, or an exit code that ends it) says "waiting
/// restart" for ever when a restart delay is configured. In the first case its created_at is null,
/// in the second its exit code is one of stop_exit_codes.
bool is_given_up(JsonView env) {
  if (!env.has("created_at")) return true;
  const auto code = integer_of(env, "exit_code");
  if (!code || !env.has("stop_exit_codes")) return false;
  const auto codes = env.at("stop_exit_codes");
  bool found = codes.is_number() && codes.integer() == *code;
  if (codes.is_array())
    codes.for_each([&](JsonView each) { found |= each.is_number() && each.integer() == *code; });
  return found;
}

State state_of(std::string_view status, JsonView env) {
  if (status == "online") return State::running;
  if (status == "launching" || status == "one-launch-status") return State::starting;
  if (status == "stopping") return State::stopping;
  if (status == "stopped") return State::stopped;
  if (status == "errored") return State::failed;
  if (status == "waiting restart") return is_given_up(env) ? State::failed : State::restarting;
  return State::unknown;
}

Process parse_entry(JsonView entry) {
  const auto env = entry.at("pm2_env");
  Process out;
  out.id = std::to_string(entry.at("pm_id").integer());
  out.name = text_or(entry, "name");
  out.group = text_or(env, "namespace");
  out.raw_status = text_or(env, "status");
  out.state = state_of(out.raw_status, env);
  out.restarts = integer_of(env, "restart_time");
  out.exit_code = integer_of(env, "exit_code");
  out.out_log = text_or(env, "pm_out_log_path");
  out.err_log = text_or(env, "pm_err_log_path");
  if (const auto limit = integer_of(env, "max_memory_restart"); limit && *limit > 0)
    out.memory_limit_bytes = limit;
  constexpr std::int64_t kDefaultKillMs = 1600;
  constexpr std::int64_t kKillMsMax = 3'600'000;
  out.stop_takes = Millis(std::clamp<std::int64_t>(
      integer_of(env, "kill_timeout").value_or(kDefaultKillMs), 0, kKillMsMax));
  // A process that waits keeps the pid of its last run, which may be anybody's by now.
  if (out.state == State::running || out.state == State::starting || out.state == State::stopping) {
    out.pid = integer_of(entry, "pid").value_or(0);
    if (const auto since = integer_of(env, "pm_uptime")) out.started_at = from_ms(*since);
  }
  if (out.state == State::running && entry.has("monit")) {
    const auto monit = entry.at("monit");
    if (monit.has("cpu")) out.cpu_percent = monit.at("cpu").number();
    out.memory_bytes = integer_of(monit, "memory");
  }
  // 0 also stands for a process that a signal killed.
  if (out.exit_code && (*out.exit_code != 0 || is_down(out.state)))
    out.last_exit =
        *out.exit_code == 0 ? "code 0, or a signal" : "code " + std::to_string(*out.exit_code);
  return out;
}

}  // namespace

Result<std::vector<Process>> parse_pm2_list(std::string_view json) {
  auto document = net::JsonDocument::parse(json);
  if (!document) return std::unexpected(document.error());
  try {
    std::vector<Process> out;
    JsonView list = document->root().at("args");
    bool first = true;
    list.for_each([&](JsonView argument) {
      if (std::exchange(first, false))
        argument.for_each([&](JsonView entry) { out.push_back(parse_entry(entry)); });
    });
    return out;
  } catch (const net::JsonError& error) {
    return fail(ErrorKind::malformed, std::string("PM2's list: ") + error.what());
  }
}

std::string pm2_error_of(std::string_view json) {
  const auto document = net::JsonDocument::parse(json);
  if (!document) return "an answer that is not JSON";
  const auto root = document->root();
  if (!root.has("error")) return {};
  return root.at("error").is_string() ? std::string(root.at("error").text()) : "an error";
}

}  // namespace bb::supervise
