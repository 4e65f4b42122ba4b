// Answers of the exchange as the domain's types. Every function throws net::JsonError on a row that
// does not read: one bad row makes the whole answer an error, never a shorter list.
//
// Quantities, prices of orders and fills, and triggers are exact to eight places or an error.
// Entry, mark and liquidation prices of a position are rounded to the side that looks worse.
#pragma once

#include <string>
#include <vector>

#include "binance/limits.h"
#include "exchange/market_data.h"
#include "net/json.h"

namespace bb::binance {

// parse_market.cpp
std::vector<SymbolRules> parse_rules(net::JsonView exchange_info);
RateLimits parse_rate_limits(net::JsonView exchange_info);
/// All rows, also those of symbols that trade no more: their close time says so.
std::vector<exchange::Ticker> parse_tickers(net::JsonView root);
std::vector<exchange::MarkPrice> parse_marks(net::JsonView root);
std::vector<exchange::BookTicker> parse_book_tickers(net::JsonView root);
std::vector<exchange::Kline> parse_klines(net::JsonView root);

// parse_account.cpp
std::string parse_account_alias(net::JsonView balances);
exchange::AccountModes parse_modes(net::JsonView account_config);
std::vector<exchange::SymbolBrackets> parse_brackets(net::JsonView root);
std::vector<exchange::SymbolSettings> parse_symbol_settings(net::JsonView root);
Ratio parse_taker_fee(net::JsonView commission_rate);
std::vector<exchange::AssetBalance> parse_balances(net::JsonView root);
/// Rows of amount zero are left out: they stand there for a resting order only.
std::vector<exchange::Position> parse_positions(net::JsonView root);

// parse_orders.cpp
exchange::OrderView parse_order(net::JsonView row);
exchange::OrderView parse_algo_order(net::JsonView row);
std::vector<exchange::OrderView> parse_orders(net::JsonView root);
std::vector<exchange::OrderView> parse_algo_orders(net::JsonView root);

// parse_history.cpp
std::vector<exchange::Fill> parse_fills(net::JsonView root);
std::vector<exchange::Income> parse_income(net::JsonView root);

}  // namespace bb::binance
