#include "notify/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "notify/canvas.h"
#include "notify/text.h"

namespace bb::notify {

namespace {

constexpr Colour kBackground{0.055, 0.071, 0.094};
constexpr Colour kPanel{0.082, 0.106, 0.137};
constexpr Colour kGrid{0.165, 0.204, 0.255};
constexpr Colour kText{0.900, 0.920, 0.945};
constexpr Colour kMuted{0.580, 0.635, 0.700};
constexpr Colour kGain{0.184, 0.800, 0.533};
constexpr Colour kLoss{0.957, 0.392, 0.431};
constexpr Colour kFlow{0.345, 0.651, 1.000};

constexpr double kMargin = 40;
constexpr double kLeft = 60, kRight = kPictureWidth - 190;  // of the plots; figures stand beside
constexpr double kPanelTop = 356, kPanelBottom = 1120;
constexpr double kEquityTop = 404, kEquityBottom = 810;
constexpr double kDrawdownTop = 944, kDrawdownBottom = 1092;
constexpr double kSmall = 28;
constexpr std::size_t kBuckets = 450;  // two spots each: as many as there are columns
constexpr int kTimeLabels = 4;

Colour faded(Colour colour, double alpha) {
  colour.alpha = alpha;
  return colour;
}

// Statistics only: pixels and percentages.
double number(Usdt amount) { return static_cast<double>(amount.value().raw()) * 1e-8; }

/// "12,345.67"; fewer places for large figures.
std::string figure(double value, int places) {
  std::string text = fmt::format("{:.{}f}", std::abs(value), places);
  const auto point = std::min(text.find('.'), text.size());
  for (auto at = point; at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

int places_of(double value) { return std::abs(value) >= 10'000 ? 0 : 2; }

std::string signed_figure(double value) {
  const char* sign = value < 0 ? "−" : "+";
  return sign + figure(value, places_of(value));
}

std::string percent_of(double ratio, bool with_sign) {
  const double value = std::round(ratio * 10'000) / 100;
  const char* sign = value < 0 ? "−" : with_sign ? "+" : "";
  return fmt::format("{}{:.2f} %", sign, std::abs(value));
}

std::string say(std::string_view chinese, std::string_view english, Language language) {
  return in_language(fmt::format("{} / {}", chinese, english), language);
}

/// 1, 2 or 5 times a power of ten: at most `count` of them in the span.
double step_of(double span, int count) {
  const double raw = span / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= raw) return factor * power;
  return 10 * power;
}

/// A plot: values on a screen.
struct Frame {
  double top, bottom, low, high;
  TimePoint from, to;
  double y(double value) const { return bottom - (value - low) / (high - low) * (bottom - top); }
  double x(TimePoint at) const {
    const auto whole = static_cast<double>((to - from).count());
    return kLeft + static_cast<double>((at - from).count()) / whole * (kRight - kLeft);
  }
};

/// At most two spots per column, its extremes: no peak is lost to thinning.
std::vector<Spot> spots_of(const Frame& frame, const std::vector<EquityPoint>& points,
                           const std::vector<double>& values) {
  std::vector<Spot> spots;
  const std::size_t per = std::max<std::size_t>(1, points.size() / kBuckets);
  for (std::size_t start = 0; start < points.size(); start += per) {
    const std::size_t end = std::min(points.size(), start + per);
    std::size_t low = start, high = start;
    for (std::size_t i = start; i < end; ++i) {
      if (values[i] < values[low]) low = i;
      if (values[i] > values[high]) high = i;
    }
    for (const std::size_t i : {std::min(low, high), std::max(low, high)})
      if (spots.empty() || low != high || i == low)
        spots.push_back({frame.x(points[i].at), frame.y(values[i])});
  }
  spots.push_back({frame.x(points.back().at), frame.y(values.back())});
  return spots;
}

std::string time_label(TimePoint at, const EquityPicture& picture, Millis span) {
  const TimePoint local = at + picture.zone_offset;
  const std::string text = iso_seconds(local);  // YYYY-MM-DDTHH:MM:SS
  if (span <= Hours(36)) return text.substr(11, 5);
  if (span <= Hours(24 * 300)) return text.substr(5, 5);
  return text.substr(0, 7);
}

void draw_grid(Canvas& canvas, const Frame& frame, double step,
               const std::function<std::string(double)>& label) {
  for (double value = std::ceil(frame.low / step) * step; value <= frame.high + step / 1e6;
       value += step) {
    const double y = frame.y(value);
    canvas.line({kLeft, y}, {kRight, y}, 1.5, kGrid);
    canvas.text({kRight + 16, y - kSmall * 0.68}, label(value), kSmall, kMuted);
  }
}

void draw_times(Canvas& canvas, const Frame& frame, const EquityPicture& picture) {
  const Millis span = frame.to - frame.from;
  for (int i = 0; i <= kTimeLabels; ++i) {
    const TimePoint at = frame.from + span * i / kTimeLabels;
    const Align align = i == 0 ? Align::left : i == kTimeLabels ? Align::right : Align::centre;
    canvas.text({frame.x(at), frame.bottom + 14}, time_label(at, picture, span), kSmall, kMuted,
                align);
  }
}

void draw_head(Canvas& canvas, const EquityPicture& picture, const EquityFigures& figures) {
  const Language language = picture.language;
  canvas.text({kMargin + 20, 34}, picture.title, 36, kText, Align::left, true,
              kPictureWidth - 2 * kMargin - 40);
  canvas.text({kMargin + 20, 92}, say("权益 USDT", "equity USDT", language), kSmall, kMuted);
  canvas.text({kMargin + 20, 124}, figure(figures.last, 2), 72, kText, Align::left, true);
  const Colour colour = figures.profit < 0 ? kLoss : kGain;
  const double width = (kPictureWidth - 2 * kMargin) / 3.0;
  const auto cell = [&](int column, const std::string& name, const std::string& value, Colour ink) {
    const double left = kMargin + 20 + column * width;
    canvas.text({left, 238}, name, kSmall, kMuted, Align::left, false, width - 24);
    canvas.text({left, 272}, value, 42, ink, Align::left, true, width - 24);
  };
  cell(0, say("盈亏", "profit", language), signed_figure(figures.profit), colour);
  cell(1, say("收益率", "growth", language), percent_of(figures.growth, true), colour);
  cell(2, say("最大回撤", "drawdown", language), percent_of(-figures.worst_drawdown, false),
       figures.worst_drawdown > 0 ? kLoss : kText);
}

void draw_equity_plot(Canvas& canvas, const EquityPicture& picture, const EquityFigures& figures) {
  std::vector<double> values;
  for (const auto& point : picture.points)
    values.push_back(number(point.equity));
  const auto [low, high] = std::ranges::minmax(values);
  const double pad = std::max((high - low) * 0.08, std::max(std::abs(high), 1.0) * 1e-4);
  const Frame frame{kEquityTop,
                    kEquityBottom,
                    low - pad,
                    high + pad,
                    picture.points.front().at,
                    picture.points.back().at};
  const double step = step_of(frame.high - frame.low, 5);
  draw_grid(canvas, frame, step, [&](double value) {
    const int places = step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(step)));
    return (value < 0 ? "−" : "") + figure(value, places);
  });
  const Colour ink = figures.profit < 0 ? kLoss : kGain;
  const auto spots = spots_of(frame, picture.points, values);
  canvas.area(spots, frame.bottom, faded(ink, 0.35), faded(ink, 0.0));
  for (const auto& flow : picture.flows) {
    if (flow.at < frame.from || flow.at > frame.to) continue;
    const double x = frame.x(flow.at);
    canvas.line({x, frame.top}, {x, frame.bottom}, 2, faded(kFlow, 0.7), true);
    canvas.text({x, frame.top - 4}, number(flow.amount) < 0 ? "▼" : "▲", 24, kFlow, Align::centre);
  }
  canvas.curve(spots, 4, ink);
  canvas.dot(spots.back(), 9, ink);
  draw_times(canvas, frame, picture);
}

void draw_drawdown_plot(Canvas& canvas, const EquityPicture& picture,
                        const EquityFigures& figures) {
  canvas.text({kLeft, kDrawdownTop - 50}, say("回撤", "drawdown", picture.language), kSmall,
              kMuted);
  const double worst = std::max(figures.worst_drawdown, 0.001);
  const Frame frame{kDrawdownTop,
                    kDrawdownBottom,
                    -worst * 1.12,
                    0,
                    picture.points.front().at,
                    picture.points.back().at};
  const double step = step_of(worst * 1.12, 3);
  draw_grid(canvas, frame, step, [&](double value) {
    const int places = step >= 0.01 ? 0 : step >= 0.001 ? 1 : 2;
    return fmt::format("{}{:.{}f} %", value < -1e-9 ? "−" : "", std::abs(value) * 100, places);
  });
  const auto spots = spots_of(frame, picture.points, figures.drawdowns);
  canvas.area(spots, frame.top, faded(kLoss, 0.55), faded(kLoss, 0.12));
  canvas.curve(spots, 3, kLoss);
}

void draw_foot(Canvas& canvas, const EquityPicture& picture) {
  const auto moment = [&](TimePoint at) {
    std::string text = iso_seconds(at + picture.zone_offset).substr(0, 16);
    text[10] = ' ';
    return text;
  };
  canvas.text({kPictureWidth / 2.0, kPictureHeight - 64},
              fmt::format("{} – {} {}", moment(picture.points.front().at),
                          moment(picture.points.back().at), picture.zone),
              26, kMuted, Align::centre);
}

}  // namespace

EquityFigures figures_of(const EquityPicture& picture) {
  EquityFigures figures;
  if (picture.points.empty()) return figures;
  figures.first = number(picture.points.front().equity);
  figures.last = number(picture.points.back().equity);
  double index = 1, peak = 1, before = figures.first, flows = 0;
  auto flow = std::ranges::upper_bound(picture.flows, picture.points.front().at, {}, &CashFlow::at);
  for (const auto& point : picture.points) {
    double moved = 0;
    for (; flow != picture.flows.end() && flow->at <= point.at; ++flow)
      moved += number(flow->amount);
    const double now = number(point.equity);
    if (before > 0) index *= std::max(0.0, (now - moved) / before);
    before = now;
    flows += moved;
    peak = std::max(peak, index);
    figures.drawdowns.push_back(index / peak - 1);
    figures.worst_drawdown = std::max(figures.worst_drawdown, 1 - index / peak);
  }
  figures.profit = figures.last - figures.first - flows;
  figures.growth = index - 1;
  return figures;
}

Result<std::string> draw_equity(const EquityPicture& picture) {
  if (picture.points.size() < 2 || picture.points.back().at <= picture.points.front().at)
    return fail(ErrorKind::conflict,
                "an equity picture needs two samples at least; they are taken after each patrol");
  const auto figures = figures_of(picture);
  Canvas canvas(kPictureWidth, kPictureHeight, kBackground);
  canvas.box({kMargin - 16, kPanelTop}, kPictureWidth - 2 * kMargin + 32, kPanelBottom - kPanelTop,
             24, kPanel);
  draw_head(canvas, picture, figures);
  draw_equity_plot(canvas, picture, figures);
  draw_drawdown_plot(canvas, picture, figures);
  draw_foot(canvas, picture);
  return canvas.png();
}

}  // namespace bb::notify
