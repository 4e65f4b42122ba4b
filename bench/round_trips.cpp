#include "round_trips.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>

#include "paper_thread.h"
#include "service/service.h"

namespace bb::bench {

namespace {

constexpr int kSymbols = 10;
constexpr Seconds kGetReady{12};  // from the start until the scheduled moment
constexpr Seconds kGiveUp{60};
constexpr int kRuns = 20;
constexpr double kSlow = 3;  // round trips

// A full minute of the exchange's day, far enough from its beginning to have gainers.
TimePoint scheduled_after(TimePoint now) {
  const TimePoint next = std::chrono::ceil<Minutes>(now + kGetReady);
  return std::max(next, utc_midnight(next) + Minutes(30));
}

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

// Until the entry is over and everything that stands is guarded.
Task<void> stop_when_open(store::Store& store, Clock& clock, Stop& stop, std::string trade_day) {
  const SteadyTime give_up = clock.after(kGetReady + kGiveUp);
  for (;;) {
    co_await sleep_for(clock, Millis(200));
    const auto holdings = store.open_holdings();
    const bool guarded = std::ranges::all_of(
        holdings, [](const auto& h) { return h.sl_price.has_value() && h.tp_price.has_value(); });
    const auto* run = store.find_run(trade_day);
    const bool over = run != nullptr && run->status != store::RunStatus::running;
    if ((over && guarded) || clock.steady_now() > give_up) break;
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
  group.spawn(stop_when_open(*client.store, clock, stop, utc_date(due)));
  co_await group.join();
}

double ms(Micros span) { return std::chrono::duration<double, std::milli>(span).count(); }

RoundTrips figures(const std::vector<sim::JournalEntry>& journal, TimePoint due) {
  using Kind = sim::JournalEntry::Kind;
  std::map<Symbol, Micros> opened;
  std::map<Symbol, std::set<std::int64_t>> sold;
  RoundTrips out;
  const ClientOrderIds ids(kAlias, "paper");
  const double trip = ms(kRoundTrip);
  for (const auto& entry : journal) {
    if (entry.kind == Kind::fill && entry.order) {
      const auto decoded = ids.decode(entry.order->client_order_id, entry.symbol);
      if (decoded && decoded->kind == OrderKind::entry)
        sold[entry.symbol].insert(entry.fill->order_id);
    }
    if (entry.kind == Kind::position_opened) opened.try_emplace(entry.symbol, entry.precise);
    if (entry.kind != Kind::protected_from && entry.kind != Kind::position_closed) continue;
    const auto found = opened.find(entry.symbol);
    if (found == opened.end()) continue;
    const double naked = ms(entry.precise - found->second);
    out.naked_ms_worst = std::max(out.naked_ms_worst, naked);
    opened.erase(found);
    if (entry.kind == Kind::position_closed) continue;
    ++out.positions;
    out.fill_to_stop_worst = std::max(out.fill_to_stop_worst, naked / trip);
    out.scheduled_to_last_stop = std::max(out.scheduled_to_last_stop, ms(entry.time - due) / trip);
  }
  for (const auto& [symbol, since] : opened)
    out.naked_ms_worst = std::max(out.naked_ms_worst, ms(journal.back().precise - since));
  for (const auto& [symbol, orders] : sold)
    out.doubled += orders.size() > 1 ? 1 : 0;
  if (sold.empty()) throw std::runtime_error("no entry of ours is in the exchange's journal");
  return out;
}

// What the exchange saw of an entry that took long, for whoever asks why.
void explain(const PaperThread& paper, TimePoint due, double worst) {
  fmt::print(stderr, "a position was without a stop for {:.1f} round trips; the requests:\n",
             worst);
  for (const auto& request : paper.requests()) {
    const auto after = (request.time - due).count();
    if (after < -500 || after > 5000) continue;
    fmt::print(stderr, "{:>6} ms {} {} {} {}\n", after,
               request.method == net::Method::get ? "GET" : "   ", request.path, request.client_id,
               request.status);
  }
}

}  // namespace

RoundTrips measure_entry(const EntryTrial& trial) {
  boost::asio::io_context io{1};
  SystemClock clock(io);
  const TimePoint now = clock.utc_now();
  const TimePoint due = scheduled_after(now);
  PaperThread paper(
      {.ahead = due - kGetReady - now, .lost_answers = trial.lost_answers, .seed = trial.seed});
  const Folder folder;
  run_to_end(io, trade(io, clock, paper.port(), folder.file("state.db"), due));
  paper.stop();
  RoundTrips out = figures(paper.journal(), due);
  out.lost = paper.lost_answers();
  if (trial.lost_answers == 0 && out.fill_to_stop_worst > kSlow)
    explain(paper, due, out.fill_to_stop_worst);
  const bool complete = trial.lost_answers > 0 ? out.positions > 0 : out.positions == kSymbols;
  if (!complete)
    throw std::runtime_error(fmt::format("only {} of {} positions stand", out.positions, kSymbols));
  return out;
}

std::vector<RoundTrips> measure_entries(EntryTrial trial) {
  const char* wanted = std::getenv("BB_BENCH_RUNS");
  const int runs = wanted != nullptr ? std::max(1, std::atoi(wanted)) : kRuns;
  std::vector<RoundTrips> all;
  for (int i = 0; i < runs; ++i, ++trial.seed)
    all.push_back(measure_entry(trial));
  return all;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace bb::bench
