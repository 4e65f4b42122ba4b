// LogTail: the last lines of the newest log file, read from its end: never the whole file.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace bb::dashboard {

struct LogQuery {
  std::size_t lines = 80;
  LogLevel level = LogLevel::debug;  // at least
  std::string text;                  // that stands in the line, letter case ignored (ASCII)
};

/// Oldest first. Looks at most at the last `kLogBytesMax` bytes. An error when there is no file.
Result<std::vector<std::string>> load_log_tail(const std::string& log_dir, const LogQuery& query);

inline constexpr std::size_t kLogBytesMax = 4u << 20;

}  // namespace bb::dashboard
