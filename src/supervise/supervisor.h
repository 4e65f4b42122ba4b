// Supervisor: one runner of processes, on this machine or another. Bodies: PM2 (its sockets),
// Docker containers and Swarm services (Engine API), systemd (D-Bus). None of them spawns a daemon,
// calls a shell or takes a name as part of a command line: what is acted on is an id that the
// runner listed itself.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.h"
#include "supervise/process.h"
#include "supervise/settings.h"

namespace bb::supervise {

struct LogRequest {
  std::size_t lines = 50;           // the last ones of each stream
  std::size_t bytes_max = 1 << 20;  // and never more than this
};

class Supervisor {
 public:
  virtual ~Supervisor() = default;
  /// "PM2 at /home/trader/.pm2", for people.
  virtual std::string describe() const = 0;
  /// Everything the runner has; of systemd the units that are allowed or loaded services.
  /// Errors: `unreachable` (nobody answers, or not by the deadline), `configuration` (not allowed),
  /// `malformed`. All of them say what to do.
  virtual Task<Result<std::vector<Process>>> list(SteadyTime deadline) = 0;
  /// One of them, by the id that list() gave; `conflict` when it is gone.
  virtual Task<Result<Process>> look(std::string id, SteadyTime deadline) = 0;
  /// Hands the order over. Success says nothing about the state: look(). `grace` is how long the
  /// process may take to end before the runner kills it, where the runner lets callers choose.
  virtual Task<Status> order(Process process, Action action, Millis grace, SteadyTime deadline) = 0;
  /// Raw text, oldest line first; read_logs() of strategies.h masks and cleans it.
  virtual Task<Result<std::string>> read_log(Process process, LogRequest request,
                                             SteadyTime deadline) = 0;
  /// When it last wrote a line, for the watch; nothing = never, or nobody knows.
  virtual Task<Result<std::optional<TimePoint>>> last_log_at(Process process,
                                                             SteadyTime deadline) = 0;
  /// Calls `changed` after every event that may have changed a state, until the stream breaks (the
  /// error) or cancel_watch(). One at a time.
  virtual Task<Status> watch(std::function<void()> changed) = 0;
  virtual void cancel_watch() = 0;
};

/// `io` and `clock` outlive it. Nothing is connected before the first call. Throws
/// std::runtime_error when the TLS files of a Docker host cannot be used.
std::unique_ptr<Supervisor> make_supervisor(boost::asio::io_context& io, Clock& clock,
                                            const RunnerSettings& settings);

}  // namespace bb::supervise
