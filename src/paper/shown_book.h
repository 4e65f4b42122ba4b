// The book that REST and streams show. It changes on a grid of instants, so that a snapshot and the
// changes of a depth stream fit together whatever their times: the update id names the instant.
#pragma once

#include "sim/book.h"

namespace bb::paper {

constexpr Millis kBookGrid{50};

struct ShownBook {
  sim::Book book;
  TimePoint at{};  // on the grid

  std::int64_t update_id() const { return to_ms(at) * 10; }
};

inline TimePoint on_book_grid(TimePoint t) {
  return from_ms(to_ms(t) / kBookGrid.count() * kBookGrid.count());
}

/// As of the newest instant of the grid; nothing for a contract that is not traded.
inline std::optional<ShownBook> shown_book(const sim::Market& market, Symbol symbol,
                                           TimePoint now) {
  const TimePoint at = on_book_grid(now);
  auto book = sim::book_at(market, symbol, at);
  if (!book) return std::nullopt;
  return ShownBook{std::move(*book), at};
}

}  // namespace bb::paper
