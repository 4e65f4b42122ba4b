#include "binance/limits.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace bb::binance {

namespace {
constexpr int kForOthersPercent = 70;  // the rest is the reserve
}

void FixedWindow::roll(TimePoint now) {
  if (index(now) == index_) return;
  index_ = index(now);
  used_ = 0;
}

int FixedWindow::used(TimePoint now) {
  roll(now);
  return used_;
}

void FixedWindow::add(int amount, TimePoint now) {
  roll(now);
  used_ += amount;
}

void FixedWindow::report(int used, TimePoint sent, TimePoint now) {
  roll(now);
  if (index(sent) == index_) used_ = std::max(used_, used);
}

Millis FixedWindow::until_next(TimePoint now) const {
  return length_ - Millis(to_ms(now) % length_.count());
}

Millis WeightBudget::wait_for_query(int weight, TimePoint now) {
  const int taken = window_.used(now) + in_flight_;
  // An empty window takes anything: waiting longer could not make room for it.
  if (taken == 0 || taken + weight <= window_.limit() * kForOthersPercent / 100) return Millis(0);
  return window_.until_next(now);
}

void WeightBudget::finish(int weight, std::optional<int> reported, TimePoint sent, TimePoint now) {
  in_flight_ -= weight;
  if (reported)
    window_.report(*reported, sent, now);
  else
    window_.add(weight, now);
}

void OrderPool::set_limits(int per_10_seconds, int per_minute) {
  if (per_10_seconds > 0) ten_seconds_.set_limit(per_10_seconds);
  if (per_minute > 0) minute_.set_limit(per_minute);
}

bool OrderPool::admits(bool reduces_risk, TimePoint now) {
  if (now < closed_until_) return false;
  const auto has_room = [&](FixedWindow& window) {
    const int share = reduces_risk ? 100 : kForOthersPercent;
    return window.used(now) < window.limit() * share / 100;
  };
  return has_room(ten_seconds_) && has_room(minute_);
}

void OrderPool::count(TimePoint now) {
  ten_seconds_.add(1, now);
  minute_.add(1, now);
}

void OrderPool::report(std::optional<int> in_10_seconds, std::optional<int> in_minute,
                       TimePoint sent, TimePoint now) {
  if (in_10_seconds) ten_seconds_.report(*in_10_seconds, sent, now);
  if (in_minute) minute_.report(*in_minute, sent, now);
}

std::optional<TimePoint> banned_until_text(std::string_view text) {
  constexpr std::string_view kMark = "banned until ";
  const auto at = text.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto digits = text.substr(at + kMark.size());
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), ms);
  if (error != std::errc() || end - digits.data() < 13) return std::nullopt;
  return from_ms(ms);
}

}  // namespace bb::binance
