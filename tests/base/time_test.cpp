#include "base/time.h"

#include <doctest/doctest.h>

namespace bb::test {
namespace {

TEST_CASE("time: instants write as ISO text") {
  const TimePoint t = from_ms(1760139600123);
  CHECK(iso_millis(t) == "2025-10-10T23:40:00.123Z");
  CHECK(iso_seconds(t) == "2025-10-10T23:40:00+00:00");
  CHECK(utc_date(t) == "2025-10-10");
  CHECK(utc_midnight(t) == from_ms(1760054400000));
}

TEST_CASE("time: a date reads only in its one form") {
  CHECK(parse_utc_date("2025-10-10").value() == from_ms(1760054400000));
  for (const auto* text : {"2025-13-01", "2025-02-30", "25-1-1", "2025/10/10", "", "2025-10-10Z"})
    CHECK_FALSE(parse_utc_date(text).has_value());
}

TEST_CASE("time: a UTC instant is a date, or a date and a time of day") {
  const auto day = from_ms(1760054400000);
  CHECK(parse_utc_instant("2025-10-10").value() == day);
  CHECK(parse_utc_instant("2025-10-10T20:15").value() == day + Hours(20) + Minutes(15));
  CHECK(parse_utc_instant("2025-10-10T23:59:59Z").value() == day + Hours(24) - Seconds(1));
  for (const auto* text : {"", "2025-10-1", "2025-10-10T", "2025-10-10T2", "2025-10-10T24:00",
                           "2025-10-10T10:60", "2025-10-10T10:00:60", "2025-10-10T-1:00",
                           "2025-10-10 10:00", "2025-10-10T10:00:00+01:00", "2025-10-10Z"})
    CHECK_FALSE(parse_utc_instant(text).has_value());
}

}  // namespace
}  // namespace bb::test
