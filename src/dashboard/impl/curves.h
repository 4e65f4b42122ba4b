// Curves: drawdowns and thinning of equity curves. Pure.
//
// Two kinds of figures: the original's, over the shown points; and right ones. A drawdown in
// percent of an account with deposits is measured on growth: the curve's product of (equity before
// the next flow / equity after the last), which neither a deposit nor a withdrawal moves.
#pragma once

#include <vector>

#include "store/reader.h"

namespace bb::dashboard {

struct CurvePoint {
  TimePoint at{};
  Usdt equity;
  Usdt flows;  // deposits and withdrawals since the first point
  Usdt drawdown;
  double drawdown_pct = 0;
  double growth = 1;  // since the first point
};

struct Drawdown {
  Usdt max, current;
  double max_pct = 0, current_pct = 0;
};

/// Ascending points, and the flows of the account, ascending.
std::vector<CurvePoint> make_curve(const std::vector<store::TimedAmount>& points,
                                   const std::vector<store::TimedAmount>& flows);
/// At most about `target` points: of each run of neighbours the first, lowest, highest and last.
std::vector<CurvePoint> thin(const std::vector<CurvePoint>& points, std::size_t target);
/// equity - flows, as the original's strategy curve.
std::vector<CurvePoint> without_flows(std::vector<CurvePoint> points);
/// Fills in drawdown and drawdown_pct against the highest point so far; the original's figures.
Drawdown measure(std::vector<CurvePoint>& points);
/// Of growth: what an account with flows really fell.
Drawdown measure_growth(const std::vector<CurvePoint>& points);

}  // namespace bb::dashboard
