#include "base/log.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/daily_file_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <mutex>

namespace bb {

namespace {

constexpr const char* kPattern = "%Y-%m-%d %H:%M:%S.%e - %l - %v";

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// Standard output and standard error. A pipe that nobody reads and a terminal that is held take
/// nothing for hours: whoever guards positions does not wait for them. Lines that find no room are
/// left out here (the file has them), and counted in the next one that does.
class ConsoleSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ConsoleSink(int fd) : fd_(fd) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::string text(line.data(), line.size());
    if (left_out_ > 0) text = fmt::format("({} lines left out)\n", left_out_) + text;
    // A pipe that is ready takes PIPE_BUF bytes at once.
    for (std::string_view rest = text; !rest.empty();) {
      const auto wrote =
          has_room() ? ::write(fd_, rest.data(), std::min<std::size_t>(rest.size(), PIPE_BUF)) : -1;
      if (wrote <= 0) {
        ++left_out_;
        return;
      }
      rest.remove_prefix(static_cast<std::size_t>(wrote));
    }
    left_out_ = 0;
  }
  void flush_() override {}

  bool has_room() const {
    pollfd ready{fd_, POLLOUT, 0};
    // With POLLERR nobody is left who reads, and writing would end the process.
    return ::poll(&ready, 1, 0) == 1 && (ready.revents & (POLLOUT | POLLERR)) == POLLOUT;
  }

  int fd_;
  std::size_t left_out_ = 0;
};

LogSink to_sink(std::vector<spdlog::sink_ptr> sinks) {
  auto logger = std::make_shared<spdlog::logger>("bubble-buster", sinks.begin(), sinks.end());
  logger->set_level(spdlog::level::debug);
  logger->set_pattern(kPattern);
  logger->flush_on(spdlog::level::info);
  return [logger](LogLevel level, std::string_view line) {
    logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  };
}

// A value with blanks or quotes is quoted, so that a line splits back into its fields.
void append_value(std::string& line, const std::string& value) {
  const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '"' && c != '=';
  });
  if (plain) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    if (c == '\n')
      line += "\\n";
    else
      line += c;
  }
  line += '"';
}

}  // namespace

Result<LogLevel> parse_log_level(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (upper == "DEBUG") return LogLevel::debug;
  if (upper == "INFO") return LogLevel::info;
  if (upper == "WARNING" || upper == "WARN") return LogLevel::warn;
  if (upper == "ERROR" || upper == "CRITICAL") return LogLevel::error;
  return fail(ErrorKind::configuration,
              fmt::format("'{}' is not a log level; use DEBUG, INFO, WARNING or ERROR", text));
}

Log::Log(LogLevel level, LogSink sink) : level_(level), sink_(std::move(sink)) {}

void Log::write(LogLevel level, std::string_view event,
                std::initializer_list<LogField> fields) const {
  if (!enabled(level)) return;
  std::string line(event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    append_value(line, field.value);
  }
  sink_(level, line);
}

void Log::debug(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::debug, event, fields);
}
void Log::info(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::info, event, fields);
}
void Log::warn(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::warn, event, fields);
}
void Log::error(std::string_view event, std::initializer_list<LogField> fields) const {
  write(LogLevel::error, event, fields);
}

LogSink stderr_sink() { return to_sink({std::make_shared<ConsoleSink>(STDERR_FILENO)}); }

Result<LogSink> file_sink(const std::string& dir, bool also_stdout) {
  std::vector<spdlog::sink_ptr> sinks;
  try {
    sinks.push_back(std::make_shared<spdlog::sinks::daily_file_sink_mt>(dir + "/strategy.log", 0, 0,
                                                                        false, 14));
  } catch (const spdlog::spdlog_ex& error) {
    return fail(ErrorKind::configuration,
                fmt::format("cannot write the log in '{}' ({}); check [runtime] log_dir and its "
                            "permissions",
                            dir, error.what()));
  }
  if (also_stdout) sinks.push_back(std::make_shared<ConsoleSink>(STDOUT_FILENO));
  return to_sink(std::move(sinks));
}

LogSink null_sink() {
  return [](LogLevel, std::string_view) {};
}

}  // namespace bb
