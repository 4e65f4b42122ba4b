#include <algorithm>
#include <map>

#include "paper/handlers.h"
#include "paper/page.h"

namespace bb::paper {

namespace {

using net::JsonWriter;
using PositionRow = sim::Exchange::PositionRow;
using Balance = sim::Exchange::Balance;

/// Rows now, or as they were where a fault says so.
std::vector<PositionRow> rows_of(Call& call) {
  if (call.stale > Millis(0)) {
    const auto* old = call.venue.lags().positions_at(call.account, call.now - call.stale);
    if (old) return *old;
  }
  return call.exchange().positions(call.account);
}

/// A row for every contract (or the one that is asked for), as the v2 answers have them.
std::vector<PositionRow> with_empty_rows(Call& call, std::vector<PositionRow> rows,
                                         const Contract* wanted = nullptr) {
  const bool hedge = call.exchange().hedge(call.account);
  std::map<std::pair<Symbol, PositionSide>, PositionRow> present;
  for (auto& row : rows)
    present.insert_or_assign({row.position.symbol, row.position.side}, std::move(row));
  std::vector<PositionRow> all;
  const auto add = [&](Symbol symbol) {
    for (const auto side : {PositionSide::both, PositionSide::long_, PositionSide::short_}) {
      if (hedge == (side == PositionSide::both)) continue;
      const auto found = present.find({symbol, side});
      if (found != present.end()) {
        all.push_back(std::move(found->second));
        continue;
      }
      PositionRow row;
      row.position.symbol = symbol;
      row.position.side = side;
      const auto settings = call.exchange().settings(call.account, symbol);
      row.leverage = settings.leverage;
      row.margin = settings.margin;
      all.push_back(std::move(row));
    }
  };
  if (wanted) {
    add(wanted->symbol);
  } else {
    for (const auto& rules : call.venue.live_rules(call.now))
      add(rules.symbol);
  }
  return all;
}

Usdt max_notional(Call& call, const PositionRow& row) {
  const auto* brackets = call.venue.market().find_brackets(row.position.symbol);
  return brackets ? max_notional_at(*brackets, row.leverage) : Usdt();
}

/// "0" for nothing, else eight decimals: how positions print margins.
std::string zero_or_eight(Usdt amount) { return amount.is_zero() ? "0" : eight(amount); }

bool is_isolated(const PositionRow& row) { return row.margin == MarginType::isolated; }

Usdt isolated_margin(const PositionRow& row) {
  return is_isolated(row) ? row.position.isolated_wallet + row.position.unrealized_pnl : Usdt();
}

void write_position_risk_v3(JsonWriter& json, const Contract& contract, const PositionRow& row) {
  const auto& position = row.position;
  const int price = contract.price_places;
  json.begin_object()
      .field("symbol", position.symbol.str())
      .field("positionSide", word(position.side))
      .field("positionAmt", padded(position.qty, contract.qty_places))
      .field("entryPrice", padded(position.entry, 1))
      .field("breakEvenPrice", padded(row.break_even, 1))
      .field("markPrice", eight(position.mark))
      .field("unRealizedProfit", eight(position.unrealized_pnl))
      .field("liquidationPrice", position.liquidation ? padded(*position.liquidation, price) : "0")
      .field("isolatedMargin", zero_or_eight(isolated_margin(row)))
      .field("notional", zero_or_eight(row.notional))
      .field("marginAsset", "USDT")
      .field("isolatedWallet", zero_or_eight(position.isolated_wallet))
      .field("initialMargin", zero_or_eight(row.initial_margin + row.open_order_margin))
      .field("maintMargin", zero_or_eight(row.maintenance_margin))
      .field("positionInitialMargin", zero_or_eight(row.initial_margin))
      .field("openOrderInitialMargin", zero_or_eight(row.open_order_margin))
      .field("adl", row.adl_quantile)
      .field("bidNotional", "0")
      .field("askNotional", "0")
      .field("updateTime", to_ms(position.update_time))
      .end_object();
}

void write_position_risk_v2(JsonWriter& json, Call& call, const Contract& contract,
                            const PositionRow& row) {
  const auto& position = row.position;
  const int price = contract.price_places;
  json.begin_object()
      .field("symbol", position.symbol.str())
      .field("positionAmt", padded(position.qty, contract.qty_places))
      .field("entryPrice", padded(position.entry, 1))
      .field("breakEvenPrice", padded(row.break_even, 1))
      .field("markPrice", eight(position.mark))
      .field("unRealizedProfit", eight(position.unrealized_pnl))
      .field("liquidationPrice", position.liquidation ? padded(*position.liquidation, price) : "0")
      .field("leverage", std::to_string(row.leverage))
      .field("maxNotionalValue", max_notional(call, row).str())
      .field("marginType", is_isolated(row) ? "isolated" : "cross")
      .field("isolatedMargin", eight(isolated_margin(row)))
      .field("isAutoAddMargin", "false")
      .field("positionSide", word(position.side))
      .field("notional", zero_or_eight(row.notional))
      .field("isolatedWallet", zero_or_eight(position.isolated_wallet))
      .field("updateTime", to_ms(position.update_time))
      .field("isolated", is_isolated(row))
      .field("adlQuantile", 0)
      .end_object();
}

void write_account_position_v3(JsonWriter& json, const Contract& contract, const PositionRow& row) {
  const auto& position = row.position;
  json.begin_object()
      .field("symbol", position.symbol.str())
      .field("positionSide", word(position.side))
      .field("positionAmt", padded(position.qty, contract.qty_places))
      .field("unrealizedProfit", eight(position.unrealized_pnl))
      .field("isolatedMargin", zero_or_eight(isolated_margin(row)))
      .field("notional", zero_or_eight(row.notional))
      .field("isolatedWallet", zero_or_eight(position.isolated_wallet))
      .field("initialMargin", zero_or_eight(row.initial_margin + row.open_order_margin))
      .field("maintMargin", zero_or_eight(row.maintenance_margin))
      .field("updateTime", to_ms(position.update_time))
      .end_object();
}

void write_account_position_v2(JsonWriter& json, Call& call, const Contract& contract,
                               const PositionRow& row) {
  const auto& position = row.position;
  json.begin_object()
      .field("symbol", position.symbol.str())
      .field("initialMargin", zero_or_eight(row.initial_margin + row.open_order_margin))
      .field("maintMargin", zero_or_eight(row.maintenance_margin))
      .field("unrealizedProfit", eight(position.unrealized_pnl))
      .field("positionInitialMargin", zero_or_eight(row.initial_margin))
      .field("openOrderInitialMargin", zero_or_eight(row.open_order_margin))
      .field("leverage", std::to_string(row.leverage))
      .field("isolated", is_isolated(row))
      .field("entryPrice", padded(position.entry, 1))
      .field("breakEvenPrice", padded(row.break_even, 1))
      .field("maxNotional", max_notional(call, row).str())
      .field("positionSide", word(position.side))
      .field("positionAmt", padded(position.qty, contract.qty_places))
      .field("notional", zero_or_eight(row.notional))
      .field("isolatedWallet", zero_or_eight(position.isolated_wallet))
      .field("updateTime", to_ms(position.update_time))
      .field("bidNotional", "0")
      .field("askNotional", "0")
      .end_object();
}

void write_totals(JsonWriter& json, const Balance& b) {
  json.field("totalInitialMargin", eight(b.position_margin + b.order_margin))
      .field("totalMaintMargin", eight(b.maintenance_margin))
      .field("totalWalletBalance", eight(b.wallet))
      .field("totalUnrealizedProfit", eight(b.unrealized_pnl))
      .field("totalMarginBalance", eight(b.wallet + b.unrealized_pnl))
      .field("totalPositionInitialMargin", eight(b.position_margin))
      .field("totalOpenOrderInitialMargin", eight(b.order_margin))
      .field("totalCrossWalletBalance", eight(b.cross_wallet))
      .field("totalCrossUnPnl", eight(b.cross_unrealized_pnl))
      .field("availableBalance", eight(b.available))
      .field("maxWithdrawAmount", eight(b.max_withdraw));
}

void write_asset(JsonWriter& json, std::string_view asset, const Balance& b, TimePoint updated) {
  json.begin_object()
      .field("asset", asset)
      .field("walletBalance", eight(b.wallet))
      .field("unrealizedProfit", eight(b.unrealized_pnl))
      .field("marginBalance", eight(b.wallet + b.unrealized_pnl))
      .field("maintMargin", eight(b.maintenance_margin))
      .field("initialMargin", eight(b.position_margin + b.order_margin))
      .field("positionInitialMargin", eight(b.position_margin))
      .field("openOrderInitialMargin", eight(b.order_margin))
      .field("crossWalletBalance", eight(b.cross_wallet))
      .field("crossUnPnl", eight(b.cross_unrealized_pnl))
      .field("availableBalance", eight(b.available))
      .field("maxWithdrawAmount", eight(b.max_withdraw))
      .field("marginAvailable", true)
      .field("updateTime", to_ms(updated))
      .end_object();
}

void write_balance(JsonWriter& json, std::string_view alias, std::string_view asset,
                   const Balance& b, TimePoint updated) {
  json.begin_object()
      .field("accountAlias", alias)
      .field("asset", asset)
      .field("balance", eight(b.wallet))
      .field("crossWalletBalance", eight(b.cross_wallet))
      .field("crossUnPnl", eight(b.cross_unrealized_pnl))
      .field("availableBalance", eight(b.available))
      .field("maxWithdrawAmount", eight(b.max_withdraw))
      .field("marginAvailable", true)
      .field("updateTime", to_ms(updated))
      .end_object();
}

/// USDT as it stands, and an empty row for every other asset that could be margin.
void write_assets(JsonWriter& json, const Balance& usdt, TimePoint now) {
  json.key("assets").begin_array();
  for (const auto& asset : kMarginAssets)
    if (asset.name == kMarginAssets.front().name)
      write_asset(json, asset.name, usdt, now);
    else
      write_asset(json, asset.name, Balance{}, TimePoint{});
  json.end_array();
}

}  // namespace

Reply account_v3(Call& call) {
  const auto totals = call.exchange().balance(call.account);
  JsonWriter json;
  json.begin_object();
  write_totals(json, totals);
  write_assets(json, totals, call.now);
  json.key("positions").begin_array();
  for (const auto& row : rows_of(call))
    write_account_position_v3(json, call.venue.contract(row.position.symbol), row);
  json.end_array().end_object();
  return ok(json);
}

Reply account_v2(Call& call) {
  const auto totals = call.exchange().balance(call.account);
  JsonWriter json;
  json.begin_object()
      .field("feeTier", 0)
      .field("feeBurn", call.venue.modes(call.account).fee_burn)
      .field("canTrade", true)
      .field("canDeposit", true)
      .field("canWithdraw", true)
      .field("updateTime", 0)
      .field("multiAssetsMargin", call.venue.modes(call.account).multi_assets)
      .field("tradeGroupId", -1);
  write_totals(json, totals);
  write_assets(json, totals, call.now);
  json.key("positions").begin_array();
  for (const auto& row : with_empty_rows(call, rows_of(call)))
    write_account_position_v2(json, call, call.venue.contract(row.position.symbol), row);
  json.end_array().end_object();
  return ok(json);
}

Reply balance(Call& call) {
  const auto& alias = call.exchange().alias(call.account);
  JsonWriter json;
  json.begin_array();
  for (const auto& asset : kMarginAssets)
    if (asset.name == kMarginAssets.front().name)
      write_balance(json, alias, asset.name, call.exchange().balance(call.account), call.now);
    else
      write_balance(json, alias, asset.name, Balance{}, TimePoint{});
  json.end_array();
  return ok(json);
}

Reply position_risk_v3(Call& call) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  json.begin_array();
  for (const auto& row : rows_of(call))
    if (!contract || row.position.symbol == contract->symbol)
      write_position_risk_v3(json, call.venue.contract(row.position.symbol), row);
  json.end_array();
  return ok(json);
}

Reply position_risk_v2(Call& call) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  json.begin_array();
  for (const auto& row : with_empty_rows(call, rows_of(call), contract))
    write_position_risk_v2(json, call, call.venue.contract(row.position.symbol), row);
  json.end_array();
  return ok(json);
}

Reply income(Call& call) {
  const auto* contract = call.optional_symbol();
  const auto type = call.params.optional("incomeType");
  const auto from = call.params.optional_time("startTime");
  const auto to = call.params.optional_time("endTime");
  const auto number = call.params.optional_integer("page");
  const auto limit = call.params.limit(100, 1000);
  if (from && to && *from > *to)
    call.params.complain(-1023, "Start time is greater than end time.");
  if (number && (*number < 1 || *number > 1'000'000))
    call.params.complain(-1130, "Data sent for parameter 'page' is not valid.");
  if (call.params.error()) return refuse(*call.params.error());
  const TimePoint end = to.value_or(call.now);
  const TimePoint week = (to ? *to : call.now) - std::chrono::days(7);
  const TimePoint start = std::max(from.value_or(week), call.now - kOrderMemory);

  std::vector<exchange::Income> rows;
  for (auto& row : call.exchange().income(call.account)) {
    if (row.time < start || row.time > end) continue;
    if (contract && row.symbol != contract->symbol.str()) continue;
    if (type && row.type != *type) continue;
    rows.push_back(std::move(row));
  }
  const std::size_t skip = number ? (static_cast<std::size_t>(*number) - 1) * limit : 0;
  JsonWriter json;
  json.begin_array();
  for (const auto& row : page(rows, number || from, limit, skip)) {
    const bool is_of_a_trade = row.type == "COMMISSION" || row.type == "REALIZED_PNL";
    json.begin_object()
        .field("symbol", row.symbol)
        .field("incomeType", row.type)
        .field("income", eight(row.amount))
        .field("asset", row.asset)
        .field("info", row.info)
        .field("time", to_ms(row.time))
        .field("tranId", row.transaction_id)
        .field("tradeId", is_of_a_trade ? row.info : "")
        .end_object();
  }
  json.end_array();
  return ok(json);
}

}  // namespace bb::paper
