#include "paper/limits.h"

#include <fmt/format.h>

#include <algorithm>

namespace bb::paper {

namespace {

constexpr Millis kFirstBan{120'000};
constexpr Millis kLongestBan{3LL * 24 * 3600 * 1000};
// Beyond so many addresses those that are not banned are forgotten.
constexpr std::size_t kAddressesMax = 10'000;

int whole_seconds(Millis span) {
  return static_cast<int>(std::max<std::int64_t>(1, (span.count() + 999) / 1000));
}

Limits::Refusal too_many(std::string text, int retry_after_s) {
  return {429, {-1003, std::move(text)}, retry_after_s};
}

}  // namespace

Limits::Refusal ban_refusal(std::string_view address, TimePoint until, TimePoint now) {
  return {418,
          {-1003, fmt::format("Way too many requests; IP({}) banned until {}. Please use the "
                              "websocket for live updates to avoid bans.",
                              address, to_ms(until))},
          whole_seconds(until - now)};
}

bool Pace::take(SteadyTime now) {
  while (!last_second_.empty() && last_second_.front() <= now - Seconds(1))
    last_second_.pop_front();
  last_second_.push_back(now);
  return last_second_.size() <= per_second_;
}

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

Limits::Address& Limits::find_address(std::string_view name, TimePoint now) {
  const auto found = addresses_.find(name);
  if (found != addresses_.end()) return found->second;
  // A flood of addresses must not cost memory without end: counts go first, then bans.
  if (addresses_.size() >= kAddressesMax)
    std::erase_if(addresses_, [&](const auto& entry) { return now >= entry.second.banned_until; });
  if (addresses_.size() >= kAddressesMax) addresses_.clear();
  return addresses_.try_emplace(std::string(name)).first->second;
}

void Limits::ban(Address& address, TimePoint now) {
  const Millis longer = kFirstBan * (std::int64_t{1} << std::min(address.bans, 20));
  address.banned_until = now + std::min(longer, kLongestBan);
  ++address.bans;
  address.ignored = 0;
}

std::optional<Limits::Refusal> Limits::find_ban(std::string_view name, TimePoint now) const {
  const auto found = addresses_.find(name);
  if (found == addresses_.end() || now >= found->second.banned_until) return std::nullopt;
  return ban_refusal(name, found->second.banned_until, now);
}

void Limits::note_flood(std::string_view name, TimePoint now) {
  Address& address = find_address(name, now);
  address.floods.turn(now);
  if (++address.floods.used <= limits_.floods_before_ban || !limits_.enabled) return;
  address.floods.used = 0;
  ban(address, now);
}

std::optional<Limits::Refusal> Limits::charge_weight(std::string_view name, Address& address,
                                                     int weight, TimePoint now) {
  const auto before = address.weight.index;
  address.weight.turn(now);
  if (address.weight.index != before) address.ignored = 0;
  address.weight.used += weight;
  if (!limits_.enabled || address.weight.used <= limits_.weight_per_minute) return std::nullopt;
  if (++address.ignored > limits_.ban_after) {
    ban(address, now);
    return ban_refusal(name, address.banned_until, now);
  }
  return too_many(fmt::format("Too many requests; current limit is {} requests per minute. Please "
                              "use the websocket for live updates to avoid polling the API.",
                              limits_.weight_per_minute),
                  address.weight.seconds_left(now));
}

std::optional<Limits::Refusal> Limits::charge(std::string_view name, Pool pool, int weight,
                                              TimePoint now) {
  Address& address = find_address(name, now);
  if (now < address.banned_until) return ban_refusal(name, address.banned_until, now);
  const auto count = [&](Window& window, int amount, int limit,
                         std::string_view per) -> std::optional<Refusal> {
    window.turn(now);
    window.used += amount;
    if (!limits_.enabled || window.used <= limit) return std::nullopt;
    return too_many(
        fmt::format("Too many requests; current limit is {} requests per {}.", limit, per),
        window.seconds_left(now));
  };
  if (pool == Pool::wallet)
    return count(address.wallet, weight, limits_.wallet_per_minute, "minute");
  if (auto refused = charge_weight(name, address, weight, now)) return refused;
  switch (pool) {
    case Pool::weight:
    case Pool::wallet:
      return std::nullopt;
    case Pool::funding:
      return count(address.funding, 1, limits_.funding_per_5_minutes, "5 minutes");
    case Pool::data:
      return count(address.data, 1, limits_.data_per_5_minutes, "5 minutes");
  }
  std::unreachable();
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
  if (limits_.enabled && orders.ten.used + in_10s > limits_.orders_per_10s)
    return refuse(limits_.orders_per_10s, "TEN_SECONDS", orders.ten);
  if (limits_.enabled && orders.minute.used + in_1m > limits_.orders_per_minute)
    return refuse(limits_.orders_per_minute, "MINUTE", orders.minute);
  orders.ten.used += in_10s;
  orders.minute.used += in_1m;
  return std::nullopt;
}

int Limits::used_weight(std::string_view name, Pool pool) const {
  const auto found = addresses_.find(name);
  if (found == addresses_.end()) return 0;
  return pool == Pool::wallet ? found->second.wallet.used : found->second.weight.used;
}

Limits::OrderCounts Limits::order_counts(int account) const {
  const auto& orders = orders_.at(static_cast<std::size_t>(account));
  return {orders.ten.used, orders.minute.used};
}

}  // namespace bb::paper
