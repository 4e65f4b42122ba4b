#include "round_trips.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "paper_thread.h"
#include "service/service.h"

namespace bb::bench {

namespace {

constexpr int kSymbols = 10;

service::Settings settings_for(TimePoint due) {
  service::Settings settings;
  settings.timezone = "UTC";
  const auto minute = std::chrono::duration_cast<Minutes>(due - utc_midnight(due)).count();
  settings.entry_hour = minute / 60;
  settings.entry_minute = minute % 60;
  settings.daily_loss_cut_enabled = false;
  settings.run_manage_on_startup = false;
  settings.manager_interval_sec = Decimal::from_int(3600);
  return settings;
}

Task<void> stop_when_open(store::Store& store, Clock& clock, Stop& stop, TimePoint due) {
  const TimePoint give_up = due + Seconds(30);
  for (;;) {
    co_await sleep_for(clock, Millis(200));
    const auto holdings = store.open_holdings();
    const auto guarded = std::ranges::count_if(
        holdings, [](const auto& h) { return h.sl_price.has_value() && h.tp_price.has_value(); });
    if (guarded >= kSymbols || clock.utc_now() > give_up) break;
  }
  stop.request();
}

Task<void> trade(boost::asio::io_context& io, Clock& clock, int port, std::string database,
                 TimePoint due) {
  Client client;
  co_await client.connect(io, clock, port, std::move(database));
  desk::Desk& desk = *client.desk;
  trading::Settings strategy;
  strategy.top_n = strategy.allocation_splits = kSymbols;
  const service::Settings settings = settings_for(due);
  service::Service service({desk, strategy, settings});
  Stop stop(clock);
  TaskGroup group(io.get_executor());
  group.spawn(service.run(stop));
  group.spawn(stop_when_open(*client.store, clock, stop, due));
  co_await group.join();
}

RoundTrips figures(const std::vector<sim::JournalEntry>& journal, TimePoint due) {
  using Kind = sim::JournalEntry::Kind;
  std::map<Symbol, Micros> opened;
  RoundTrips out;
  for (const auto& entry : journal) {
    if (entry.kind == Kind::position_opened) opened.try_emplace(entry.symbol, entry.precise);
    if (entry.kind != Kind::protected_from) continue;
    const auto found = opened.find(entry.symbol);
    if (found == opened.end()) continue;
    ++out.positions;
    const auto naked = std::chrono::duration<double, std::milli>(entry.precise - found->second);
    out.fill_to_stop_worst = std::max(out.fill_to_stop_worst, naked / kRoundTrip);
    const auto since = std::chrono::duration<double, std::milli>(entry.time - due);
    out.scheduled_to_last_stop = std::max(out.scheduled_to_last_stop, since / kRoundTrip);
    opened.erase(found);
  }
  return out;
}

}  // namespace

RoundTrips measure_entry() {
  PaperThread paper;
  boost::asio::io_context io{1};
  SystemClock clock(io);
  // The next full minute that leaves half a minute to get ready.
  const TimePoint due = std::chrono::ceil<Minutes>(clock.utc_now() + Seconds(30));
  const Folder folder;
  run_to_end(io, trade(io, clock, paper.port(), folder.file("state.db"), due));
  paper.stop();
  const RoundTrips out = figures(paper.journal(), due);
  if (out.positions < kSymbols)
    throw std::runtime_error(fmt::format("only {} of {} positions stand", out.positions, kSymbols));
  return out;
}

}  // namespace bb::bench
