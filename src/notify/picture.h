// Pictures for messages: the equity curve with its drawdown, drawn here (cairo, Pango), dark, and
// large enough to be read on a phone. Pure but slow, some 50 ms: never on the loop that trades.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/amounts.h"
#include "notify/settings.h"

namespace bb::notify {

struct EquityPoint {
  TimePoint at{};
  Usdt equity;
};

/// Money that came in (positive) or went out: no gain and no loss.
struct CashFlow {
  TimePoint at{};
  Usdt amount;
};

struct EquityPicture {
  std::string title;                // the account; any UTF-8
  std::vector<EquityPoint> points;  // ascending
  std::vector<CashFlow> flows;      // ascending
  Language language = Language::both;
  Minutes zone_offset{0};  // of the times shown, from UTC
  std::string zone = "UTC";
};

/// What the picture says in figures; statistics, not money. Growth is time-weighted: what was put
/// in or taken out changes neither it nor the drawdown.
struct EquityFigures {
  double first = 0, last = 0;     // equity
  double profit = 0;              // without flows
  double growth = 0;              // 0.05 = 5 %
  double worst_drawdown = 0;      // 0.05 = 5 % below the highest before it
  std::vector<double> drawdowns;  // per point, 0 or below
};
EquityFigures figures_of(const EquityPicture& picture);

inline constexpr int kPictureWidth = 1080;
inline constexpr int kPictureHeight = 1200;

/// PNG bytes. Fewer than two points, or a library that refuses, is an error.
Result<std::string> draw_equity(const EquityPicture& picture);

}  // namespace bb::notify
