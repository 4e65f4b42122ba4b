#include "paper/timeline.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace bb::paper {

namespace {

const Decimal kOne = Decimal::from_int(1);

// Exchange microseconds in `real` microseconds.
Micros scaled(Micros real, Decimal speed) {
  const auto wide = static_cast<__int128>(real.count()) * speed.raw() / Decimal::kScale;
  return Micros(static_cast<std::int64_t>(wide));
}

// The machine's microseconds until `span` of exchange time has passed, not too few.
Micros unscaled(Micros span, Decimal speed) {
  const auto wide = static_cast<__int128>(span.count()) * Decimal::kScale;
  return Micros(static_cast<std::int64_t>((wide + speed.raw() - 1) / speed.raw()));
}

}  // namespace

Timeline::Timeline(Clock& clock, const TimelineOptions& options)
    : clock_(clock),
      speed_(options.speed),
      paused_(options.paused),
      displaced_(options.is_replay),
      offset_(options.begin != TimePoint{} ? options.begin - clock.utc_now() : options.offset),
      real_anchor_(clock.steady_now()),
      utc_anchor_(clock.utc_now() + offset_),
      newest_(utc_anchor_) {
  BB_CHECK(speed_ >= kSlowest && speed_ <= kFastest, "the speed of exchange time is in bounds");
}

Timeline::~Timeline() {
  if (armed_) clock_.cancel(*armed_);
}

bool Timeline::follows_clock() const { return !paused_ && speed_ == kOne; }

SteadyTime Timeline::steady_now() const {
  if (paused_) return anchor_;
  return anchor_ + scaled(clock_.steady_now() - real_anchor_, speed_);
}

TimePoint Timeline::utc_now() const {
  const TimePoint now = follows_clock()
                            ? clock_.utc_now() + offset_
                            : utc_anchor_ + std::chrono::floor<Millis>(steady_now() - anchor_);
  newest_ = std::max(newest_, now);
  return newest_;
}

void Timeline::anchor() {
  const SteadyTime steady = steady_now();
  utc_anchor_ = utc_now();
  anchor_ = steady;
  real_anchor_ = clock_.steady_now();
}

Status Timeline::set_speed(Decimal speed) {
  if (speed < kSlowest || speed > kFastest)
    return fail(ErrorKind::invalid_input, "speed " + speed.str() + " is not between " +
                                              kSlowest.str() + " and " + kFastest.str() +
                                              " exchange seconds per second");
  anchor();
  speed_ = speed;
  offset_ = utc_anchor_ - clock_.utc_now();
  arm();
  return {};
}

void Timeline::pause() {
  anchor();
  paused_ = true;
  arm();
}

void Timeline::resume() {
  anchor();
  // The time it stood still has parted it from the wall clock for good.
  if (paused_) displaced_ = true;
  paused_ = false;
  offset_ = utc_anchor_ - clock_.utc_now();
  arm();
}

void Timeline::shift(Millis by) {
  anchor();
  offset_ += by;
  utc_anchor_ += by;
  if (by > Millis(0)) anchor_ += by;
  arm();
  if (by > Millis(0) && on_jump_) on_jump_();
}

void Timeline::move_by(Micros span) {
  anchor();
  anchor_ += span;
  utc_anchor_ += std::chrono::floor<Millis>(span);
  offset_ += std::chrono::floor<Millis>(span);
}

Task<Status> Timeline::step(Millis span) {
  if (span < Millis(0))
    co_return fail(ErrorKind::invalid_input, "exchange time does not run backwards");
  co_return co_await move_to(utc_now() + span);
}

Task<Status> Timeline::jump(TimePoint to) {
  if (moving_) co_return co_await move_to(to);  // which says why not
  jumping_ = true;
  const std::shared_ptr<void> jumped(nullptr, [this](void*) { jumping_ = false; });
  const Status moved = co_await move_to(to);
  jumping_ = false;
  if (moved && on_jump_) on_jump_();
  co_return moved;
}

Task<Status> Timeline::move_to(TimePoint to) {
  if (to < utc_now())
    co_return fail(ErrorKind::invalid_input, "exchange time does not run backwards: it is " +
                                                 iso_millis(utc_now()) + " already");
  if (moving_)
    co_return fail(ErrorKind::conflict, "exchange time is moving already; try again when it has");
  moving_ = true;
  const std::shared_ptr<void> moved(nullptr, [this](void*) { moving_ = false; });
  displaced_ = true;
  // At each timer on the way the loop runs once, so that who waited acts at that time.
  while (!queue_.empty()) {
    const Micros until = queue_.begin()->first.first - steady_now();
    if (std::chrono::ceil<Millis>(until) > to - utc_now()) break;
    if (until > Micros(0)) move_by(std::chrono::ceil<Millis>(until));
    run_due();
    co_await sleep_for(clock_, Micros(0));
  }
  if (to > utc_now()) move_by(to - utc_now());
  arm();
  co_return Status{};
}

std::optional<TimePoint> Timeline::wall() const {
  if (follows_clock() && !displaced_) return std::nullopt;
  return clock_.utc_now();
}

TimerId Timeline::call_at(SteadyTime when, std::move_only_function<void()> action) {
  const TimerId id = next_id_++;
  queue_.emplace(Key(when, id), std::move(action));
  times_.emplace(id, when);
  if (queue_.begin()->first.second == id) arm();
  return id;
}

void Timeline::cancel(TimerId id) {
  const auto found = times_.find(id);
  if (found == times_.end()) return;
  queue_.erase(Key(found->second, id));
  times_.erase(found);
  if (queue_.empty()) arm();
}

void Timeline::arm() {
  if (armed_) clock_.cancel(*std::exchange(armed_, std::nullopt));
  if (queue_.empty()) return;
  const Micros until = queue_.begin()->first.first - steady_now();
  if (until > Micros(0) && paused_) return;
  const Micros real = until > Micros(0) ? unscaled(until, speed_) : Micros(0);
  armed_ = clock_.call_at(clock_.after(real), [this] {
    armed_.reset();
    run_due();
    arm();
  });
}

void Timeline::run_due() {
  // What the actions add has its turn later, even if it is due already.
  const Key last(steady_now(), next_id_);
  while (!queue_.empty() && queue_.begin()->first < last) {
    auto entry = queue_.extract(queue_.begin());
    times_.erase(entry.key().second);
    entry.mapped()();
  }
}

}  // namespace bb::paper
