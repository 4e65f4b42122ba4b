#include "app/figures.h"

#include <map>
#include <utility>

namespace bb::app {

namespace {

using Kind = sim::JournalEntry::Kind;
using Leg = std::pair<Symbol, PositionSide>;

void add_income(Figures& figures, const exchange::Income& income) {
  if (income.type == "REALIZED_PNL") figures.realized_pnl += income.amount;
  if (income.type == "COMMISSION") figures.fees += income.amount;
  if (income.type == "FUNDING_FEE") figures.funding += income.amount;
}

struct Bare {
  Micros since{};
  TimePoint time{};
};

void end_bare(Figures& figures, std::map<Leg, Bare>& bare, const Leg& leg, Micros until) {
  const auto found = bare.find(leg);
  if (found == bare.end()) return;
  if (const Micros span = until - found->second.since; span > figures.unprotected_max) {
    figures.unprotected_max = span;
    figures.unprotected_symbol = leg.first;
    figures.unprotected_from = found->second.time;
  }
  bare.erase(found);
}

}  // namespace

Figures figures_of(const std::vector<sim::JournalEntry>& journal, int account, Micros now) {
  Figures figures;
  std::map<Leg, Bare> bare;
  for (const auto& entry : journal) {
    if (entry.account != account) continue;
    const Leg leg(entry.symbol, entry.side);
    switch (entry.kind) {
      case Kind::position_opened:
      case Kind::unprotected_from:
        bare.try_emplace(leg, Bare{entry.precise, entry.time});
        break;
      case Kind::protected_from:
      case Kind::position_closed:
        end_bare(figures, bare, leg, entry.precise);
        break;
      case Kind::income:
        add_income(figures, *entry.income);
        break;
      case Kind::order_accepted:
      case Kind::order_updated:
      case Kind::fill:
      case Kind::liquidated:
      case Kind::order_amended:
      case Kind::leverage_changed:
      case Kind::margin_type_changed:
      case Kind::isolated_margin_changed:
      case Kind::margin_call:
        break;
    }
  }
  while (!bare.empty()) {
    const Leg leg = bare.begin()->first;
    end_bare(figures, bare, leg, now);
  }
  return figures;
}

ExchangeView view_of(const sim::Exchange& exchange, int account) {
  ExchangeView view;
  using Key = std::pair<Symbol, std::pair<bool, std::int64_t>>;
  std::map<Key, exchange::OrderView> newest;
  for (const auto& entry : exchange.journal()) {
    if (entry.account != account) continue;
    if (entry.order)
      newest[{entry.symbol, {entry.order->conditional, entry.order->order_id}}] = *entry.order;
    if (entry.kind == Kind::fill && entry.fill) view.fills.push_back(*entry.fill);
  }
  for (auto& [key, order] : newest)
    view.orders.push_back(std::move(order));
  for (const auto& row : exchange.positions(account))
    if (!row.position.qty.is_zero()) view.positions.push_back(row.position);
  return view;
}

}  // namespace bb::app
