// The order book as the exchange shows it: the very levels that a taking order meets (the rules are
// in impl/depth.h), and a few decorative ones behind them. A function of market and instant: the
// book has no memory, and no order of an account stands in it.
#pragma once

#include <optional>
#include <vector>

#include "sim/market.h"

namespace bb::sim {

struct BookLevel {
  Price price;
  Qty qty;
  friend bool operator==(const BookLevel&, const BookLevel&) = default;
};

struct Book {
  std::vector<BookLevel> bids, asks;  // best first
};

constexpr std::size_t kBookLevels = 20;  // on each side, fewer near zero

/// Nothing before the listing and after the last walked instant of the symbol.
std::optional<Book> book_at(const Market& market, Symbol symbol, TimePoint at);

}  // namespace bb::sim
