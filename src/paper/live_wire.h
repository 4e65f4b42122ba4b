// What the source of a live market says, as plain values: REST answers (reference §9, §10) and
// stream messages (§15). Pure functions of text; they take whatever comes, and throw nothing.
//
// A message that is no JSON of the expected shape is an error. Within a message a row that cannot
// be used (a figure that is no number, is not positive, or beyond any market's) is left out and
// counted: one sick contract must not silence the others. Rows of contracts that nobody asked for
// are skipped unread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/live_market.h"

namespace bb::paper::live {

/// The contract of that name, or nothing when it is not followed.
using FindSymbol = std::function<std::optional<Symbol>(std::string_view)>;

/// What was heard of contracts. `event_time` is the source's; epoch where it says none.
struct News {
  enum class Kind { tickers, marks, books, trades, contracts, other };
  Kind kind = Kind::other;
  TimePoint event_time{};
  std::vector<sim::LiveUpdate> updates{};
  std::size_t faulty = 0;  // rows left out
  std::string fault{};     // what was wrong with the first of them
};

/// A message of a stream, combined or raw. Answers to subscriptions and streams that were not
/// asked for are `other`; `contracts` says only that a contract has changed.
Result<News> parse_message(std::string_view text, const FindSymbol& find);

// REST answers.
Result<TimePoint> parse_server_time(std::string_view json);
/// The USDT perpetuals of exchangeInfo, in its order, without brackets and funding intervals.
struct Contracts {
  std::vector<sim::LiveContract> rows;
  std::size_t faulty = 0;
  std::string fault{};
};
Result<Contracts> parse_contracts(std::string_view json);
/// fundingInfo: those with an interval of their own.
Result<std::map<std::string, Millis>> parse_funding_intervals(std::string_view json);
Result<News> parse_premium_index(std::string_view json, const FindSymbol& find);
Result<News> parse_day_tickers(std::string_view json, const FindSymbol& find);
Result<News> parse_book_tickers(std::string_view json, const FindSymbol& find);
Result<std::vector<exchange::Kline>> parse_klines(std::string_view json);
/// fundingRate, by contract, each by time.
using Settlements = std::map<Symbol, std::vector<sim::Market::Funding>>;
Result<Settlements> parse_settlements(std::string_view json, const FindSymbol& find);

}  // namespace bb::paper::live
