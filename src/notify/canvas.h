// Canvas: the few things a picture is made of, over cairo and Pango, which stay in its .cpp.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace bb::notify {

struct Colour {
  double red = 0, green = 0, blue = 0, alpha = 1;
};
struct Spot {
  double x = 0, y = 0;
};
enum class Align { left, centre, right };

class Canvas {
 public:
  Canvas(int width, int height, Colour background);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  void box(Spot corner, double width, double height, double radius, Colour colour);
  void line(Spot from, Spot to, double width, Colour colour, bool is_dashed = false);
  void curve(std::span<const Spot> spots, double width, Colour colour);
  /// The area between the curve and `base`, fading from the curve's end to the base.
  void area(std::span<const Spot> spots, double base, Colour at_curve, Colour at_base);
  void dot(Spot centre, double radius, Colour colour);
  /// `at` is the upper corner (or the middle of the upper edge). Cut with an ellipsis beyond
  /// `most_width` (0 = never). Returns the width.
  double text(Spot at, const std::string& words, double size, Colour colour,
              Align align = Align::left, bool is_bold = false, double most_width = 0);
  Result<std::string> png();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bb::notify
