#include "store/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bb::store {

namespace {

// Tabs and line ends are the format's own.
std::string plain(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\t' || c == '\n'; }, ' ');
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

JournalRow journal_row(const Run& run, const Ranking& ranking) {
  std::string body =
      fmt::format("{}\t{}\t{}\n", ranking.universe, ranking.without_open, ranking.rescaled);
  for (const auto& each : ranking.contracts)
    body += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", each.rank, plain(each.symbol.str()),
                        each.change.str(), each.last.str(), each.verdict, plain(each.reason));
  return {kRankingSource, run.run_id, run.started_at, run.completed_at.value_or(run.started_at),
          std::move(body)};
}

Ranking parse_ranking(std::string_view body) {
  constexpr std::size_t kHeadColumns = 3, kColumns = 6;
  Ranking ranking;
  for (const auto line : split(body, '\n')) {
    const auto parts = split(line, '\t');
    if (parts.size() == kHeadColumns) {
      ranking.universe = number(parts[0]);
      ranking.without_open = number(parts[1]);
      ranking.rescaled = number(parts[2]);
    }
    if (parts.size() != kColumns) continue;
    const auto change = Decimal::parse(parts[2]), last = Decimal::parse(parts[3]);
    if (!change || !last) continue;
    ranking.contracts.push_back({number(parts[0]), Symbol(parts[1]), Ratio(*change), Price(*last),
                                 std::string(parts[4]), std::string(parts[5])});
  }
  return ranking;
}

}  // namespace bb::store
