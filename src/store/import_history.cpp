// Rows that are added once: events, samples, movements, and what has no counterpart here.
#include <fmt/format.h>

#include "store/import_work.h"

namespace bb::store {

namespace {

bool take(Known& known, const std::string& key) {
  const auto found = known.find(key);
  if (found == known.end() || found->second == 0) return false;
  --found->second;
  return true;
}

std::string key_of(const OrderEvent& event) {
  return fmt::format("{}|{}|{}|{}|{}", event.symbol.str(), event.order_id,
                     event.client_order_id.str(), event.status, to_ms(event.event_time));
}
std::string key_of(const WalletSnapshot& snapshot) {
  return fmt::format("{}|{}|{}|{}", to_ms(snapshot.captured_at), snapshot.equity.value().raw(),
                     snapshot.source, snapshot.error);
}

}  // namespace

Status Import::take_order_events() {
  TableImport& table = begin("order_events");
  Known known;
  {
    const auto here = read_all<OrderEvent>(target_, order_events_table().select(""));
    if (!here) return std::unexpected(here.error());
    for (const auto& event : *here)
      ++known[key_of(event)];
  }
  auto found = source_.load_order_events(problem_of(table));
  if (!found) return std::unexpected(found.error());
  Sum sum;
  for (auto& event : *found) {
    ++table.found;
    sum.add(event.qty.value());
    if (take(known, key_of(event))) {
      ++table.known;
      continue;
    }
    const auto position = position_ids_.find(event.holding_id);
    event.holding_id = position == position_ids_.end() ? 0 : position->second;
    if (auto done = put(event); !done) return done;
    ++table.added;
  }
  return finish(table, "qty", sum);
}

Status Import::take_snapshots() {
  TableImport& table = begin("wallet_snapshots");
  Known known;
  {
    const auto here = read_all<WalletSnapshot>(target_, snapshots_table().select(""));
    if (!here) return std::unexpected(here.error());
    for (const auto& snapshot : *here)
      ++known[key_of(snapshot)];
  }
  const auto found = source_.load_snapshots(problem_of(table));
  if (!found) return std::unexpected(found.error());
  Sum sum;
  for (const auto& snapshot : *found) {
    ++table.found;
    sum.add(snapshot.equity.value());
    if (!known.empty() && take(known, key_of(snapshot))) {
      ++table.known;
      continue;
    }
    if (auto done = put(snapshot); !done) return done;
    ++table.added;
  }
  return finish(table, "balance_usdt", sum);
}

// Keyed as the exchange keys them: what our service has read meanwhile is known.
Status Import::take_cashflows() {
  TableImport& table = begin("cashflow_events");
  std::set<std::pair<std::string, std::int64_t>> known;
  {
    const auto here = read_all<IncomeRecord>(target_, income_table().select(""));
    if (!here) return std::unexpected(here.error());
    for (const auto& income : *here)
      known.emplace(income.type, income.transaction_id);
  }
  const auto found = source_.load_cashflows(problem_of(table));
  if (!found) return std::unexpected(found.error());
  Sum sum;
  for (const auto& income : *found) {
    ++table.found;
    sum.add(income.amount.value());
    if (!known.emplace(income.type, income.transaction_id).second) {
      ++table.known;
      continue;
    }
    if (auto done = put(income); !done) return done;
    ++table.added;
  }
  return finish(table, "amount", sum);
}

// Its fills have no trade id, so they could be neither told from the exchange's own nor added up
// with them: what has no counterpart is kept as it is.
Status Import::take_raw() {
  for (const char* name : {"fills", "rebalance_cycles", "rebalance_actions"}) {
    const auto rows = source_.load_raw(name, options_.now);
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) continue;
    TableImport& table = begin(name);
    const auto before = target_.query_integer("SELECT count(*) FROM journal");
    for (const auto& row : *rows)
      if (auto done = put(row); !done) return done;
    const auto after = target_.query_integer("SELECT count(*) FROM journal");
    if (!before || !after) return std::unexpected((before ? after : before).error());
    table.found = static_cast<std::int64_t>(rows->size());
    table.added = *after - *before;
    table.known = table.found - table.added;
    report_.notes.push_back(fmt::format(
        "{}: kept in the journal as they are (source python.{}), counted nowhere", name, name));
  }
  return {};
}

}  // namespace bb::store
