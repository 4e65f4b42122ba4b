#include "dashboard/impl/curves.h"

#include <algorithm>
#include <array>

namespace bb::dashboard {

namespace {

constexpr double kHundred = 100;

double ratio_pct(Usdt part, Usdt whole) {
  return whole.is_positive() ? part.value().to_double() / whole.value().to_double() * kHundred : 0;
}

}  // namespace

std::vector<CurvePoint> make_curve(const std::vector<store::TimedAmount>& points,
                                   const std::vector<store::TimedAmount>& flows) {
  std::vector<CurvePoint> curve;
  if (points.empty()) return curve;
  curve.reserve(points.size());
  const auto* flow = flows.data();
  const auto* const end = flow + flows.size();
  while (flow != end && flow->at <= points.front().at)
    ++flow;
  Usdt sum;
  for (const auto& point : points) {
    const Usdt before = sum;
    for (; flow != end && flow->at <= point.at; ++flow)
      sum += flow->amount;
    CurvePoint next{point.at, point.amount, sum, {}, 0, 1};
    if (!curve.empty()) {
      const CurvePoint& last = curve.back();
      const Usdt earned = point.amount - (sum - before);
      next.growth = last.equity.is_positive()
                        ? last.growth * earned.value().to_double() / last.equity.value().to_double()
                        : last.growth;
    }
    curve.push_back(next);
  }
  return curve;
}

std::vector<CurvePoint> thin(const std::vector<CurvePoint>& points, std::size_t target) {
  if (points.size() <= target || target == 0) return points;
  const std::size_t buckets = std::max<std::size_t>(1, target / 4);
  std::vector<CurvePoint> kept;
  kept.reserve(buckets * 4);
  for (std::size_t i = 0; i < buckets; ++i) {
    const auto from = i * points.size() / buckets;
    const auto to = (i + 1) * points.size() / buckets;
    if (from == to) continue;
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = points.begin() + static_cast<std::ptrdiff_t>(to);
    const auto lowest = std::min_element(
        begin, end, [](const auto& a, const auto& b) { return a.equity < b.equity; });
    const auto highest = std::max_element(
        begin, end, [](const auto& a, const auto& b) { return a.equity < b.equity; });
    std::array chosen{begin, lowest, highest, end - 1};
    std::ranges::sort(chosen);
    for (std::size_t k = 0; k < chosen.size(); ++k)
      if (k == 0 || chosen.at(k) != chosen.at(k - 1)) kept.push_back(*chosen.at(k));
  }
  return kept;
}

std::vector<CurvePoint> without_flows(std::vector<CurvePoint> points) {
  for (auto& point : points)
    point.equity -= point.flows;
  return points;
}

Drawdown measure(std::vector<CurvePoint>& points) {
  Drawdown result;
  if (points.empty()) return result;
  Usdt peak = points.front().equity;
  for (auto& point : points) {
    peak = std::max(peak, point.equity);
    point.drawdown = peak - point.equity;
    point.drawdown_pct = ratio_pct(point.drawdown, peak);
    result.max = std::max(result.max, point.drawdown);
    result.max_pct = std::max(result.max_pct, point.drawdown_pct);
  }
  result.current = points.back().drawdown;
  result.current_pct = points.back().drawdown_pct;
  return result;
}

Drawdown measure_growth(const std::vector<CurvePoint>& points) {
  Drawdown result;
  double peak = 0;
  Usdt peak_earned;
  for (const auto& point : points) {
    const Usdt earned = point.equity - point.flows;
    if (&point == &points.front()) peak_earned = earned;
    peak = std::max(peak, point.growth);
    peak_earned = std::max(peak_earned, earned);
    result.current = peak_earned - earned;
    result.current_pct = peak > 0 ? (1 - point.growth / peak) * kHundred : 0;
    result.max = std::max(result.max, result.current);
    result.max_pct = std::max(result.max_pct, result.current_pct);
  }
  return result;
}

}  // namespace bb::dashboard
