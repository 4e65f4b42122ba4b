// The end of a log file that another program writes.
#pragma once

#include <string>

#include "base/result.h"
#include "supervise/supervisor.h"

namespace bb::supervise {

/// At most request.bytes_max from the end of the file. Only a regular file, opened without
/// following a last symbolic link and without waiting. A file that does not exist is empty.
Result<std::string> read_log_file(const std::string& path, const LogRequest& request);

/// When it was last written; nothing when it does not exist.
std::optional<TimePoint> log_file_written_at(const std::string& path);

}  // namespace bb::supervise
