#include "desk/book.h"

#include <fmt/format.h>

#include "base/async.h"
#include "base/plant.h"

namespace bb::desk {

Task<Status> Book::refresh() {
  auto rules = market_.fetch_rules();
  auto account = both(account_.fetch_brackets(), account_.fetch_symbol_settings());
  auto [new_rules, pair] = co_await both(std::move(rules), std::move(account));
  auto& [brackets, settings] = pair;
  if (!new_rules) co_return std::unexpected(new_rules.error());
  if (!brackets) co_return std::unexpected(brackets.error());
  if (!settings) co_return std::unexpected(settings.error());
  adopt(std::move(*new_rules));
  brackets_.clear();
  for (auto& each : *brackets)
    brackets_.emplace(each.symbol, std::move(each.brackets));
  settings_.clear();
  for (const auto& each : *settings)
    settings_.emplace(each.symbol, each);
  if (!rules_.symbols.empty()) {
    const auto fee = co_await account_.fetch_taker_fee(rules_.symbols.front().symbol);
    if (!fee) co_return std::unexpected(fee.error());
    taker_fee_ = *fee;
  }
  co_return Status{};
}

void Book::adopt(exchange::MarketRules rules) {
  rules_ = std::move(rules);
  rule_index_.clear();
  for (std::size_t i = 0; i < rules_.symbols.size(); ++i)
    rule_index_.emplace(rules_.symbols[i].symbol, i);
}

Task<Status> Book::refresh_rules() {
  auto rules = co_await market_.fetch_rules();
  if (!rules) co_return std::unexpected(rules.error());
  adopt(std::move(*rules));
  co_return Status{};
}

Task<Status> Book::refresh_if_older(Micros age, Clock& clock) {
  if (refreshed_ && planted("rules_cached_forever")) co_return Status{};
  if (refreshed_ && clock.steady_now() - *refreshed_ < age) co_return Status{};
  auto status = co_await refresh();
  if (status) refreshed_ = clock.steady_now();
  co_return status;
}

const SymbolRules* Book::find_rules(Symbol symbol) const {
  const auto found = rule_index_.find(symbol);
  return found == rule_index_.end() ? nullptr : &rules_.symbols[found->second];
}

const Brackets* Book::find_brackets(Symbol symbol) const {
  const auto found = brackets_.find(symbol);
  return found == brackets_.end() || found->second.empty() ? nullptr : &found->second;
}

bool Book::expects(const exchange::SymbolSettings& told) const {
  const auto asked = asked_leverage_.find(told.symbol);
  if (asked != asked_leverage_.end() && asked->second == told.leverage) return true;
  const auto known = settings_.find(told.symbol);
  return known != settings_.end() && known->second.leverage == told.leverage;
}

// What a lost answer leaves open, the exchange's own list of settings tells.
Task<void> Book::look_up(Symbol symbol) {
  const auto all = co_await account_.fetch_symbol_settings();
  if (!all) co_return;
  for (const auto& each : *all)
    if (each.symbol == symbol) settings_[symbol] = each;
}

Task<Status> Book::ensure_isolated(Symbol symbol, int leverage) {
  // A symbol that is not listed has the account's defaults, which are not known: set both.
  const auto is_isolated = [&] {
    const auto known = settings_.find(symbol);
    return known != settings_.end() && known->second.margin == MarginType::isolated;
  };
  const auto has_leverage = [&] {
    const auto known = settings_.find(symbol);
    return known != settings_.end() && known->second.leverage == leverage;
  };
  // Both say what shall be, not what shall change: once more is as good as once.
  for (int tries = 0; !is_isolated(); ++tries) {
    const auto changed = co_await account_.set_margin_type(symbol, MarginType::isolated);
    const bool accepted = planted("accept_cross_margin") && changed.code() == -4048;
    if (changed.done() != nullptr || accepted) break;
    if (changed.unknown() != nullptr) co_await look_up(symbol);
    if (!is_isolated() && (changed.unknown() == nullptr || tries > 0))
      co_return fail(
          ErrorKind::rejected,
          fmt::format("{} cannot be set to isolated margin: {}", symbol.str(), changed.describe()),
          changed.code());
  }
  for (int tries = 0; !has_leverage(); ++tries) {
    asked_leverage_[symbol] = leverage;  // the stream may tell it before the answer
    const auto changed = co_await account_.set_leverage(symbol, leverage);
    if (changed.done() != nullptr) break;
    if (changed.unknown() != nullptr) co_await look_up(symbol);
    if (!has_leverage() && (changed.unknown() == nullptr || tries > 0))
      co_return fail(ErrorKind::rejected,
                     fmt::format("the leverage of {} cannot be set to {}: {}", symbol.str(),
                                 leverage, changed.describe()),
                     changed.code());
  }
  settings_[symbol] = {symbol, MarginType::isolated, leverage};
  co_return Status{};
}

}  // namespace bb::desk
