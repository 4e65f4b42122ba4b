#include "sim/impl/market_data.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"

namespace bb::sim {

namespace impl {

namespace {

// FNV-1a: the same for a name on every platform, so that seeded paths are too.
std::uint64_t hash_name(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

void build_blocks(Column& column) {
  column.blocks.clear();
  for (std::size_t i = 0; i < column.bars.size(); ++i) {
    const Bar& bar = column.bars[i];
    if (i % kBlockBars == 0) column.blocks.push_back({bar.high, bar.low, 0, 0});
    Block& block = column.blocks.back();
    block.high = std::max(block.high, bar.high);
    block.low = std::min(block.low, bar.low);
    block.volume += bar.volume;
    block.quote_volume += column.quote_volume(bar);
  }
}

}  // namespace

double Column::quote_volume(const Bar& bar) const {
  const double ticks = 0.25 * (static_cast<double>(bar.open) + bar.high + bar.low + bar.close);
  return bar.volume * ticks * rules.tick.value().to_double();
}

Ratio default_funding_rate() { return Ratio(Decimal::from_raw(Decimal::kScale / 10'000)); }

}  // namespace impl

const impl::Column* Market::Data::find(Symbol symbol) const {
  const auto found = index_.find(symbol);
  return found == index_.end() ? nullptr : &columns[found->second];
}

TimePoint Market::Data::end_of(const impl::Column& column) const {
  const Millis each = column.step > Millis(0) ? column.step : step;
  return column.first + each * static_cast<std::int64_t>(column.bars.size());
}

void Market::Data::seal() {
  BB_CHECK(step.count() > 0 && step.count() % 4 == 0, "a bar is walked in four equal parts");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    impl::Column& column = columns[i];
    const auto name_hash = impl::hash_name(column.rules.symbol.str());
    for (impl::Column* one : {&column, column.mark.get()}) {
      if (one == nullptr) continue;
      BB_CHECK(!one->bars.empty() && one->rules.tick.is_positive(), "a column has bars in ticks");
      if (one->step == Millis(0)) one->step = step;
      BB_CHECK(one->step.count() % 4 == 0, "a bar is walked in four equal parts");
      one->name_hash = name_hash;
      impl::build_blocks(*one);
    }
    index_[column.rules.symbol] = i;
  }
}

}  // namespace bb::sim
