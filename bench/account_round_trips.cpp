#include "account_round_trips.h"

#include <algorithm>
#include <stdexcept>

#include "desk/flatten.h"
#include "paper_thread.h"
#include "trading/entry.h"
#include "trading/patrol.h"

namespace bb::bench {

namespace {

constexpr int kCloseSymbols = 20;
constexpr int kPatrolSymbols = 10;
constexpr int kRounds = 5;

double round_trips(SteadyTime begin, SteadyTime end) {
  return std::chrono::duration<double, std::milli>(end - begin) / kRoundTrip;
}

Task<void> open_shorts(desk::Desk& desk, const trading::Settings& strategy) {
  trading::Entry entry(desk, strategy);
  const TimePoint now = desk.parts().market.exchange_now();
  const auto report = co_await entry.run({utc_date(now), now});
  if (report.opened < strategy.top_n) throw std::runtime_error("not all shorts stand");
}

trading::Settings strategy_of(int symbols) {
  trading::Settings strategy;
  strategy.top_n = strategy.allocation_splits = symbols;
  return strategy;
}

Task<void> close_all(boost::asio::io_context& io, Clock& clock, int port, std::string database,
                     CloseRoundTrips& out) {
  Client client;
  co_await client.connect(io, clock, port, std::move(database));
  const auto strategy = strategy_of(kCloseSymbols);
  co_await open_shorts(*client.desk, strategy);
  desk::FlattenRequest request;
  request.reason = "BENCH";
  const SteadyTime begin = clock.steady_now();
  const TimePoint exchange_begin = client.market->exchange_now();
  const auto report = co_await desk::flatten(*client.desk, request);
  out.until_recorded = round_trips(begin, clock.steady_now());
  out.until_proved =
      std::chrono::duration<double, std::milli>(report.as_of - exchange_begin) / kRoundTrip;
  out.positions = static_cast<int>(report.rows.size());
  if (report.verdict != desk::FlattenVerdict::flat)
    throw std::runtime_error("the account is not flat: " + report.text);
}

Task<void> patrol_rounds(boost::asio::io_context& io, Clock& clock, int port, std::string database,
                         int& positions, TimePoint& begin, TimePoint& end) {
  Client client;
  co_await client.connect(io, clock, port, std::move(database));
  const auto strategy = strategy_of(kPatrolSymbols);
  co_await open_shorts(*client.desk, strategy);
  trading::Patrol patrol(*client.desk, strategy);
  (void)co_await patrol.run_once();
  positions = static_cast<int>(client.store->open_holdings().size());
  begin = clock.utc_now();
  for (int round = 0; round < kRounds; ++round)
    (void)co_await patrol.run_once();
  end = clock.utc_now();
}

}  // namespace

CloseRoundTrips measure_close() {
  PaperThread paper;
  boost::asio::io_context io{1};
  SystemClock clock(io);
  const Folder folder;
  CloseRoundTrips out;
  run_to_end(io, close_all(io, clock, paper.port(), folder.file("state.db"), out));
  return out;
}

PatrolRequests measure_patrol() {
  PaperThread paper;
  boost::asio::io_context io{1};
  SystemClock clock(io);
  const Folder folder;
  PatrolRequests out;
  TimePoint begin;
  TimePoint end;
  run_to_end(io, patrol_rounds(io, clock, paper.port(), folder.file("state.db"), out.positions,
                               begin, end));
  paper.stop();
  const auto sent = std::ranges::count_if(paper.requests(), [&](const auto& request) {
    return request.time >= begin && request.time <= end;
  });
  out.per_round = static_cast<double>(sent) / kRounds;
  return out;
}

}  // namespace bb::bench
