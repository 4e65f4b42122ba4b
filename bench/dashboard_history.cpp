#include "dashboard_history.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/random.h"
#include "dashboard/dashboard.h"
#include "sql/connection.h"
#include "store/store.h"

namespace bb::bench {

namespace {

constexpr const char* kAccount = "paper-bench";
constexpr std::string_view kServe = "--serve-history";
constexpr int kHoldings = 4000;
constexpr int kRowsPerTransaction = 200'000;

template <class Value>
Value must(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().text);
  return std::move(*result);
}
void must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().text);
}

Usdt usdt(double amount) { return Usdt(Decimal::from_raw(std::llround(amount * 1e8))); }

Task<void> done(Task<Status> commit) { must(co_await std::move(commit)); }

std::unique_ptr<store::Store> open_store(const std::string& folder, boost::asio::io_context& io,
                                         Clock& clock, const Log& log) {
  store::StoreOptions options;
  options.path = folder + "/state.db";
  options.threaded = false;
  options.sync = false;
  return must(store::Store::open(options, kAccount, io.get_executor(), clock, log));
}

// Through the store, as the service writes them: runs, positions and their fills.
void fill_positions(store::Store& store, boost::asio::io_context& io, TimePoint now) {
  for (int i = 0; i < kHoldings; ++i) {
    store::Batch batch;
    const TimePoint opened = now - Hours(20) * (kHoldings - i);
    const std::string run_id = fmt::format("run-{}", i);
    batch.put(store::Run{run_id, utc_date(opened) + fmt::format("/{}", i), opened,
                         opened + Seconds(2), store::RunStatus::success, "1 opened, 0 failed"});
    store::Holding held;
    held.id = store.next_holding_id();
    held.run_id = run_id;
    held.symbol = Symbol(fmt::format("COIN{}USDT", i % 300));
    held.qty = Qty(Decimal::from_int(100));
    held.entry_price = Price(Decimal::from_int(2));
    held.opened_at = held.created_at = held.updated_at = opened;
    held.expire_at = opened + Hours(47);
    if (i < kHoldings - 10) {
      held.status = store::HoldingStatus::closed_tp;
      held.closed_at = opened + Hours(11);
      held.close_reason = "TAKE_PROFIT_FILLED";
    }
    batch.put(held);
    for (const auto side : {Side::sell, Side::buy}) {
      if (side == Side::buy && !held.closed_at) continue;
      store::FillRecord fill;
      fill.holding_id = held.id;
      fill.symbol = held.symbol;
      fill.trade_id = fill.order_id = i * 2 + (side == Side::buy ? 1 : 0);
      fill.side = side;
      fill.qty = held.qty;
      fill.price = held.entry_price;
      fill.commission = usdt(0.1);
      fill.commission_asset = "USDT";
      fill.time = side == Side::sell ? opened : *held.closed_at;
      batch.add(fill);
    }
    run_to_end(io, done(store.commit(std::move(batch))));
  }
}

// Past the store, for five million commits would take an hour; its triggers keep the roll-ups.
void fill_rows(const std::string& path, TimePoint now) {
  auto connection = must(sql::Connection::open_writer(path, {}));
  must(connection.execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000"));
  Random random(11);
  const auto fill = [&](const char* insert, int rows, const auto& bind) {
    for (int row = 0; row < rows;) {
      auto transaction = must(sql::Transaction::begin(connection));
      auto statement = must(connection.prepare(insert));
      for (int end = std::min(rows, row + kRowsPerTransaction); row < end; ++row)
        must(statement.run(bind(row)));
      must(transaction.commit());
    }
  };
  double equity = 1000;
  fill(
      "INSERT INTO wallet_snapshots(captured_at_utc, balance_usdt, source, created_at_utc) "
      "VALUES (?1, ?2, 'API', ?1)",
      kSamples, [&](int row) {
        equity *= 1 + random.normal() * 0.0003;
        const TimePoint at = now - Minutes(1) * (kSamples - row);
        return std::vector<sql::Value>{to_ms(at), usdt(equity).value().raw()};
      });
  fill(
      "INSERT INTO order_events(position_id, symbol, order_id, client_order_id, type, side, "
      "price, qty, status, event_time_utc) VALUES "
      "(?1, ?2, ?3, 'bb-bench', 'STOP_MARKET', 'BUY', 200000000, 10000000000, 'NEW', ?4)",
      kOrderEvents, [&](int row) {
        const int holding = static_cast<int>(std::int64_t{row} * kHoldings / kOrderEvents);
        return std::vector<sql::Value>{std::int64_t{holding} + 1,
                                       fmt::format("COIN{}USDT", holding % 300), std::int64_t{row},
                                       to_ms(now - Seconds(250) * (kOrderEvents - row))};
      });
}

Task<void> sample(store::Store& store, Clock& clock, Stop& stop) {
  double equity = 1000;
  while (co_await stop.sleep_until(clock.after(Seconds(1)))) {
    store::Batch batch;
    batch.add(store::WalletSnapshot{clock.utc_now(), usdt(equity += 0.1), "API", ""});
    must(co_await store.commit(std::move(batch)));
  }
}

void serve(const std::string& folder) {
  boost::asio::io_context io{1};
  SystemClock clock(io);
  Stop stop(clock);
  const Log log(LogLevel::error, stderr_sink());
  auto store = open_store(folder, io, clock, log);
  const dashboard::Settings settings;
  dashboard::Options options{.settings = settings, .account = {}};
  options.port = 0;
  options.account = {kAccount, "paper", folder, folder + "/state.db", "USDT"};
  options.log_dir = folder;
  const auto page = must(dashboard::Dashboard::start(std::move(options), log));
  fmt::print("url {}\n", page->port());
  std::fflush(stdout);
  boost::asio::signal_set signals(io, SIGTERM);
  signals.async_wait([&stop](boost::system::error_code, int) { stop.request(); });
  run_to_end(io, sample(*store, clock, stop));
}

}  // namespace

bool serves_history(int count, char** arguments) {
  if (count != 3 || arguments[1] != kServe) return false;
  serve(arguments[2]);
  return true;
}

DashboardProcess::DashboardProcess() {
  std::string name = (std::filesystem::temp_directory_path() / "bb-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  const auto begun = Steady::now();
  {
    boost::asio::io_context io{1};
    SystemClock clock(io);
    const Log log(LogLevel::error, stderr_sink());
    auto store = open_store(folder_, io, clock, log);
    fill_positions(*store, io, clock.utc_now());
    store.reset();
    fill_rows(folder_ + "/state.db", clock.utc_now());
  }
  std::ofstream(folder_ + "/strategy_2026-01-01.log") << "2026-01-01 00:00:00.000 - info - begun\n";
  fill_seconds_ = std::chrono::duration<double>(Steady::now() - begun).count();
  process_ = std::make_unique<Process>(
      std::vector<std::string>{std::filesystem::read_symlink("/proc/self/exe").string(),
                               std::string(kServe), folder_},
      std::vector<std::string>{});
  port_ = std::stoi(process_->wait_for_line("url ", std::chrono::seconds(60)).substr(4));
}

DashboardProcess::~DashboardProcess() {
  process_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace bb::bench
