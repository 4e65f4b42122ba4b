#include "paper/limits.h"

#include <fmt/format.h>

#include <algorithm>

namespace bb::paper {

namespace {

constexpr Millis kFirstBan{120'000};
constexpr Millis kLongestBan{3LL * 24 * 3600 * 1000};

int whole_seconds(Millis span) {
  return static_cast<int>(std::max<std::int64_t>(1, (span.count() + 999) / 1000));
}

Limits::Refusal banned(TimePoint until, TimePoint now) {
  return {
      418,
      {-1003, fmt::format("Way too many requests; IP(127.0.0.1) banned until {}. Please use the "
                          "websocket for live updates to avoid bans.",
                          to_ms(until))},
      whole_seconds(until - now)};
}

}  // namespace

Limits::Limits(RateLimits limits, std::size_t accounts) : limits_(limits), orders_(accounts) {}

void Limits::Window::turn(TimePoint now) {
  const auto current = to_ms(now) / span.count();
  if (current == index) return;
  index = current;
  used = 0;
}

int Limits::Window::seconds_left(TimePoint now) const {
  return whole_seconds(Millis((index + 1) * span.count() - to_ms(now)));
}

Limits::Refusal Limits::ignored_429(TimePoint now) {
  const Millis longer = kFirstBan * (std::int64_t{1} << std::min(bans_, 20));
  banned_until_ = now + std::min(longer, kLongestBan);
  ++bans_;
  ignored_ = 0;
  return banned(banned_until_, now);
}

std::optional<Limits::Refusal> Limits::charge(int weight, bool funding_pool, TimePoint now) {
  if (now < banned_until_) return banned(banned_until_, now);
  const auto before = weight_.index;
  weight_.turn(now);
  if (weight_.index != before) ignored_ = 0;
  weight_.used += weight;
  if (weight_.used > limits_.weight_per_minute) {
    if (++ignored_ > limits_.ban_after) return ignored_429(now);
    return Refusal{
        429,
        {-1003, fmt::format("Too many requests; current limit is {} requests per minute. Please "
                            "use the websocket for live updates to avoid polling the API.",
                            limits_.weight_per_minute)},
        weight_.seconds_left(now)};
  }
  if (!funding_pool) return std::nullopt;
  funding_.turn(now);
  if (++funding_.used <= limits_.funding_per_5_minutes) return std::nullopt;
  return Refusal{429,
                 {-1003, fmt::format("Too many requests; current limit is {} requests per 5 "
                                     "minutes.",
                                     limits_.funding_per_5_minutes)},
                 funding_.seconds_left(now)};
}

std::optional<Limits::Refusal> Limits::charge_orders(int account, int in_10s, int in_1m,
                                                     TimePoint now) {
  auto& orders = orders_.at(static_cast<std::size_t>(account));
  orders.ten.turn(now);
  orders.minute.turn(now);
  const auto refuse = [&](int limit, std::string_view interval, const Window& window) {
    return Refusal{429,
                   {-1015, fmt::format("Too many new orders; current limit is {} orders per {}.",
                                       limit, interval)},
                   window.seconds_left(now)};
  };
  if (orders.ten.used + in_10s > limits_.orders_per_10s)
    return refuse(limits_.orders_per_10s, "TEN_SECONDS", orders.ten);
  if (orders.minute.used + in_1m > limits_.orders_per_minute)
    return refuse(limits_.orders_per_minute, "MINUTE", orders.minute);
  orders.ten.used += in_10s;
  orders.minute.used += in_1m;
  return std::nullopt;
}

Limits::OrderCounts Limits::order_counts(int account) const {
  const auto& orders = orders_.at(static_cast<std::size_t>(account));
  return {orders.ten.used, orders.minute.used};
}

}  // namespace bb::paper
