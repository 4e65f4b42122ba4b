// The recorded days as they lie in files: zstd frames that hold packed bars, Binance's own JSON,
// and CSV (data/README.md). Reading checks magic, sizes and the frame's checksum; whatever is wrong
// is a `configuration` error that names the file.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/impl/market_data.h"

namespace bb::sim::impl {

/// A whole zstd frame, decompressed and verified.
Result<std::string> read_zst(const std::string& path);

/// One symbol of the bars file.
struct RecordedBars {
  std::string symbol;
  Price tick;
  TimePoint first{};
  std::vector<Bar> bars;
};
struct BarsFile {
  TimePoint begin{}, end{};
  Millis step{0};
  std::vector<RecordedBars> symbols;
};
Result<BarsFile> parse_bars(std::string_view bytes);

/// GET /fapi/v1/exchangeInfo: rules in the exchange's order.
Result<std::vector<SymbolRules>> parse_exchange_info(std::string_view json);
/// GET /fapi/v1/leverageBracket.
Result<std::map<std::string, Brackets>> parse_brackets(std::string_view json);
/// CSV symbol,funding_time,funding_rate with a header line.
Result<std::map<std::string, std::vector<Market::Funding>>> parse_funding(std::string_view csv);

}  // namespace bb::sim::impl
