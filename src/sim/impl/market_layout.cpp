#include "sim/impl/market_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace bb::sim::impl {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostFiles = 500'000;

std::unexpected<Error> bad(std::string text) {
  return fail(ErrorKind::configuration, std::move(text));
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// "BTCUSDT-1m-2026-01-31", "BTCUSDT-fundingRate-2026-01"; false for any other name.
bool describe_bulk(std::string_view stem, const fs::path& folder, FeedFile& file) {
  const auto parts = split(stem, '-');
  if (parts.size() != 4 && parts.size() != 5) return false;
  const auto is_digits = [](std::string_view text, std::size_t size) {
    return text.size() == size &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!is_digits(parts[2], 4) || !is_digits(parts[3], 2) ||
      (parts.size() == 5 && !is_digits(parts[4], 2)))
    return false;
  file.source.symbol = parts[0];
  if (parts[1] == "fundingRate") {
    file.source.kind = RowKind::funding;
    return true;
  }
  file.source.interval = parse_interval(parts[1]);
  file.source.kind = RowKind::bars;
  for (const auto& part : folder) {
    if (part == "markPriceKlines") file.source.kind = RowKind::marks;
    if (part == "indexPriceKlines" || part == "premiumIndexKlines")
      file.source.kind = RowKind::unknown;
  }
  if (file.source.interval == Millis(0)) file.source.kind = RowKind::unknown;
  return true;
}

// "um_klines_15m_2025-09-27_2025-10-10": words between underscores say what is inside.
void describe_words(std::string_view stem, FeedFile& file) {
  for (const auto word : split(stem, '_'))
    if (const auto interval = parse_interval(word); interval > Millis(0))
      file.source.interval = interval;
  if (contains(stem, "funding")) file.source.kind = RowKind::funding;
  if (contains(stem, "mark_price") || contains(stem, "markPrice"))
    file.source.kind = RowKind::marks;
}

bool is_rules_file(const std::string& name, std::string_view wanted) {
  return name == fmt::format("{}.json", wanted) || name == fmt::format("{}.json.zst", wanted);
}

}  // namespace

std::optional<FeedFile> describe_file(const std::string& path) {
  const fs::path place(path);
  std::string stem = place.filename().string();
  const auto strip = [&](std::string_view end) {
    const bool ends = stem.ends_with(end);
    if (ends) stem.resize(stem.size() - end.size());
    return ends;
  };
  FeedFile file{path, {}};
  file.source.name = path;
  const bool is_zip = strip(".zip");
  if (!is_zip) strip(".zst");
  const bool is_rows = is_zip || strip(".csv") || strip(".jsonl");
  if (!is_rows) return std::nullopt;
  if (describe_bulk(stem, place.parent_path(), file))
    return file.source.kind == RowKind::unknown ? std::nullopt : std::optional(file);
  if (is_zip) return std::nullopt;
  describe_words(stem, file);
  return file;
}

Result<Layout> find_layout(const std::string& folder) {
  Layout layout;
  std::error_code error;
  const auto take = [&](const fs::path& place) {
    const std::string name = place.filename().string();
    if (is_rules_file(name, "exchangeInfo")) layout.rules = place.string();
    if (is_rules_file(name, "leverageBracket")) layout.brackets = place.string();
    if (auto file = describe_file(place.string())) layout.files.push_back(std::move(*file));
  };
  if (fs::is_regular_file(folder, error)) {
    take(folder);
  } else {
    std::size_t seen = 0;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
         it.increment(error)) {
      if (++seen > kMostFiles) return bad(fmt::format("{} holds too many files", folder));
      if (it->is_regular_file(error)) take(it->path());
    }
    if (error) return bad(fmt::format("cannot read {}: {}", folder, error.message()));
  }
  std::ranges::sort(layout.files, {}, &FeedFile::path);
  return layout;
}

}  // namespace bb::sim::impl
