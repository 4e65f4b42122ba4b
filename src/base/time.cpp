#include "base/time.h"

#include <fmt/format.h>

#include <array>
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

Result<TimePoint> parse_utc_instant(std::string_view text) {
  const std::string_view whole = text;
  const auto bad = [&] {
    return fail(
        ErrorKind::invalid_input,
        fmt::format("'{}' is not a UTC time; write it as YYYY-MM-DDTHH:MM[:SS] or YYYY-MM-DD",
                    whole));
  };
  const auto day = parse_utc_date(text.substr(0, 10));
  if (!day) return bad();
  if (text.size() == 10) return day;
  if (text.back() == 'Z') text.remove_suffix(1);
  text.remove_prefix(10);
  TimePoint at = *day;
  const std::array<std::pair<int, Millis>, 3> parts{
      {{24, Hours(1)}, {60, Minutes(1)}, {60, Seconds(1)}}};
  for (std::size_t i = 0; i < parts.size() && (i < 2 || !text.empty()); ++i) {
    if (text.size() < 3 || text.front() != (i == 0 ? 'T' : ':')) return bad();
    int value = 0;
    const char* end = text.data() + 3;
    if (std::from_chars(text.data() + 1, end, value).ptr != end || value < 0 ||
        value >= parts[i].first)
      return bad();
    at += parts[i].second * value;
    text.remove_prefix(3);
  }
  if (!text.empty()) return bad();
  return at;
}

}  // namespace bb
