#include "sim/book.h"

#include "sim/impl/depth.h"

namespace bb::sim {

namespace {

// The deepest level of a taker's book has no end; it is shown as so much of the one before it.
constexpr std::int64_t kDeepest = 4;

std::vector<BookLevel> shown(const std::vector<impl::Level>& levels, Decimal tick) {
  std::vector<BookLevel> side;
  Qty usual;
  for (const auto& level : levels) {
    usual = level.qty.value_or(usual);
    const Qty qty = level.qty.value_or(Qty(Decimal::from_raw(usual.value().raw() * kDeepest)));
    // Near zero, levels fall together on the lowest price.
    if (side.empty() || side.back().price != level.price) side.push_back({level.price, qty});
  }
  if (levels.size() < 2) return side;
  const Price step = side.back().price - levels[levels.size() - 2].price;
  while (side.size() < kBookLevels && !step.is_zero()) {
    const Price next = side.back().price + step;
    if (next.value() < tick) break;
    side.push_back({next, usual});
  }
  return side;
}

}  // namespace

std::optional<Book> book_at(const Market& market, Symbol symbol, TimePoint at) {
  const auto last = market.last(symbol, at);
  const auto rules = market.find_rules(symbol, at);
  if (!last || !rules || last->time < at) return std::nullopt;
  const Decimal tick = rules->tick.value();
  return Book{shown(impl::depth_at(market, at, *rules, Side::sell), tick),
              shown(impl::depth_at(market, at, *rules, Side::buy), tick)};
}

}  // namespace bb::sim
