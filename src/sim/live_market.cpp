#include "sim/live_market.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/impl/market_archive.h"
#include "sim/impl/market_feed.h"
#include "sim/impl/market_files.h"
#include "sim/impl/market_live.h"

namespace bb::sim {

LiveMarket::LiveMarket(TimePoint begin) : data_(std::make_shared<impl::LiveData>(begin)) {}

LiveMarket::~LiveMarket() = default;

Market LiveMarket::market() const { return Market(std::shared_ptr<const impl::LiveData>(data_)); }

TimePoint LiveMarket::newest() const { return data_->newest(); }

std::vector<Symbol> LiveMarket::list(const std::vector<LiveContract>& contracts, TimePoint at) {
  data_->move_to(at);
  std::vector<Symbol> changed;
  std::vector<Symbol> order;
  std::set<Symbol> listed;
  for (const auto& contract : contracts) {
    const Symbol symbol = contract.rules.symbol;
    if (!contract.rules.tick.is_positive() || contract.brackets.empty()) continue;
    if (!listed.insert(symbol).second) continue;
    order.push_back(symbol);
    if (data_->column(symbol).set(contract, at)) changed.push_back(symbol);
  }
  // Their positions are settled, and their history is asked for, long after.
  for (const Symbol symbol : data_->order()) {
    if (listed.contains(symbol)) continue;
    order.push_back(symbol);
    if (data_->column(symbol).end(at)) changed.push_back(symbol);
  }
  data_->put_in_order(order);
  return changed;
}

std::vector<Symbol> LiveMarket::append(std::span<const LiveUpdate> updates, TimePoint at) {
  data_->move_to(at);
  std::vector<Symbol> changed;
  for (const LiveUpdate& update : updates) {
    impl::LiveColumn* column = data_->find(update.symbol);
    if (column != nullptr && column->append(update, at)) changed.push_back(update.symbol);
  }
  return changed;
}

void LiveMarket::add_history(Symbol symbol, const std::vector<exchange::Kline>& bars) {
  if (impl::LiveColumn* column = data_->find(symbol)) column->add_history(bars);
}

void LiveMarket::add_settlements(Symbol symbol, const std::vector<Market::Funding>& settled) {
  if (impl::LiveColumn* column = data_->find(symbol)) column->add_settlements(settled);
}

bool LiveMarket::is_trading(Symbol symbol) const {
  const auto rules = data_->find_rules(symbol, data_->newest());
  return rules && rules->status == SymbolStatus::trading;
}

Result<std::map<std::string, Brackets>> load_brackets(const std::string& folder) {
  for (const auto* name : {"leverageBracket.json", "leverageBracket.json.zst"}) {
    const std::string path = folder + "/" + name;
    std::error_code ignored;
    if (folder.empty() || !std::filesystem::exists(path, ignored)) continue;
    const auto entries = impl::read_entries(path);
    if (!entries) return std::unexpected(entries.error());
    return impl::parse_brackets(entries->front().text);
  }
  return std::map<std::string, Brackets>();
}

Brackets make_brackets() { return impl::derive_brackets(); }

}  // namespace bb::sim
