#include "sim/impl/market_held.h"

#include <algorithm>

namespace bb::sim::impl {

HeldPath::HeldPath(const Market::Data& data, const Column& column, const std::vector<Hold>* holds)
    : column_(column), path_(data, column), holds_(holds) {
  if (holds_ != nullptr && holds_->empty()) holds_ = nullptr;
}

const Hold* HeldPath::hold_at(TimePoint t) const {
  if (holds_ == nullptr) return nullptr;
  const auto next = std::ranges::upper_bound(*holds_, t, {}, &Hold::from);
  if (next == holds_->begin()) return nullptr;
  const Hold& hold = *std::prev(next);
  return t < hold.to ? &hold : nullptr;
}

std::int64_t HeldPath::ticks(const Hold& hold) const {
  const std::int64_t tick = column_.rules.tick.value().raw();
  return (hold.price.value().raw() + tick / 2) / tick;
}

std::int64_t HeldPath::price_at(TimePoint t) const {
  const Hold* hold = hold_at(t);
  return hold != nullptr ? ticks(*hold) : path_.price_at(t);
}

std::optional<Path::Crossing> HeldPath::first_crossing(TimePoint after, TimePoint until,
                                                       std::int64_t level, bool falling) const {
  if (holds_ == nullptr) return path_.first_crossing(after, until, level, falling);
  TimePoint at = std::max(after + Millis(1), begin());
  const TimePoint to = std::min(until, end() - Millis(1));
  const auto on_path = [&](TimePoint last) -> std::optional<Path::Crossing> {
    auto found = path_.first_crossing(at - Millis(1), last, level, falling);
    // At once: a jump out of a hold, whatever the recording was before.
    const bool is_released = std::ranges::find(*holds_, at, &Hold::to) != holds_->end();
    if (found && found->time == at && is_released) found->ticks = path_.price_at(at);
    return found;
  };
  while (at <= to) {
    const auto next = std::ranges::upper_bound(*holds_, at, {}, &Hold::to);
    if (next == holds_->end()) return on_path(to);
    if (at < next->from) {
      const TimePoint last = std::min(to, next->from - Millis(1));
      if (const auto found = on_path(last)) return found;
      at = last + Millis(1);
      continue;
    }
    const std::int64_t price = ticks(*next);
    if (falling ? price <= level : price >= level) return Path::Crossing{at, price};
    at = next->to;
  }
  return std::nullopt;
}

std::optional<Path::Stretch> HeldPath::stretch(TimePoint from, TimePoint to) const {
  from = std::max(from, begin());
  to = std::min(to, end());
  if (holds_ == nullptr || from >= to) return path_.stretch(from, to);
  std::optional<Path::Stretch> out;
  for (TimePoint at = from; at < to;) {
    const auto next = std::ranges::upper_bound(*holds_, at, {}, &Hold::to);
    const bool is_held = next != holds_->end() && next->from <= at;
    const TimePoint last =
        next == holds_->end() ? to : std::min(to, is_held ? next->to : next->from);
    auto part = path_.stretch(at, last);
    if (is_held) {
      const std::int64_t price = ticks(*next);
      part->open = part->high = part->low = part->close = price;
      part->quote_volume =
          part->volume * static_cast<double>(price) * column_.rules.tick.value().to_double();
    }
    at = last;
    if (!out) {
      out = part;
      continue;
    }
    out->high = std::max(out->high, part->high);
    out->low = std::min(out->low, part->low);
    out->close = part->close;
    out->volume += part->volume;
    out->quote_volume += part->quote_volume;
  }
  return out;
}

std::optional<TimePoint> HeldPath::next_point(TimePoint t) const {
  const auto on_path = path_.next_point(t);
  if (holds_ == nullptr || !on_path) return on_path;
  const auto hold = std::ranges::upper_bound(*holds_, t, {}, &Hold::to);
  if (hold == holds_->end()) return on_path;
  return std::min(*on_path, t < hold->from ? hold->from : hold->to);
}

}  // namespace bb::sim::impl
