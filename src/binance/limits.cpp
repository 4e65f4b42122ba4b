#include "binance/limits.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace bb::binance {

namespace {
constexpr int kForOthersPercent = 70;  // the rest is the reserve
constexpr int kForProofsPercent = 90;  // of positions: whether they are closed, and guarded
constexpr Seconds kReservedFor{10};    // a stop that has not left by then waits for a settling
}  // namespace

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

Millis WeightBudget::wait_for_query(int weight, TimePoint now, bool proves) {
  const int share = proves ? kForProofsPercent : kForOthersPercent;
  const int taken = window_.used(now) + in_flight_;
  // An empty window takes anything: waiting longer could not make room for it.
  if (taken == 0 || taken + weight <= window_.limit() * share / 100) return Millis(0);
  const Millis wait = window_.until_next(now);
  longest_wait_ = std::max(longest_wait_, wait);
  return wait;
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

bool OrderPool::admits(OrderUse use, TimePoint now) {
  if (now < closed_until_) return false;
  std::erase_if(reserved_, [&](const auto& each) { return now >= each.second; });
  const int reserved = static_cast<int>(reserved_.size());
  const auto has_room = [&](FixedWindow& window) {
    const int used = window.used(now);
    switch (use) {
      case OrderUse::opens:
        return used < window.limit() * kForOthersPercent / 100 &&
               used + reserved + 2 <= window.limit();
      case OrderUse::takes_profit:
        return used + reserved < window.limit();
      case OrderUse::protects:
        return used < window.limit();
    }
    return false;
  };
  return has_room(ten_seconds_) && has_room(minute_);
}

void OrderPool::count(OrderUse use, const std::string& symbol, TimePoint now) {
  ten_seconds_.add(1, now);
  minute_.add(1, now);
  if (use == OrderUse::opens) reserved_[symbol] = now + kReservedFor;
  if (use == OrderUse::protects) reserved_.erase(symbol);
}

std::optional<std::string> OrderPool::obstacle(OrderUse use, TimePoint now) {
  if (admits(use, now)) return std::nullopt;
  return use == OrderUse::opens
             ? "the account's order rate limit leaves no room for this order and its stop; nothing "
               "was sent"
             : "the account's order rate limit is used up; nothing was sent";
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
