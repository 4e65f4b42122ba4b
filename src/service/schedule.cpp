#include "service/schedule.h"

#include <date/tz.h>
#include <fmt/format.h>

namespace bb::service {

namespace {

using std::chrono::days;

date::local_days to_date(LocalDate day) { return date::local_days(day.time_since_epoch()); }

}  // namespace

std::string str(LocalDate date) {
  const std::chrono::year_month_day ymd(date);
  return fmt::format("{:04}-{:02}-{:02}", int(ymd.year()), unsigned(ymd.month()),
                     unsigned(ymd.day()));
}

Result<Zone> Zone::find(const std::string& name) {
  try {
    return Zone(date::locate_zone(name));
  } catch (const std::exception&) {
    return fail(ErrorKind::configuration,
                fmt::format("'{}' is not a time zone of this machine; write an IANA name such as "
                            "Asia/Shanghai (and see that the package tzdata is installed)",
                            name));
  }
}

TimePoint Zone::instant(LocalDate date, int hour, int minute) const {
  const auto wall = to_date(date) + Hours(hour) + Minutes(minute);
  const date::local_info info = zone_->get_info(date::local_seconds(wall));
  const Seconds offset = info.first.offset;
  switch (info.result) {
    case date::local_info::nonexistent:
      return TimePoint(info.first.end.time_since_epoch());
    case date::local_info::ambiguous:
    case date::local_info::unique:
      return TimePoint(wall.time_since_epoch() - offset);
  }
  return TimePoint(wall.time_since_epoch() - offset);
}

LocalDate Zone::date_of(TimePoint when) const {
  const auto seconds = std::chrono::floor<Seconds>(when.time_since_epoch());
  const auto local = zone_->to_local(date::sys_seconds(seconds));
  return LocalDate(std::chrono::floor<days>(local.time_since_epoch()));
}

std::string Zone::clock_text(TimePoint when) const {
  const auto seconds = std::chrono::floor<Seconds>(when.time_since_epoch());
  const auto since = zone_->to_local(date::sys_seconds(seconds)).time_since_epoch();
  const auto minutes = std::chrono::floor<Minutes>(since - std::chrono::floor<days>(since));
  return fmt::format("{:02}:{:02}", minutes.count() / 60, minutes.count() % 60);
}

const std::string& Zone::name() const { return zone_->name(); }

Slot DailySchedule::latest(TimePoint now) const {
  LocalDate date = zone.date_of(now) + days(1);
  Slot slot = on(date);
  while (slot.at > now)
    slot = on(date -= days(1));
  return slot;
}

Slot DailySchedule::next(TimePoint now) const {
  LocalDate date = zone.date_of(now) - days(1);
  Slot slot = on(date);
  while (slot.at <= now)
    slot = on(date += days(1));
  return slot;
}

std::optional<Slot> DailySchedule::of_trade_day(const std::string& trade_day_utc) const {
  const auto midnight = parse_utc_date(trade_day_utc);
  if (!midnight) return std::nullopt;
  const LocalDate first = zone.date_of(*midnight) - days(1);
  for (LocalDate date = first; date <= first + days(3); date += days(1)) {
    const Slot slot = on(date);
    if (slot.trade_day_utc() == trade_day_utc) return slot;
  }
  return std::nullopt;
}

NextFire next_fire(const DailySchedule& schedule, StartWindow window, TimePoint now,
                   const std::function<bool(LocalDate)>& is_over) {
  const Slot due = schedule.latest(now);
  if (!is_over(due.date)) {
    const bool in_time = window.allows(now - due.at);
    return {in_time ? NextFire::Kind::run : NextFire::Kind::missed, due};
  }
  // What a manual run has used up, or what lies before a clock that was set back, is passed over.
  Slot slot = schedule.next(now);
  while (is_over(slot.date))
    slot = schedule.on(slot.date + days(1));
  return {NextFire::Kind::wait, slot};
}

}  // namespace bb::service
