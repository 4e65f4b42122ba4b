// The four amounts of the market, distinct types over Decimal: a price times a quantity is USDT,
// and nothing else compiles. Percent exists at the edges only and becomes a Ratio there.
#pragma once

#include <string>

#include "base/decimal.h"

namespace bb {

template <class Tag>
class Amount {
 public:
  constexpr Amount() = default;
  constexpr explicit Amount(Decimal value) : value_(value) {}
  static Result<Amount> parse(std::string_view text) {
    const auto parsed = Decimal::parse(text);
    if (!parsed) return std::unexpected(parsed.error());
    return Amount(*parsed);
  }

  constexpr Decimal value() const { return value_; }
  constexpr bool is_zero() const { return value_.is_zero(); }
  constexpr bool is_positive() const { return value_.is_positive(); }
  constexpr bool is_negative() const { return value_.is_negative(); }
  Amount abs() const { return Amount(value_.abs()); }
  std::string str() const { return value_.str(); }

  friend constexpr auto operator<=>(Amount, Amount) = default;
  friend Amount operator+(Amount a, Amount b) { return Amount(a.value_ + b.value_); }
  friend Amount operator-(Amount a, Amount b) { return Amount(a.value_ - b.value_); }
  friend Amount operator-(Amount a) { return Amount(-a.value_); }
  Amount& operator+=(Amount other) { return *this = *this + other; }
  Amount& operator-=(Amount other) { return *this = *this - other; }

 private:
  Decimal value_;
};

using Price = Amount<struct PriceTag>;
/// Base-asset quantity; signed where a position is meant (short is negative).
using Qty = Amount<struct QtyTag>;
using Usdt = Amount<struct UsdtTag>;
/// A plain factor: 0.01 is one percent.
using Ratio = Amount<struct RatioTag>;

/// Notional, rounded to 1e-8 half away from zero.
Usdt operator*(Price price, Qty qty);
inline Usdt operator*(Qty qty, Price price) { return price * qty; }
/// Scaled amounts, rounded to 1e-8 half away from zero.
Usdt operator*(Usdt amount, Ratio ratio);
Price operator*(Price price, Ratio ratio);
Qty operator*(Qty qty, Ratio ratio);
Ratio operator*(Ratio a, Ratio b);
Usdt operator/(Usdt amount, Ratio ratio);
Usdt operator/(Usdt amount, std::int64_t divisor);
/// How much `amount` buys at `price`, rounded down. A price of zero throws DecimalOverflow.
Qty operator/(Usdt amount, Price price);
/// Average price, rounded to nearest.
Price operator/(Usdt amount, Qty qty);
Ratio ratio_of(Decimal part, Decimal whole);

inline Ratio one() { return Ratio(Decimal::from_int(1)); }
/// 1 -> 0.01. Exact for percents with up to six decimals.
Ratio percent(Decimal percent_value);

}  // namespace bb
