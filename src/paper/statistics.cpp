// Statistics that recorded markets do not have: open interest, ratios of accounts, positions and
// takers, basis. Each is a smooth, seeded function of (contract, instant) around a plausible level,
// so that the same question has the same answer and neighbouring points belong together. They say
// nothing about any real market.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

#include "base/hash.h"
#include "paper/handlers.h"
#include "paper/premium.h"

namespace bb::paper {

namespace {

using net::JsonWriter;

constexpr std::chrono::days kReach{30};

/// In [-1, 1]: two waves whose phases belong to (contract, kind).
double wave(Symbol symbol, std::string_view kind, TimePoint t) {
  const std::uint64_t hash = stable_hash(fmt::format("{}{}", symbol.str(), kind));
  const double hours = static_cast<double>(to_ms(t)) / 3'600'000.0;
  const auto phase = [&](int shift) {
    return static_cast<double>(hash >> shift & 0xffff) / 0x10000 * 2 * std::numbers::pi;
  };
  return (2 * std::sin(hours / 11 + phase(0)) + std::sin(hours / 2.3 + phase(24))) / 3;
}

/// About 60 % of a day's volume.
double open_interest_at(Call& call, Symbol symbol, TimePoint t) {
  const auto day = call.venue.market().ticker(symbol, t);
  return day ? day->volume * 0.6 * (1 + 0.1 * wave(symbol, "interest", t)) : 0;
}

std::optional<Millis> parse_period(std::string_view text) {
  static constexpr std::array kPeriods = {"5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d"};
  for (const std::string_view known : kPeriods)
    if (text == known) return parse_interval(text);
  return std::nullopt;
}

/// The points a statistics query asks for: ends of periods, ascending.
std::vector<TimePoint> read_points(Call& call) {
  const auto text = call.params.required("period");
  const auto period = parse_period(text);
  const auto invalid = [&](std::string_view name) {
    call.params.complain(-1130, fmt::format("parameter '{}' is invalid.", name));
  };
  if (!text.empty() && !period) invalid("period");
  const auto from = call.params.optional_time("startTime");
  const auto to = call.params.optional_time("endTime");
  const auto limit = static_cast<std::int64_t>(call.params.limit(30, 500));
  if (from && to && *from > *to)
    call.params.complain(-1023, "Start time is greater than end time.");
  if (from && *from < call.now - kReach) invalid("startTime");
  if (to && *to < call.now - kReach) invalid("endTime");
  if (call.params.error()) return {};

  const auto floor = [&](TimePoint t) {
    const auto since = t.time_since_epoch();
    return TimePoint(since - since % *period);
  };
  TimePoint last = floor(std::min(to.value_or(call.now), call.now));
  TimePoint first = last - *period * (limit - 1);
  if (from) {
    first = floor(*from + *period - Millis(1));
    last = std::min(last, first + *period * (limit - 1));
  }
  first = std::max(first, floor(call.now - kReach) + *period);
  std::vector<TimePoint> points;
  for (TimePoint t = first; t <= last; t += *period)
    points.push_back(t);
  return points;
}

/// `write(json, t)` per point at which the contract has traded.
template <class Write>
Reply write_points(Call& call, Symbol symbol, const std::vector<TimePoint>& points, Write write) {
  JsonWriter json;
  json.begin_array();
  for (const auto t : points)
    if (call.venue.market().last(symbol, t)) write(json, t);
  json.end_array();
  return ok(json);
}

Reply long_short(Call& call, std::string_view kind, double level) {
  const auto* contract = call.required_symbol();
  const auto points = read_points(call);
  if (call.params.error()) return refuse(*call.params.error());
  const Symbol symbol = contract->symbol;
  return write_points(call, symbol, points, [&](JsonWriter& json, TimePoint t) {
    // Rounded first: the two parts are one whole and make the ratio.
    const double longs = std::round((level + 0.1 * wave(symbol, kind, t)) * 10'000) / 10'000;
    json.begin_object()
        .field("symbol", symbol.str())
        .field("longShortRatio", rounded(longs / (1 - longs), 4))
        .field("longAccount", rounded(longs, 4))
        .field("shortAccount", rounded(1 - longs, 4))
        .field("timestamp", to_ms(t))
        .end_object();
  });
}

}  // namespace

Reply open_interest(Call& call) {
  const auto* contract = call.required_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  json.begin_object()
      .field("symbol", contract->symbol.str())
      .field("openInterest",
             rounded(open_interest_at(call, contract->symbol, call.now), contract->qty_places))
      .field("time", to_ms(call.now))
      .end_object();
  return ok(json);
}

Reply open_interest_history(Call& call) {
  const auto* contract = call.required_symbol();
  const auto points = read_points(call);
  if (call.params.error()) return refuse(*call.params.error());
  const Symbol symbol = contract->symbol;
  return write_points(call, symbol, points, [&](JsonWriter& json, TimePoint t) {
    const double held = open_interest_at(call, symbol, t);
    const double price = call.venue.market().last(symbol, t)->price.value().to_double();
    json.begin_object()
        .field("symbol", symbol.str())
        .field("sumOpenInterest", rounded(held, 8))
        .field("sumOpenInterestValue", rounded(held * price, 8))
        .field("CMCCirculatingSupply", rounded(held * 200, 2))
        .field("timestamp", to_ms(t))
        .end_object();
  });
}

Reply top_position_ratio(Call& call) { return long_short(call, "top positions", 0.55); }
Reply top_account_ratio(Call& call) { return long_short(call, "top accounts", 0.6); }
Reply global_account_ratio(Call& call) { return long_short(call, "accounts", 0.58); }

Reply taker_ratio(Call& call) {
  const auto* contract = call.required_symbol();
  const auto points = read_points(call);
  if (call.params.error()) return refuse(*call.params.error());
  const Symbol symbol = contract->symbol;
  const Millis period = *parse_period(*call.params.find("period"));
  return write_points(call, symbol, points, [&](JsonWriter& json, TimePoint t) {
    const auto bars = call.venue.market().klines(symbol, period, t, t, 1, call.now);
    const double volume = bars.empty() ? 0 : bars.front().volume;
    const double bought = volume * (0.5 + 0.15 * wave(symbol, "takers", t));
    const double sold = volume - bought;
    json.begin_object()
        .field("buySellRatio", rounded(sold > 0 ? bought / sold : 1, 4))
        .field("buyVol", rounded(bought, 4))
        .field("sellVol", rounded(sold, 4))
        .field("timestamp", to_ms(t))
        .end_object();
  });
}

Reply basis(Call& call) {
  const auto pair = call.params.required("pair");
  const auto* contract = pair.empty() ? nullptr : call.venue.find_contract(pair, call.now);
  if (!pair.empty() && !contract) call.params.complain(-4144, "Invalid pair");
  const auto type = call.params.required("contractType");
  if (!type.empty() && type != "PERPETUAL" && type != "CURRENT_QUARTER" && type != "NEXT_QUARTER")
    call.params.complain(-4104, "Invalid contract type");
  const auto points = read_points(call);
  if (call.params.error()) return refuse(*call.params.error());
  if (type != "PERPETUAL") return Reply{200, "[]"};
  const auto& market = call.venue.market();
  const Symbol symbol = contract->symbol;
  return write_points(call, symbol, points, [&](JsonWriter& json, TimePoint t) {
    const Price futures = market.last(symbol, t)->price;
    const auto premium = premium_of(market, symbol, t);
    const Price index = index_price(futures, premium);
    json.begin_object()
        .field("indexPrice", eight(index))
        .field("contractType", type)
        .field("basisRate", rounded(premium.value().to_double(), 4))
        .field("futuresPrice", padded(futures, 1))
        .field("annualizedBasisRate", "")
        .field("basis", eight(futures - index))
        .field("pair", symbol.str())
        .field("timestamp", to_ms(t))
        .end_object();
  });
}

Reply delivery_prices(Call& call) {
  const auto pair = call.params.required("pair");
  const auto* contract = pair.empty() ? nullptr : call.venue.find_contract(pair, call.now);
  if (!pair.empty() && !contract) call.params.complain(-4144, "Invalid pair");
  if (call.params.error()) return refuse(*call.params.error());
  const auto rules = call.venue.market().find_rules(contract->symbol, call.now);
  const auto mark = call.venue.market().mark(contract->symbol, call.now);
  JsonWriter json;
  json.begin_array();
  // A contract that still trades has not been delivered.
  if (rules && mark && rules->delivery_time <= call.now) {
    json.begin_object()
        .field("deliveryTime", to_ms(rules->delivery_time))
        .key("deliveryPrice")
        .raw(mark->str())
        .end_object();
  }
  json.end_array();
  return ok(json);
}

}  // namespace bb::paper
