// A seeded universe: random walks per symbol, with the events that a short seller meets.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "base/random.h"
#include "sim/impl/market_data.h"

namespace bb::sim {

namespace {

using impl::Bar;
using impl::Column;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr TimePoint kDefaultBegin = from_ms(1'759'708'800'000);  // 2025-10-06
constexpr double kMinTicks = 20;                                 // a price never falls below it
constexpr double kMaxTicks = 1e9;

// 10^exponent; exact for exponents from -8 to 10.
Decimal power_of_ten(int exponent) {
  std::int64_t raw = Decimal::kScale;
  for (; exponent > 0; --exponent)
    raw *= 10;
  for (; exponent < 0; ++exponent)
    raw /= 10;
  return Decimal::from_raw(raw);
}

Decimal times(Decimal value, std::int64_t factor) {
  return Decimal::from_raw(value.raw() * factor);
}

Decimal thousandths(std::int64_t n) { return Decimal::from_raw(n * (Decimal::kScale / 1000)); }

template <class T, std::size_t N>
const T& pick(Random& random, const std::array<T, N>& choices) {
  return choices[random.below(N)];
}

double between(Random& random, double low, double high) {
  return low + (high - low) * random.unit();
}

// What happens to one symbol besides its own noise: per bar a drift, a louder volume, a jump.
struct Script {
  std::size_t first = 0, last = 0;  // bars [first, last)
  std::vector<float> drift;
  std::vector<float> loudness;
  std::vector<float> jump;
};

class Universe {
 public:
  explicit Universe(const RandomMarketOptions& options)
      : options_(options),
        random_(options.market.seed),
        begin_(options.market.begin == TimePoint{} ? kDefaultBegin : options.market.begin),
        bars_per_day_(static_cast<std::size_t>(kDayMs / options.step.count())),
        bars_(bars_per_day_ * static_cast<std::size_t>(options.days)) {}

  std::shared_ptr<const Market::Data> build() {
    auto data = std::make_shared<Market::Data>();
    data->step = options_.step;
    data->begin = begin_ + options_.market.shift;
    data->end = data->begin + options_.step * static_cast<std::int64_t>(bars_);
    data->path = options_.market.path;
    data->seed = options_.market.seed;
    data->shift = options_.market.shift;
    write_scripts();
    for (std::size_t i = 0; i < scripts_.size(); ++i)
      data->columns.push_back(column(i));
    data->seal();
    return data;
  }

 private:
  void write_scripts();
  void write_lifetimes();
  void write_pump(Script& script);
  Column column(std::size_t number);
  void make_rules(Column& column, std::size_t number, double price);
  void make_brackets(Column& column);
  void walk(Column& column, const Script& script, double price);
  void make_funding(Column& column);

  std::size_t events(double per_day) const {
    return static_cast<std::size_t>(std::llround(per_day * options_.days));
  }
  Script& any_script() { return scripts_[random_.below(scripts_.size())]; }
  std::size_t bars_of(double hours) const {
    return static_cast<std::size_t>(hours * static_cast<double>(bars_per_day_) / 24) + 1;
  }

  const RandomMarketOptions& options_;
  Random random_;
  TimePoint begin_;
  std::size_t bars_per_day_;
  std::size_t bars_;
  std::vector<Script> scripts_;
};

void Universe::write_lifetimes() {
  for (Script& script : scripts_)
    script.last = bars_;
  // One symbol in twenty is listed inside the window.
  for (std::size_t i = 0; i < (scripts_.size() + 10) / 20; ++i)
    any_script().first = 1 + random_.below(bars_ * 3 / 4);
  // Delistings hit other symbols, in the last three quarters of the window.
  for (std::size_t i = 0; i < events(options_.delistings_per_day); ++i) {
    Script& script = any_script();
    if (script.first == 0) script.last = bars_ / 4 + 1 + random_.below(bars_ * 3 / 4 - 1);
  }
}

void Universe::write_pump(Script& script) {
  const double log_gain = std::log(1.0 + between(random_, 0.3, 3.0));
  const std::size_t rise = bars_of(between(random_, 0.5, 8));
  const std::size_t fall = bars_of(between(random_, 2, 24));
  // Mostly it is given back, in part; some pumps stay, a few go on.
  const double given_back = log_gain * between(random_, -0.1, 0.9);
  const std::size_t start = random_.below(bars_);
  const double loud = between(random_, 5, 25);
  for (std::size_t i = 0; i < rise + fall && start + i < bars_; ++i) {
    const bool rising = i < rise;
    script.drift[start + i] += static_cast<float>(rising ? log_gain / static_cast<double>(rise)
                                                         : -given_back / static_cast<double>(fall));
    script.loudness[start + i] *= static_cast<float>(rising ? loud : loud / 3);
  }
}

void Universe::write_scripts() {
  scripts_.resize(static_cast<std::size_t>(options_.symbols));
  for (Script& script : scripts_) {
    script.drift.assign(bars_, 0);
    script.loudness.assign(bars_, 1);
    script.jump.assign(bars_, 0);
  }
  write_lifetimes();
  for (std::size_t i = 0; i < events(options_.pumps_per_day); ++i)
    write_pump(any_script());
  for (std::size_t i = 0; i < events(options_.gaps_per_day); ++i) {
    const double size = std::log(1.0 + between(random_, 0.05, 0.4));
    any_script().jump[random_.below(bars_)] =
        static_cast<float>(random_.chance(0.5) ? size : -size);
  }
}

void Universe::make_rules(Column& column, std::size_t number, double price) {
  SymbolRules& rules = column.rules;
  // One name in thirty is not ASCII, as on the real exchange.
  rules.base_asset = fmt::format("{}{:02}", number % 30 == 7 ? "币" : "COIN", number);
  rules.quote_asset = rules.margin_asset = "USDT";
  rules.symbol = Symbol(rules.base_asset + "USDT");
  rules.status = SymbolStatus::trading;
  rules.contract = ContractType::perpetual;
  rules.delivery_time = impl::kNoDelivery;

  // Four or five significant digits, a few coarse ones; steps worth 1 cent to 1 USDT, one at most.
  const int magnitude = static_cast<int>(std::floor(std::log10(price)));
  const int digits = pick(random_, std::array{2, 3, 4, 4, 4, 5});
  rules.tick = Price(power_of_ten(std::max(magnitude - digits, -8)));
  rules.min_price = rules.tick;
  rules.max_price = Price(power_of_ten(std::min(magnitude + 4, 9)));
  const Decimal step =
      power_of_ten(std::clamp(-magnitude - pick(random_, std::array{0, 1, 2}), -3, 0));
  const auto usdt_in_steps = [&](double usdt) {
    const double steps = usdt / (price * step.to_double());
    return Qty(times(step, std::max<std::int64_t>(10, std::llround(steps))));
  };
  const double market_max = std::pow(10, between(random_, 3.0, 5.5));
  rules.market_lot = {Qty(step), usdt_in_steps(market_max), Qty(step)};
  rules.lot = {Qty(step), usdt_in_steps(market_max * pick(random_, std::array{2, 5, 10})),
               Qty(step)};
  rules.min_notional = Usdt(Decimal::from_int(pick(random_, std::array{5, 5, 5, 5, 10, 20, 50})));
  const int band = pick(random_, std::array{50, 50, 50, 100, 150});
  rules.price_up = Ratio(thousandths(1000 + band));
  rules.price_down = Ratio(thousandths(1000 - band));
  rules.market_take_bound = Ratio(thousandths(pick(random_, std::array{50, 100, 150, 300})));
  rules.liquidation_fee = Ratio(thousandths(pick(random_, std::array{10, 15, 20})));
}

void Universe::make_brackets(Column& column) {
  const int leverage = pick(random_, std::array{20, 25, 50, 75});
  const std::int64_t cap = pick(random_, std::array{5'000, 10'000, 50'000, 200'000});
  const std::array<int, 3> leverages = {leverage, leverage / 2, 4};
  const std::array<Decimal, 3> rates = {thousandths(500 / leverage), thousandths(1000 / leverage),
                                        thousandths(125)};
  const std::array<std::int64_t, 4> bounds = {0, cap, cap * 10, cap * 100};
  Usdt cumulated;
  for (std::size_t i = 0; i < leverages.size(); ++i) {
    const Usdt floor(Decimal::from_int(bounds[i]));
    if (i > 0) cumulated += floor * Ratio(rates[i] - rates[i - 1]);
    column.brackets.push_back(
        {leverages[i], floor, Usdt(Decimal::from_int(bounds[i + 1])), Ratio(rates[i]), cumulated});
  }
}

void Universe::walk(Column& column, const Script& script, double price) {
  const double tick = column.rules.tick.value().to_double();
  const double sigma = between(random_, 0.03, 0.12) / std::sqrt(static_cast<double>(bars_per_day_));
  const double volume_per_bar =
      std::pow(10, between(random_, 6.0, 8.5)) / static_cast<double>(bars_per_day_);
  const auto to_ticks = [](double ticks) {
    return static_cast<std::int32_t>(std::llround(std::clamp(ticks, kMinTicks, kMaxTicks)));
  };
  double close = price / tick;
  for (std::size_t i = script.first; i < script.last; ++i) {
    const double noise = sigma * std::sqrt(static_cast<double>(script.loudness[i]));
    const double open = close * std::exp(static_cast<double>(script.jump[i]));
    close = open * std::exp(noise * random_.normal() + static_cast<double>(script.drift[i]));
    close = std::clamp(close, kMinTicks, kMaxTicks);
    const double above = std::exp(noise * 0.7 * std::abs(random_.normal()));
    const double below = std::exp(noise * 0.7 * std::abs(random_.normal()));
    Bar bar;
    bar.open = to_ticks(open);
    bar.close = to_ticks(close);
    bar.high = std::max({to_ticks(std::max(open, close) * above), bar.open, bar.close});
    bar.low = std::min({to_ticks(std::min(open, close) / below), bar.open, bar.close});
    const double usdt =
        volume_per_bar * between(random_, 0.3, 1.7) * static_cast<double>(script.loudness[i]);
    bar.volume = std::round(usdt / (close * tick) * 1000) / 1000;
    column.bars.push_back(bar);
  }
}

void Universe::make_funding(Column& column) {
  const auto hours = pick(random_, std::array{1, 4, 8, 8});
  const std::int64_t interval = Millis(Hours(hours)).count();
  const TimePoint end =
      column.first + options_.step * static_cast<std::int64_t>(column.bars.size());
  std::int64_t at = (to_ms(column.first) / interval + 1) * interval;
  for (; from_ms(at) <= end; at += interval) {
    const double rate = std::clamp(1e-4 + 4e-4 * random_.normal(), -0.02, 0.02);
    column.funding.push_back(
        {from_ms(at), Ratio(Decimal::from_raw(std::llround(rate * Decimal::kScale)))});
  }
}

Column Universe::column(std::size_t number) {
  const Script& script = scripts_[number];
  const double price = std::pow(10, between(random_, -3.3, 3.5));
  Column column;
  column.first =
      begin_ + options_.market.shift + options_.step * static_cast<std::int64_t>(script.first);
  make_rules(column, number, price);
  make_brackets(column);
  walk(column, script, price);
  make_funding(column);
  const auto age = std::chrono::days(30 + static_cast<int>(random_.below(1500)));
  column.rules.onboard_time = script.first > 0 ? column.first : begin_ - age;
  return column;
}

}  // namespace

Market make_random_market(const RandomMarketOptions& options) {
  BB_CHECK(options.symbols > 0 && options.days > 0, "a random market has symbols and days");
  BB_CHECK(
      options.step.count() >= 4 && options.step <= Hours(1) && options.step.count() % 4 == 0 &&
          kDayMs % options.step.count() == 0,
      "a bar of a random market is at most an hour, divides the day, and is a multiple of 4 ms");
  return Market(Universe(options).build());
}

}  // namespace bb::sim
