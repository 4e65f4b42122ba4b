#include "support/sim_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "sim/impl/market_data.h"

namespace bb::test {

namespace {

constexpr const char* kAlias = "paper";
// Not a secret of anybody: the paper account of these tests.
constexpr const char* kKey = "paper-key-of-the-tests";
constexpr const char* kSecret = "paper-word-of-the-tests";
constexpr int kMinutesPerDay = 1440;
constexpr double kTick = 0.0001;

double price_at(const Coin& coin, double minute) {
  const auto& course = coin.course;
  if (minute <= course.front().first) return course.front().second;
  for (std::size_t i = 1; i < course.size(); ++i) {
    const auto [from, low] = course[i - 1];
    const auto [to, high] = course[i];
    if (minute <= to) return low + (high - low) * (minute - from) / (to - from);
  }
  return course.back().second;
}

Decimal decimal(double value) { return Decimal::from_raw(std::llround(value * 1e8)); }

sim::impl::Column column_of(const Coin& coin, int minutes, double funding_rate) {
  sim::impl::Column column;
  SymbolRules& rules = column.rules;
  rules.symbol = Symbol(coin.name);
  rules.status = SymbolStatus::trading;
  rules.contract = coin.contract;
  rules.base_asset = coin.name.substr(0, coin.name.size() - 4);
  rules.quote_asset = rules.margin_asset = coin.name.ends_with("USDC") ? "USDC" : "USDT";
  rules.onboard_time = coin.listed_minute > 0 ? some_day() + Minutes(coin.listed_minute)
                                              : some_day() - Hours(24 * 100);
  rules.delivery_time = sim::impl::kNoDelivery;
  rules.tick = Price(decimal(kTick));
  rules.min_price = Price(decimal(kTick));
  rules.max_price = Price(decimal(100'000));
  rules.lot = {Qty(decimal(1)), Qty(decimal(10'000'000)), Qty(decimal(1))};
  rules.market_lot = {Qty(decimal(1)), Qty(decimal(coin.max_market_qty)), Qty(decimal(1))};
  rules.min_notional = Usdt(decimal(5));
  rules.price_up = Ratio(decimal(1.05));
  rules.price_down = Ratio(decimal(0.95));
  rules.market_take_bound = Ratio(decimal(0.05));
  rules.liquidation_fee = Ratio(decimal(0.0125));
  column.brackets = {{50, Usdt(), Usdt(decimal(50'000)), Ratio(decimal(0.01)), Usdt()},
                     {20, Usdt(decimal(50'000)), Usdt(decimal(500'000)), Ratio(decimal(0.025)),
                      Usdt(decimal(750))},
                     {5, Usdt(decimal(500'000)), Usdt(decimal(5'000'000)), Ratio(decimal(0.1)),
                      Usdt(decimal(38'250))}};
  column.first = some_day() + Minutes(coin.listed_minute);
  const int last = coin.delisted_minute > 0 ? coin.delisted_minute : minutes;
  for (int minute = coin.listed_minute; minute < last; ++minute) {
    const auto ticks = [&](double m) {
      return static_cast<std::int32_t>(std::llround(price_at(coin, m) / kTick));
    };
    const bool thin = coin.thin_from_minute > 0 && minute >= coin.thin_from_minute;
    const std::int32_t open = ticks(minute);
    const std::int32_t close = ticks(minute + 1);
    column.bars.push_back(
        {open, std::max(open, close), std::min(open, close), close, thin ? 60.0 : 5'000'000.0});
  }
  constexpr int kFundingMinutes = 480;
  if (funding_rate != 0)
    for (int minute = 0; minute < last; minute += kFundingMinutes)
      if (minute >= coin.listed_minute)
        column.funding.push_back({some_day() + Minutes(minute), Ratio(decimal(funding_rate))});
  return column;
}

sim::Market market_of(const WorldOptions& options) {
  auto data = std::make_shared<sim::Market::Data>();
  data->step = Minutes(1);
  data->begin = some_day();
  data->end = some_day() + Hours(24) * options.days;
  for (const auto& coin : options.coins)
    data->columns.push_back(column_of(coin, options.days * kMinutesPerDay, options.funding_rate));
  data->seal();
  return sim::Market(std::move(data));
}

WorldOptions with_coins(WorldOptions options) {
  if (options.coins.empty()) options.coins = gainers(12);
  paper::PaperAccount account;
  account.alias = kAlias;
  account.api_key = kKey;
  account.api_secret = kSecret;
  account.balance = options.balance;
  account.hedge = options.hedge;
  options.server.accounts = {account};
  return options;
}

Log capture(std::vector<std::string>& errors) {
  const bool loud = std::getenv("BB_TEST_LOG") != nullptr;
  return Log(loud ? LogLevel::debug : LogLevel::info,
             [&errors, loud](LogLevel level, std::string_view line) {
               if (loud) fmt::print(stderr, "{}\n", line);
               if (level == LogLevel::error) errors.emplace_back(line);
             });
}

}  // namespace

std::vector<Coin> gainers(int count) {
  std::vector<Coin> coins;
  for (int i = 0; i < count; ++i) {
    const double top = 1.60 - 0.02 * i;
    coins.push_back({fmt::format("C{:02}USDT", i + 1), {{0, 1.0}, {1400, top}, {1440, top}}});
  }
  return coins;
}

SimWorld::SimWorld(WorldOptions options)
    : options_(with_coins(std::move(options))),
      loop_(options_.start),
      log_(capture(errors_)),
      stop_(loop_.clock),
      sim_market_(market_of(options_)),
      server_(std::make_unique<paper::Server>(loop_.clock, sim_market_, options_.server)),
      connections_(loop_.io.get_executor()) {
  dialer_ = std::make_unique<net::MemoryDialer>(
      loop_.io.get_executor(), loop_.clock, net::Latency{options_.each_way, Micros(0)},
      [this](net::AnyStream stream) {
        connections_.spawn(server_->serve_stream(std::move(stream), stop_));
      });
  binance_settings_.api_key = Secret(kKey);
  binance_settings_.api_secret = Secret(kSecret);
  binance_settings_.base_url = "http://paper.test:80";
}

SimWorld::~SimWorld() = default;

Task<void> SimWorld::start() {
  program_ = std::make_unique<Program>();
  Program& p = *program_;
  p.venue = std::make_unique<binance::Venue>(*dialer_, loop_.clock, log_, binance_settings_);
  p.market = binance::make_market_data(*p.venue);
  p.account = binance::make_account(*p.venue, binance_settings_);
  auto ready = co_await p.market->prepare(1);
  if (!ready) throw std::runtime_error(ready.error().text);
  auto identity = co_await p.account->fetch_identity();
  if (!identity) throw std::runtime_error(identity.error().text);
  auto modes = co_await p.account->fetch_modes();
  if (!modes) throw std::runtime_error(modes.error().text);
  auto store = store::Store::open({database(), false}, identity->alias, loop_.io.get_executor(),
                                  loop_.clock, log_);
  if (!store) throw std::runtime_error(store.error().text);
  p.store = std::move(*store);
  auto home = co_await store::AccountHome::take(dir_.file("state"), "paper", identity->alias,
                                                "test", Millis(0), loop_.clock);
  if (!home) throw std::runtime_error(home.error().text);
  p.home = std::make_unique<store::AccountHome>(std::move(*home));
  p.desk =
      std::make_unique<desk::Desk>(desk::Parts{*p.account, *p.market, *p.store, loop_.clock, log_,
                                               *identity, *modes, nullptr, p.home.get()});
  p.entry = std::make_unique<trading::Entry>(*p.desk, options_.strategy);
  p.patrol = std::make_unique<trading::Patrol>(*p.desk, options_.strategy);
}

Task<void> SimWorld::restart() {
  program_.reset();
  co_await start();
}

Task<void> SimWorld::shut_down() {
  program_.reset();
  stop_.request();
  co_await connections_.join();
}

trading::EntrySlot SimWorld::slot() const {
  return {utc_date(some_day()), some_day() + Hours(23) + Minutes(40)};
}

Task<trading::PatrolReport> SimWorld::patrol_minutes(int count) {
  trading::PatrolReport last;
  for (int i = 0; i < count; ++i) {
    co_await sleep(Minutes(1));
    last = co_await patrol().run_once();
  }
  co_return last;
}

Qty SimWorld::position(const std::string& symbol, PositionSide side) {
  server_->advance();
  for (const auto& row : exchange().positions(0))
    if (row.position.symbol == Symbol(symbol) && row.position.side == side) return row.position.qty;
  return {};
}

std::vector<exchange::OrderView> SimWorld::conditional_orders(const std::string& symbol) {
  server_->advance();
  auto orders = exchange().open_orders(0, true);
  std::erase_if(orders, [&](const auto& order) { return order.symbol != Symbol(symbol); });
  return orders;
}

int SimWorld::order_posts() const {
  return static_cast<int>(std::ranges::count_if(server_->request_log(), [](const auto& request) {
    return request.method == net::Method::post && request.path == "/fapi/v1/order";
  }));
}

Micros SimWorld::longest_unprotected() {
  using Kind = sim::JournalEntry::Kind;
  server_->advance();
  std::map<std::pair<Symbol, PositionSide>, Micros> open_since;
  Micros longest{0};
  const auto close = [&](const sim::JournalEntry& entry) {
    const auto found = open_since.find({entry.symbol, entry.side});
    if (found == open_since.end()) return;
    longest = std::max(longest, entry.precise - found->second);
    open_since.erase(found);
  };
  for (const auto& entry : exchange().journal()) {
    const std::pair key(entry.symbol, entry.side);
    switch (entry.kind) {
      case Kind::position_opened:
      case Kind::unprotected_from:
        open_since.try_emplace(key, entry.precise);
        break;
      case Kind::protected_from:
      case Kind::position_closed:
        close(entry);
        break;
      case Kind::order_accepted:
      case Kind::order_updated:
      case Kind::fill:
      case Kind::income:
      case Kind::liquidated:
      case Kind::order_amended:
      case Kind::leverage_changed:
      case Kind::margin_type_changed:
      case Kind::isolated_margin_changed:
      case Kind::margin_call:
        break;
    }
  }
  const Micros now =
      std::chrono::duration_cast<Micros>(loop_.clock.steady_now().time_since_epoch());
  for (const auto& [key, since] : open_since)
    longest = std::max(longest, now - since);
  return longest;
}

void run_world(WorldOptions options, const WorldBody& body) {
  SimWorld world(std::move(options));
  const auto whole = [](SimWorld& w, const WorldBody& test) -> Task<void> {
    co_await w.start();
    co_await test(w);
    co_await w.shut_down();
  };
  run_to_end(world.loop().clock, world.loop().io, whole(world, body));
}

}  // namespace bb::test
