#include "sim/impl/market_data.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/hash.h"

namespace bb::sim {

namespace impl {

namespace {

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
  const std::uint32_t found = index_[place_of(symbol)];
  return found == 0 ? nullptr : &columns[found - 1];
}

// It is asked for several times an order: no more than half of the places are taken.
std::size_t Market::Data::place_of(Symbol symbol) const {
  const std::uint64_t mixed = std::hash<Symbol>()(symbol) * 0x9e3779b97f4a7c15ULL;
  std::size_t place = mixed >> 32 & (index_.size() - 1);
  while (index_[place] != 0 && columns[index_[place] - 1].rules.symbol != symbol)
    place = (place + 1) & (index_.size() - 1);
  return place;
}

TimePoint Market::Data::end_of(const impl::Column& column) const {
  const Millis each = column.step > Millis(0) ? column.step : step;
  return column.first + each * static_cast<std::int64_t>(column.bars.size());
}

void Market::Data::seal() {
  BB_CHECK(step.count() > 0 && step.count() % 4 == 0, "a bar is walked in four equal parts");
  index_.assign(std::bit_ceil(2 * columns.size() + 1), 0);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    impl::Column& column = columns[i];
    const auto name_hash = stable_hash(column.rules.symbol.str());
    for (impl::Column* one : {&column, column.mark.get()}) {
      if (one == nullptr) continue;
      BB_CHECK(!one->bars.empty() && one->rules.tick.is_positive(), "a column has bars in ticks");
      if (one->step == Millis(0)) one->step = step;
      BB_CHECK(one->step.count() % 4 == 0, "a bar is walked in four equal parts");
      one->name_hash = name_hash;
      impl::build_blocks(*one);
    }
    index_[place_of(column.rules.symbol)] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace bb::sim
