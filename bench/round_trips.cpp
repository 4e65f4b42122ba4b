#include "round_trips.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
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
// Words of the benchmark's own paper account.
constexpr const char* kKey = "bench-paper-key";
constexpr const char* kSecret = "bench-paper-word";

// The paper exchange in a thread of its own.
class PaperThread {
 public:
  PaperThread() {
    std::atomic<int> port{0};
    thread_ = std::thread([this, &port] { serve(port); });
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

 private:
  void serve(std::atomic<int>& port) {
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
    paper::Server server(clock, market, options);
    auto listener = net::HttpListener::open(io_, clock, "127.0.0.1", 0, server.handler(), {});
    if (!listener) throw std::runtime_error(listener.error().text);
    port = (*listener)->port();
    run_to_end(io_, (*listener)->run(stop));
    journal_ = server.exchange().journal();
  }

  boost::asio::io_context io_{1};
  Stop* stop_ = nullptr;
  std::vector<sim::JournalEntry> journal_;
  int port_ = 0;
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
  group.spawn(stop_when_open(**store, clock, stop, due));
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
  const std::string folder =
      (std::filesystem::temp_directory_path() / fmt::format("bb-bench-{}", to_ms(due))).string();
  std::filesystem::create_directories(folder);
  run_to_end(io, trade(io, clock, paper.port(), folder + "/state.db", due));
  std::filesystem::remove_all(folder);
  paper.stop();
  const RoundTrips out = figures(paper.journal(), due);
  if (out.positions < kSymbols)
    throw std::runtime_error(fmt::format("only {} of {} positions stand", out.positions, kSymbols));
  return out;
}

}  // namespace bb::bench
