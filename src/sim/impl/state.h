// What the exchange remembers: accounts, their seats (one symbol of one account), orders, legs.
// Plain data; the rules are in the files beside it.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/exchange.h"
#include "sim/impl/moments.h"
#include "sim/impl/order_state.h"

namespace bb::sim::impl {

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
  std::optional<Watch> margin_call{};  // isolated: its call, or the recovery from it
  bool was_called = false;

  bool flat() const { return qty.is_zero(); }
  Price entry() const { return flat() ? Price() : cost / qty; }
  Usdt pnl(Price mark) const { return mark * qty - cost; }
};

/// What was asked of the market holds for its instant, until somebody reprices.
struct Asked {
  TimePoint at{};
  std::uint64_t version = 0;  // of Core::prices; 0 = never asked

  friend bool operator==(const Asked&, const Asked&) = default;
};
struct KnownMark {
  Asked asked;
  Price price;
};

/// Everything one account has in one symbol.
struct Seat {
  Symbol symbol;
  const Brackets* brackets = nullptr;  // the market's
  int leverage = 1;
  MarginType margin = MarginType::cross;
  std::array<Leg, 3> legs{Leg{.side = PositionSide::both}, Leg{.side = PositionSide::long_},
                          Leg{.side = PositionSide::short_}};
  Shelf regular, conditional;
  std::deque<exchange::Fill> fills;
  std::deque<AmendmentRecord> amendments;
  std::deque<MarginChange> margin_changes;
  std::optional<TimePoint> countdown;  // its regular orders are cancelled then
  TimePoint liquidating_until{};       // isolated
  TimePoint forgotten{};               // when old orders were last looked for

  // Events known up to `searched`.
  TimePoint searched{};
  std::vector<Market::Funding> funding;
  std::optional<TimePoint> closing;

  bool is_listed = false;         // in Account::active
  bool is_dirty = false;          // in Core::dirty
  std::optional<TimePoint> slot;  // its place in Core::agenda
  std::optional<Event> event;     // its place in Core::happening
  mutable KnownMark mark;

  Leg& leg(PositionSide side) { return legs[static_cast<std::size_t>(side)]; }
  const Leg& leg(PositionSide side) const { return legs[static_cast<std::size_t>(side)]; }
  Shelf& shelf(bool is_conditional) { return is_conditional ? conditional : regular; }
  const Shelf& shelf(bool is_conditional) const { return is_conditional ? conditional : regular; }
  bool flat() const { return legs[0].flat() && legs[1].flat() && legs[2].flat(); }
  bool has_open_orders() const { return !regular.open.empty() || !conditional.open.empty(); }
  bool active() const { return !flat() || has_open_orders(); }
};

/// A mark price at which a cross account must be looked at again.
struct CrossGuard {
  Symbol symbol;
  Watch watch;
};

/// A closed order, where it was put.
struct ClosedOrder {
  Seat* seat = nullptr;
  bool conditional = false;
  std::int64_t id = 0;
};

struct Account {
  int number = 0;
  AccountOptions options;
  Usdt wallet;  // cross wallet and isolated wallets together; only ledger.cpp changes it
  std::unordered_map<Symbol, Seat> seats;  // never walked
  std::vector<Seat*> active;               // those with a position or an open order, by symbol
  std::deque<exchange::Income> income;
  std::deque<ForcedOrder> forced;
  std::deque<ClosedOrder> closed;  // as they closed; some may be forgotten by now
  std::unordered_map<std::int64_t, Seat*> algo_seats;            // never walked
  std::unordered_map<std::string, std::int64_t> algo_by_client;  // the newest; never walked
  std::size_t open_conditionals = 0;
  TimePoint liquidating_until{};  // cross
  bool was_called = false;        // its cross positions had their margin call

  std::vector<CrossGuard> guards;
  bool guards_stale = false;
  std::optional<TimePoint> check_at;  // its health was found wanting when the guards were set
  std::optional<TimePoint> slot;      // the guards' place in Core::agenda
  std::optional<Event> event;         // their place in Core::happening
};

/// Ids grow per symbol, over all accounts.
struct SymbolIds {
  std::int64_t order = 0;
  std::int64_t fill = 0;
};

/// One level of the synthetic book (depth.h).
struct Level {
  Price price;
  std::optional<Qty> qty;  // nothing = as much as is asked for
};
/// The book that was asked for last.
struct KnownBook {
  Symbol symbol;
  Asked asked;
  std::vector<Level> levels;
};

struct Core {
  explicit Core(const Market& source, ExchangeOptions o = {}) : market(source), options(o) {}

  const Market& market;
  ExchangeOptions options;
  TimePoint now{};
  std::uint64_t prices = 1;                  // grows when the market says something else of now
  mutable std::array<KnownBook, 2> books{};  // by the taker's side
  TimePoint walk_target{};                   // where advance() is going, and the steady time there
  Micros walk_precise{};
  std::vector<std::unique_ptr<Account>> accounts;
  std::set<Slot, SlotOrder> agenda;
  std::set<Event, EventOrder> happening;          // now; what happens first of each slot
  std::vector<std::pair<Account*, Seat*>> dirty;  // whose moments must be looked for anew
  std::vector<Account*> dirty_guards;
  std::unordered_map<Symbol, SymbolIds> ids;  // never walked
  std::int64_t last_algo_id = 1'000'000'000'000'000;
  std::int64_t last_amendment_id = 0;
  std::int64_t last_transaction_id = 5'000'000'000;
  Usdt insurance_fund;
  int held_triggers = 0;  // so many of the next triggers come to nothing
  std::vector<JournalEntry> journal;
  std::size_t journal_begin = 0;
  std::size_t journal_kept = 0;
  std::vector<std::function<void(const JournalEntry&)>> observers;
};

/// Side of an order that makes the leg smaller.
inline Side closing_side(const Leg& leg) { return leg.qty.is_negative() ? Side::buy : Side::sell; }

/// How much of the leg an order of that side could close.
inline Qty closable(const Leg& leg, Side side) {
  return leg.flat() || closing_side(leg) != side ? Qty() : leg.qty.abs();
}

inline Qty signed_qty(Side side, Qty qty) { return side == Side::buy ? qty : -qty; }

}  // namespace bb::sim::impl
