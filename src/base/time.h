// The two kinds of time, never mixed: UTC instants for schedules and records, steady instants for
// deadlines and ages.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bb {

using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;
using Seconds = std::chrono::seconds;
using Minutes = std::chrono::minutes;
using Hours = std::chrono::hours;

/// A UTC instant, in whole milliseconds (the resolution of the exchange).
using TimePoint = std::chrono::sys_time<Millis>;

/// Tag of the steady time line; it has no now(): ask a Clock.
struct SteadyTag {
  using rep = std::int64_t;
  using period = std::micro;
  using duration = Micros;
  using time_point = std::chrono::time_point<SteadyTag>;
  static constexpr bool is_steady = true;
};
using SteadyTime = std::chrono::time_point<SteadyTag, Micros>;

constexpr std::int64_t to_ms(TimePoint t) { return t.time_since_epoch().count(); }
constexpr TimePoint from_ms(std::int64_t ms) { return TimePoint(Millis(ms)); }

/// 00:00 UTC of the day that holds t.
TimePoint utc_midnight(TimePoint t);
/// "2025-10-10" of the UTC day that holds t.
std::string utc_date(TimePoint t);
/// "2025-10-10T23:40:00+00:00", second precision.
std::string iso_seconds(TimePoint t);
/// "2025-10-10T23:40:00.123Z".
std::string iso_millis(TimePoint t);
/// Reads "YYYY-MM-DD" as that day's UTC midnight; anything else is an error that shows the form.
Result<TimePoint> parse_utc_date(std::string_view text);
/// Reads a date as above, or "YYYY-MM-DDTHH:MM" and "YYYY-MM-DDTHH:MM:SS" (a Z may follow), as UTC.
Result<TimePoint> parse_utc_instant(std::string_view text);

}  // namespace bb
