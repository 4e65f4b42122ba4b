// Puts recordings of other origins together: rows of many files become columns of one step.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "sim/impl/market_archive.h"
#include "sim/impl/market_feed.h"
#include "sim/impl/market_files.h"
#include "sim/impl/market_layout.h"

namespace bb::sim {

namespace {

using impl::BarRow;
using impl::Column;
using impl::RowKind;
using impl::Rows;

// Clients look back a day; a market begins a day before what is traded.
constexpr std::chrono::days kHistory{2};
constexpr Millis kLongestHole = Hours(24);
// Who is recorded to within this of the record's end goes on trading, as far as anybody knows.
constexpr Millis kRaggedEnd = Hours(24);

std::unexpected<Error> bad(std::string text) {
  return fail(ErrorKind::configuration, std::move(text));
}

std::string place_of(const Rows& rows, const BarRow& row) {
  return fmt::format("{}:{}", rows.files[row.file], row.line);
}

Status read_files(const std::vector<impl::FeedFile>& files, const MarketOptions& options,
                  Rows& rows) {
  for (const auto& file : files) {
    auto entries = impl::read_entries(file.path);
    if (!entries) return std::unexpected(entries.error());
    for (const auto& entry : *entries) {
      impl::RowSource source = file.source;
      if (entry.name != file.path) source.name += "/" + entry.name;
      if (options.begin != TimePoint{}) source.begin = options.begin - kHistory;
      if (options.end != TimePoint{}) source.end = options.end;
      const bool is_json = file.path.find(".jsonl") != std::string::npos;
      const auto read = is_json ? impl::read_json_lines(entry.text, source, rows)
                                : impl::read_csv(entry.text, source, rows);
      if (!read) return read;
    }
  }
  return {};
}

// Of several intervals one is played: the one that is asked for, else the finest.
Result<std::vector<impl::FeedFile>> choose_files(const impl::Layout& layout,
                                                 const std::string& folder, Millis wished) {
  std::set<Millis> known;
  bool has_unnamed = false;
  for (const auto& file : layout.files) {
    if (file.source.kind == RowKind::funding || file.source.kind == RowKind::marks) continue;
    if (file.source.interval > Millis(0)) known.insert(file.source.interval);
    has_unnamed |= file.source.interval == Millis(0);
  }
  if (known.empty() && !has_unnamed)
    return bad(fmt::format(
        "no market data in {}: neither bars_15m.bin.zst (or of another interval), nor "
        "<SYMBOL>-<interval>-<date>.zip or .csv, nor .csv, .csv.zst or .jsonl.zst of klines",
        folder));
  if (wished > Millis(0) && !known.contains(wished) && !has_unnamed)
    return bad(fmt::format("{} has no bars of {}", folder, impl::interval_name(wished)));
  const Millis chosen = wished > Millis(0) ? wished : known.empty() ? Millis(0) : *known.begin();
  std::map<std::string, Millis> finest_marks;  // by symbol, empty for files of many
  for (const auto& [path, source] : layout.files)
    if (source.kind == RowKind::marks) {
      auto& finest = finest_marks.try_emplace(source.symbol, source.interval).first->second;
      finest = std::min(finest, source.interval);
    }
  std::vector<impl::FeedFile> files;
  for (const auto& file : layout.files) {
    const auto& source = file.source;
    if (source.kind == RowKind::marks && source.interval != finest_marks[source.symbol]) continue;
    if (source.kind == RowKind::bars || source.kind == RowKind::unknown)
      if (source.interval > Millis(0) && source.interval != chosen) continue;
    files.push_back(file);
  }
  return files;
}

// By time, each bar once; two files may tell the same bar, but not different ones.
Status put_in_order(const std::string& symbol, std::vector<BarRow>& bars, const Rows& rows) {
  if (!std::ranges::is_sorted(bars, {}, &BarRow::open_time))
    std::ranges::sort(
        bars, {}, [](const BarRow& row) { return std::tuple(row.open_time, row.file, row.line); });
  for (std::size_t i = 1; i < bars.size(); ++i) {
    const BarRow& a = bars[i - 1];
    const BarRow& b = bars[i];
    if (a.open_time == b.open_time &&
        (a.open != b.open || a.high != b.high || a.low != b.low || a.close != b.close))
      return bad(fmt::format("{} and {} tell different bars of {} at {}", place_of(rows, a),
                             place_of(rows, b), symbol, iso_seconds(a.open_time)));
  }
  const auto same = [](const BarRow& a, const BarRow& b) { return a.open_time == b.open_time; };
  bars.erase(std::unique(bars.begin(), bars.end(), same), bars.end());
  return {};
}

// The distance between bars, where no name says it.
Result<Millis> shortest_step(const std::map<std::string, std::vector<BarRow>>& all,
                             const Rows& rows) {
  Millis step = Hours(24);
  const BarRow* second = nullptr;
  for (const auto& [symbol, bars] : all)
    for (std::size_t i = 1; i < bars.size(); ++i) {
      const Millis distance = bars[i].open_time - bars[i - 1].open_time;
      if (distance >= step) continue;
      step = distance;
      second = &bars[i];
    }
  if (!impl::is_step(step))
    return bad(
        fmt::format("{}: the bar begins {} ms after the one before it, which is no whole "
                    "part of a day from a second on",
                    place_of(rows, *second), step.count()));
  return step;
}

// Bars without holes: what is missing stands at the close before it.
Status fill_bars(Column& column, const std::string& symbol, const std::vector<BarRow>& bars,
                 Millis step, const Rows& rows) {
  if ((bars.back().open_time - bars.front().open_time) / step >= impl::kMostBars)
    return bad(fmt::format("{}: {} has more bars of {} s than fit", place_of(rows, bars.back()),
                           symbol, step / Seconds(1)));
  column.step = step;
  column.first = bars.front().open_time;
  column.bars.reserve(
      static_cast<std::size_t>((bars.back().open_time - bars.front().open_time) / step + 1));
  TimePoint next = column.first;
  for (const BarRow& row : bars) {
    if ((row.open_time - column.first) % step != Millis(0))
      return bad(fmt::format("{}: {} is not the beginning of a bar of {}", place_of(rows, row),
                             to_ms(row.open_time), impl::interval_name(step)));
    if (row.open_time - next > kLongestHole)
      return bad(
          fmt::format("{}: {} has no bars from {} until {}; give the days between or fewer "
                      "files",
                      place_of(rows, row), symbol, iso_seconds(next), iso_seconds(row.open_time)));
    for (; next < row.open_time; next += step) {
      const std::int32_t close = column.bars.back().close;
      column.bars.push_back({close, close, close, close, 0});
    }
    column.bars.push_back(impl::bar_in_ticks(row, column.rules.tick));
    next += step;
  }
  return {};
}

void cut_bars(Column& column, TimePoint end) {
  const auto known =
      end <= column.first ? 0 : (end - column.first + column.step - Millis(1)) / column.step;
  column.bars.resize(std::min(column.bars.size(), static_cast<std::size_t>(known)));
}

TimePoint end_of(const Column& column) {
  return column.first + column.step * static_cast<std::int64_t>(column.bars.size());
}

struct KnownRules {
  std::map<std::string, SymbolRules> rules;
  std::vector<std::string> order;
  std::map<std::string, Brackets> brackets;
};

template <class T>
Status read_list(const std::string& path, Result<T> (*parse)(std::string_view), T& out) {
  if (path.empty()) return {};
  const auto entries = impl::read_entries(path);
  if (!entries) return std::unexpected(entries.error());
  auto parsed = parse(entries->front().text);
  if (!parsed) return bad(fmt::format("{}: {}", path, parsed.error().text));
  out = std::move(*parsed);
  return {};
}

Result<KnownRules> read_rules(impl::Layout layout, const std::string& folder) {
  const auto fall_back = [&](std::string& path, const char* name) {
    const std::string other = fmt::format("{}/{}.json.zst", folder, name);
    std::error_code ignored;
    if (path.empty() && !folder.empty() && std::filesystem::exists(other, ignored)) path = other;
  };
  fall_back(layout.rules, "exchangeInfo");
  fall_back(layout.brackets, "leverageBracket");
  KnownRules known;
  std::vector<SymbolRules> rules;
  Status ok = read_list(layout.rules, impl::parse_exchange_info, rules);
  if (ok) ok = read_list(layout.brackets, impl::parse_brackets, known.brackets);
  if (!ok) return std::unexpected(ok.error());
  for (auto& entry : rules) {
    known.order.push_back(entry.symbol.str());
    known.rules.emplace(entry.symbol.str(), std::move(entry));
  }
  return known;
}

class Assembly {
 public:
  Assembly(Rows rows, KnownRules known) : rows_(std::move(rows)), known_(std::move(known)) {}

  Result<Market> build(const MarketOptions& options, Millis named_step);

 private:
  Status add_column(const std::string& symbol, const std::vector<BarRow>& bars);
  Status add_marks(Column& column, TimePoint end);
  void move(Column& column, TimePoint recorded_begin, Millis shift);
  std::vector<std::string> symbols() const;

  Rows rows_;
  KnownRules known_;
  std::vector<Column> columns_;
  Millis step_{0};
};

// In the exchange's order, then by name.
std::vector<std::string> Assembly::symbols() const {
  std::vector<std::string> names;
  for (const auto& name : known_.order)
    if (rows_.bars.contains(name)) names.push_back(name);
  for (const auto& [name, bars] : rows_.bars)
    if (!known_.rules.contains(name)) names.push_back(name);
  return names;
}

Status Assembly::add_column(const std::string& symbol, const std::vector<BarRow>& bars) {
  Column& column = columns_.emplace_back();
  const auto rules = known_.rules.find(symbol);
  const bool is_known = rules != known_.rules.end();
  const Price tick = impl::tick_of(bars, is_known ? rules->second.tick : Price());
  column.rules =
      is_known ? rules->second : impl::derive_rules(symbol, tick, Price(bars.front().open));
  // The exchange changes ticks in time; the recording is right about its own days.
  column.rules.tick = tick;
  column.rules.min_price = std::max(column.rules.min_price, tick);
  const auto brackets = known_.brackets.find(symbol);
  column.brackets = brackets == known_.brackets.end() ? impl::derive_brackets() : brackets->second;
  return fill_bars(column, symbol, bars, step_, rows_);
}

Status Assembly::add_marks(Column& column, TimePoint end) {
  const std::string symbol = column.rules.symbol.str();
  const auto found = rows_.marks.find(symbol);
  if (found == rows_.marks.end() || found->second.empty()) return {};
  auto& bars = found->second;
  if (auto ordered = put_in_order(symbol, bars, rows_); !ordered) return ordered;
  auto marks = std::make_shared<Column>();
  marks->rules.tick = impl::tick_of(bars, Price());
  const auto step = shortest_step({{symbol, bars}}, rows_);
  if (!step) return std::unexpected(step.error());
  if (auto filled = fill_bars(*marks, symbol, bars, *step, rows_); !filled) return filled;
  cut_bars(*marks, end);
  if (!marks->bars.empty()) column.mark = std::move(marks);
  return {};
}

void Assembly::move(Column& column, TimePoint recorded_begin, Millis shift) {
  const bool is_listed_inside = column.first > recorded_begin + kRaggedEnd;
  std::vector<Market::Funding> recorded;
  Millis interval{0};
  if (const auto found = rows_.funding.find(column.rules.symbol.str());
      found != rows_.funding.end()) {
    std::ranges::sort(found->second, {}, &impl::FundingRow::time);
    for (const auto& row : found->second) {
      if (!recorded.empty() && recorded.back().time == row.time + shift) continue;
      recorded.push_back({row.time + shift, row.rate});
      if (row.interval > Millis(0)) interval = row.interval;
    }
  }
  column.first += shift;
  if (column.mark) column.mark->first += shift;
  if (is_listed_inside || column.rules.onboard_time == TimePoint{})
    column.rules.onboard_time = column.first;
  else
    column.rules.onboard_time = std::min(column.rules.onboard_time, column.first);
  if (column.rules.delivery_time < impl::kNoDelivery) column.rules.delivery_time += shift;
  impl::fill_funding(column, recorded, end_of(column));
  if (interval > Millis(0)) column.funding_interval = interval;
}

Result<Market> Assembly::build(const MarketOptions& options, Millis named_step) {
  std::erase_if(rows_.bars, [](const auto& entry) {
    return entry.second.empty() || !entry.first.ends_with("USDT") || entry.first.size() < 5 ||
           entry.first.find('_') != std::string::npos;
  });
  if (rows_.bars.empty()) return bad("no bars of a USDT perpetual in the days that are asked for");
  for (auto& [symbol, bars] : rows_.bars)
    if (auto ordered = put_in_order(symbol, bars, rows_); !ordered)
      return std::unexpected(ordered.error());
  step_ = named_step;
  if (step_ == Millis(0)) {
    const auto found = shortest_step(rows_.bars, rows_);
    if (!found) return std::unexpected(found.error());
    step_ = *found;
  }
  for (const auto& symbol : symbols()) {
    auto& bars = rows_.bars.at(symbol);
    if (auto added = add_column(symbol, bars); !added) return std::unexpected(added.error());
    std::vector<BarRow>().swap(bars);
  }
  TimePoint begin = columns_.front().first;
  TimePoint last{};
  for (const Column& column : columns_) {
    begin = std::min(begin, column.first);
    last = std::max(last, end_of(column));
  }
  TimePoint end = last;
  for (const Column& column : columns_)
    if (end_of(column) > last - kRaggedEnd) end = std::min(end, end_of(column));
  const auto window = impl::window_of(begin, end, options);
  if (!window) return std::unexpected(window.error());
  const Millis shift = impl::shift_of(*window, options);

  auto data = std::make_shared<Market::Data>();
  data->step = step_;
  data->begin = window->begin + shift;
  data->end = window->end + shift;
  data->path = options.path;
  data->seed = options.seed;
  data->shift = shift;
  for (Column& column : columns_) {
    if (auto marks = add_marks(column, window->end); !marks) return std::unexpected(marks.error());
    cut_bars(column, window->end);
    if (column.bars.empty()) continue;
    move(column, begin, shift);
    data->columns.push_back(std::move(column));
  }
  data->seal();
  return Market(std::move(data));
}

}  // namespace

Result<Market> impl::load_feed(const std::string& folder, const MarketOptions& options) {
  auto layout = find_layout(folder);
  if (!layout) return std::unexpected(layout.error());
  const auto files = choose_files(*layout, folder, options.interval);
  if (!files) return std::unexpected(files.error());
  auto known = read_rules(*layout, options.rules_folder);
  if (!known) return std::unexpected(known.error());
  Rows rows;
  if (auto read = read_files(*files, options, rows); !read) return std::unexpected(read.error());
  Millis step = options.interval;
  for (const auto& file : *files)
    if (file.source.kind != RowKind::marks && file.source.interval > Millis(0))
      step = file.source.interval;
  return Assembly(std::move(rows), std::move(*known)).build(options, step);
}

}  // namespace bb::sim
