#include "sim/impl/ledger.h"

#include "base/hash.h"
#include "sim/impl/agenda.h"

namespace bb::sim::impl {

JournalEntry entry_of(const Account& account, Kind kind, Symbol symbol) {
  JournalEntry entry;
  entry.kind = kind;
  entry.account = account.number;
  entry.symbol = symbol;
  return entry;
}

void write(Core& core, JournalEntry entry) {
  entry.time = core.now;
  entry.precise =
      core.walk_precise - std::chrono::duration_cast<Micros>(core.walk_target - core.now);
  auto& journal = core.journal;
  if (core.journal_kept != 0 && journal.size() >= 2 * core.journal_kept) {
    const auto old = journal.size() - core.journal_kept;
    journal.erase(journal.begin(), journal.begin() + static_cast<std::ptrdiff_t>(old));
    core.journal_begin += old;
  }
  journal.push_back(std::move(entry));
  for (const auto& observer : core.observers)
    observer(core.journal.back());
}

void write_order(Core& core, const Account& account, Kind kind, const Order& order) {
  JournalEntry entry = entry_of(account, kind, order.view.symbol);
  entry.side = order.view.position_side;
  entry.order = order.view;
  entry.detail = order.detail;
  write(core, std::move(entry));
}

void write_position(Core& core, const Account& account, Kind kind, Symbol symbol, const Leg& leg,
                    Qty qty) {
  JournalEntry entry = entry_of(account, kind, symbol);
  entry.side = leg.side;
  entry.position_qty = qty;
  write(core, std::move(entry));
}

void book(Core& core, Account& account, const std::string& type, Usdt amount, Symbol symbol,
          const std::string& info) {
  if (amount.is_zero()) return;
  account.wallet += amount;
  touch_guards(core, account);
  forget_rows(account.income, core.now);
  exchange::Income row{type,    ++core.last_transaction_id, "USDT", amount, symbol.str(), info,
                       core.now};
  account.income.push_back(row);
  JournalEntry entry = entry_of(account, Kind::income, symbol);
  entry.income = std::move(row);
  write(core, std::move(entry));
}

// Two symbols in three have order ids beyond 2^53, as live ones do: a client that reads them as
// doubles must be seen to fail.
SymbolIds& ids_of(Core& core, Symbol symbol) {
  const auto [it, fresh] = core.ids.try_emplace(symbol);
  if (fresh) {
    const std::uint64_t hash = stable_hash(symbol.str());
    const auto spread = static_cast<std::int64_t>(hash % 1000);
    it->second.order = hash % 3 == 0 ? 8'000'000'000 + spread * 1'000'000
                                     : 9'007'199'254'740'993 + spread * 1'000'000'000;
    it->second.fill = 1'000'000 + spread * 100'000;
  }
  return it->second;
}

Usdt cross_wallet(const Account& account) {
  Usdt wallet = account.wallet;
  for (const Seat* seat : account.active)
    for (const Leg& leg : seat->legs)
      wallet -= leg.isolated;
  return wallet;
}

}  // namespace bb::sim::impl
