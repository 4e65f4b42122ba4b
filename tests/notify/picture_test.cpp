#include "notify/picture.h"

#include <doctest/doctest.h>

#include <cmath>
#include <thread>

#include "support/run.h"

// What fontconfig keeps to the end of the process is no leak of ours.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig"; }

namespace bb::notify {
namespace {

Usdt usdt(double value) { return Usdt(Decimal::from_raw(std::llround(value * 1e8))); }

// Ninety days of a book that has a bad week, with a deposit and a withdrawal.
EquityPicture three_months(Language language) {
  EquityPicture picture;
  picture.title = "live-主账户 trader@example.org";
  picture.language = language;
  picture.zone_offset = Hours(8);
  picture.zone = "Asia/Shanghai";
  double equity = 10'000;
  for (int hour = 0; hour < 90 * 24; ++hour) {
    const double day = hour / 24.0;
    equity *= 1 + 0.00015 + 0.0016 * std::sin(day * 1.7) + 0.0009 * std::sin(day * 4.1) +
              0.0012 * std::cos(hour * 0.9);
    if (day > 40 && day < 47) equity *= 0.99935;
    if (hour == 20 * 24) equity += 3'000;
    if (hour == 70 * 24) equity -= 1'500;
    picture.points.push_back({test::some_day() + Hours(hour), usdt(equity)});
  }
  picture.flows = {{test::some_day() + Hours(20 * 24) - Minutes(1), usdt(3'000)},
                   {test::some_day() + Hours(70 * 24) - Minutes(1), usdt(-1'500)}};
  return picture;
}

TEST_CASE("pictures: what was put in or taken out is neither gain nor loss nor drawdown") {
  EquityPicture picture;
  const TimePoint start = test::some_day();
  for (const auto& [hour, equity] : std::vector<std::pair<int, double>>{
           {0, 100}, {1, 110}, {2, 210}, {3, 189}, {4, 89}, {5, 97.9}})
    picture.points.push_back({start + Hours(hour), usdt(equity)});
  picture.flows = {
      {start - Hours(1), usdt(50)}, {start + Hours(2), usdt(100)}, {start + Hours(4), usdt(-100)}};
  const auto figures = figures_of(picture);
  CHECK(figures.first == doctest::Approx(100));
  CHECK(figures.last == doctest::Approx(97.9));
  CHECK(figures.profit == doctest::Approx(-2.1));
  CHECK(figures.growth == doctest::Approx(1.1 * 1.0 * 0.9 * 1.0 * 1.1 - 1));
  CHECK(figures.worst_drawdown == doctest::Approx(0.1));
  REQUIRE(figures.drawdowns.size() == 6);
  CHECK(figures.drawdowns[2] == doctest::Approx(0));
  CHECK(figures.drawdowns[3] == doctest::Approx(-0.1));
  CHECK(figures.drawdowns[5] == doctest::Approx(-0.01));
}

TEST_CASE("pictures: an equity curve is a PNG of a phone's size, in every language") {
  for (const auto& [language, name] : std::vector<std::pair<Language, const char*>>{
           {Language::both, "both"}, {Language::chinese, "zh"}, {Language::english, "en"}}) {
    const auto png = draw_equity(three_months(language));
    REQUIRE(png.has_value());
    CHECK(png->starts_with("\x89PNG\r\n\x1a\n"));
    const auto number = [&](std::size_t at) {
      int value = 0;
      for (std::size_t i = at; i < at + 4; ++i)
        value = value * 256 + static_cast<unsigned char>((*png)[i]);
      return value;
    };
    CHECK(number(16) == kPictureWidth);
    CHECK(number(20) == kPictureHeight);
    CHECK(png->size() < 400'000);
  }
}

TEST_CASE("pictures: odd accounts are drawn, too: flat, empty, below zero, two points, a year") {
  const auto draws = [](std::vector<double> values, Millis apart) {
    EquityPicture picture;
    for (std::size_t i = 0; i < values.size(); ++i)
      picture.points.push_back({test::some_day() + apart * static_cast<int>(i), usdt(values[i])});
    return draw_equity(picture).has_value();
  };
  CHECK(draws({100, 100, 100}, Hours(1)));
  CHECK(draws({0, 0}, Hours(1)));
  CHECK(draws({5, -5, 1}, Minutes(1)));
  CHECK(draws({1e-8, 9e9}, Hours(24 * 365)));
  CHECK(!draws({100}, Hours(1)));
  CHECK(!draws({}, Hours(1)));
  CHECK(!draws({100, 101}, Hours(0)));
}

TEST_CASE("pictures: they can be drawn on any thread, at the same time") {
  std::string first, second;
  std::thread one([&] { first = draw_equity(three_months(Language::both)).value_or(""); });
  std::thread two([&] { second = draw_equity(three_months(Language::both)).value_or(""); });
  one.join();
  two.join();
  CHECK(!first.empty());
  CHECK(first == second);
}

}  // namespace
}  // namespace bb::notify
