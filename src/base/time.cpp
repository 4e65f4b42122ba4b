#include "base/time.h"

#include <fmt/format.h>

#include <charconv>

namespace bb {

namespace {

struct Parts {
  int year, month, day, hour, minute, second, millis;
};

Parts split(TimePoint t) {
  using namespace std::chrono;
  const auto day = floor<days>(t);
  const year_month_day ymd(day);
  auto rest = t - day;
  const auto h = duration_cast<hours>(rest);
  rest -= h;
  const auto m = duration_cast<minutes>(rest);
  rest -= m;
  const auto s = duration_cast<seconds>(rest);
  rest -= s;
  return {int(ymd.year()),          int(unsigned(ymd.month())),
          int(unsigned(ymd.day())), int(h.count()),
          int(m.count()),           int(s.count()),
          int(rest.count())};
}

}  // namespace

TimePoint utc_midnight(TimePoint t) {
  return std::chrono::time_point_cast<Millis>(std::chrono::floor<std::chrono::days>(t));
}

std::string utc_date(TimePoint t) {
  const Parts p = split(t);
  return fmt::format("{:04}-{:02}-{:02}", p.year, p.month, p.day);
}

std::string iso_seconds(TimePoint t) {
  const Parts p = split(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00", p.year, p.month, p.day, p.hour,
                     p.minute, p.second);
}

std::string iso_millis(TimePoint t) {
  const Parts p = split(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", p.year, p.month, p.day, p.hour,
                     p.minute, p.second, p.millis);
}

Result<TimePoint> parse_utc_date(std::string_view text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const auto read = [&](std::size_t from, std::size_t size, auto& out) {
    const char* end = text.data() + from + size;
    return std::from_chars(text.data() + from, end, out).ptr == end;
  };
  using namespace std::chrono;
  if (text.size() == 10 && text[4] == '-' && text[7] == '-' && read(0, 4, year) &&
      read(5, 2, month) && read(8, 2, day)) {
    const year_month_day ymd{std::chrono::year(year), std::chrono::month(month),
                             std::chrono::day(day)};
    if (ymd.ok()) return time_point_cast<Millis>(sys_days(ymd));
  }
  return fail(ErrorKind::invalid_input,
              fmt::format("'{}' is not a date; write it as YYYY-MM-DD", text));
}

}  // namespace bb
