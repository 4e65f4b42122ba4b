// What was before the live feed began: asked for once, a little at a time, while the exchange
// works.
#include <fmt/format.h>

#include <algorithm>

#include "paper/live_state.h"

namespace bb::paper {

namespace {

constexpr Micros kBetween = Millis(100);
constexpr int kTries = 3;
constexpr Micros kTryAgain = Seconds(5);
// Of the 2400 a minute that everybody at this address shares.
constexpr int kWeightMost = 1500;
constexpr int kBars = 99;  // of a quarter of an hour; a hundred would weigh twice as much

}  // namespace

Task<void> LiveFeed::State::keep_history(Stop& stop) {
  co_await fetch_settlements();
  const std::vector<Symbol> contracts = order;
  for (const Symbol symbol : contracts) {
    if (!co_await stop.sleep_until(parts.clock.after(kBetween))) co_return;
    if (used_weight > kWeightMost) {
      used_weight = 0;
      if (!co_await stop.sleep_until(parts.clock.after(Minutes(1)))) co_return;
    }
    if (!co_await fetch_history(symbol, stop)) co_return;
  }
  parts.log.info("history read", {{"contracts", static_cast<std::int64_t>(histories)}});
}

// False when it is time to stop.
Task<bool> LiveFeed::State::fetch_history(Symbol symbol, Stop& stop) {
  std::string why;
  for (int i = 0; i < kTries; ++i) {
    const auto body = co_await get(fmt::format("/fapi/v1/klines?symbol={}&interval=15m&limit={}",
                                               net::percent_encode(symbol.str()), kBars));
    if (body) {
      if (const auto bars = live::parse_klines(*body)) {
        market->add_history(symbol, *bars);
        ++histories;
        co_return true;
      } else {
        why = bars.error().text;
      }
    } else {
      why = body.error().text;
    }
    const auto again = std::max(parts.clock.after(kTryAgain), not_asked_before);
    if (!co_await stop.sleep_until(again)) co_return false;
  }
  parts.log.warn("history not read", {{"symbol", symbol}, {"why", why}});
  co_return true;
}

Task<void> LiveFeed::State::fetch_settlements() {
  const auto body = co_await get("/fapi/v1/fundingRate?limit=1000");
  if (!body) {
    parts.log.warn("settlements not read", {{"why", body.error().text}});
    co_return;
  }
  const auto all =
      live::parse_settlements(*body, [this](std::string_view name) { return find(name); });
  if (!all) {
    parts.log.warn("settlements not read", {{"why", all.error().text}});
    co_return;
  }
  for (const auto& [symbol, settled] : *all)
    market->add_settlements(symbol, settled);
}

}  // namespace bb::paper
