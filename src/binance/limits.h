// What the exchange allows per window of time: request weight per address, orders per account.
// Windows are fixed and aligned to exchange time; the numbers of its answers are the truth, ours
// only fill the gap until the next answer. Pure state: every call says what time it is.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace bb::binance {

/// A counter that starts at zero with every window.
class FixedWindow {
 public:
  FixedWindow(Millis length, int limit) : length_(length), limit_(limit) {}
  void set_limit(int limit) { limit_ = limit; }
  int limit() const { return limit_; }
  int used(TimePoint now);
  void add(int amount, TimePoint now);
  /// What an answer reports to a request that was sent at `sent`. A report about an earlier window
  /// is ignored; answers arrive out of order, so the largest number of a window counts.
  void report(int used, TimePoint sent, TimePoint now);
  Millis until_next(TimePoint now) const;

 private:
  std::int64_t index(TimePoint t) const { return to_ms(t) / length_.count(); }
  void roll(TimePoint now);
  Millis length_;
  int limit_;
  std::int64_t index_ = 0;
  int used_ = 0;
};

/// Request weight of this address. Commands always pass; queries leave 30 % to them, the reads that
/// protecting and closing rest on 10 %.
class WeightBudget {
 public:
  void set_limit(int limit) { window_.set_limit(limit); }
  int limit() const { return window_.limit(); }
  int used(TimePoint now) { return window_.used(now) + in_flight_; }
  /// How long a query of that weight has to wait; zero = it may leave now.
  Millis wait_for_query(int weight, TimePoint now, bool proves = false);

  /// The longest that any was told to wait.
  Millis longest_wait() const { return longest_wait_; }

  void start(int weight) { in_flight_ += weight; }
  /// It never left.
  void abandon(int weight) { in_flight_ -= weight; }
  /// `reported` is the answer's own count of the window, where it has one.
  void finish(int weight, std::optional<int> reported, TimePoint sent, TimePoint now);

 private:
  FixedWindow window_{Minutes(1), 2400};
  int in_flight_ = 0;
  Millis longest_wait_{0};
};

/// What an order is for, as far as its place in the pool goes.
enum class OrderUse {
  opens,         // adds risk: leaves 30 % to others, and room for its own stop
  takes_profit,  // leaves room for the stops of what was opened
  protects,      // stops and closes: takes what there is
};

/// Placements of one account. An order that opens reserves a place for the stop of its symbol; that
/// is given back when the stop leaves, when the order came to nothing, or after ten seconds.
class OrderPool {
 public:
  void set_limits(int per_10_seconds, int per_minute);
  bool admits(OrderUse use, TimePoint now);
  /// What an order is told that is not admitted.
  std::optional<std::string> obstacle(OrderUse use, TimePoint now);
  /// An order leaves.
  void count(OrderUse use, const std::string& symbol, TimePoint now);
  /// What was to be opened is not: no stop will follow.
  void release(const std::string& symbol) { reserved_.erase(symbol); }
  void report(std::optional<int> in_10_seconds, std::optional<int> in_minute, TimePoint sent,
              TimePoint now);
  /// The exchange refused an order for the number of orders (-1015).
  void close_until(TimePoint until) { closed_until_ = until; }

 private:
  FixedWindow ten_seconds_{Seconds(10), 300};
  FixedWindow minute_{Minutes(1), 1200};
  TimePoint closed_until_{};
  std::map<std::string, TimePoint> reserved_;  // places for stops, by symbol, until when
};

/// Limits as exchangeInfo reports them; zero = not reported.
struct RateLimits {
  int weight_per_minute = 0;
  int orders_per_10_seconds = 0;
  int orders_per_minute = 0;
};

/// The instant of "IP banned until 1767225660000." in an error text.
std::optional<TimePoint> banned_until_text(std::string_view text);

}  // namespace bb::binance
