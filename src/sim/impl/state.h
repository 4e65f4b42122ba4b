// What the exchange remembers: accounts, their seats (one symbol of one account), orders, legs.
// Plain data; the rules are in the files beside it.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/exchange.h"

namespace bb::sim::impl {

/// A price level that something waits for. `hit` is the first crossing after the search began;
/// without one, everything up to `searched` is known to stay short of the level.
struct Watch {
  Price level{};
  bool falling = false;
  bool on_mark = false;
  TimePoint searched{};
  std::optional<PathPoint> hit{};

  TimePoint due() const { return hit ? hit->time : searched; }
};

struct Order {
  OrderView view;
  OrderDetail detail;
  Watch watch;  // live while the order is open

  Qty remaining() const { return view.qty - view.executed_qty; }
};

/// One position: BOTH in one-way mode, LONG or SHORT in hedge mode. `cost` is the exact sum of
/// signed quantity x price, so that profit is exact where an average price would be rounded.
struct Leg {
  PositionSide side = PositionSide::both;
  Qty qty{};        // signed
  Usdt cost{};      // signed as qty
  Usdt isolated{};  // wallet of an isolated position, a part of the account's wallet
  Usdt fees{};      // commissions of the open quantity, for the break-even price
  TimePoint updated{};
  std::optional<bool> covered{};       // by live stops; nothing while flat
  std::optional<Watch> liquidation{};  // isolated positions

  bool flat() const { return qty.is_zero(); }
  Price entry() const { return flat() ? Price() : cost / qty; }
  Usdt pnl(Price mark) const { return mark * qty - cost; }
};

using OrderBook = std::map<std::int64_t, Order>;

/// Everything one account has in one symbol.
struct Seat {
  Symbol symbol;
  int leverage = 1;
  MarginType margin = MarginType::cross;
  std::array<Leg, 3> legs{Leg{.side = PositionSide::both}, Leg{.side = PositionSide::long_},
                          Leg{.side = PositionSide::short_}};
  OrderBook regular, conditional;                         // all there ever were
  std::set<std::int64_t> open_regular, open_conditional;  // resting; untriggered
  std::map<std::string, std::int64_t> regular_by_client, conditional_by_client;  // the newest
  std::vector<exchange::Fill> fills;

  // Events known up to `searched`.
  TimePoint searched{};
  std::vector<Market::Funding> funding;
  std::optional<TimePoint> closing;

  Leg& leg(PositionSide side) { return legs[static_cast<std::size_t>(side)]; }
  const Leg& leg(PositionSide side) const { return legs[static_cast<std::size_t>(side)]; }
  bool flat() const { return legs[0].flat() && legs[1].flat() && legs[2].flat(); }
  bool has_open_orders() const { return !open_regular.empty() || !open_conditional.empty(); }
  bool active() const { return !flat() || has_open_orders(); }
};

/// A mark price at which a cross account must be looked at again.
struct CrossGuard {
  Symbol symbol;
  Watch watch;
};

struct Account {
  int number = 0;
  AccountOptions options;
  Usdt wallet;  // cross wallet and isolated wallets together; only ledger.cpp changes it
  std::map<Symbol, Seat> seats;
  std::vector<exchange::Income> income;
  std::vector<CrossGuard> guards;
  bool guards_stale = true;
};

/// Ids grow per symbol, over all accounts.
struct SymbolIds {
  std::int64_t order = 0;
  std::int64_t fill = 0;
};

struct Core {
  explicit Core(const Market& source) : market(source) {}

  const Market& market;
  TimePoint now{};
  TimePoint walk_target{};  // where advance() is going, and the steady time there
  Micros walk_precise{};
  TimePoint due{};  // nothing happens before it; the epoch = not known
  std::vector<std::unique_ptr<Account>> accounts;
  std::map<Symbol, SymbolIds> ids;
  std::int64_t last_algo_id = 1'000'000'000'000'000;
  std::int64_t last_transaction_id = 5'000'000'000;
  std::vector<JournalEntry> journal;
  std::vector<std::function<void(const JournalEntry&)>> observers;
};

/// Side of an order that makes the leg smaller.
inline Side closing_side(const Leg& leg) { return leg.qty.is_negative() ? Side::buy : Side::sell; }

/// A resting or coming order that may only make its leg smaller.
inline bool reduces_only(const OrderView& order) {
  return order.reduce_only || order.close_position ||
         (order.position_side == PositionSide::short_ && order.side == Side::buy) ||
         (order.position_side == PositionSide::long_ && order.side == Side::sell);
}

/// How much of the leg an order of that side could close.
inline Qty closable(const Leg& leg, Side side) {
  return leg.flat() || closing_side(leg) != side ? Qty() : leg.qty.abs();
}

inline Qty signed_qty(Side side, Qty qty) { return side == Side::buy ? qty : -qty; }

}  // namespace bb::sim::impl
