#include "sim/tape.h"

#include <algorithm>
#include <array>

#include "base/hash.h"

namespace bb::sim {

namespace {

constexpr std::int64_t kBlock = 2000;  // ms
constexpr std::int64_t kRows = 4;      // of a block
constexpr std::int64_t kGroups = 3;
constexpr std::array<std::int64_t, 4> kFirstRow = {0, 1, 3, 4};  // of each group, and the end
constexpr std::int64_t kEpoch = 1'567'296'000'000;               // 2019-09-01
constexpr double kQtyMax = 1e9;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

/// The finalizer of splitmix64: every bit depends on every bit.
std::uint64_t draw(std::uint64_t name, std::int64_t number) {
  std::uint64_t z = name + static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

struct Place {
  std::int64_t block;
  std::int64_t index;  // within the block
};
Place place_of(std::int64_t id, std::int64_t per_block) {
  const auto block = floor_div(id, per_block);
  return {block, id - block * per_block};
}

/// The groups of a block lie in its thirds, in order.
TimePoint time_of(std::uint64_t name, std::int64_t group) {
  const auto [block, index] = place_of(group, kGroups);
  constexpr std::int64_t third = kBlock / kGroups;
  const auto within = static_cast<std::int64_t>(draw(name, group) % third);
  return from_ms(kEpoch + block * kBlock + index * third + within);
}

std::int64_t first_group(std::uint64_t name, TimePoint t) {
  auto group = floor_div(to_ms(t) - kEpoch, kBlock) * kGroups;
  while (time_of(name, group) < t)
    ++group;
  return group;
}

std::int64_t first_row_of(std::int64_t group) {
  const auto [block, index] = place_of(group, kGroups);
  return block * kRows + kFirstRow[static_cast<std::size_t>(index)];
}

std::int64_t group_of(std::int64_t row) {
  const auto [block, index] = place_of(row, kRows);
  return block * kGroups + (index == 0 ? 0 : index == 3 ? 2 : 1);
}

/// The part of a block's quantity: rows come in pairs that share the half of it unevenly.
double share_of(std::uint64_t name, std::int64_t row) {
  const auto pair = floor_div(row, 2);
  const double drawn = static_cast<double>(draw(~name, pair) >> 40) / (1 << 24);
  const double first = 0.05 + 0.4 * drawn;
  return row - pair * 2 == 0 ? first : 0.5 - first;
}

Qty qty_of(std::uint64_t name, std::int64_t row, double per_block, Decimal step) {
  const double raw = std::min(per_block * share_of(name, row), kQtyMax);
  const auto rounded =
      Decimal::from_raw(static_cast<std::int64_t>(raw * static_cast<double>(Decimal::kScale)))
          .round_to(step, Rounding::nearest);
  return Qty(std::max(rounded, step));
}

}  // namespace

template <class Each>
std::optional<TapeGroup> Tape::group(Symbol symbol, std::int64_t id, TimePoint now, Decimal step,
                                     Each each) const {
  const auto name = stable_hash(symbol.str());
  TapeGroup out;
  out.id = id;
  out.first = first_row_of(id);
  out.last = first_row_of(id + 1) - 1;
  out.time = time_of(name, id);
  if (out.time > now) return std::nullopt;
  const auto point = market_.last(symbol, out.time);
  if (!point || point->time != out.time) return std::nullopt;
  out.price = point->price;
  out.buyer_is_maker = (draw(name, id) >> 32 & 1) != 0;
  const double per_block =
      market_.liquidity(symbol, out.time).base_per_minute * static_cast<double>(kBlock) / 60'000.0;
  for (auto row = out.first; row <= out.last; ++row) {
    const Qty qty = qty_of(name, row, per_block, step);
    out.qty = out.qty + qty;
    each(TapeRow{row, out.time, out.price, qty, out.buyer_is_maker});
  }
  return out;
}

std::vector<TapeGroup> Tape::groups(Symbol symbol, std::int64_t id, std::size_t limit,
                                    TimePoint now) const {
  std::vector<TapeGroup> out;
  const auto rules = market_.find_rules(symbol, now);
  if (!rules || id < 0 || id >= first_group_at(symbol, now + Millis(1))) return out;
  while (out.size() < limit) {
    const auto next = group(symbol, id++, now, rules->lot.step.value(), [](const TapeRow&) {});
    if (!next) break;
    out.push_back(*next);
  }
  return out;
}

std::vector<TapeRow> Tape::rows(Symbol symbol, std::int64_t id, std::size_t limit,
                                TimePoint now) const {
  std::vector<TapeRow> out;
  const auto rules = market_.find_rules(symbol, now);
  if (!rules || id < 0 || id >= first_row_at(symbol, now + Millis(1))) return out;
  const auto take = [&](const TapeRow& row) {
    if (row.id >= id && out.size() < limit) out.push_back(row);
  };
  for (auto at = group_of(id); out.size() < limit; ++at)
    if (!group(symbol, at, now, rules->lot.step.value(), take)) break;
  return out;
}

std::int64_t Tape::first_group_at(Symbol symbol, TimePoint t) {
  return first_group(stable_hash(symbol.str()), t);
}

std::int64_t Tape::first_row_at(Symbol symbol, TimePoint t) {
  return first_row_of(first_group_at(symbol, t));
}

std::optional<TapeRow> Tape::newest(Symbol symbol, TimePoint now) const {
  const auto walked = market_.last(symbol, now);
  if (!walked) return std::nullopt;
  const auto id = first_row_at(symbol, walked->time + Millis(1)) - 1;
  const auto found = rows(symbol, id, 1, now);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

}  // namespace bb::sim
