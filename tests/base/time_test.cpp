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

}  // namespace
}  // namespace bb::test
