#include "round_trips.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/async.h"
#include "binance/account.h"
#include "binance/market_data.h"
#include "binance/venue.h"
#include "net/dialer.h"
#include "paper/server.h"
#include "service/service.h"

namespace bb::bench {

namespace {

constexpr Millis kRoundTrip{50};
constexpr int kSymbols = 10;
constexpr Seconds kGetReady{12};  // from the start until the scheduled moment
constexpr Seconds kGiveUp{60};
constexpr int kRuns = 20;
// Words of the benchmark's own paper account.
constexpr const char* kKey = "bench-paper-key";
constexpr const char* kSecret = "bench-paper-word";

// A full minute of the exchange's day, far enough from its beginning to have gainers.
TimePoint scheduled_after(TimePoint now) {
  const TimePoint next = std::chrono::ceil<Minutes>(now + kGetReady);
  return std::max(next, utc_midnight(next) + Minutes(30));
}

// The paper exchange in a thread of its own. Its clock is ahead of ours, so that the scheduled
// moment comes soon.
class PaperThread {
 public:
  PaperThread(const EntryTrial& trial, Millis ahead) {
    std::atomic<int> port{0};
    thread_ = std::thread([this, &port, trial, ahead] { serve(port, trial, ahead); });
    while (port == 0)
      std::this_thread::yield();
    port_ = port;
  }
  ~PaperThread() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(io_, [this] { stop_->request(); });
    thread_.join();
  }
  int port() const { return port_; }
  /// Valid after stop().
  const std::vector<sim::JournalEntry>& journal() const { return journal_; }
  int lost() const { return lost_; }

 private:
  void serve(std::atomic<int>& port, EntryTrial trial, Millis ahead) {
    SystemClock clock(io_);
    Stop stop(clock);
    stop_ = &stop;
    sim::RandomMarketOptions market_options;
    market_options.market.begin = utc_midnight(clock.utc_now()) - Hours(48);
    market_options.days = 4;
    market_options.delistings_per_day = 0;
    const sim::Market market = sim::make_random_market(market_options);
    paper::ServerOptions options;
    options.accounts = {{"bench", kKey, kSecret}};
    options.delay_before = options.delay_after = Micros(kRoundTrip) / 2;
    options.timeline.offset = ahead;
    paper::Server server(clock, market, options);
    if (trial.lost_answers > 0) {
      paper::FaultRule lost;
      lost.method = net::Method::post;
      lost.every = 1;
      lost.rate = trial.lost_answers;
      lost.effect = paper::FaultRule::Effect::act_then_drop;
      server.faults() = paper::FaultPlan({lost}, trial.seed);
    }
    auto listener = net::HttpListener::open(io_, clock, "127.0.0.1", 0, server.handler(), {});
    if (!listener) throw std::runtime_error(listener.error().text);
    port = (*listener)->port();
    run_to_end(io_, (*listener)->run(stop));
    journal_ = server.exchange().journal();
    lost_ = static_cast<int>(server.faults().fired());
  }

  boost::asio::io_context io_{1};
  Stop* stop_ = nullptr;
  std::vector<sim::JournalEntry> journal_;
  int port_ = 0;
  int lost_ = 0;
  std::thread thread_;
};

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
  Log log(LogLevel::warn, stderr_sink());
  auto dialer = net::make_network_dialer(io, clock, {});
  binance::Settings connection;
  connection.api_key = Secret(kKey);
  connection.api_secret = Secret(kSecret);
  connection.base_url = fmt::format("http://127.0.0.1:{}", port);
  binance::Venue venue(*dialer, clock, log, connection);
  auto market = binance::make_market_data(venue);
  auto account = binance::make_account(venue, connection);
  if (const auto ready = co_await market->prepare(1); !ready)
    throw std::runtime_error(ready.error().text);
  auto identity = co_await account->fetch_identity();
  auto modes = co_await account->fetch_modes();
  auto store = store::Store::open({database, true}, identity->alias, io.get_executor(), clock, log);
  if (!store) throw std::runtime_error(store.error().text);
  desk::Desk desk({*account, *market, **store, clock, log, *identity, *modes});
  trading::Settings strategy;
  strategy.top_n = strategy.allocation_splits = kSymbols;
  const service::Settings settings = settings_for(due);
  service::Service service({desk, strategy, settings});
  Stop stop(clock);
  TaskGroup group(io.get_executor());
  group.spawn(service.run(stop));
  group.spawn(stop_when_open(**store, clock, stop, utc_date(due)));
  co_await group.join();
}

double ms(Micros span) { return std::chrono::duration<double, std::milli>(span).count(); }

RoundTrips figures(const std::vector<sim::JournalEntry>& journal, TimePoint due) {
  using Kind = sim::JournalEntry::Kind;
  std::map<Symbol, Micros> opened;
  std::map<Symbol, std::set<std::int64_t>> sold;
  RoundTrips out;
  const double trip = ms(kRoundTrip);
  for (const auto& entry : journal) {
    if (entry.kind == Kind::fill && entry.fill->side == Side::sell)
      sold[entry.symbol].insert(entry.fill->order_id);
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
  return out;
}

}  // namespace

RoundTrips measure_entry(const EntryTrial& trial) {
  boost::asio::io_context io{1};
  SystemClock clock(io);
  const TimePoint now = clock.utc_now();
  const TimePoint due = scheduled_after(now);
  PaperThread paper(trial, due - kGetReady - now);
  const std::string folder =
      (std::filesystem::temp_directory_path() / fmt::format("bb-bench-{}-{}", getpid(), to_ms(now)))
          .string();
  std::filesystem::create_directories(folder);
  run_to_end(io, trade(io, clock, paper.port(), folder + "/state.db", due));
  std::filesystem::remove_all(folder);
  paper.stop();
  RoundTrips out = figures(paper.journal(), due);
  out.lost = paper.lost();
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
