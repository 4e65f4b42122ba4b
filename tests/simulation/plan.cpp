#include "simulation/plan.h"

#include <fmt/format.h>

#include <stdexcept>

namespace bb::simulation {

namespace {

constexpr double kActive = 0.25;  // of the sites, per seed
constexpr int kRecordedDays = 19;
constexpr int kMinutesPerDay = 1440;

/// How often a chance of the site hits at most; what a seed draws lies below.
double most_of(Site site) {
  switch (site) {
    // Per connection, request or write.
    case Site::connect_refused:
    case Site::connect_hangs:
      return 0.1;
    case Site::request_reset:
    case Site::answer_reset:
    case Site::wire_swallowed:
    case Site::wire_clogged:
    case Site::connection_closed:
      return 0.02;
    case Site::wire_dripping:
      return 0.1;
    case Site::request_duplicated:
      return 0.01;
    case Site::too_many_requests:
      return 0.002;
    case Site::ip_banned:
      return 0.0003;
    case Site::key_revoked:
      return 0.002;
    case Site::request_lost:
    case Site::answer_lost:
    case Site::body_truncated:
    case Site::acknowledged:
    case Site::unknown_error_executed:
    case Site::unknown_error:
    case Site::service_unavailable:
    case Site::internal_error:
    case Site::unexpected_response:
    case Site::backend_timeout:
    case Site::throttled:
    case Site::server_error_500:
    case Site::bad_gateway_502:
    case Site::gateway_timeout_504:
    case Site::html_200:
    case Site::firewall_403:
    case Site::cancel_ghost:
    case Site::order_ghost:
    case Site::positions_stale:
    case Site::slow:
      return 0.05;
    // Per half minute.
    case Site::partition_requests:
    case Site::partition_streams:
    case Site::stream_silence:
    case Site::stream_gap:
    case Site::stream_duplicate:
    case Site::stream_truncate:
    case Site::stream_reorder:
    case Site::stream_late:
    case Site::stream_disconnect:
    case Site::listen_key_expired:
    case Site::position_late:
    case Site::algo_stuck_triggering:
    case Site::server_skew:
    case Site::weight_of_others:
    case Site::stops_cancelled_by_hand:
      return 0.01;
    case Site::closed_by_hand:
    case Site::reduced_by_hand:
    case Site::opened_by_hand:
    case Site::money_withdrawn:
    case Site::deleveraged:
    case Site::squeeze:
    case Site::slump:
    case Site::exchange_down:
    case Site::disk_full:
    case Site::frozen:
    case Site::clock_stepped:
    case Site::restarted:
    case Site::flatten:
    case Site::flatten_twice:
    case Site::pause_and_resume:
    case Site::loss_cut_by_hand:
    case Site::manage_by_hand:
    case Site::cancel_by_command:
      return 0.002;
    // Per crash point: a sync, a request that leaves, an answer that arrives.
    case Site::killed:
    case Site::power_lost:
      return 0.001;
    case Site::killed_in_recovery:
      return 0.02;
    case Site::sync_failed:
    case Site::write_failed:
      return 0.005;
    case Site::count:
      break;
  }
  return 0;
}

AccountPlan account_of(int number) {
  AccountPlan account;
  account.alias = fmt::format("sim{}", number);
  account.key = fmt::format("canary-key-{}-of-the-simulation", number);
  account.secret = fmt::format("canary-word-{}-of-the-simulation", number);
  account.balance = Usdt(Decimal::from_int(10'000));
  return account;
}

template <class Value>
void set(AccountPlan& account, const char* key, Value value) {
  account.settings[fmt::format("BUBBLE_BUSTER_{}", key)] = fmt::format("{}", value);
}

template <class Value, std::size_t N>
Value one_of(Random& random, const Value (&values)[N]) {
  return values[random.below(N)];
}

// Half of the seeds leave the defaults alone.
void draw_settings(AccountPlan& account, Random& random) {
  account.hedge = random.chance(0.2);
  if (random.chance(0.3)) set(account, "BINANCE_ORDER_ENTRY", "websocket");
  if (random.chance(0.5)) return;
  set(account, "STRATEGY_TOP_N", 2 + random.below(10));
  set(account, "STRATEGY_LEVERAGE", 1 + random.below(5));
  set(account, "STRATEGY_MAX_HOLD_HOURS", one_of(random, {"2.5", "12", "26", "47.5"}));
  set(account, "STRATEGY_TP_PRICE_DROP_PCT", one_of(random, {"3", "8", "20"}));
  set(account, "STRATEGY_TRIGGER_PRICE_TYPE", one_of(random, {"CONTRACT_PRICE", "MARK_PRICE"}));
  set(account, "RUNTIME_MANAGER_INTERVAL_SEC", one_of(random, {"20", "60", "60", "180"}));
  set(account, "RUNTIME_DAILY_LOSS_CUT_GRACE_MIN", one_of(random, {0, 10, 60}));
  set(account, "RUNTIME_DAILY_LOSS_CUT_SCOPE", one_of(random, {"tracked", "exchange"}));
  set(account, "RUNTIME_ENTRY_HOUR", random.below(24));
  set(account, "RUNTIME_ENTRY_MINUTE", random.below(60));
  set(account, "RUNTIME_DAILY_LOSS_CUT_HOUR", random.below(24));
  set(account, "RUNTIME_TIMEZONE",
      one_of(random, {"Asia/Shanghai", "UTC", "America/New_York", "Asia/Kathmandu"}));
  if (random.chance(0.2)) set(account, "RUNTIME_ENTRY_CATCHUP_ENABLED", "false");
  if (random.chance(0.1)) set(account, "RUNTIME_ENTRY_ENABLED", "false");
}

}  // namespace

Plan draw_plan(std::uint64_t seed) {
  Random random(blend(seed, 0xa11));
  Plan plan;
  plan.seed = seed;
  plan.shuffles_ties = random.chance(0.5);
  plan.market.days = 4;
  if (random.chance(0.85)) {
    plan.market.seed = 1 + random.below(6);
    plan.market.symbols = 40;
  } else {
    plan.market.kind = MarketPlan::Kind::recorded;
    plan.market.first_day = static_cast<int>(random.below(kRecordedDays / 4)) * 4;
  }
  plan.start_of_day = Hours(random.below(24));
  plan.length = Hours(8 + random.below(40));
  const int accounts = random.chance(0.2) ? 2 : 1;
  for (int i = 0; i < accounts; ++i) {
    plan.accounts.push_back(account_of(i));
    draw_settings(plan.accounts.back(), random);
  }
  plan.wire.each_way = Micros(one_of(random, {500, 5'000, 25'000, 150'000}));
  plan.wire.jitter = random.chance(0.5) ? plan.wire.each_way : Micros(0);
  plan.server_delay = Micros(random.chance(0.3) ? random.below(300'000) : 0);
  for (std::size_t i = 0; i < kSites; ++i) {
    const auto site = static_cast<Site>(i);
    const double scale = random.unit();
    if (random.chance(kActive)) plan.rates[site] = most_of(site) * scale * scale;
  }
  return plan;
}

Plan short_plan(std::uint64_t seed) {
  Plan plan = draw_plan(seed);
  plan.market = {MarketPlan::Kind::random, 1 + seed % 4, 24, 3, 0};
  plan.start_of_day = Hours(23);
  plan.length = Hours(2);
  for (auto& account : plan.accounts) {
    for (const auto* key : {"RUNTIME_ENTRY_HOUR", "RUNTIME_ENTRY_MINUTE", "RUNTIME_TIMEZONE"})
      account.settings.erase(fmt::format("BUBBLE_BUSTER_{}", key));
    set(account, "RUNTIME_DAILY_LOSS_CUT_HOUR", 8);
    set(account, "RUNTIME_DAILY_LOSS_CUT_MINUTE", 20);
    if (seed % 3 == 0) set(account, "STRATEGY_MAX_HOLD_HOURS", "0.5");
  }
  // What happens seldom in days has to happen often in hours.
  for (auto& [site, chance] : plan.rates)
    if (site > Site::slow) chance *= 4;
  return plan;
}

Plan standard_plan(std::uint64_t seed, int days, int accounts) {
  Random random(blend(seed, 0xbe7c4));
  Plan plan;
  plan.seed = seed;
  plan.market = {MarketPlan::Kind::recorded, 1, 0, days + 2,
                 static_cast<int>(random.below(
                     static_cast<std::uint64_t>(std::max(1, kRecordedDays - days - 2))))};
  plan.length = Hours(24) * days - Hours(1);
  for (int i = 0; i < accounts; ++i)
    plan.accounts.push_back(account_of(i));
  // Every site a little: a day as bad as the exchange has them.
  for (std::size_t i = 0; i < kSites; ++i)
    plan.rates[static_cast<Site>(i)] = most_of(static_cast<Site>(i)) * 0.04;
  return plan;
}

Plan quiet_plan(int top_n, int accounts) {
  Plan plan;
  plan.market.seed = 1;
  plan.market.symbols = 40;
  plan.start_of_day = Hours(23);
  plan.length = Hours(1);
  for (int i = 0; i < accounts; ++i) {
    auto account = account_of(i);
    set(account, "STRATEGY_TOP_N", top_n);
    set(account, "STRATEGY_ALLOCATION_SPLITS", top_n);
    plan.accounts.push_back(std::move(account));
  }
  return plan;
}

const sim::Market& market_of(const MarketPlan& plan) {
  static auto& known = *new std::map<MarketPlan, std::unique_ptr<sim::Market>>();
  auto& market = known[plan];
  if (market) return *market;
  if (plan.kind == MarketPlan::Kind::random) {
    sim::RandomMarketOptions options;
    options.market.seed = plan.seed;
    options.market.path = sim::PathOrder::seeded;
    options.symbols = plan.symbols;
    options.days = plan.days;
    options.step = Minutes(5);
    options.pumps_per_day = 12;
    market = std::make_unique<sim::Market>(sim::make_random_market(options));
    return *market;
  }
  sim::MarketOptions options;
  options.path = sim::PathOrder::seeded;
  options.seed = plan.seed;
  constexpr std::int64_t kFirstRecorded = 1'759'276'800'000;  // 2025-10-01
  options.begin = from_ms(kFirstRecorded) + Minutes(kMinutesPerDay) * plan.first_day;
  options.length = std::chrono::days(std::min(plan.days, kRecordedDays - plan.first_day));
  auto loaded = sim::load_market(BB_MARKET_DATA, options);
  if (!loaded) throw std::runtime_error(loaded.error().text);
  market = std::make_unique<sim::Market>(std::move(*loaded));
  return *market;
}

std::string describe(const Plan& plan) {
  std::string text = fmt::format(
      "seed {}: {} market {} of {} days, {} h from {} h, {} accounts, {} us each way", plan.seed,
      plan.market.kind == MarketPlan::Kind::random ? "random" : "recorded", plan.market.seed,
      plan.market.days, std::chrono::duration_cast<Hours>(plan.length).count(),
      plan.start_of_day.count(), plan.accounts.size(), plan.wire.each_way.count());
  for (const auto& account : plan.accounts)
    for (const auto& [key, value] : account.settings)
      text += fmt::format("\n  {} {}={}", account.alias, key.substr(14), value);
  for (const auto& [site, rate] : plan.rates)
    text += fmt::format("\n  fault {} at {:.5f}", name_of(site), rate);
  return text;
}

}  // namespace bb::simulation
