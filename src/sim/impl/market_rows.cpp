#include "sim/impl/market_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "sim/impl/market_data.h"

namespace bb::sim::impl {

namespace {

std::unexpected<Error> bad(std::string text) {
  return fail(ErrorKind::configuration, std::move(text));
}

std::unexpected<Error> bad_line(const RowSource& source, std::size_t line, std::string_view what) {
  return bad(fmt::format("{}:{}: {}", source.name, line, what));
}

// Text of a file is shown in messages as far as it can be.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

constexpr std::size_t kColumnsMax = 32;
constexpr std::size_t kAbsent = kColumnsMax;

struct Line {
  std::array<std::string_view, kColumnsMax> fields{};
  std::size_t count = 0;

  explicit Line(std::string_view text) {
    while (count < kColumnsMax) {
      const auto comma = text.find(',');
      fields[count++] = text.substr(0, comma);
      if (comma == std::string_view::npos) return;
      text.remove_prefix(comma + 1);
    }
    count = kColumnsMax + 1;  // too many: no row has as many fields as this
  }
};

/// Where the columns stand.
struct Columns {
  std::size_t symbol = kAbsent, time = kAbsent, open = kAbsent, high = kAbsent, low = kAbsent,
              close = kAbsent, volume = kAbsent, quote_volume = kAbsent, rate = kAbsent,
              hours = kAbsent;
  std::size_t count = 0;
};

Columns named_columns(const Line& header) {
  Columns c;
  c.count = header.count;
  const auto is = [&](std::size_t i, auto... names) {
    return ((header.fields[i] == std::string_view(names)) || ...);
  };
  for (std::size_t i = 0; i < std::min(header.count, kColumnsMax); ++i) {
    if (is(i, "symbol")) c.symbol = i;
    if (is(i, "open_time", "funding_time", "calc_time")) c.time = i;
    if (is(i, "open")) c.open = i;
    if (is(i, "high")) c.high = i;
    if (is(i, "low")) c.low = i;
    if (is(i, "close")) c.close = i;
    if (is(i, "volume")) c.volume = i;
    if (is(i, "quote_volume")) c.quote_volume = i;
    if (is(i, "funding_rate", "last_funding_rate")) c.rate = i;
    if (is(i, "funding_interval_hours")) c.hours = i;
  }
  return c;
}

// Files of before 2022 have no header line.
Columns usual_columns(RowKind kind, std::size_t count) {
  if (kind == RowKind::funding) return {.time = 0, .rate = 2, .hours = 1, .count = count};
  return {.time = 0,
          .open = 1,
          .high = 2,
          .low = 3,
          .close = 4,
          .volume = 5,
          .quote_volume = 7,
          .count = count};
}

bool is_number(std::string_view text) {
  return !text.empty() && (text.front() == '-' || (text.front() >= '0' && text.front() <= '9'));
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || std::from_chars(text.data(), end, value).ptr != end) return std::nullopt;
  return value;
}

std::optional<double> amount(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || std::from_chars(text.data(), end, value).ptr != end) return std::nullopt;
  if (!std::isfinite(value) || value < 0 || value > 1e18) return std::nullopt;
  return value;
}

// Binance's times are in milliseconds.
bool is_time(std::int64_t ms) { return ms >= to_ms(kEarliest) && ms < to_ms(kLatest); }

const Decimal kHighestPrice = Decimal::from_int(1'000'000'000);

std::string make_funding(const Line& line, const Columns& columns, FundingRow& row) {
  const auto time = whole(line.fields[columns.time]);
  if (!time || !is_time(*time))
    return fmt::format("'{}' is not a time in milliseconds of this century",
                       shown(line.fields[columns.time]));
  const auto rate = Decimal::parse_rounded(line.fields[columns.rate], Rounding::nearest);
  if (!rate || rate->abs() > Decimal::from_int(1))
    return fmt::format("'{}' is not a funding rate", shown(line.fields[columns.rate]));
  // The record has some milliseconds of jitter after the hour.
  constexpr std::int64_t kHour = Millis(Hours(1)).count();
  const std::int64_t nearest = (*time + kHour / 2) / kHour * kHour;
  row.time = from_ms(std::abs(*time - nearest) <= 60'000 ? nearest : *time);
  row.rate = Ratio(*rate);
  if (columns.hours != kAbsent) {
    const auto hours = whole(line.fields[columns.hours]);
    if (!hours || *hours < 1 || *hours > 24)
      return fmt::format("'{}' is not a funding interval in hours",
                         shown(line.fields[columns.hours]));
    row.interval = Hours(*hours);
  }
  return {};
}

bool is_kept(const RowSource& source, TimePoint at) {
  return (source.begin == TimePoint{} || at >= source.begin) &&
         (source.end == TimePoint{} || at < source.end);
}

bool is_symbol(std::string_view text) {
  return !text.empty() && text.size() <= 40 &&
         std::ranges::none_of(text, [](unsigned char c) { return c <= ' ' || c == '/'; });
}

// Settles what the file is: by its place and name, or by its header.
Result<Columns> settle_columns(const Line& first, bool has_header, RowSource& source) {
  Columns c = has_header ? named_columns(first) : usual_columns(source.kind, first.count);
  if (source.kind == RowKind::unknown && has_header)
    source.kind = c.rate != kAbsent ? RowKind::funding : RowKind::bars;
  const auto missing = [&](auto... at) { return ((at >= std::min(c.count, kAbsent)) || ...); };
  const bool is_short = source.kind == RowKind::funding
                            ? missing(c.time, c.rate)
                            : missing(c.time, c.open, c.high, c.low, c.close);
  if (source.kind == RowKind::unknown || is_short || c.count > kColumnsMax)
    return bad_line(source, 1,
                    "the columns are neither klines (open_time, open, high, low, close, volume) "
                    "nor funding rates (funding_time, funding_rate)");
  if (c.volume >= c.count) c.volume = kAbsent;
  if (c.quote_volume >= c.count) c.quote_volume = kAbsent;
  if (c.symbol == kAbsent && !is_symbol(source.symbol))
    return bad_line(source, 1, "neither the rows nor the name of the file say the symbol");
  return c;
}

}  // namespace

std::string make_bar(const BarText& text, Millis interval, BarRow& row) {
  const auto time = whole(text.time);
  if (!time) return fmt::format("'{}' is not a time in milliseconds", shown(text.time));
  if (!is_time(*time))
    return fmt::format("{} is not a time in milliseconds of this century", *time);
  if (interval > Millis(0) && *time % interval.count() != 0)
    return fmt::format("{} is not the beginning of a bar of {}", *time, interval_name(interval));
  row.open_time = from_ms(*time);
  for (const auto& [from, to] : {std::pair(text.open, &row.open),
                                 {text.high, &row.high},
                                 {text.low, &row.low},
                                 {text.close, &row.close}}) {
    const auto price = Decimal::parse_rounded(from, Rounding::nearest);
    if (!price || !price->is_positive() || *price > kHighestPrice)
      return fmt::format("'{}' is not a price", shown(from));
    *to = *price;
  }
  if (row.low > std::min(row.open, row.close) || row.high < std::max(row.open, row.close))
    return "open and close do not lie between low and high";
  if (!text.volume.empty()) {
    const auto volume = amount(text.volume);
    if (!volume) return fmt::format("'{}' is not a volume", shown(text.volume));
    row.volume = *volume;
  } else if (!text.quote_volume.empty()) {
    const auto quote = amount(text.quote_volume);
    if (!quote) return fmt::format("'{}' is not a volume", shown(text.quote_volume));
    const double mean = 0.25 * (row.open.to_double() + row.high.to_double() + row.low.to_double() +
                                row.close.to_double());
    row.volume = *quote / mean;
  }
  return {};
}

Millis parse_interval(std::string_view text) {
  if (text.size() < 2) return Millis(0);
  const auto number = whole(text.substr(0, text.size() - 1));
  if (!number || *number < 1 || *number > 1440) return Millis(0);
  Millis unit(0);
  if (text.back() == 'm') unit = Minutes(1);
  if (text.back() == 'h') unit = Hours(1);
  if (text.back() == 'd') unit = Hours(24);
  const Millis interval = unit * *number;
  const bool divides = interval.count() > 0 && Millis(Hours(24)).count() % interval.count() == 0;
  return divides ? interval : Millis(0);
}

std::string interval_name(Millis interval) {
  if (interval % Hours(24) == Millis(0)) return fmt::format("{}d", interval / Hours(24));
  if (interval % Hours(1) == Millis(0)) return fmt::format("{}h", interval / Hours(1));
  return fmt::format("{}m", interval / Minutes(1));
}

Status read_csv(std::string_view text, const RowSource& given, Rows& rows) {
  RowSource source = given;
  const auto file = static_cast<std::uint32_t>(rows.files.size());
  rows.files.push_back(source.name);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::optional<Columns> columns;
  std::vector<BarRow>* bars = nullptr;
  std::string_view current;
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string_view content = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (content.ends_with('\r')) content.remove_suffix(1);
    if (content.empty() && text.empty()) break;
    const Line line(content);
    if (!columns) {
      const bool has_header = !is_number(line.fields[0]);
      auto settled = settle_columns(line, has_header, source);
      if (!settled) return std::unexpected(settled.error());
      columns = *settled;
      if (has_header) continue;
    }
    if (line.count != columns->count)
      return bad_line(source, number,
                      fmt::format("{} fields instead of {}", line.count, columns->count));
    const auto symbol =
        columns->symbol == kAbsent ? std::string_view(source.symbol) : line.fields[columns->symbol];
    if (symbol != current || !is_symbol(symbol)) {
      if (!is_symbol(symbol))
        return bad_line(source, number, fmt::format("'{}' is not a symbol", shown(symbol)));
      bars = nullptr;
      current = symbol;
    }
    if (source.kind == RowKind::funding) {
      FundingRow row;
      const auto complaint = make_funding(line, *columns, row);
      if (!complaint.empty()) return bad_line(source, number, complaint);
      rows.funding[std::string(symbol)].push_back(row);
      continue;
    }
    const auto field = [&](std::size_t at) {
      return at == kAbsent ? std::string_view() : line.fields[at];
    };
    BarRow row;
    row.file = file;
    row.line = number;
    const auto complaint = make_bar(
        {field(columns->time), field(columns->open), field(columns->high), field(columns->low),
         field(columns->close), field(columns->volume), field(columns->quote_volume)},
        source.interval, row);
    if (!complaint.empty()) return bad_line(source, number, complaint);
    if (!is_kept(source, row.open_time)) continue;
    if (!bars) {
      auto& all = source.kind == RowKind::marks ? rows.marks : rows.bars;
      bars = &all[std::string(symbol)];
    }
    bars->push_back(row);
  }
  if (!columns) return bad_line(source, 1, "the file is empty");
  return {};
}

}  // namespace bb::sim::impl
