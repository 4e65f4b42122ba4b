// A path that somebody may hold: the recording, but for stretches of time at a price of their own.
#pragma once

#include <vector>

#include "sim/impl/market_path.h"

namespace bb::sim::impl {

struct Hold {
  TimePoint from{}, to{};
  Price price;
};

class HeldPath {
 public:
  /// `holds` ascend and do not overlap; null for none. All of it outlives the path.
  HeldPath(const Market::Data& data, const Column& column, const std::vector<Hold>* holds);

  TimePoint begin() const { return path_.begin(); }
  TimePoint end() const { return path_.end(); }
  Millis step() const { return column_.step; }
  const Column& column() const { return column_; }
  std::int64_t price_at(TimePoint t) const;
  std::optional<Path::Crossing> first_crossing(TimePoint after, TimePoint until, std::int64_t level,
                                               bool falling) const;
  std::optional<Path::Stretch> stretch(TimePoint from, TimePoint to) const;
  /// The next point of the path, or edge of a hold, after `t`.
  std::optional<TimePoint> next_point(TimePoint t) const;

 private:
  const Hold* hold_at(TimePoint t) const;
  std::int64_t ticks(const Hold& hold) const;

  const Column& column_;
  Path path_;
  const std::vector<Hold>* holds_;
};

}  // namespace bb::sim::impl
