// The journal and the money: every entry is written and every wallet is changed here, so that a
// wallet always equals the sum of its account's income rows.
#pragma once

#include <chrono>
#include <string>

#include "sim/impl/state.h"

namespace bb::sim::impl {

using Kind = JournalEntry::Kind;

/// How long the exchange remembers (reference §11.2).
constexpr std::chrono::days kMemory{90};
constexpr std::chrono::days kUnfilledMemory{3};

void write(Core& core, JournalEntry entry);
JournalEntry entry_of(const Account& account, Kind kind, Symbol symbol);
void write_order(Core& core, const Account& account, Kind kind, const Order& order);
void write_position(Core& core, const Account& account, Kind kind, Symbol symbol, const Leg& leg,
                    Qty qty);

/// Books `amount` into the wallet, with its income row. Zero amounts leave no row.
void book(Core& core, Account& account, const std::string& type, Usdt amount, Symbol symbol,
          const std::string& info);

/// Drops from the front what is older than the exchange's memory.
template <class Rows>
void forget_rows(Rows& rows, TimePoint now) {
  while (!rows.empty() && now - rows.front().time > kMemory)
    rows.pop_front();
}

SymbolIds& ids_of(Core& core, Symbol symbol);
Usdt cross_wallet(const Account& account);

}  // namespace bb::sim::impl
