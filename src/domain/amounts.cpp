#include "domain/amounts.h"

namespace bb {

namespace {
constexpr Rounding kNearest = Rounding::nearest;
}

Usdt operator*(Price price, Qty qty) {
  return Usdt(Decimal::mul(price.value(), qty.value(), kNearest));
}
Usdt operator*(Usdt amount, Ratio ratio) {
  return Usdt(Decimal::mul(amount.value(), ratio.value(), kNearest));
}
Price operator*(Price price, Ratio ratio) {
  return Price(Decimal::mul(price.value(), ratio.value(), kNearest));
}
Qty operator*(Qty qty, Ratio ratio) {
  return Qty(Decimal::mul(qty.value(), ratio.value(), kNearest));
}
Ratio operator*(Ratio a, Ratio b) { return Ratio(Decimal::mul(a.value(), b.value(), kNearest)); }
Usdt operator/(Usdt amount, Ratio ratio) {
  return Usdt(Decimal::div(amount.value(), ratio.value(), kNearest));
}
Usdt operator/(Usdt amount, std::int64_t divisor) {
  return Usdt(Decimal::div(amount.value(), Decimal::from_int(divisor), kNearest));
}
Qty operator/(Usdt amount, Price price) {
  return Qty(Decimal::div(amount.value(), price.value(), Rounding::down));
}
Price operator/(Usdt amount, Qty qty) {
  return Price(Decimal::div(amount.value(), qty.value(), kNearest));
}
Ratio ratio_of(Decimal part, Decimal whole) { return Ratio(Decimal::div(part, whole, kNearest)); }

Ratio percent(Decimal percent_value) {
  return Ratio(Decimal::div(percent_value, Decimal::from_int(100), kNearest));
}

}  // namespace bb
