#include "app/demo.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "app/exit_codes.h"
#include "app/report.h"
#include "app/session.h"
#include "net/json.h"
#include "notify/outbox_pump.h"
#include "service/service.h"

namespace bb::app {

namespace {

using std::chrono::days;

constexpr int kAccount = 0;
// The first day is history: a full day of bars before the first entry, as rankings expect. The
// program starts after the grace of a missed entry, and ends between two price points.
constexpr Hours kStartOfDay{2};
constexpr Micros kBeforeMidnight{60'000'000};
constexpr Micros kBetweenLastPatrols{3'000'000};
constexpr Hours kProgressEvery{1};

/// A temporary folder that goes with everything in it.
class Folder {
 public:
  static Result<Folder> make() {
    std::string name = (std::filesystem::temp_directory_path() / "bubble-buster-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      return fail(ErrorKind::storage, "cannot make a temporary folder at " + name);
    return Folder(name);
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Folder& operator=(Folder&&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

paper::PaperAccount demo_account(const DemoOptions& options) {
  paper::PaperAccount account;
  account.alias = "demo";
  account.api_key = "demo-key";
  account.api_secret = "demo-secret";
  account.balance = options.balance;
  account.hedge = options.hedge;
  return account;
}

// A real pause before each jump of the clock: it changes what is seen, not what happens.
void pause_for(Micros virtual_span, double speed) {
  const double seconds = static_cast<double>(virtual_span.count()) / 1e6 / speed;
  timespec span{};
  span.tv_sec = static_cast<time_t>(seconds);
  span.tv_nsec = static_cast<long>((seconds - static_cast<double>(span.tv_sec)) * 1e9);
  // det-ok: virtual time stands still meanwhile; a signal ends it early and is seen right after
  nanosleep(&span, nullptr);
}

struct Plan {
  TimePoint start{};
  TimePoint finish{};
  int days = 0;
};

Result<Plan> plan_of(const sim::Market& market, int wanted) {
  const TimePoint first = utc_midnight(market.begin()) + days(1);
  const auto recorded = std::chrono::floor<days>(market.end() - first).count();
  if (recorded < 1)
    return fail(ErrorKind::configuration, "the recorded market is shorter than two days");
  if (wanted > recorded)
    return fail(
        ErrorKind::invalid_input,
        fmt::format("--days {}: only {} days are recorded after the first", wanted, recorded));
  const int count = wanted > 0 ? wanted : static_cast<int>(recorded);
  const auto rest = std::chrono::duration_cast<Millis>(kBeforeMidnight);
  return Plan{first + kStartOfDay, first + days(count) - rest, count};
}

class Demo {
 public:
  Demo(const DemoOptions& options, Config& config, const sim::Market& market, Plan plan,
       const DemoEars& ears)
      : config_(config),
        market_(market),
        plan_(plan),
        wanted_page_(options.page),
        ears_(ears),
        clock_(io_, plan.start),
        stop_(clock_),
        log_(LogLevel::info, [this](LogLevel level, std::string_view line) { note(level, line); }),
        signals_(io_, stop_) {
    paper::ServerOptions server;
    server.accounts = {demo_account(options)};
    server.request_log_limit = 0;
    exchange_ = std::make_unique<MemoryExchange>(
        io_.get_executor(), clock_, market, std::move(server),
        net::Latency{options.latency_each_way, Micros(0)}, options.seed);
    point_at_memory(config_, demo_account(options));
    if (options.page)
      clock_.on_jump([this](SteadyTime to) { show_jump(to - clock_.steady_now()); });
    else if (options.speed > 0)
      clock_.on_jump([this, speed = options.speed](SteadyTime to) {
        if (!stop_.requested()) pause_for(to - clock_.steady_now(), speed);
      });
  }

  Result<DemoReport> run() {
    std::optional<Result<DemoReport>> report;
    run_to_end(clock_, io_, detail::store_result(play(), report));
    if (page_ && report->has_value() && !stopped_) {
      page_->end();
      ears_.ended(**report);
      wait_for_signal();
    }
    return std::move(*report);
  }

 private:
  void note(LogLevel level, std::string_view line) {
    last_action_ = line;
    if (page_) page_->log(level, line, now());
    if (level == LogLevel::error) fmt::print(stderr, "{} ERROR {}\n", iso_seconds(now()), line);
  }

  TimePoint now() const { return clock_.utc_now(); }

  void show_jump(Micros span) {
    if (!page_ || stop_.requested()) return;
    page_->publish(now());
    page_->pace(span);
  }

  static void wait_for_signal() {
    boost::asio::io_context io{1};
    boost::asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([](boost::system::error_code, int) {});
    io.run();
  }

  Usdt equity() const {
    const auto balance = exchange_->server().exchange().balance(kAccount);
    return balance.wallet + balance.unrealized_pnl;
  }

  Task<void> stop_at_the_end() {
    const auto left = plan_.finish - now();
    (void)co_await stop_.sleep_until(clock_.after(left));
    stopped_ = stop_.requested();
    stop_.request();
  }

  Task<void> show_progress() {
    for (;;) {
      ears_.progress({now(), equity(), open_positions(), last_action_});
      if (!co_await stop_.sleep_until(clock_.after(kProgressEvery))) co_return;
    }
  }

  int open_positions() const {
    return static_cast<int>(view_of(exchange_->server().exchange(), kAccount).positions.size());
  }

  Task<Result<DemoReport>> play() {
    auto account = co_await Account::open({exchange_->dialer(), clock_, log_, config_},
                                          {"demo", false, false});
    if (!account) {
      co_await exchange_->close();
      co_return std::unexpected(account.error());
    }
    if (wanted_page_) {
      auto page = DemoPage::start(*wanted_page_, config_, (*account)->name(), market_,
                                  exchange_->server(), plan_.finish);
      if (!page) {
        account->reset();
        co_await exchange_->close();
        co_return std::unexpected(page.error());
      }
      page_ = std::move(*page);
      ears_.page(page_->url());
    }
    DemoReport report;
    report.days = plan_.days;
    report.equity_start = equity();
    co_await serve(**account);
    co_await settle((*account)->desk());
    const Status filled = fill_in(report, (*account)->store());
    account->reset();
    co_await exchange_->close();
    if (!filled) co_return std::unexpected(filled.error());
    co_return report;
  }

  Task<void> serve(Account& account) {
    service::Service service({account.desk(), config_.strategy, config_.runtime});
    // Nobody is told: without a notifier messages are dropped as they come.
    const notify::Channels nobody;
    notify::OutboxPump pump(
        {account.store(), nobody, config_.notify, clock_, log_, account.name()});
    TaskGroup parts(io_.get_executor());
    parts.spawn(stop_at_the_end());
    parts.spawn(show_progress());
    parts.spawn(pump.run(stop_));
    parts.spawn(service.run(stop_));
    co_await parts.join();
  }

  // What the exchange did since the last patrol is recorded before the books are compared.
  Task<void> settle(desk::Desk& desk) {
    trading::Patrol patrol(desk, config_.strategy);
    for (int round = 0; round < 2; ++round) {
      (void)co_await patrol.run_once();
      co_await sleep_for(clock_, kBetweenLastPatrols);
    }
  }

  Status fill_in(DemoReport& report, const store::Store& store) {
    const auto& exchange = exchange_->server().exchange();
    const auto steady = clock_.steady_now().time_since_epoch();
    report.figures = figures_of(exchange.journal(), kAccount, steady);
    report.equity_end = equity();
    report.requests = exchange_->requests();
    report.stopped = stopped_;
    const auto runs = store.load_runs();
    if (!runs) return std::unexpected(runs.error());
    const auto holdings = store.load_holdings();
    if (!holdings) return std::unexpected(holdings.error());
    report.runs = static_cast<int>(runs->size());
    report.opened = static_cast<int>(holdings->size());
    for (const auto& holding : *holdings)
      if (holding.status != store::HoldingStatus::open)
        ++report.closed[std::string(str(holding.status))];
    const auto ours = load_store_view(store);
    if (!ours) return std::unexpected(ours.error());
    report.audit = compare(view_of(exchange, kAccount), *ours, {now(), false, false});
    return {};
  }

  Config& config_;
  const sim::Market& market_;
  Plan plan_;
  std::optional<DemoPageOptions> wanted_page_;
  const DemoEars& ears_;
  boost::asio::io_context io_{1};
  SimClock clock_;
  Stop stop_;
  Log log_;
  SignalWatch signals_;
  std::unique_ptr<MemoryExchange> exchange_;
  std::string last_action_;
  bool stopped_ = false;
  std::unique_ptr<DemoPage> page_;
};

}  // namespace

Result<DemoReport> run_demo(const DemoOptions& options, Config& config, const DemoEars& ears) {
  auto folder = Folder::make();
  if (!folder) return std::unexpected(folder.error());
  sim::MarketOptions recorded;
  recorded.path = path_order(options.path);
  recorded.seed = options.seed;
  const auto market = sim::load_market(options.data_folder, recorded);
  if (!market) return std::unexpected(market.error());
  const auto plan = plan_of(*market, options.days);
  if (!plan) return std::unexpected(plan.error());
  config.runtime.db_path = folder->path() + "/state.db";
  config.runtime.lock_file = folder->path() + "/runtime.lock";
  config.runtime.service_loop_sleep_sec = Decimal::from_int(30);
  return Demo(options, config, *market, *plan, ears).run();
}

}  // namespace bb::app
