#include "binance/parse.h"
#include "binance/words.h"

namespace bb::binance {

using net::JsonView;

std::vector<exchange::Fill> parse_fills(JsonView root) {
  std::vector<exchange::Fill> out;
  root.for_each([&](JsonView row) {
    exchange::Fill fill;
    fill.symbol = Symbol(row.at("symbol").text());
    fill.trade_id = row.at("id").integer();
    fill.order_id = row.at("orderId").integer();
    fill.side = read_side(row.at("side"));
    fill.position_side = read_position_side(row.at("positionSide"));
    fill.qty = Qty(row.at("qty").decimal());
    fill.price = Price(row.at("price").decimal());
    fill.realized_pnl = Usdt(row.at("realizedPnl").decimal(Rounding::nearest));
    fill.commission = Usdt(row.at("commission").decimal(Rounding::nearest));
    fill.commission_asset = row.at("commissionAsset").text();
    fill.maker = row.at("maker").boolean();
    fill.time = from_ms(row.at("time").integer());
    out.push_back(std::move(fill));
  });
  return out;
}

std::vector<exchange::Income> parse_income(JsonView root) {
  std::vector<exchange::Income> out;
  root.for_each([&](JsonView row) {
    exchange::Income income;
    income.type = row.at("incomeType").text();
    income.transaction_id = row.at("tranId").integer();
    income.asset = row.at("asset").text();
    income.amount = Usdt(row.at("income").decimal(Rounding::nearest));
    if (row.has("symbol")) income.symbol = row.at("symbol").text();
    if (row.has("info")) income.info = row.at("info").text();
    income.time = from_ms(row.at("time").integer());
    out.push_back(std::move(income));
  });
  return out;
}

}  // namespace bb::binance
