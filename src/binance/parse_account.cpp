#include <algorithm>

#include "binance/parse.h"
#include "binance/words.h"

namespace bb::binance {

namespace {

using net::JsonView;

/// The exchange writes "no limit" as 2^63, which is beyond Decimal.
Usdt notional_of(JsonView value) {
  const auto no_limit = Decimal::from_int(90'000'000'000);
  if (value.number() >= no_limit.to_double()) return Usdt(no_limit);
  return Usdt(value.decimal(Rounding::down));
}

exchange::SymbolBrackets brackets_of(JsonView row) {
  exchange::SymbolBrackets out;
  out.symbol = Symbol(row.at("symbol").text());
  row.at("brackets").for_each([&](JsonView each) {
    LeverageBracket bracket;
    bracket.max_leverage = static_cast<int>(each.at("initialLeverage").integer());
    bracket.floor = notional_of(each.at("notionalFloor"));
    bracket.cap = notional_of(each.at("notionalCap"));
    bracket.maintenance_rate = Ratio(each.at("maintMarginRatio").decimal(Rounding::up));
    bracket.maintenance_amount = Usdt(each.at("cum").decimal(Rounding::down));
    out.brackets.push_back(bracket);
  });
  std::ranges::sort(out.brackets, {}, &LeverageBracket::floor);
  if (out.brackets.empty() || !out.brackets.front().floor.is_zero())
    throw net::JsonError(out.symbol.str() + " has no bracket that begins at zero");
  return out;
}

exchange::Position position_of(JsonView row) {
  exchange::Position out;
  out.symbol = Symbol(row.at("symbol").text());
  out.side = read_position_side(row.at("positionSide"));
  out.qty = Qty(row.at("positionAmt").decimal());
  // A short suffers from a lower entry, a higher mark and a nearer, lower liquidation price.
  const bool is_short = out.qty.is_negative();
  const auto low = is_short ? Rounding::down : Rounding::up;
  const auto high = is_short ? Rounding::up : Rounding::down;
  out.entry = Price(row.at("entryPrice").decimal(low));
  out.mark = Price(row.at("markPrice").decimal(high));
  const Price liquidation(row.at("liquidationPrice").decimal(low));
  if (liquidation.is_positive()) out.liquidation = liquidation;
  out.unrealized_pnl = Usdt(row.at("unRealizedProfit").decimal(Rounding::down));
  out.isolated_wallet = Usdt(row.at("isolatedWallet").decimal(Rounding::down));
  out.update_time = from_ms(row.at("updateTime").integer());
  return out;
}

}  // namespace

std::string parse_account_alias(JsonView balances) {
  std::string alias;
  balances.for_each([&](JsonView row) {
    const auto text = row.at("accountAlias").text();
    if (text.empty() || (!alias.empty() && text != alias))
      throw net::JsonError("the balances do not carry one accountAlias");
    alias = text;
  });
  if (alias.empty()) throw net::JsonError("the account has no balance row, so no accountAlias");
  return alias;
}

exchange::AccountModes parse_modes(JsonView account_config) {
  exchange::AccountModes out;
  out.hedge = account_config.at("dualSidePosition").boolean();
  out.multi_assets = account_config.at("multiAssetsMargin").boolean();
  out.can_trade = account_config.at("canTrade").boolean();
  return out;
}

std::vector<exchange::SymbolBrackets> parse_brackets(JsonView root) {
  std::vector<exchange::SymbolBrackets> out;
  root.for_each([&](JsonView row) { out.push_back(brackets_of(row)); });
  return out;
}

std::vector<exchange::SymbolSettings> parse_symbol_settings(JsonView root) {
  std::vector<exchange::SymbolSettings> out;
  root.for_each([&](JsonView row) {
    out.push_back({Symbol(row.at("symbol").text()), read_margin_type(row.at("marginType")),
                   static_cast<int>(row.at("leverage").integer())});
  });
  return out;
}

Ratio parse_taker_fee(JsonView commission_rate) {
  return Ratio(commission_rate.at("takerCommissionRate").decimal(Rounding::up));
}

std::vector<exchange::AssetBalance> parse_balances(JsonView root) {
  std::vector<exchange::AssetBalance> out;
  root.for_each([&](JsonView row) {
    out.push_back({std::string(row.at("asset").text()),
                   Usdt(row.at("balance").decimal(Rounding::down)),
                   Usdt(row.at("availableBalance").decimal(Rounding::down)),
                   Usdt(row.at("crossUnPnl").decimal(Rounding::down))});
  });
  return out;
}

std::vector<exchange::Position> parse_positions(JsonView root) {
  std::vector<exchange::Position> out;
  root.for_each([&](JsonView row) {
    auto position = position_of(row);
    if (!position.qty.is_zero()) out.push_back(std::move(position));
  });
  return out;
}

}  // namespace bb::binance
