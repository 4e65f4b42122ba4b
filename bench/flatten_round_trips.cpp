// Ten accounts of twenty positions, from the confirmed command to the last account's proof that
// nothing is open, in round trips to the exchange; then the same with one key revoked and one
// answer in ten lost. Fails when an account is told otherwise than it is. The original sends one
// order after another, and proves nothing.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "flatten_group.h"
#include "round_trips.h"

int main() {
  constexpr int kRuns = 3;
  constexpr int kAccounts = 10;
  std::vector<double> proved, told, limited;
  int untrue = 0, not_flat = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto figures = bb::bench::measure_flatten({});
    proved.push_back(figures.until_proved);
    told.push_back(figures.until_told);
    limited.push_back(figures.limited_ms);
    untrue += figures.untrue;
    not_flat += kAccounts - figures.flat;
  }
  const auto lossy = bb::bench::measure_flatten({true, 0.1});
  const auto original = bb::bench::measure_original();
  fmt::print(
      "{{\"name\":\"flatten_round_trips\",\"value\":{:.3f},\"unit\":\"round trips\",\"runs\":{},"
      "\"worst\":{:.3f},\"recorded\":{:.3f},\"limited_ms\":{:.0f},\"not_flat\":{},\"untrue\":{},"
      "\"original\":{:.0f},\"original_left_open\":{},\"floor\":3.0}}\n",
      bb::bench::median(proved), kRuns, std::ranges::max(proved), std::ranges::max(told),
      std::ranges::max(limited), not_flat, untrue, original.round_trips, original.open);
  fmt::print(
      "{{\"name\":\"flatten_round_trips_lossy\",\"value\":{:.3f},\"unit\":\"round trips\","
      "\"flat\":{},\"partial\":{},\"unknown\":{},\"untrue\":{},\"answers_lost\":{},"
      "\"limited_ms\":{:.0f}}}\n",
      lossy.until_proved, lossy.flat, lossy.partial, lossy.unknown, lossy.untrue,
      lossy.answers_lost, lossy.limited_ms);
  return untrue + lossy.untrue + not_flat == 0 ? 0 : 1;
}
