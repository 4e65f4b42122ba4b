// The payloads of market streams (reference §15), as JSON text. Pure functions of what they show;
// `now` is the event time E.
#pragma once

#include <string>
#include <vector>

#include "net/json.h"
#include "paper/shown_book.h"
#include "paper/venue.h"
#include "sim/tape.h"

namespace bb::paper::payload {

std::string agg_trade(const Contract& contract, const sim::TapeGroup& group, TimePoint now);
std::string trade(const Contract& contract, const sim::TapeRow& row, TimePoint now);

void mark_price(net::JsonWriter& json, const sim::Market& market, Symbol symbol, TimePoint now);
/// An object without E, so that equal figures give equal text.
struct Stamped {
  std::string head;  // up to and with "E":
  std::string tail;  // behind the number
  std::string text(TimePoint now) const { return head + std::to_string(to_ms(now)) + tail; }
};
Stamped mini_ticker(const Contract& contract, const sim::Ticker24h& ticker);
Stamped ticker(const sim::Market& market, const Contract& contract, const sim::Ticker24h& ticker,
               TimePoint now);
Stamped book_ticker(const Contract& contract, const ShownBook& book);
/// `contract_type`: of the pair, where it is the stream of that instead of the symbol's; `next` is
/// where the bar behind this one opens.
Stamped kline(const Contract& contract, const exchange::Kline& bar, TimePoint next,
              std::string_view interval_word, bool closed, std::string_view contract_type,
              TimePoint walked);

/// A book or its changes. `first` and `last` are the ids of the updates, `before` the last one of
/// the event before.
struct DepthIds {
  std::int64_t first = 0, last = 0, before = 0;
};
std::string depth(const Contract& contract, const std::vector<sim::BookLevel>& bids,
                  const std::vector<sim::BookLevel>& asks, DepthIds ids, TimePoint at,
                  TimePoint now);

struct ForcedTrade {
  std::string side;
  Qty qty;
  Price price, average;
  Qty last_qty, filled;
  bool whole = false;
  TimePoint time{};
};
std::string force_order(const Contract& contract, const ForcedTrade& trade, TimePoint now);

std::string contract_info(const SymbolRules& rules, TimePoint now);
void asset_index(net::JsonWriter& json, std::string_view name, TimePoint now);
std::string composite_index(Symbol symbol, const sim::Market& market, TimePoint now);
/// The session of one market of stocks, metals or currencies.
std::string trading_session(std::string_view event, TimePoint now);

}  // namespace bb::paper::payload
