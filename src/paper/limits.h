// Rate limits as the exchange counts them: request weight per fixed minute and IP address, smaller
// pools beside it, order counts per account; 429, and a ban for those who go on.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "paper/options.h"

namespace bb::paper {

/// What a request is charged to. Every one but the wallet's is charged its weight as well.
enum class Pool { weight, funding, data, wallet };

/// How many messages a socket has sent in the last second.
class Pace {
 public:
  explicit Pace(std::size_t per_second) : per_second_(per_second) {}
  /// Counts one more; false when that is more than the exchange allows.
  bool take(SteadyTime now);

 private:
  std::size_t per_second_;
  std::deque<SteadyTime> last_second_;
};

class Limits {
 public:
  Limits(RateLimits limits, std::size_t accounts);

  struct Refusal {
    int status = 429;
    sim::Rejection rejection;
    int retry_after_s = 0;
  };
  /// Counts a request of an address on arrival.
  std::optional<Refusal> charge(std::string_view address, Pool pool, int weight, TimePoint now);
  /// The refusal of an address that is banned; counts nothing.
  std::optional<Refusal> find_ban(std::string_view address, TimePoint now) const;
  /// A socket of this address was cut off because it sent too many messages. Who goes on with it is
  /// banned as for requests.
  void note_flood(std::string_view address, TimePoint now);
  /// Counts orders of an account, all or none of them.
  std::optional<Refusal> charge_orders(int account, int in_10s, int in_1m, TimePoint now);

  int used_weight(std::string_view address, Pool pool) const;
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
  struct Address {
    Window weight{Millis(60'000)};
    Window funding{Millis(300'000)};
    Window data{Millis(300'000)};
    Window wallet{Millis(60'000)};
    Window floods{Millis(600'000)};  // sockets cut off
    int ignored = 0;                 // requests since the first 429 of this window
    int bans = 0;
    TimePoint banned_until{};
  };
  struct Orders {
    Window ten{Millis(10'000)};
    Window minute{Millis(60'000)};
  };
  Address& find_address(std::string_view address, TimePoint now);
  static void ban(Address& address, TimePoint now);
  std::optional<Refusal> charge_weight(std::string_view name, Address& address, int weight,
                                       TimePoint now);

  RateLimits limits_;
  std::map<std::string, Address, std::less<>> addresses_;
  std::vector<Orders> orders_;
};

/// 418, in the exchange's words and with the time at which the ban ends.
Limits::Refusal ban_refusal(std::string_view address, TimePoint until, TimePoint now);

}  // namespace bb::paper
