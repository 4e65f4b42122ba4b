// Schedule: when a daily job is due. Pure functions of an instant, a time zone and what has been
// handled already; nothing here sleeps, sends or remembers.
//
// A slot is (account, job, local date). Its instant is the first valid one of its wall time: in a
// gap of a DST change the end of the gap, in a fold the first of the two.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace date {
class time_zone;
}

namespace bb::service {

/// A calendar day of some place.
using LocalDate = std::chrono::local_days;

/// "2025-10-11".
std::string str(LocalDate date);

/// An IANA time zone; a small value, valid for the life of the process.
class Zone {
 public:
  /// Unknown names are a `configuration` error.
  static Result<Zone> find(const std::string& name);

  /// The first valid instant of that wall time.
  TimePoint instant(LocalDate date, int hour, int minute) const;
  LocalDate date_of(TimePoint when) const;
  /// "07:40" on the wall of this zone.
  std::string clock_text(TimePoint when) const;
  const std::string& name() const;

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;
};

/// One planned run of a daily job.
struct Slot {
  LocalDate date;
  TimePoint at{};
  /// The key of `runs`: the UTC date of the scheduled instant. 07:40 in Shanghai is 23:40 UTC of
  /// the day before, and belongs to that day's board.
  std::string trade_day_utc() const { return utc_date(at); }
};

struct DailySchedule {
  Zone zone;
  int hour = 0;
  int minute = 0;

  Slot on(LocalDate date) const { return {date, zone.instant(date, hour, minute)}; }
  /// The slot of the local date that holds `now`, whether it is past or still to come.
  Slot of_today(TimePoint now) const { return on(zone.date_of(now)); }
  /// The newest slot at or before `now`.
  Slot latest(TimePoint now) const;
  /// The first slot after `now`.
  Slot next(TimePoint now) const;
  /// The slot whose scheduled instant lies on that UTC date; nothing where DST leaves none.
  std::optional<Slot> of_trade_day(const std::string& trade_day_utc) const;
};

/// How late a job may still start.
struct StartWindow {
  /// Within its own minute.
  Millis own{60'000};
  /// Or up to this much after its instant, inclusive.
  Millis grace{0};
  bool allows(Millis late) const { return late >= Millis(0) && (late < own || late <= grace); }
};

struct NextFire {
  enum class Kind {
    wait,    // nothing is due; `slot` comes next
    run,     // `slot` is due now
    missed,  // `slot` was due, is not handled, and may not start any more
  } kind = Kind::wait;
  Slot slot;
};

/// What a job's loop does at `now`. `is_over` says whether the slot of a local date needs nothing
/// any more: it ended, or a later one did (a clock that is set back fires nothing twice).
NextFire next_fire(const DailySchedule& schedule, StartWindow window, TimePoint now,
                   const std::function<bool(LocalDate)>& is_over);

}  // namespace bb::service
