// A program of ours as a child process: its output line by line, its memory, its processor time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace bb::bench {

using Steady = std::chrono::steady_clock;

/// Resident memory of a process now.
double rss_mb_of(pid_t pid);
/// Processor time that it has used so far, in user and kernel.
double cpu_seconds_of(pid_t pid);

class Process {
 public:
  /// `arguments` begin with the program's path; `environment` is added to this process's own.
  Process(const std::vector<std::string>& arguments, const std::vector<std::string>& environment);
  /// SIGTERM, and waits.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  /// Right before the program was started.
  Steady::time_point begun() const { return begun_; }
  /// When a line with `text` came on its standard output; throws after `limit`, or when it ends.
  Steady::time_point wait_for(std::string_view text, std::chrono::seconds limit);
  /// The same, and the line that it was.
  std::string wait_for_line(std::string_view text, std::chrono::seconds limit);
  /// Reads and drops its output for that long.
  void let_run(std::chrono::seconds span);
  /// SIGTERM; the exit code.
  int end();
  /// Waits for its own end; the exit code.
  int join();

 private:
  bool read_some(Steady::time_point until);
  pid_t pid_ = 0;
  int out_ = -1;
  Steady::time_point begun_;
  std::string unread_;
};

}  // namespace bb::bench
