// The names of market streams (reference §2.1, §15) and where each may be subscribed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "paper/intervals.h"

namespace bb::paper {

/// Which part of the exchange a socket is connected to. A path without root is `public_`.
enum class StreamRoot { public_, market, private_ };

struct StreamSpec {
  enum class Kind {
    // /public
    book_ticker,
    book_ticker_all,
    depth,          // changes
    partial_depth,  // the best levels, whole
    rpi_depth,
    trade,
    // /market
    agg_trade,
    mark_price,
    mark_price_all,
    kline,
    continuous_kline,
    mini_ticker,
    mini_ticker_all,
    ticker,
    ticker_all,
    force_order,
    force_order_all,
    composite_index,
    contract_info,
    asset_index,
    asset_index_all,
    trading_session,
  };
  Kind kind = Kind::agg_trade;
  std::string symbol{};         // upper case, as contracts are named; empty for all-symbol streams
  std::string interval_word{};  // klines
  Interval interval{};
  bool tradfi = false;  // continuous klines: of the TRADIFI_PERPETUAL contract
  int levels = 0;       // partial depth
  Millis period{100};
};

/// Nothing for a name that does not exist, or not at this root: it is acknowledged and silent.
std::optional<StreamSpec> parse_stream(std::string_view name, StreamRoot root);

}  // namespace bb::paper
