#include "app/demo_page.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "app/page_rows.h"

namespace bb::app {

namespace {

constexpr int kAccount = 0;
constexpr Micros kSlice{20'000};       // of a pause: how soon a button is felt
constexpr Micros kLookEvery{200'000};  // real time between two looks at the exchange

/// False when a signal came.
bool nap(Micros span) {
  timespec left{};
  left.tv_nsec = static_cast<long>(span.count()) * 1000;
  // det-ok: virtual time stands still meanwhile
  return nanosleep(&left, nullptr) == 0;
}

std::optional<Millis> interval_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, int>, 6> kMinutes{
      {{"1m", 1}, {"5m", 5}, {"15m", 15}, {"1h", 60}, {"4h", 240}, {"1d", 1440}}};
  for (const auto& [each, minutes] : kMinutes)
    if (each == name) return Minutes(minutes);
  return std::nullopt;
}

}  // namespace

struct DemoPage::State {
  std::atomic<std::int64_t> now_ms{0};
  std::atomic<double> speed{0};
  std::atomic<bool> paused{false}, ended{false};
  TimePoint begin{}, end{};
  const sim::Market* market = nullptr;
  const sim::Exchange* exchange = nullptr;
  std::ofstream log;
  double owed_s = 0;  // real time that has not been waited yet
  SteadyTime looked{};
  std::mutex mutex;  // of `view`
  dashboard::LiveView view;
  std::unique_ptr<dashboard::Dashboard> page;

  TimePoint now() const { return from_ms(now_ms.load()); }

  dashboard::Replay replay() {
    return {[this] { return now(); },
            [this] { return dashboard::ReplayView{speed, paused, ended, begin, end}; },
            [this](double wanted, bool stands) {
              speed = wanted;
              paused = stands;
            }};
  }

  Task<Result<dashboard::LiveView>> look() {
    const std::lock_guard lock(mutex);
    co_return view;
  }

  Task<Result<std::vector<dashboard::Candle>>> candles(dashboard::CandleQuery query) const {
    const auto interval = interval_of(query.interval);
    if (!interval) co_return fail(ErrorKind::invalid_input, "no such interval");
    const TimePoint until = query.to == TimePoint{} ? now() : query.to;
    co_return shown(market->klines(query.symbol, *interval, query.from, until,
                                   static_cast<std::size_t>(query.limit), now()));
  }
};

DemoPage::DemoPage(std::unique_ptr<State> state) : state_(std::move(state)) {}
DemoPage::~DemoPage() = default;

Result<std::unique_ptr<DemoPage>> DemoPage::start(const DemoPageOptions& options,
                                                  const Config& config, const std::string& account,
                                                  const sim::Market& market,
                                                  paper::Server& exchange, TimePoint end) {
  auto state = std::make_unique<State>();
  auto* const raw = state.get();
  const std::string folder = std::filesystem::path(config.runtime.db_path).parent_path().string();
  state->begin = exchange.exchange().now();
  state->now_ms = to_ms(state->begin);
  state->end = end;
  state->speed = options.speed;
  state->market = &market;
  state->exchange = &exchange.exchange();
  state->log.open(folder + "/strategy_demo.log");
  auto page = page_options(config);
  page.host = options.host;
  page.port = options.port;
  page.account = {account, "paper", folder, config.runtime.db_path,
                  config.runtime.wallet_snapshot_asset};
  page.log_dir = folder;
  page.replay = state->replay();
  page.make_live = [raw](boost::asio::io_context&, Clock&) {
    return dashboard::Live{
        [raw] { return raw->look(); },
        [raw](dashboard::CandleQuery query) { return raw->candles(std::move(query)); }};
  };
  auto started = dashboard::Dashboard::start(std::move(page), Log(LogLevel::warn, stderr_sink()));
  if (!started) return std::unexpected(started.error());
  state->page = std::move(*started);
  return std::unique_ptr<DemoPage>(new DemoPage(std::move(state)));
}

std::string DemoPage::url() const { return state_->page->url(); }

void DemoPage::publish(TimePoint now) {
  auto& s = *state_;
  s.now_ms = to_ms(now);
  // det-ok: how often the page's copy is made changes nothing of the demo
  const auto real = std::chrono::time_point_cast<Micros>(std::chrono::steady_clock::now());
  if (SteadyTime(real.time_since_epoch()) - s.looked < kLookEvery) return;
  s.looked = SteadyTime(real.time_since_epoch());
  dashboard::LiveView view;
  view.as_of = now;
  const auto balance = s.exchange->balance(kAccount);
  view.wallet = balance.wallet;
  view.available = balance.available;
  for (const auto& row : s.exchange->positions(kAccount))
    if (!row.position.qty.is_zero()) view.positions.push_back(shown(row.position));
  for (const auto& order : s.exchange->open_orders(kAccount, true))
    view.orders.push_back(shown(order));
  const std::lock_guard lock(s.mutex);
  s.view = std::move(view);
}

void DemoPage::pace(Micros span) {
  auto& s = *state_;
  constexpr double kMillion = 1e6;
  const double slice_s = static_cast<double>(kSlice.count()) / kMillion;
  double left = static_cast<double>(span.count()) / kMillion;  // virtual seconds
  while (left > 0) {
    if (s.paused) {
      if (!nap(kSlice)) return;
      continue;
    }
    // What is shorter than a slice is waited for together.
    const double speed = s.speed;
    const double now = std::min(left, (slice_s - s.owed_s) * speed);
    left -= now;
    s.owed_s += now / speed;
    if (s.owed_s < slice_s) continue;
    s.owed_s = 0;
    if (!nap(kSlice)) return;
  }
}

void DemoPage::end() { state_->ended = true; }

void DemoPage::log(LogLevel level, std::string_view line, TimePoint now) {
  std::string time = iso_millis(now).substr(0, 23);
  time.replace(10, 1, " ");
  const std::string_view word = level == LogLevel::error  ? "error"
                                : level == LogLevel::warn ? "warning"
                                                          : "info";
  state_->log << time << " - " << word << " - " << line << std::endl;
}

}  // namespace bb::app
