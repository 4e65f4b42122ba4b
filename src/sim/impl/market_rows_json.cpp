// Rows as the REST endpoint answers them: arrays of texts and numbers, one symbol a line.
#include <fmt/format.h>
#include <simdjson.h>

#include "sim/impl/market_rows.h"

namespace bb::sim::impl {

namespace {

namespace json = simdjson::ondemand;

// A text, or a number by its digits.
std::string_view text_of(json::value value) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return text;
  text = value.raw_json_token();
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ')
    text.remove_suffix(1);
  return text;
}

std::string read_kline(json::array kline, Millis interval, BarRow& row) {
  std::array<std::string_view, 6> fields{};
  std::size_t count = 0;
  for (json::value value : kline) {
    if (count < fields.size()) fields[count] = text_of(value);
    ++count;
  }
  if (count < fields.size()) return "a kline has at least six fields";
  return make_bar({fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], {}}, interval,
                  row);
}

}  // namespace

Status read_json_lines(std::string_view text, const RowSource& source, Rows& rows) {
  const auto file = static_cast<std::uint32_t>(rows.files.size());
  rows.files.push_back(source.name);
  json::parser parser;
  const auto bad = [&](std::uint32_t line, std::string_view what) {
    return fail(ErrorKind::configuration, fmt::format("{}:{}: {}", source.name, line, what));
  };
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const simdjson::padded_string content(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (content.size() == 0 && text.empty()) break;
    try {
      json::document document = parser.iterate(content);
      const std::string symbol(
          std::string_view(document.find_field_unordered("symbol").get_string()));
      if (symbol.empty() || symbol.size() > 40) return bad(number, "a line names its symbol");
      auto& bars = (source.kind == RowKind::marks ? rows.marks : rows.bars)[symbol];
      for (json::array kline : document.find_field_unordered("klines").get_array()) {
        BarRow row;
        row.file = file;
        row.line = number;
        const auto complaint = read_kline(kline, source.interval, row);
        if (!complaint.empty()) return bad(number, complaint);
        if ((source.begin != TimePoint{} && row.open_time < source.begin) ||
            (source.end != TimePoint{} && row.open_time >= source.end))
          continue;
        bars.push_back(row);
      }
    } catch (const simdjson::simdjson_error& error) {
      return bad(number, fmt::format("not an object with symbol and klines: {}", error.what()));
    }
  }
  return {};
}

}  // namespace bb::sim::impl
