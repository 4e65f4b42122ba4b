#include "paper/latency.h"

#include <algorithm>

namespace bb::paper {

void Latencies::set(LatencyRule rule) {
  std::erase_if(rules_, [&](const LatencyRule& old) {
    return old.method == rule.method && old.path == rule.path;
  });
  const bool is_nothing =
      rule.before == Micros(0) && rule.after == Micros(0) && rule.spread == Micros(0);
  if (!is_nothing) rules_.push_back(std::move(rule));
}

Latencies::Delay Latencies::draw(net::Method method, std::string_view path) {
  Delay delay;
  for (const auto& rule : rules_) {
    if (rule.method && *rule.method != method) continue;
    if (!rule.path.empty() && rule.path != path) continue;
    const auto more = [&] {
      return Micros(static_cast<std::int64_t>(
          random_.below(static_cast<std::uint64_t>(rule.spread.count()) + 1)));
    };
    delay.before += rule.before;
    delay.after += rule.after;
    if (rule.spread > Micros(0)) {
      delay.before += more();
      delay.after += more();
    }
  }
  return delay;
}

}  // namespace bb::paper
