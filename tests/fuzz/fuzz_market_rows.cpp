// Files of recorded rows. Whatever comes: a row that is kept is a bar, a text with a bad row says
// where it is, and an archive of any form ends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "sim/impl/market_archive.h"
#include "sim/impl/market_feed.h"
#include "sim/impl/market_rows.h"

using namespace bb;
using namespace bb::sim::impl;

namespace {

void judge(const Status& read, const Rows& rows) {
  if (!read) {
    BB_CHECK(read.error().kind == ErrorKind::configuration, "bad rows are the operator's matter");
    BB_CHECK(read.error().text.starts_with("the file"), "a complaint begins with the file's name");
    return;
  }
  for (const auto* all : {&rows.bars, &rows.marks})
    for (const auto& [symbol, bars] : *all) {
      if (bars.empty()) continue;
      const Price tick = tick_of(bars, Price());
      for (const BarRow& row : bars) {
        BB_CHECK(row.low.is_positive() && row.low <= row.open && row.close <= row.high,
                 "a bar holds its prices");
        BB_CHECK(row.volume >= 0, "a volume is not negative");
        const Bar bar = bar_in_ticks(row, tick);
        BB_CHECK(bar.low > 0 && bar.low <= std::min(bar.open, bar.close) &&
                     bar.high >= std::max(bar.open, bar.close),
                 "a bar in ticks holds its prices");
      }
    }
}

void read(std::string_view text, RowKind kind, bool has_interval, bool is_json) {
  RowSource source;
  source.name = "the file";
  source.symbol = "ABCUSDT";
  source.kind = kind;
  if (has_interval) source.interval = Minutes(1);
  Rows rows;
  judge(is_json ? read_json_lines(text, source, rows) : read_csv(text, source, rows), rows);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::uint8_t how = data[0];
  const auto kind = static_cast<RowKind>(how >> 3 & 3);
  switch (how & 7) {
    case 0:
    case 1:
      read(text, kind, how & 1, false);
      break;
    case 2:
    case 3:
      read(text, kind, how & 1, true);
      break;
    case 4:
      if (const auto entries = unpack_zip(text, "the file"))
        for (const auto& entry : *entries)
          read(entry.text, kind, true, false);
      break;
    case 5:
      if (const auto plain = unpack_zst(text, "the file")) read(*plain, kind, false, false);
      break;
    default:
      (void)parse_interval(text);
      break;
  }
  return 0;
}
