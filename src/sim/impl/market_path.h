// The path of one symbol: the exact arithmetic of walking its bars, in ticks.
#pragma once

#include <array>
#include <optional>

#include "sim/impl/market_data.h"

namespace bb::sim::impl {

class Path {
 public:
  Path(const Market::Data& data, const Column& column);

  TimePoint begin() const { return column_.first; }
  TimePoint end() const { return end_; }  // first instant that is not walked
  /// The price at an instant in [begin, end).
  std::int64_t price_at(TimePoint t) const;

  struct Crossing {
    TimePoint time{};
    std::int64_t ticks = 0;
  };
  /// The first instant in (after, until] at or beyond `level` ticks.
  std::optional<Crossing> first_crossing(TimePoint after, TimePoint until, std::int64_t level,
                                         bool falling) const;

  /// What a stretch of the path amounts to.
  struct Stretch {
    std::int64_t open = 0, high = 0, low = 0, close = 0;  // ticks
    double volume = 0, quote_volume = 0;
  };
  /// The walked instants of [from, to); nothing when there are none.
  std::optional<Stretch> stretch(TimePoint from, TimePoint to) const;

  /// The instant of the next of the four points after `t`.
  std::optional<TimePoint> next_point(TimePoint t) const;

 private:
  using Points = std::array<std::int64_t, 4>;
  struct Place {
    std::size_t bar;
    std::int64_t offset;  // ms from the bar's open
  };
  Place place(TimePoint t) const;
  TimePoint instant(std::size_t bar, std::int64_t offset) const;
  Points points(std::size_t bar) const;
  bool high_first(std::size_t bar) const;
  std::int64_t price(const Points& points, std::int64_t offset) const;
  std::optional<Crossing> crossing_in_bar(std::size_t bar, std::int64_t from, std::int64_t level,
                                          bool falling) const;
  void add_part(Stretch& stretch, std::size_t bar, std::int64_t from, std::int64_t to) const;
  void add_whole(Stretch& stretch, std::size_t from, std::size_t to) const;

  const Market::Data& data_;
  const Column& column_;
  std::int64_t step_;
  std::int64_t quarter_;
  TimePoint end_;
};

}  // namespace bb::sim::impl
