#include "paper_thread.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <stdexcept>

namespace bb::bench {

namespace {

// Words of the benchmark's own paper account.
constexpr const char* kKey = "bench-paper-key";
constexpr const char* kSecret = "bench-paper-word";

// Sells about a hundred dollars' worth of each of the first contracts.
void open_shorts(paper::Server& server, const sim::Market& market, Clock& clock,
                 const PaperTrial& trial) {
  const TimePoint now = clock.utc_now();
  server.advance();
  for (int account = 0; account < trial.accounts; ++account) {
    int opened = 0;
    for (const auto& rules : market.rules(now)) {
      if (opened == trial.shorts) break;
      const auto price = market.mark(rules.symbol, now);
      if (!price) continue;
      exchange::OrderRequest order;
      order.symbol = rules.symbol;
      order.side = Side::sell;
      order.qty = Qty(
          (Usdt(Decimal::from_int(100)) / *price).value().floor_to(rules.market_lot.step.value()));
      order.client_order_id = ClientOrderId(fmt::format("by-hand-{}", opened));
      if (server.exchange().place(account, order)) ++opened;
    }
    if (opened < trial.shorts) throw std::runtime_error("not all shorts could be opened");
  }
}

}  // namespace

PaperKeys paper_keys(const PaperTrial& trial, int account) {
  const std::string tail = trial.accounts == 1 ? "" : fmt::format("-{}", account);
  return {kAlias + tail, kKey + tail, kSecret + tail};
}

struct PaperThread::Ready {
  std::atomic<int> port{0};
};

PaperThread::PaperThread(const PaperTrial& trial) {
  Ready ready;
  thread_ = std::thread([this, &ready, trial] { serve(ready, trial); });
  while (ready.port == 0)
    std::this_thread::yield();
  port_ = ready.port;
}

void PaperThread::stop() {
  if (!thread_.joinable()) return;
  boost::asio::post(io_, [this] { stop_->request(); });
  thread_.join();
}

void PaperThread::serve(Ready& ready, const PaperTrial& trial) {
  SystemClock clock(io_);
  Stop stop(clock);
  stop_ = &stop;
  sim::RandomMarketOptions market_options;
  market_options.market.begin = utc_midnight(clock.utc_now()) - Hours(48);
  market_options.days = 4;
  market_options.delistings_per_day = 0;
  const sim::Market market = sim::make_random_market(market_options);
  paper::ServerOptions options;
  for (int account = 0; account < trial.accounts; ++account) {
    const auto keys = paper_keys(trial, account);
    paper::PaperAccount paper_account;
    paper_account.alias = keys.alias;
    paper_account.api_key = keys.key;
    paper_account.api_secret = keys.secret;
    options.accounts.push_back(std::move(paper_account));
  }
  options.delay_before = options.delay_after = Micros(kRoundTrip) / 2;
  options.timeline.offset = trial.ahead;
  paper::Server server(clock, market, options);
  if (trial.lost_answers > 0) {
    paper::FaultRule lost;
    if (!trial.loses_reads) lost.method = net::Method::post;
    lost.every = 1;
    lost.rate = trial.lost_answers;
    lost.effect = paper::FaultRule::Effect::act_then_drop;
    server.faults() = paper::FaultPlan({lost}, trial.seed);
  }
  if (trial.shorts > 0) open_shorts(server, market, clock, trial);
  auto listener = net::HttpListener::open(io_, clock, "127.0.0.1", 0, server.handler(), {});
  if (!listener) throw std::runtime_error(listener.error().text);
  ready.port = (*listener)->port();
  run_to_end(io_, (*listener)->run(stop));
  journal_ = server.exchange().journal();
  lost_answers_ = static_cast<int>(server.faults().fired());
  for (int account = 0; account < trial.accounts; ++account)
    open_positions_.push_back(static_cast<int>(
        std::ranges::count_if(server.exchange().positions(account),
                              [](const auto& row) { return !row.position.qty.is_zero(); })));
  requests_.assign(server.request_log().begin(), server.request_log().end());
}

Folder::Folder()
    : path_((std::filesystem::temp_directory_path() /
             fmt::format("bb-bench-{:016x}", system_entropy()))
                .string()) {
  std::filesystem::create_directories(path_);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Task<void> Client::connect(boost::asio::io_context& io, Clock& clock, int port,
                           std::string database, PaperKeys keys) {
  dialer = net::make_network_dialer(io, clock, {});
  binance::Settings connection;
  connection.api_key = Secret(keys.key);
  connection.api_secret = Secret(keys.secret);
  connection.base_url = fmt::format("http://127.0.0.1:{}", port);
  venue = std::make_unique<binance::Venue>(*dialer, clock, log, connection);
  market = binance::make_market_data(*venue);
  account = binance::make_account(*venue, connection);
  if (const auto ready = co_await market->prepare(1); !ready)
    throw std::runtime_error(ready.error().text);
  const auto identity = co_await account->fetch_identity();
  const auto modes = co_await account->fetch_modes();
  if (!identity || !modes) throw std::runtime_error("the paper account could not be read");
  auto opened = store::Store::open({std::move(database), true}, identity->alias, io.get_executor(),
                                   clock, log);
  if (!opened) throw std::runtime_error(opened.error().text);
  store = std::move(*opened);
  desk = std::make_unique<desk::Desk>(
      desk::Parts{*account, *market, *store, clock, log, *identity, *modes});
}

}  // namespace bb::bench
