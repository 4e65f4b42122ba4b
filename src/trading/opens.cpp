#include <algorithm>
#include <deque>

#include "base/async.h"
#include "trading/board.h"

namespace bb::trading {

namespace {

struct Pace {
  Clock& clock;
  Micros interval;      // between starts of requests
  std::int64_t weight;  // allowed per rolling minute; a kline costs 1
  SteadyTime next{};
  std::deque<SteadyTime> starts;

  // Waits for this request's turn.
  Task<void> wait() {
    SteadyTime due = std::max(next, clock.steady_now());
    if (static_cast<std::int64_t>(starts.size()) >= weight) {
      due = std::max(due, starts.front() + Minutes(1));
      starts.pop_front();
    }
    next = due + interval;
    starts.push_back(due);
    if (due > clock.steady_now()) co_await sleep_until(clock, due);
  }
};

struct Work {
  exchange::MarketData& market;
  const std::vector<Symbol>& symbols;
  TimePoint midnight;
  Pace pace;
  Opens& known;
  std::size_t next = 0;
  Status status;
};

Task<void> fetch_one(Work& work, Symbol symbol) {
  const auto bars = co_await work.market.fetch_klines(
      {symbol, "1h", work.midnight, work.midnight + Hours(1) - Millis(1), 1});
  if (!bars) {
    work.status = std::unexpected(bars.error());
    co_return;
  }
  if (!bars->empty() && bars->front().open_time == work.midnight)
    work.known[symbol] = bars->front().open;
}

Task<void> worker(Work& work) {
  while (work.status && work.next < work.symbols.size()) {
    const Symbol symbol = work.symbols[work.next++];
    if (work.known.contains(symbol)) continue;
    co_await work.pace.wait();
    co_await fetch_one(work, symbol);
  }
}

}  // namespace

Task<Status> fetch_opens(exchange::MarketData& market, Clock& clock,
                         const std::vector<Symbol>& symbols, TimePoint midnight,
                         const Settings& settings, Opens& known) {
  Work work{market,
            symbols,
            midnight,
            {clock,
             Millis(settings.ranker_min_request_interval_ms),
             settings.ranker_weight_limit_per_minute,
             {},
             {}},
            known,
            0,
            {}};
  TaskGroup group(co_await boost::asio::this_coro::executor);
  const auto workers =
      std::min<std::size_t>(static_cast<std::size_t>(settings.ranker_max_workers), symbols.size());
  for (std::size_t i = 0; i < workers; ++i)
    group.spawn(worker(work));
  co_await group.join();
  co_return work.status;
}

}  // namespace bb::trading
