// Bars of contract, mark, index and premium prices; index and premium follow from the mark
// (premium.h). Counts of executions are those of the tape; of
// mark, index and premium bars they are the samples an exchange would have taken.
#include <fmt/format.h>

#include "paper/handlers.h"
#include "paper/intervals.h"
#include "paper/premium.h"
#include "sim/tape.h"

namespace bb::paper {

namespace {

using exchange::Kline;
using net::JsonWriter;

struct BarQuery {
  Interval interval;
  std::optional<TimePoint> from;
  TimePoint to{};
  std::size_t limit = 500;
};

/// To be read after the symbol or pair.
BarQuery read_query(Call& call) {
  BarQuery query;
  const auto text = call.params.required("interval");
  const auto interval = parse_kline_interval(text);
  if (!text.empty() && !interval) call.params.complain(-1120, "Invalid interval.");
  query.interval = interval.value_or(Interval{});
  query.from = call.params.optional_time("startTime");
  const auto to = call.params.optional_time("endTime");
  query.limit = call.params.limit(500, 1500);
  if (query.from && to && *query.from > *to)
    call.params.complain(-1023, "Start time is greater than end time.");
  query.to = to.value_or(call.now);
  return query;
}

const Contract* required_pair(Call& call) {
  const auto name = call.params.required("pair");
  if (name.empty()) return nullptr;
  const auto* contract = call.venue.find_contract(name, call.now);
  if (!contract) call.params.complain(-4144, "Invalid pair");
  return contract;
}

/// How much of the bar has passed.
Millis passed(const Kline& bar, TimePoint next, TimePoint now) {
  return std::min(next, now + Millis(1)) - bar.open_time;
}

void write_traded_bar(JsonWriter& json, const Contract& contract, const Kline& bar, TimePoint next,
                      TimePoint now) {
  const auto price = [&](Price p) { return padded(p, contract.price_places); };
  const auto end = bar.open_time + passed(bar, next, now);
  const auto count = sim::Tape::first_row_at(contract.symbol, end) -
                     sim::Tape::first_row_at(contract.symbol, bar.open_time);
  json.begin_array()
      .value(to_ms(bar.open_time))
      .value(price(bar.open))
      .value(price(bar.high))
      .value(price(bar.low))
      .value(price(bar.close))
      .value(rounded(bar.volume, contract.qty_places))
      .value(to_ms(next) - 1)
      .value(rounded(bar.quote_volume, 5))
      .value(count)
      .value(rounded(bar.volume / 2, contract.qty_places))
      .value(rounded(bar.quote_volume / 2, 5))
      .value("0")
      .end_array();
}

/// A bar of prices that nobody traded.
template <class Text>
void write_price_bar(JsonWriter& json, const Kline& bar, TimePoint next, std::int64_t samples,
                     Text text) {
  json.begin_array()
      .value(to_ms(bar.open_time))
      .value(text(bar.open))
      .value(text(bar.high))
      .value(text(bar.low))
      .value(text(bar.close))
      .value("0")
      .value(to_ms(next) - 1)
      .value("0")
      .value(samples)
      .value("0")
      .value("0")
      .value("0")
      .end_array();
}

/// `write(json, bar, end)` for every bar the query asks for.
template <class Write>
Reply write_bars(Call& call, BarsOf of, const Contract& contract, const BarQuery& query,
                 Write write) {
  JsonWriter json;
  json.begin_array();
  for (const auto& bar : find_bars(call.venue.market(), of, contract.symbol, query.interval,
                                   query.from, query.to, query.limit, call.now))
    write(json, bar, query.interval.next(bar.open_time));
  json.end_array();
  return ok(json);
}

Reply traded_bars(Call& call, const Contract& contract, const BarQuery& query) {
  return write_bars(call, BarsOf::executions, contract, query,
                    [&](JsonWriter& json, const Kline& bar, TimePoint next) {
                      write_traded_bar(json, contract, bar, next, call.now);
                    });
}

constexpr std::string_view kNoBars = "[]";

}  // namespace

Reply klines(Call& call) {
  const auto* contract = call.required_symbol();
  const auto query = read_query(call);
  if (call.params.error()) return refuse(*call.params.error());
  return traded_bars(call, *contract, query);
}

Reply continuous_klines(Call& call) {
  const auto* contract = required_pair(call);
  const auto type = call.params.required("contractType");
  const bool is_perpetual = type == "PERPETUAL";
  const bool is_dated = type == "CURRENT_QUARTER" || type == "NEXT_QUARTER";
  const bool is_tradfi = type == "TRADIFI_PERPETUAL";
  if (!type.empty() && !is_perpetual && !is_dated && !is_tradfi)
    call.params.complain(-4104, "Invalid contract type");
  const auto query = read_query(call);
  if (call.params.error()) return refuse(*call.params.error());
  const auto rules = call.venue.market().find_rules(contract->symbol, call.now);
  const bool has_it =
      rules && (rules->contract == ContractType::tradfi_perpetual ? is_tradfi : is_perpetual);
  if (!has_it) return Reply{200, std::string(kNoBars)};
  return traded_bars(call, *contract, query);
}

Reply mark_klines(Call& call) {
  const auto* contract = call.required_symbol();
  const auto query = read_query(call);
  if (call.params.error()) return refuse(*call.params.error());
  return write_bars(call, BarsOf::mark, *contract, query,
                    [&](JsonWriter& json, const Kline& bar, TimePoint next) {
                      const auto samples = passed(bar, next, call.now) / Seconds(1);
                      write_price_bar(json, bar, next, samples,
                                      [](Price mark) { return eight(mark); });
                    });
}

Reply index_klines(Call& call) {
  const auto* contract = required_pair(call);
  const auto query = read_query(call);
  if (call.params.error()) return refuse(*call.params.error());
  return write_bars(
      call, BarsOf::mark, *contract, query,
      [&](JsonWriter& json, const Kline& bar, TimePoint next) {
        const auto premium = premium_of(call.venue.market(), contract->symbol, bar.open_time);
        const auto samples = passed(bar, next, call.now) / Seconds(1);
        write_price_bar(json, bar, next, samples,
                        [&](Price mark) { return eight(index_price(mark, premium)); });
      });
}

Reply premium_klines(Call& call) {
  const auto* contract = call.required_symbol();
  const auto query = read_query(call);
  if (call.params.error()) return refuse(*call.params.error());
  return write_bars(
      call, BarsOf::mark, *contract, query,
      [&](JsonWriter& json, const Kline& bar, TimePoint next) {
        const auto premium = premium_of(call.venue.market(), contract->symbol, bar.open_time);
        const auto samples = passed(bar, next, call.now) / Seconds(5);
        write_price_bar(json, bar, next, samples, [&](Price) { return eight(premium); });
      });
}

}  // namespace bb::paper
