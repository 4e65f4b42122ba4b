#include "sim/impl/market_path.h"

#include <algorithm>

#include "base/check.h"

namespace bb::sim::impl {

namespace {

std::uint64_t mix(std::uint64_t z) {  // splitmix64
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

Path::Path(const Market::Data& data, const Column& column)
    : data_(data),
      column_(column),
      step_((column.step > Millis(0) ? column.step : data.step).count()),
      quarter_(step_ / 4),
      end_(data.end_of(column)) {}

Path::Place Path::place(TimePoint t) const {
  const std::int64_t since = (t - column_.first).count();
  return {static_cast<std::size_t>(since / step_), since % step_};
}

TimePoint Path::instant(std::size_t bar, std::int64_t offset) const {
  return column_.first + Millis(static_cast<std::int64_t>(bar) * step_ + offset);
}

bool Path::high_first(std::size_t bar) const {
  if (data_.path != PathOrder::seeded) return data_.path == PathOrder::high_first;
  const auto recorded = static_cast<std::uint64_t>(to_ms(instant(bar, 0) - data_.shift) / step_);
  return (mix(mix(data_.seed ^ column_.name_hash) + recorded) & 1) != 0;
}

Path::Points Path::points(std::size_t bar) const {
  const Bar& b = column_.bars[bar];
  if (high_first(bar)) return {b.open, b.high, b.low, b.close};
  return {b.open, b.low, b.high, b.close};
}

std::int64_t Path::price(const Points& points, std::int64_t offset) const {
  const auto piece = static_cast<std::size_t>(offset / quarter_);
  if (piece >= 3) return points[3];
  // Integer division cuts towards zero: towards the earlier point, rising or falling.
  return points[piece] + (points[piece + 1] - points[piece]) * (offset % quarter_) / quarter_;
}

std::int64_t Path::price_at(TimePoint t) const {
  BB_CHECK(t >= begin() && t < end_, "a price is asked for where the path is walked");
  const Place at = place(t);
  return price(points(at.bar), at.offset);
}

std::optional<Path::Crossing> Path::crossing_in_bar(std::size_t bar, std::int64_t from,
                                                    std::int64_t level, bool falling) const {
  // A falling search is a rising one on the mirrored path; rounding is symmetric.
  Points p = points(bar);
  const std::int64_t sign = falling ? -1 : 1;
  for (auto& point : p)
    point *= sign;
  const std::int64_t target = level * sign;

  const std::int64_t here = price(p, from);
  if (here >= target) {
    const bool reached_now = from > 0 && price(p, from - 1) < target;
    return Crossing{instant(bar, from), sign * (reached_now ? target : here)};
  }
  for (auto piece = static_cast<std::size_t>(from / quarter_); piece < 3; ++piece) {
    if (p[piece + 1] < target) continue;
    const std::int64_t rise = ceil_div((target - p[piece]) * quarter_, p[piece + 1] - p[piece]);
    const auto start = static_cast<std::int64_t>(piece) * quarter_;
    return Crossing{instant(bar, start + rise), sign * target};
  }
  return std::nullopt;
}

std::optional<Path::Crossing> Path::first_crossing(TimePoint after, TimePoint until,
                                                   std::int64_t level, bool falling) const {
  const TimePoint from = std::max(after + Millis(1), begin());
  const TimePoint to = std::min(until, end_ - Millis(1));
  if (from > to) return std::nullopt;
  const auto reaches = [&](std::int32_t high, std::int32_t low) {
    return falling ? low <= level : high >= level;
  };
  const std::size_t last = place(to).bar;
  auto [bar, offset] = place(from);
  while (bar <= last) {
    const Block& block = column_.blocks[bar / kBlockBars];
    if (!reaches(block.high, block.low)) {
      bar = (bar / kBlockBars + 1) * kBlockBars;
      offset = 0;
      continue;
    }
    if (reaches(column_.bars[bar].high, column_.bars[bar].low)) {
      const auto found = crossing_in_bar(bar, offset, level, falling);
      if (found) return found->time <= to ? found : std::nullopt;
    }
    ++bar;
    offset = 0;
  }
  return std::nullopt;
}

void Path::add_part(Stretch& stretch, std::size_t bar, std::int64_t from, std::int64_t to) const {
  const Points p = points(bar);
  const auto meet = [&](std::int64_t offset) {
    const std::int64_t ticks = price(p, offset);
    stretch.high = std::max(stretch.high, ticks);
    stretch.low = std::min(stretch.low, ticks);
  };
  meet(from);
  meet(to - 1);
  for (std::int64_t point = ceil_div(from, quarter_) * quarter_; point < to; point += quarter_)
    meet(point);
  const Bar& b = column_.bars[bar];
  const double share = static_cast<double>(to - from) / static_cast<double>(step_);
  stretch.volume += b.volume * share;
  stretch.quote_volume += column_.quote_volume(b) * share;
}

void Path::add_whole(Stretch& stretch, std::size_t from, std::size_t to) const {
  const auto add = [&](std::int32_t high, std::int32_t low, double volume, double quote) {
    stretch.high = std::max<std::int64_t>(stretch.high, high);
    stretch.low = std::min<std::int64_t>(stretch.low, low);
    stretch.volume += volume;
    stretch.quote_volume += quote;
  };
  while (from < to) {
    if (from % kBlockBars == 0 && from + kBlockBars <= to) {
      const Block& block = column_.blocks[from / kBlockBars];
      add(block.high, block.low, block.volume, block.quote_volume);
      from += kBlockBars;
      continue;
    }
    const Bar& bar = column_.bars[from++];
    add(bar.high, bar.low, bar.volume, column_.quote_volume(bar));
  }
}

std::optional<Path::Stretch> Path::stretch(TimePoint from, TimePoint to) const {
  from = std::max(from, begin());
  to = std::min(to, end_);
  if (from >= to) return std::nullopt;
  Stretch out;
  out.open = out.high = out.low = price_at(from);
  out.close = price_at(to - Millis(1));
  const Place a = place(from);
  const Place b = place(to);
  if (a.bar == b.bar) {
    add_part(out, a.bar, a.offset, b.offset);
    return out;
  }
  const std::size_t whole = a.offset == 0 ? a.bar : a.bar + 1;
  if (a.offset > 0) add_part(out, a.bar, a.offset, step_);
  add_whole(out, whole, b.bar);
  if (b.offset > 0) add_part(out, b.bar, 0, b.offset);
  return out;
}

std::optional<TimePoint> Path::next_point(TimePoint t) const {
  if (t < begin()) return begin();
  const std::int64_t since = (t - begin()).count();
  const TimePoint next = begin() + Millis((since / quarter_ + 1) * quarter_);
  return next < end_ ? std::optional(next) : std::nullopt;
}

}  // namespace bb::sim::impl
