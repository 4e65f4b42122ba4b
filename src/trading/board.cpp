#include "trading/board.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/plant.h"

namespace bb::trading {

namespace {

constexpr Minutes kTickerAgeMax{10};
constexpr Hours kDelistingNotice{48};
constexpr std::int64_t kScaleJump = 5;

bool is_rescaled(Price open, Price last) {
  const Ratio jump(Decimal::from_int(kScaleJump));
  return last > open * jump || open > last * jump;
}

}  // namespace

bool is_eligible(const SymbolRules& rules, TimePoint now, const Settings& settings) {
  if (planted("no_status_filter")) return rules.quote_asset == "USDT";
  return rules.status == SymbolStatus::trading && rules.contract == ContractType::perpetual &&
         rules.is_coin && rules.quote_asset == "USDT" && rules.margin_asset == "USDT" &&
         now - rules.onboard_time >= settings.min_listing_age() &&
         rules.delivery_time - now >= kDelistingNotice;
}

Result<Board> build_board(const exchange::MarketRules& rules,
                          const exchange::AsOf<std::vector<exchange::Ticker>>& tickers,
                          const Opens& opens, TimePoint midnight, const Settings& settings) {
  std::unordered_map<Symbol, const exchange::Ticker*> by_symbol;
  for (const auto& ticker : tickers.value)
    by_symbol.emplace(ticker.symbol, &ticker);
  const double volume_min = settings.volume_threshold.to_double();

  Board board;
  board.midnight = midnight;
  int fresh = 0;
  for (const auto& contract : rules.symbols) {
    if (!is_eligible(contract, tickers.as_of, settings)) continue;
    ++board.universe;
    const auto found = by_symbol.find(contract.symbol);
    const auto open = opens.find(contract.symbol);
    if (found == by_symbol.end() || !found->second->last.is_positive() ||
        tickers.as_of - found->second->close_time > kTickerAgeMax)
      continue;
    if (open == opens.end() || !open->second.is_positive()) {
      // Listed for at least a day, so a bar at midnight exists: not having it is missing data.
      if (contract.onboard_time <= midnight)
        ++board.without_open;
      else
        ++fresh;
      continue;
    }
    ++fresh;
    const exchange::Ticker& ticker = *found->second;
    if (is_rescaled(open->second, ticker.last)) {
      board.rescaled.push_back(contract.symbol);
      continue;
    }
    if (ticker.quote_volume < volume_min) continue;
    board.gainers.push_back({contract.symbol, open->second, ticker.last,
                             ratio_of(ticker.last.value(), open->second.value()) - one(),
                             ticker.quote_volume});
  }
  if (board.universe == 0)
    return fail(ErrorKind::malformed, "the exchange lists no contract that could be shorted");
  if (fresh * 100 < board.universe * 95 && !planted("missing_data_ignored"))
    return fail(ErrorKind::unreachable,
                fmt::format("only {} of {} contracts have a fresh ticker and a known open; ranking "
                            "would short other coins than the gainers",
                            fresh, board.universe));
  std::vector<std::size_t> order(board.gainers.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const auto& left = board.gainers[a].change;
    const auto& right = board.gainers[b].change;
    return left != right ? left > right : a < b;
  });
  std::vector<Gainer> sorted;
  sorted.reserve(order.size());
  for (const std::size_t i : order)
    sorted.push_back(board.gainers[i]);
  board.gainers = std::move(sorted);
  return board;
}

}  // namespace bb::trading
