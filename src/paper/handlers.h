// Every endpoint of the exchange's face, one function each; routes.cpp says where they hang.
#pragma once

#include "paper/venue.h"

namespace bb::paper {

using Handler = Reply (*)(Call& call);

// market.cpp: public data
Reply ping(Call& call);
Reply server_time(Call& call);
Reply exchange_info(Call& call);
Reply depth(Call& call);
Reply rpi_depth(Call& call);
Reply premium_index(Call& call);
Reply funding_rate(Call& call);
Reply funding_info(Call& call);
Reply ticker_24h(Call& call);
Reply ticker_price(Call& call);
Reply book_ticker(Call& call);

// klines.cpp: bars
Reply klines(Call& call);
Reply continuous_klines(Call& call);
Reply mark_klines(Call& call);
Reply index_klines(Call& call);
Reply premium_klines(Call& call);

// executions.cpp: the market's public executions
Reply recent_executions(Call& call);
Reply old_executions(Call& call);
Reply aggregates(Call& call);

// statistics.cpp: open interest, ratios, basis
Reply open_interest(Call& call);
Reply open_interest_history(Call& call);
Reply top_position_ratio(Call& call);
Reply top_account_ratio(Call& call);
Reply global_account_ratio(Call& call);
Reply taker_ratio(Call& call);
Reply basis(Call& call);
Reply delivery_prices(Call& call);

// catalog.cpp: what is published about contracts
Reply asset_index(Call& call);
Reply composite_index(Call& call);
Reply constituents(Call& call);
Reply insurance_balance(Call& call);
Reply adl_risk(Call& call);
Reply trading_schedule(Call& call);

// orders.cpp: regular orders
Reply place_order(Call& call);
Reply check_order(Call& call);
Reply amend_order(Call& call);
Reply query_order(Call& call);
Reply cancel_order(Call& call);
Reply open_order(Call& call);
Reply open_orders(Call& call);
Reply cancel_all_orders(Call& call);
Reply set_countdown(Call& call);

// batch.cpp: several orders in one request
Reply place_batch(Call& call);
Reply amend_batch(Call& call);
Reply cancel_batch(Call& call);

// order_history.cpp: what became of orders
Reply all_orders(Call& call);
Reply user_trades(Call& call);
Reply amendments(Call& call);
Reply forced_orders(Call& call);

// position_margin.cpp: margin of isolated positions, the queue of deleveraging
Reply change_position_margin(Call& call);
Reply position_margin_history(Call& call);
Reply adl_quantiles(Call& call);

// algo.cpp: conditional orders
Reply place_algo_order(Call& call);
Reply query_algo_order(Call& call);
Reply cancel_algo_order(Call& call);
Reply cancel_all_algo_orders(Call& call);
Reply open_algo_orders(Call& call);
Reply all_algo_orders(Call& call);

// account.cpp: balances and positions
Reply account_v2(Call& call);
Reply account_v3(Call& call);
Reply balance(Call& call);
Reply position_risk_v2(Call& call);
Reply position_risk_v3(Call& call);
Reply income(Call& call);

// settings.cpp: modes, leverage, margin type, fees, limits
Reply account_config(Call& call);
Reply symbol_config(Call& call);
Reply leverage_bracket(Call& call);
Reply commission_rate(Call& call);
Reply set_leverage(Call& call);
Reply set_margin_type(Call& call);
Reply position_mode(Call& call);
Reply set_position_mode(Call& call);
Reply multi_assets_mode(Call& call);
Reply set_multi_assets_mode(Call& call);
Reply sign_stock_contract(Call& call);
Reply fee_burn(Call& call);
Reply set_fee_burn(Call& call);
Reply order_rate_limits(Call& call);
Reply api_trading_status(Call& call);

// listen_key.cpp: keys of user data streams
Reply start_listen_key(Call& call);
Reply extend_listen_key(Call& call);
Reply end_listen_key(Call& call);
// exports.cpp: bulk downloads
Reply start_order_export(Call& call);
Reply start_fill_export(Call& call);
Reply start_income_export(Call& call);
Reply order_export(Call& call);
Reply fill_export(Call& call);
Reply income_export(Call& call);
Reply fetch_export(Call& call);

// wallet.cpp: what the wallet's host answers
Reply api_restrictions(Call& call);
Reply wallet_coins(Call& call);
Reply margin_pairs(Call& call);
Reply system_status(Call& call);

// audit.cpp: what no real exchange shows (only with expose_journal)
Reply audit_journal(Call& call);
Reply audit_state(Call& call);

}  // namespace bb::paper
