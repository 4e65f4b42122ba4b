// Rate limits as the exchange counts them: request weight per fixed minute and IP (one IP here),
// the funding pool, order counts per account; 429, and a ban for those who go on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "paper/options.h"

namespace bb::paper {

class Limits {
 public:
  Limits(RateLimits limits, std::size_t accounts);

  struct Refusal {
    int status = 429;
    sim::Rejection rejection;
    int retry_after_s = 0;
  };
  /// Counts a request on arrival.
  std::optional<Refusal> charge(int weight, bool funding_pool, TimePoint now);
  /// Counts orders of an account, all or none of them.
  std::optional<Refusal> charge_orders(int account, int in_10s, int in_1m, TimePoint now);

  int used_weight() const { return weight_.used; }
  struct OrderCounts {
    int in_10s = 0;
    int in_1m = 0;
  };
  OrderCounts order_counts(int account) const;

 private:
  /// A window on the exchange's clock, not a sliding one.
  struct Window {
    Millis span{60'000};
    std::int64_t index = -1;
    int used = 0;
    void turn(TimePoint now);
    int seconds_left(TimePoint now) const;
  };
  struct Orders {
    Window ten{Millis(10'000)};
    Window minute{Millis(60'000)};
  };
  Refusal ignored_429(TimePoint now);

  RateLimits limits_;
  Window weight_{Millis(60'000)};
  Window funding_{Millis(300'000)};
  std::vector<Orders> orders_;
  int ignored_ = 0;  // requests since the first 429 of this window
  int bans_ = 0;
  TimePoint banned_until_{};
};

}  // namespace bb::paper
