#include "notify/canvas.h"

#include <cairo.h>
#include <pango/pangocairo.h>

#include <array>
#include <cmath>

namespace bb::notify {

namespace {

// The first one that has the character: Latin from the first, Chinese from the second.
constexpr const char* kFamilies = "Noto Sans, Noto Sans CJK SC, DejaVu Sans, sans-serif";

struct SurfaceDeleter {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct ContextDeleter {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
struct PatternDeleter {
  void operator()(cairo_pattern_t* pattern) const { cairo_pattern_destroy(pattern); }
};
struct FontDeleter {
  void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
};
struct ObjectDeleter {
  void operator()(void* object) const { g_object_unref(object); }
};

cairo_status_t append(void* target, const unsigned char* bytes, unsigned int count) {
  static_cast<std::string*>(target)->append(reinterpret_cast<const char*>(bytes), count);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

struct Canvas::State {
  State(int width, int height)
      : surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)),
        context(cairo_create(surface.get())),
        // Of its own: the default one belongs to the thread that made it.
        fonts(pango_cairo_font_map_new()),
        words(pango_font_map_create_context(fonts.get())) {
    pango_cairo_update_context(context.get(), words.get());
  }
  void colour(Colour c) { cairo_set_source_rgba(context.get(), c.red, c.green, c.blue, c.alpha); }
  void trace(std::span<const Spot> spots) {
    cairo_new_path(context.get());
    for (const Spot& spot : spots)
      cairo_line_to(context.get(), spot.x, spot.y);
  }

  std::unique_ptr<cairo_surface_t, SurfaceDeleter> surface;
  std::unique_ptr<cairo_t, ContextDeleter> context;
  std::unique_ptr<PangoFontMap, ObjectDeleter> fonts;
  std::unique_ptr<PangoContext, ObjectDeleter> words;
};

Canvas::Canvas(int width, int height, Colour background)
    : state_(std::make_unique<State>(width, height)) {
  state_->colour(background);
  cairo_paint(state_->context.get());
  cairo_set_line_join(state_->context.get(), CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap(state_->context.get(), CAIRO_LINE_CAP_ROUND);
}

Canvas::~Canvas() = default;

void Canvas::box(Spot corner, double width, double height, double radius, Colour colour) {
  cairo_t* context = state_->context.get();
  const double right = corner.x + width - radius, bottom = corner.y + height - radius;
  const double left = corner.x + radius, top = corner.y + radius;
  cairo_new_path(context);
  cairo_arc(context, right, top, radius, -M_PI_2, 0);
  cairo_arc(context, right, bottom, radius, 0, M_PI_2);
  cairo_arc(context, left, bottom, radius, M_PI_2, M_PI);
  cairo_arc(context, left, top, radius, M_PI, 3 * M_PI_2);
  cairo_close_path(context);
  state_->colour(colour);
  cairo_fill(context);
}

void Canvas::line(Spot from, Spot to, double width, Colour colour, bool is_dashed) {
  cairo_t* context = state_->context.get();
  static constexpr std::array<double, 2> kDashes{6, 8};
  cairo_set_dash(context, kDashes.data(), is_dashed ? 2 : 0, 0);
  const std::array<Spot, 2> ends{from, to};
  curve(ends, width, colour);
  cairo_set_dash(context, nullptr, 0, 0);
}

void Canvas::curve(std::span<const Spot> spots, double width, Colour colour) {
  state_->trace(spots);
  state_->colour(colour);
  cairo_set_line_width(state_->context.get(), width);
  cairo_stroke(state_->context.get());
}

void Canvas::area(std::span<const Spot> spots, double base, Colour at_curve, Colour at_base) {
  if (spots.empty()) return;
  cairo_t* context = state_->context.get();
  double far = base;
  for (const Spot& spot : spots)
    if (std::abs(spot.y - base) > std::abs(far - base)) far = spot.y;
  const std::unique_ptr<cairo_pattern_t, PatternDeleter> fade(
      cairo_pattern_create_linear(0, far, 0, base));
  const auto stop = [&](double offset, Colour c) {
    cairo_pattern_add_color_stop_rgba(fade.get(), offset, c.red, c.green, c.blue, c.alpha);
  };
  stop(0, at_curve);
  stop(1, at_base);
  state_->trace(spots);
  cairo_line_to(context, spots.back().x, base);
  cairo_line_to(context, spots.front().x, base);
  cairo_close_path(context);
  cairo_set_source(context, fade.get());
  cairo_fill(context);
}

void Canvas::dot(Spot centre, double radius, Colour colour) {
  cairo_t* context = state_->context.get();
  cairo_new_path(context);
  cairo_arc(context, centre.x, centre.y, radius, 0, 2 * M_PI);
  state_->colour(colour);
  cairo_fill(context);
}

double Canvas::text(Spot at, const std::string& words, double size, Colour colour, Align align,
                    bool is_bold, double most_width) {
  const std::unique_ptr<PangoLayout, ObjectDeleter> layout(pango_layout_new(state_->words.get()));
  const std::unique_ptr<PangoFontDescription, FontDeleter> font(
      pango_font_description_from_string(kFamilies));
  pango_font_description_set_absolute_size(font.get(), size * PANGO_SCALE);
  if (is_bold) pango_font_description_set_weight(font.get(), PANGO_WEIGHT_SEMIBOLD);
  pango_layout_set_font_description(layout.get(), font.get());
  pango_layout_set_single_paragraph_mode(layout.get(), TRUE);
  pango_layout_set_text(layout.get(), words.c_str(), static_cast<int>(words.size()));
  if (most_width > 0) {
    pango_layout_set_width(layout.get(), static_cast<int>(most_width * PANGO_SCALE));
    pango_layout_set_ellipsize(layout.get(), PANGO_ELLIPSIZE_MIDDLE);
  }
  int width = 0, height = 0;
  pango_layout_get_pixel_size(layout.get(), &width, &height);
  double x = at.x;
  if (align == Align::centre) x -= width / 2.0;
  if (align == Align::right) x -= width;
  state_->colour(colour);
  cairo_move_to(state_->context.get(), x, at.y);
  pango_cairo_show_layout(state_->context.get(), layout.get());
  return width;
}

Result<std::string> Canvas::png() {
  std::string bytes;
  const auto status = cairo_status(state_->context.get());
  const auto written = status == CAIRO_STATUS_SUCCESS ? cairo_surface_write_to_png_stream(
                                                            state_->surface.get(), append, &bytes)
                                                      : status;
  if (written == CAIRO_STATUS_SUCCESS) return bytes;
  return fail(ErrorKind::malformed,
              std::string("a picture could not be drawn: ") + cairo_status_to_string(written));
}

}  // namespace bb::notify
