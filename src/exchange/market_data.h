// MarketData: the public side of the exchange, shared by all accounts. Queries only: a failure is
// an Error, never an empty list; the adapter may retry them within the deadline it owns.
#pragma once

#include "base/clock.h"
#include "exchange/types.h"

namespace bb::exchange {

struct KlineQuery {
  Symbol symbol;
  std::string interval = "1h";
  TimePoint from{};
  TimePoint to{};  // inclusive; epoch = no end
  int limit = 1;
};

/// The best prices of the book; zero where there is none.
struct BookTicker {
  Symbol symbol;
  Price bid, ask;
  Qty bid_qty, ask_qty;
};

class MarketData {
 public:
  virtual ~MarketData() = default;
  /// Exchange time, and nothing else: local time corrected by the measured offset.
  virtual TimePoint exchange_now() const = 0;
  virtual Task<Result<MarketRules>> fetch_rules() = 0;
  /// Every symbol the exchange reports. A row that does not parse makes the whole answer an error.
  virtual Task<Result<AsOf<std::vector<Ticker>>>> fetch_tickers() = 0;
  virtual Task<Result<AsOf<std::vector<MarkPrice>>>> fetch_marks() = 0;
  virtual Task<Result<AsOf<std::vector<BookTicker>>>> fetch_book_tickers() = 0;
  virtual Task<Result<std::vector<Kline>>> fetch_klines(KlineQuery query) = 0;
  /// Opens what the next requests need (connections, clock offset), so that a minute that counts
  /// begins warm.
  virtual Task<Status> prepare(std::size_t parallel_requests) = 0;
};

}  // namespace bb::exchange
