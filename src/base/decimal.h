// Decimal: exchange money as a fixed-point number, int64 x 1e-8, range about +-9.2e10.
// Every operation is exact or says in its name how it rounds; overflow throws DecimalOverflow
// (a broken invariant: no balance or quantity of a real account comes near the range).
// There is no conversion from double on purpose.
#pragma once

#include <compare>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bb {

struct DecimalOverflow : std::overflow_error {
  using std::overflow_error::overflow_error;
};

enum class Rounding { down, up, nearest };  // towards -inf, towards +inf, half away from zero

class Decimal {
 public:
  static constexpr std::int64_t kScale = 100'000'000;

  constexpr Decimal() = default;
  static constexpr Decimal from_raw(std::int64_t raw) {
    Decimal d;
    d.raw_ = raw;
    return d;
  }
  static Decimal from_int(std::int64_t whole);
  /// Plain or scientific text ("0.010", "7.0E-4", "-3"). More than 8 decimal places: an error
  /// unless the digits beyond are zeros.
  static Result<Decimal> parse(std::string_view text);
  /// As parse, but digits beyond the eighth place are rounded as named.
  static Result<Decimal> parse_rounded(std::string_view text, Rounding rounding);

  constexpr std::int64_t raw() const { return raw_; }
  constexpr bool is_zero() const { return raw_ == 0; }
  constexpr bool is_negative() const { return raw_ < 0; }
  constexpr bool is_positive() const { return raw_ > 0; }
  Decimal abs() const;

  friend constexpr auto operator<=>(Decimal, Decimal) = default;
  friend Decimal operator+(Decimal a, Decimal b);
  friend Decimal operator-(Decimal a, Decimal b);
  friend Decimal operator-(Decimal a);

  /// a * b, a / b with a 128-bit intermediate. Dividing by zero throws DecimalOverflow.
  static Decimal mul(Decimal a, Decimal b, Rounding rounding);
  static Decimal div(Decimal a, Decimal b, Rounding rounding);
  /// a * b / c rounded once.
  static Decimal mul_div(Decimal a, Decimal b, Decimal c, Rounding rounding);

  /// The nearest multiple of step in that direction; a step of zero leaves the value as it is.
  Decimal round_to(Decimal step, Rounding rounding) const;
  Decimal floor_to(Decimal step) const { return round_to(step, Rounding::down); }
  Decimal ceil_to(Decimal step) const { return round_to(step, Rounding::up); }
  bool is_multiple_of(Decimal step) const { return step.is_zero() || raw_ % step.raw_ == 0; }

  /// Shortest plain text: "0.01", "-3", "0".
  std::string str() const;
  /// Plain text with exactly `places` decimals (0..8); digits beyond are cut, so round first.
  std::string str_fixed(int places) const;
  /// For statistics and charts only.
  double to_double() const { return static_cast<double>(raw_) / static_cast<double>(kScale); }

 private:
  std::int64_t raw_ = 0;
};

}  // namespace bb
