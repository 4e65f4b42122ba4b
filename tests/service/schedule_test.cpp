#include "service/schedule.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/random.h"

namespace bb::service::test {
namespace {

using std::chrono::days;

const std::vector<std::string> kZones = {
    "Asia/Shanghai", "UTC",           "Asia/Kolkata",        "Europe/London",
    "Europe/Berlin", "Africa/Cairo",  "America/New_York",    "America/Sao_Paulo",
    "Asia/Tehran",   "Asia/Gaza",     "Australia/Lord_Howe", "America/Santiago",
    "Pacific/Apia",  "America/Havana"};

TimePoint at(std::int64_t seconds) { return TimePoint(Seconds(seconds)); }

TimePoint utc(const std::string& date, int hour, int minute, int second = 0) {
  return parse_utc_date(date).value() + Hours(hour) + Minutes(minute) + Seconds(second);
}

LocalDate day(const std::string& date) {
  return LocalDate(std::chrono::floor<days>(parse_utc_date(date).value().time_since_epoch()));
}

DailySchedule schedule(const std::string& zone, int hour, int minute) {
  return {Zone::find(zone).value(), hour, minute};
}

/// The C library's opinion: minutes of the wall clock since 1970 at a UTC instant.
class Libc {
 public:
  explicit Libc(const std::string& zone) {
    setenv("TZ", zone.c_str(), 1);
    tzset();
  }
  ~Libc() {
    unsetenv("TZ");
    tzset();
  }
  std::int64_t offset(std::int64_t utc_seconds) const {
    const time_t t = utc_seconds;
    struct tm parts{};
    localtime_r(&t, &parts);  // det-ok: the independent opinion
    return parts.tm_gmtoff;
  }
};

constexpr std::int64_t kFrom = 1451606400;  // 2016-01-01
constexpr std::int64_t kTo = 2114380800;    // 2037-01-01

/// Hours after which the offset is another one, and every year's end.
std::vector<std::int64_t> interesting_hours(const Libc& libc) {
  std::vector<std::int64_t> out;
  std::int64_t before = libc.offset(kFrom);
  for (std::int64_t t = kFrom; t < kTo; t += 3600) {
    const std::int64_t now = libc.offset(t);
    if (now != before) out.push_back(t);
    before = now;
    if (t % (365 * 86400) < 3600) out.push_back(t);
  }
  return out;
}

TEST_CASE("schedule: every wall time near every change of 2016-2036 agrees with the C library") {
  for (const auto& name : kZones) {
    const Zone zone = Zone::find(name).value();
    const Libc libc(name);
    std::size_t wrong = 0;
    for (const std::int64_t change : interesting_hours(libc)) {
      // The furthest the wall clock has come, minute by minute: the first valid instant of a wall
      // time is where this reaches it.
      const std::int64_t from = change - 60 * 3600;
      std::vector<std::int64_t> walls;
      for (std::int64_t t = from; t < change + 60 * 3600; t += 60) {
        const std::int64_t wall = t + libc.offset(t);
        walls.push_back(walls.empty() ? wall : std::max(walls.back(), wall));
      }
      const LocalDate middle = zone.date_of(at(change));
      for (LocalDate date = middle - days(1); date <= middle + days(1); date += days(1)) {
        for (int minute = 0; minute < 1440; minute += 15) {
          const std::int64_t wall = date.time_since_epoch().count() * 86400 + minute * 60;
          const auto reached = std::ranges::lower_bound(walls, wall) - walls.begin();
          const auto expected = at(from + reached * 60);
          if (zone.instant(date, minute / 60, minute % 60) != expected) ++wrong;
        }
      }
    }
    INFO(name);
    CHECK(wrong == 0);
  }
}

TEST_CASE("schedule: 07:40 in Shanghai belongs to the UTC day before") {
  const auto slot = schedule("Asia/Shanghai", 7, 40).on(day("2025-10-11"));
  CHECK(slot.at == utc("2025-10-10", 23, 40));
  CHECK(slot.trade_day_utc() == "2025-10-10");
  CHECK(str(slot.date) == "2025-10-11");
  CHECK(slot.date == Zone::find("Asia/Shanghai")->date_of(slot.at));
}

TEST_CASE("schedule: year's end keeps the local date apart from the UTC one") {
  const auto slot = schedule("Asia/Shanghai", 7, 40).on(day("2026-01-01"));
  CHECK(slot.trade_day_utc() == "2025-12-31");
  const auto west = schedule("America/New_York", 23, 30).on(day("2025-12-31"));
  CHECK(west.trade_day_utc() == "2026-01-01");
}

TEST_CASE("schedule: a wall time inside a gap fires at the end of the gap") {
  // Berlin, 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC.
  const auto gap = schedule("Europe/Berlin", 2, 30);
  CHECK(gap.on(day("2026-03-29")).at == utc("2026-03-29", 1, 0));
  CHECK(gap.on(day("2026-03-28")).at == utc("2026-03-28", 1, 30));
  CHECK(gap.on(day("2026-03-30")).at == utc("2026-03-30", 0, 30));
}

TEST_CASE("schedule: a wall time inside a fold fires at its first occurrence only") {
  // New York, 2025-11-02: 02:00 becomes 01:00 at 06:00 UTC.
  const auto fold = schedule("America/New_York", 1, 30);
  CHECK(fold.on(day("2025-11-02")).at == utc("2025-11-02", 5, 30));
  const auto handled = [](LocalDate date) { return date <= day("2025-11-02"); };
  const auto second = next_fire(fold, {}, utc("2025-11-02", 6, 30), handled);
  CHECK(second.kind == NextFire::Kind::wait);
  CHECK(second.slot.date == day("2025-11-03"));
}

TEST_CASE("schedule: latest and next stand on both sides of an instant, for years on end") {
  for (const auto& name : kZones) {
    const auto daily = schedule(name, 2, 15);
    std::size_t wrong = 0;
    Slot previous = daily.on(day("2016-01-01"));
    for (LocalDate date = day("2016-01-02"); date < day("2036-12-31"); date += days(1)) {
      const Slot slot = daily.on(date);
      if (slot.at <= previous.at) ++wrong;
      if (daily.latest(slot.at).date != date) ++wrong;
      if (daily.latest(slot.at - Millis(1)).date != previous.date) ++wrong;
      if (daily.next(previous.at).date != date) ++wrong;
      if (daily.next(slot.at - Millis(1)).date != date) ++wrong;
      previous = slot;
    }
    INFO(name);
    CHECK(wrong == 0);
  }
}

TEST_CASE("schedule: a trade day names its slot, forwards and backwards") {
  for (const auto& name : kZones) {
    const auto daily = schedule(name, 7, 40);
    std::size_t wrong = 0;
    for (LocalDate date = day("2019-12-20"); date < day("2023-01-10"); date += days(1)) {
      const auto found = daily.of_trade_day(daily.on(date).trade_day_utc());
      if (!found || found->trade_day_utc() != daily.on(date).trade_day_utc()) ++wrong;
    }
    INFO(name);
    CHECK(wrong == 0);
  }
  CHECK_FALSE(schedule("UTC", 7, 40).of_trade_day("yesterday").has_value());
}

TEST_CASE("schedule: the window decides between running and missing") {
  const auto daily = schedule("Asia/Shanghai", 11, 55);
  const auto never = [](LocalDate) { return false; };
  const TimePoint due = utc("2025-10-10", 3, 55);
  StartWindow strict;
  CHECK(next_fire(daily, strict, due, never).kind == NextFire::Kind::run);
  CHECK(next_fire(daily, strict, due + Millis(59'999), never).kind == NextFire::Kind::run);
  CHECK(next_fire(daily, strict, due + Millis(60'000), never).kind == NextFire::Kind::missed);
  StartWindow grace;
  grace.grace = Minutes(10);
  CHECK(next_fire(daily, grace, due + Minutes(10), never).kind == NextFire::Kind::run);
  CHECK(next_fire(daily, grace, due + Minutes(10) + Millis(1), never).kind ==
        NextFire::Kind::missed);
}

TEST_CASE("schedule: what a manual run used up before its minute is passed over") {
  const auto daily = schedule("Asia/Shanghai", 7, 40);
  const TimePoint before = utc("2025-10-10", 23, 0);
  const auto handled = [](LocalDate date) { return date <= day("2025-10-11"); };
  const auto fire = next_fire(daily, {}, before, handled);
  CHECK(fire.kind == NextFire::Kind::wait);
  CHECK(fire.slot.date == day("2025-10-12"));
}

TEST_CASE("schedule: a clock that jumps fires no slot twice and goes on afterwards") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    const auto daily = schedule("America/New_York", 1, 30);
    StartWindow window;
    window.grace = Minutes(120);
    std::map<LocalDate, int> runs;
    LocalDate newest = day("2025-10-19");
    const auto is_over = [&](LocalDate date) { return date <= newest; };
    TimePoint now = utc("2025-10-20", 0, 0);
    for (int step = 0; step < 20'000; ++step) {
      const auto fire = next_fire(daily, window, now, is_over);
      if (fire.kind == NextFire::Kind::run) ++runs[fire.slot.date];
      if (fire.kind != NextFire::Kind::wait) newest = fire.slot.date;
      now += Seconds(30);
      if (random.chance(0.0005)) now += Minutes(static_cast<int>(random.below(600)) - 300);
    }
    for (const auto& [date, count] : runs)
      CHECK(count == 1);
    CHECK(runs.size() >= 4);
    const auto after = next_fire(daily, window, now, is_over);
    CHECK(after.slot.date > newest);
  }
}

TEST_CASE("schedule: a forward jump over the instant runs late, not twice and not never") {
  const auto daily = schedule("UTC", 12, 0);
  StartWindow window;
  window.grace = Minutes(30);
  std::set<LocalDate> over = {day("2025-10-09")};
  const auto is_over = [&](LocalDate date) { return over.contains(date); };
  CHECK(next_fire(daily, window, utc("2025-10-10", 11, 50), is_over).kind == NextFire::Kind::wait);
  const auto late = next_fire(daily, window, utc("2025-10-10", 12, 20), is_over);
  CHECK(late.kind == NextFire::Kind::run);
  over.insert(late.slot.date);
  CHECK(next_fire(daily, window, utc("2025-10-10", 11, 50), is_over).slot.date ==
        day("2025-10-11"));
}

TEST_CASE("schedule: an unknown zone is an error that says what to write") {
  const auto zone = Zone::find("Mars/Olympus");
  REQUIRE_FALSE(zone.has_value());
  CHECK(zone.error().text.find("Asia/Shanghai") != std::string::npos);
  CHECK(Zone::find("Asia/Shanghai")->clock_text(utc("2025-10-10", 3, 55)) == "11:55");
}

}  // namespace
}  // namespace bb::service::test
