// Which files of a folder hold which rows: by their places and names. Known are the bulk files of
// data.binance.vision (reference §22), as a tree or flat, and CSV or JSON lines of many symbols.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/impl/market_rows.h"

namespace bb::sim::impl {

struct FeedFile {
  std::string path;
  RowSource source;
};

struct Layout {
  std::vector<FeedFile> files;  // by path
  std::string rules, brackets;  // paths of exchangeInfo and leverageBracket, empty when absent
};

/// What a folder (or one file) offers; files of other kinds are passed over.
Result<Layout> find_layout(const std::string& folder);

/// A file as its place and name describe it; nothing for one that holds no rows we know.
std::optional<FeedFile> describe_file(const std::string& path);

}  // namespace bb::sim::impl
