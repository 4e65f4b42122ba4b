// What the agenda is made of: moments that concern a seat or an account, and what happens at them.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace bb::sim::impl {

struct Account;
struct Seat;

/// What happens first when several things happen in the same millisecond: a jump beyond both the
/// liquidation price and a stop liquidates; an order that ends is not filled any more.
enum class Happening {
  funding,
  closing,
  liquidation,
  cross_check,
  margin_call,
  countdown,
  expiry,
  conditional,
  limit,
};

struct Event {
  TimePoint time{};
  Happening what{};
  Account* account = nullptr;
  Seat* seat = nullptr;
  std::int64_t id = 0;  // order id, or the leg's index
};
struct EventOrder {
  bool operator()(const Event& a, const Event& b) const;
};

/// A moment that concerns a seat, or (without one) an account's guards.
struct Slot {
  TimePoint due{};
  Account* account = nullptr;
  Seat* seat = nullptr;
};
struct SlotOrder {
  bool operator()(const Slot& a, const Slot& b) const;
};

}  // namespace bb::sim::impl
