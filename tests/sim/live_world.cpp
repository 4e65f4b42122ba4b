#include "live_world.h"

#include <doctest/doctest.h>

#include <cmath>

#include "sim/impl/market_data.h"

namespace bb::sim::test {

LiveWorld::LiveWorld() : live(start()), market(live.market()), exchange(market) {
  account = exchange.add_account({.balance = usdt("10000"),
                                  .default_leverage = 10,
                                  .default_margin = MarginType::isolated,
                                  .fees = {}});
  list(1, {contract("ABCUSDT"), contract("XYZUSDT")});
  // A million a minute, at rest.
  for (const auto* name : {"ABCUSDT", "XYZUSDT"}) {
    LiveUpdate day{.symbol = Symbol(name)};
    day.day = Ticker24h{.last = price("100"),
                        .open = price("100"),
                        .high = price("100"),
                        .low = price("100"),
                        .volume = 1.44e9,
                        .quote_volume = 1.44e11,
                        .open_time = at(-86400),
                        .close_time = at(1),
                        .count = 1000};
    append(name == std::string("ABCUSDT") ? 1.1 : 1.2, day);
  }
}

LiveContract LiveWorld::contract(const std::string& name) {
  LiveContract out;
  out.rules = Course::default_rules();
  out.rules.symbol = Symbol(name);
  out.brackets = Course::default_brackets();
  return out;
}

TimePoint LiveWorld::at(double seconds) {
  return start() + Millis(static_cast<std::int64_t>(std::llround(seconds * 1000)));
}

template <class Change>
void LiveWorld::grow(double seconds, Change change) {
  const TimePoint now = at(seconds);
  exchange.advance(now - Millis(1), Micros(0));
  const std::vector<Symbol> changed = change(now);
  exchange.grow(changed, now);
  exchange.advance(now, Micros(0));
}

void LiveWorld::append(double seconds, LiveUpdate update) {
  if (update.symbol.empty()) update.symbol = symbol;
  grow(seconds, [&](TimePoint now) { return live.append(std::span(&update, 1), now); });
}

void LiveWorld::say(double seconds, const std::string& last, const std::string& mark) {
  LiveUpdate update;
  update.last = price(last);
  update.mark = price(mark.empty() ? last : mark);
  append(seconds, update);
}

void LiveWorld::list(double seconds, const std::vector<LiveContract>& contracts) {
  grow(seconds, [&](TimePoint now) { return live.list(contracts, now); });
}

void LiveWorld::to(double seconds) { exchange.advance(at(seconds), Micros(0)); }

OrderView LiveWorld::accepted(const OrderRequest& order, const OrderTerms& terms) {
  const auto answer = exchange.place(account, order, terms);
  INFO("refused: " << (answer ? "no" : answer.error().text));
  REQUIRE(answer.has_value());
  return *answer;
}

OrderView LiveWorld::order(const OrderView& placed) const {
  const auto found = exchange.find_order(account, placed.ref());
  REQUIRE(found.has_value());
  REQUIRE(found->has_value());
  return **found;
}

Exchange::PositionRow LiveWorld::position() const {
  for (auto& row : exchange.positions(account))
    if (row.position.symbol == symbol) return row;
  return {};
}

std::vector<JournalEntry> LiveWorld::entries(JournalEntry::Kind kind) const {
  std::vector<JournalEntry> found;
  for (const auto& entry : exchange.journal())
    if (entry.kind == kind) found.push_back(entry);
  return found;
}

}  // namespace bb::sim::test
