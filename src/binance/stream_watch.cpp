#include "binance/stream_watch.h"

#include <algorithm>

namespace bb::binance {

namespace {

constexpr Minutes kRemembered{1};  // an event may be here long before the answer is

bool has_ended(OrderStatus status) {
  switch (status) {
    case OrderStatus::filled:
    case OrderStatus::canceled:
    case OrderStatus::expired:
    case OrderStatus::expired_in_match:
    case OrderStatus::rejected:
    case OrderStatus::finished:
    case OrderStatus::triggered:
      return true;
    case OrderStatus::open:
    case OrderStatus::partially_filled:
    case OrderStatus::triggering:
    case OrderStatus::unknown:
      return false;
  }
  return false;
}

}  // namespace

std::string StreamWatch::key_of(const exchange::OrderRef& order, bool ended) {
  return (order.conditional ? "a " : "r ") + order.client_order_id.str() + (ended ? " ended" : "");
}

void StreamWatch::forget_old(SteadyTime now) {
  while (!told_.empty() && told_.front().second + kRemembered < now)
    told_.pop_front();
}

void StreamWatch::told(const exchange::OrderView& order, SteadyTime now) {
  forget_old(now);
  told(order.symbol, now);
  told_.emplace_back(key_of(order.ref(), false), now);
  if (has_ended(order.status)) told_.emplace_back(key_of(order.ref(), true), now);
  std::erase_if(awaited_, [&](const Awaited& each) {
    return std::ranges::any_of(told_, [&](const auto& told) {
      return told.first == each.key && told.second >= each.since;
    });
  });
}

void StreamWatch::expect(const exchange::OrderRef& order, bool ended, SteadyTime sent,
                         SteadyTime now) {
  if (order.client_order_id.empty()) return;
  forget_old(now);
  const auto key = key_of(order, ended);
  const bool is_told = std::ranges::any_of(
      told_, [&](const auto& told) { return told.first == key && told.second >= sent; });
  if (!is_told) awaited_.push_back({key, order.symbol, sent, now + kWithin});
}

void StreamWatch::told(Symbol symbol, SteadyTime now) {
  symbols_[symbol] = now;
  std::erase_if(awaited_,
                [&](const Awaited& each) { return each.key.empty() && each.symbol == symbol; });
}

void StreamWatch::witness(const std::vector<exchange::Position>& positions, SteadyTime asked,
                          SteadyTime now) {
  Positions seen;
  for (const auto& position : positions)
    seen[{position.symbol, position.side}] = position.qty;
  const auto last = std::exchange(witnessed_, asked);
  const auto before = std::exchange(positions_, seen);
  if (!last) return;
  const auto expect_of = [&](Symbol symbol) {
    // Answers may lag behind the stream (F38): what was told shortly before explains them.
    const auto told = symbols_.find(symbol);
    if (told != symbols_.end() && told->second + kRemembered >= *last) return;
    awaited_.push_back({"", symbol, *last, now + kWithin});
  };
  for (const auto& [key, qty] : seen)
    if (const auto found = before.find(key); found == before.end() || found->second != qty)
      expect_of(key.first);
  for (const auto& [key, qty] : before)
    if (!seen.contains(key)) expect_of(key.first);
}

std::optional<SteadyTime> StreamWatch::due() const {
  if (awaited_.empty()) return std::nullopt;
  return std::ranges::min(awaited_, {}, &Awaited::by).by;
}

std::optional<StreamWatch::Deaf> StreamWatch::overdue(SteadyTime now) const {
  const auto late =
      std::ranges::find_if(awaited_, [&](const auto& each) { return each.by <= now; });
  if (late == awaited_.end()) return std::nullopt;
  const auto since = std::ranges::min(awaited_, {}, &Awaited::since).since;
  return Deaf{late->key.empty() ? "a changed position of " + late->symbol.str()
                                : "an order of " + late->symbol.str(),
              since};
}

void StreamWatch::reset() {
  awaited_.clear();
  told_.clear();
  symbols_.clear();
  positions_.clear();
  witnessed_.reset();
}

}  // namespace bb::binance
