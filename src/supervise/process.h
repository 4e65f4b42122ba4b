// What a runner says of one of its processes, in the same words for all runners.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace bb::supervise {

enum class State {
  running,
  starting,
  stopping,
  stopped,
  failed,      // ended by itself, and nobody brings it back
  restarting,  // ended by itself, and its runner is about to bring it back
  paused,
  unknown,  // a word that this program does not know: see raw_status
};
std::string_view str(State state);
/// Nothing of it runs: stopped or failed.
bool is_down(State state);

enum class Health { none, starting, healthy, unhealthy };
std::string_view str(Health health);

enum class Action { start, stop, restart };
std::string_view str(Action action);

/// One process, container, service or unit. No field holds an environment variable; texts are the
/// runner's own and must pass clean_text() before a person sees them.
struct Process {
  std::string id;     // the runner's: pm_id, full container or service id, unit name
  std::string name;   // not unique under PM2
  std::string group;  // PM2's namespace, Compose's project, systemd's slice; may be empty
  std::map<std::string, std::string> labels;
  State state = State::unknown;
  std::string raw_status;
  std::int64_t pid = 0;                 // 0 = none
  std::optional<TimePoint> started_at;  // of the present run; nothing while it is down
  std::optional<std::int64_t> restarts;
  std::optional<std::int64_t> exit_code;  // of the last run; PM2 loses signals and says 0
  std::optional<double> cpu_percent;      // of one core; needs two samples under Docker
  std::optional<std::int64_t> memory_bytes;
  std::optional<std::int64_t> memory_limit_bytes;
  Health health = Health::none;
  std::string last_exit;         // how the last run ended, in the runner's words
  std::string out_log, err_log;  // files of this machine, where the runner writes such
  Millis stop_takes{0};          // how long the runner waits before it kills, where it says so
};

}  // namespace bb::supervise
