// Params: the query of a request, read parameter by parameter; what is wrong is told with the range
// that would be right. Nothing is clamped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "dashboard/impl/request.h"

namespace bb::dashboard {

class Params {
 public:
  explicit Params(const Request& request) : request_(request) {}

  std::int64_t integer(std::string_view name, std::int64_t absent, std::int64_t min,
                       std::int64_t max);
  /// Above `above`, at most `max`.
  double number(std::string_view name, double absent, double above, double max);
  bool flag(std::string_view name, bool absent);
  /// At most `bytes_max` bytes.
  std::string text(std::string_view name, std::size_t bytes_max);
  std::string choice(std::string_view name, std::string_view absent,
                     const std::vector<std::string_view>& choices);
  /// Milliseconds since 1970, or a date or instant as parse_utc_instant() has it.
  std::optional<TimePoint> time(std::string_view name);

  /// After all were read: 422 with the first fault, also for a parameter that nobody read.
  std::optional<net::ServerReply> refusal();

 private:
  const std::string* find(std::string_view name);
  void complain(std::string_view name, std::string range);

  const Request& request_;
  std::vector<std::string> known_;
  std::string parameter_, range_;
};

}  // namespace bb::dashboard
