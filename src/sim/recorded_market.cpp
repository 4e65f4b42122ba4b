// Puts the repository's own recorded files together: bars with their rules, brackets and funding,
// moved in time. Other recordings: feed_market.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>
#include <unordered_map>

#include "sim/impl/market_feed.h"
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
Result<Files> read_files(const std::string& folder, const std::string& bars_file) {
  std::map<std::string_view, std::string> bytes;
  const char* bars_name = bars_file.c_str();
  for (const char* name : {bars_name, kRulesFile, kBracketsFile, kFundingFile}) {
    auto file = impl::read_zst(folder + "/" + name);
    if (!file) return std::unexpected(file.error());
    bytes[name] = std::move(*file);
  }
  Files files;
  Status ok = parse_into(files.rules, kRulesFile, bytes[kRulesFile], impl::parse_exchange_info);
  if (ok)
    ok = parse_into(files.brackets, kBracketsFile, bytes[kBracketsFile], impl::parse_brackets);
  if (ok) ok = parse_into(files.funding, kFundingFile, bytes[kFundingFile], impl::parse_funding);
  if (ok) ok = parse_into(files.bars, bars_name, bytes[bars_name], impl::parse_bars);
  if (!ok) return std::unexpected(ok.error());
  return files;
}

// The bars file of the interval that is asked for, or of the finest there is; empty = none.
std::string find_bars_file(const std::string& folder, Millis interval) {
  std::string best;
  Millis finest = Millis::max();
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    constexpr std::string_view kBegin = "bars_";
    constexpr std::string_view kEnd = ".bin.zst";
    if (!name.starts_with(kBegin) || !name.ends_with(kEnd)) continue;
    const auto word =
        std::string_view(name).substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
    const Millis each = impl::parse_interval(word);
    if (each == Millis(0) || (interval > Millis(0) && each != interval) || each >= finest) continue;
    finest = each;
    best = name;
  }
  return best;
}

Result<impl::Window> choose_window(const impl::BarsFile& bars, const MarketOptions& options) {
  const auto chosen = impl::window_of(bars.begin, bars.end, options);
  if (!chosen) return chosen;
  const impl::Window& window = *chosen;
  if ((window.end - bars.begin) % bars.step != Millis(0))
    return bad(fmt::format("{} is not the end of a recorded bar; bars last {} minutes",
                           iso_seconds(window.end), bars.step / Minutes(1)));
  return window;
}

void fill_funding(Column& column, const Files& files, TimePoint end, Millis shift) {
  const auto recorded = files.funding.find(column.rules.symbol.str());
  if (recorded == files.funding.end()) return impl::fill_funding(column, {}, end);
  std::vector<Market::Funding> moved = recorded->second;
  for (auto& settlement : moved)
    settlement.time += shift;
  impl::fill_funding(column, moved, end);
}

// The bars that begin before the window's end, with everything that belongs to them.
Result<Column> make_column(impl::RecordedBars& bars, const SymbolRules& rules, const Files& files,
                           const impl::Window& window, Millis shift) {
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
  const auto bars_file = find_bars_file(folder, options.interval);
  if (bars_file.empty()) return impl::load_feed(folder, options);
  auto files = read_files(folder, bars_file);
  if (!files) return std::unexpected(files.error());
  const auto window = choose_window(files->bars, options);
  if (!window) return std::unexpected(window.error());
  const Millis shift = impl::shift_of(*window, options);

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
  data->begin = window->begin + shift;
  data->end = window->end + shift;
  data->path = options.path;
  data->seed = options.seed;
  data->shift = shift;
  for (const SymbolRules& rules : files->rules) {
    const auto found = bars.find(rules.symbol.str());
    if (found == bars.end())
      return bad(
          fmt::format("{} has rules but no bars: the data files do not belong together; "
                      "restore them from the repository",
                      rules.symbol.str()));
    if (found->second->first >= window->end) continue;
    auto column = make_column(*found->second, rules, *files, *window, shift);
    if (!column) return std::unexpected(column.error());
    data->columns.push_back(std::move(*column));
  }
  data->seal();
  return Market(std::move(data));
}

}  // namespace bb::sim
