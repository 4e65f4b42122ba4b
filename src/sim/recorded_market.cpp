// Puts the recorded files together: bars with their rules, brackets and funding, moved in time.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>

#include "sim/impl/market_files.h"

namespace bb::sim {

namespace {

using impl::Column;

std::unexpected<Error> bad(std::string text) {
  return fail(ErrorKind::configuration, std::move(text));
}

struct Files {
  impl::BarsFile bars;
  std::vector<SymbolRules> rules;
  std::map<std::string, Brackets> brackets;
  std::map<std::string, std::vector<Market::Funding>> funding;
};

constexpr const char* kBarsFile = "bars_15m.bin.zst";
constexpr const char* kRulesFile = "exchangeInfo.json.zst";
constexpr const char* kBracketsFile = "leverageBracket.json.zst";
constexpr const char* kFundingFile = "funding.csv.zst";

// Errors of a parser name the file.
template <class T>
Status parse_into(T& out, const char* name, std::string_view bytes,
                  Result<T> (*parse)(std::string_view)) {
  auto parsed = parse(bytes);
  if (!parsed) return bad(fmt::format("{}: {}", name, parsed.error().text));
  out = std::move(*parsed);
  return {};
}

// All four are read and verified before the first is parsed: a damaged folder is refused at once.
Result<Files> read_files(const std::string& folder) {
  std::map<std::string_view, std::string> bytes;
  for (const char* name : {kBarsFile, kRulesFile, kBracketsFile, kFundingFile}) {
    auto file = impl::read_zst(folder + "/" + name);
    if (!file) return std::unexpected(file.error());
    bytes[name] = std::move(*file);
  }
  Files files;
  Status ok = parse_into(files.rules, kRulesFile, bytes[kRulesFile], impl::parse_exchange_info);
  if (ok)
    ok = parse_into(files.brackets, kBracketsFile, bytes[kBracketsFile], impl::parse_brackets);
  if (ok) ok = parse_into(files.funding, kFundingFile, bytes[kFundingFile], impl::parse_funding);
  if (ok) ok = parse_into(files.bars, kBarsFile, bytes[kBarsFile], impl::parse_bars);
  if (!ok) return std::unexpected(ok.error());
  return files;
}

// The part of the recorded time that is to be walked.
struct Window {
  TimePoint begin{}, end{};
};

Result<Window> choose_window(const impl::BarsFile& bars, const MarketOptions& options) {
  Window window{bars.begin, bars.end};
  if (options.begin != TimePoint{}) window.begin = options.begin;
  if (options.end != TimePoint{}) window.end = options.end;
  if (window.begin < bars.begin || window.end > bars.end || window.begin >= window.end)
    return bad(fmt::format("{} .. {} is not within the recorded time {} .. {}",
                           iso_seconds(window.begin), iso_seconds(window.end),
                           iso_seconds(bars.begin), iso_seconds(bars.end)));
  if ((window.end - bars.begin) % bars.step != Millis(0))
    return bad(fmt::format("{} is not the end of a recorded bar; bars last {} minutes",
                           iso_seconds(window.end), bars.step / Minutes(1)));
  return window;
}

void fill_funding(Column& column, const Files& files, TimePoint end, Millis shift) {
  const auto recorded = files.funding.find(column.rules.symbol.str());
  if (recorded != files.funding.end()) {
    for (const auto& [time, rate] : recorded->second)
      if (time + shift >= column.first && time + shift <= end)
        column.funding.push_back({time + shift, rate});
    return;
  }
  const std::int64_t interval = impl::kFundingInterval.count();
  const std::int64_t first = (to_ms(column.first) + interval - 1) / interval * interval;
  for (std::int64_t at = first; from_ms(at) <= end; at += interval)
    column.funding.push_back({from_ms(at), impl::default_funding_rate()});
}

// The bars that begin before the window's end, with everything that belongs to them.
Result<Column> make_column(impl::RecordedBars& bars, const SymbolRules& rules, const Files& files,
                           const Window& window, Millis shift) {
  Column column;
  column.rules = rules;
  if (rules.tick != bars.tick)
    return bad(
        fmt::format("{} has bars in ticks of {} and rules with {}: the data files do not "
                    "belong together; restore them from the repository",
                    bars.symbol, bars.tick.str(), rules.tick.str()));
  const auto brackets = files.brackets.find(bars.symbol);
  if (brackets == files.brackets.end())
    return bad(fmt::format("{} has bars but no leverage brackets", bars.symbol));
  column.brackets = brackets->second;

  column.first = bars.first + shift;
  const auto known = static_cast<std::size_t>((window.end - bars.first) / files.bars.step);
  column.bars = std::move(bars.bars);
  column.bars.resize(std::min(column.bars.size(), known));

  // Listed inside the recorded days: the first bar says when, and moves with them.
  if (bars.first > files.bars.begin)
    column.rules.onboard_time = column.first;
  else
    column.rules.onboard_time = std::min(rules.onboard_time, column.first);
  if (rules.delivery_time < impl::kNoDelivery) column.rules.delivery_time += shift;
  const TimePoint end =
      column.first + files.bars.step * static_cast<std::int64_t>(column.bars.size());
  fill_funding(column, files, end, shift);
  return column;
}

}  // namespace

Result<Market> load_market(const std::string& folder, const MarketOptions& options) {
  auto files = read_files(folder);
  if (!files) return std::unexpected(files.error());
  const auto window = choose_window(files->bars, options);
  if (!window) return std::unexpected(window.error());

  std::unordered_map<std::string, impl::RecordedBars*> bars;
  for (auto& entry : files->bars.symbols)
    bars[entry.symbol] = &entry;
  if (files->rules.size() != bars.size())
    return bad(
        fmt::format("{} symbols have rules, {} have bars: the data files do not belong "
                    "together; restore them from the repository",
                    files->rules.size(), bars.size()));

  auto data = std::make_shared<Market::Data>();
  data->step = files->bars.step;
  data->begin = window->begin + options.shift;
  data->end = window->end + options.shift;
  data->path = options.path;
  data->seed = options.seed;
  data->shift = options.shift;
  for (const SymbolRules& rules : files->rules) {
    const auto found = bars.find(rules.symbol.str());
    if (found == bars.end())
      return bad(
          fmt::format("{} has rules but no bars: the data files do not belong together; "
                      "restore them from the repository",
                      rules.symbol.str()));
    if (found->second->first >= window->end) continue;
    auto column = make_column(*found->second, rules, *files, *window, options.shift);
    if (!column) return std::unexpected(column.error());
    data->columns.push_back(std::move(*column));
  }
  data->seal();
  return Market(std::move(data));
}

}  // namespace bb::sim
