// Log: an event with fields, one line each. Verb in past tense, no prose, no secrets.
//   log.info("order placed", {{"symbol", s}, {"qty", q}});
// error = a human must look; warn = degraded, heals itself; info = a step of a journey; debug =
// wire.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/time.h"

namespace bb {

enum class LogLevel { debug, info, warn, error };

/// "DEBUG", "INFO", "WARNING" or "ERROR" (the original's words), any letter case.
Result<LogLevel> parse_log_level(std::string_view text);

struct LogField {
  std::string_view name;
  std::string value;

  LogField(std::string_view n, std::string_view v) : name(n), value(v) {}
  LogField(std::string_view n, const std::string& v) : name(n), value(v) {}
  LogField(std::string_view n, const char* v) : name(n), value(v) {}
  LogField(std::string_view n, bool v) : name(n), value(v ? "true" : "false") {}
  LogField(std::string_view n, std::integral auto v) : name(n), value(std::to_string(v)) {}
  LogField(std::string_view n, Decimal v) : name(n), value(v.str()) {}
  LogField(std::string_view n, TimePoint v) : name(n), value(iso_millis(v)) {}
  /// Anything that knows its own text: symbols, ids, amounts.
  template <class T>
    requires requires(const T& v) {
      { v.str() } -> std::convertible_to<std::string_view>;
    }
  LogField(std::string_view n, const T& v) : name(n), value(v.str()) {}
};

/// Where lines go. `line` is the finished text without the time stamp.
using LogSink = std::function<void(LogLevel level, std::string_view line)>;

class Log {
 public:
  Log(LogLevel level, LogSink sink);

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) const;
  bool enabled(LogLevel level) const { return level >= level_; }

 private:
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const;

  LogLevel level_;
  LogSink sink_;
};

/// Lines to standard error, stamped with wall time.
LogSink stderr_sink();
/// Lines to `<dir>/strategy.log`, a new file each local midnight, 14 kept; and to standard output
/// when `also_stdout`. Fails with a sentence when the folder cannot be written.
Result<LogSink> file_sink(const std::string& dir, bool also_stdout);
/// Swallows everything.
LogSink null_sink();

}  // namespace bb
