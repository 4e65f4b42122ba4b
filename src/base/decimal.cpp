#include "base/decimal.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace bb {

namespace {

using Wide = __int128;

std::int64_t narrow(Wide value) {
  if (value > std::numeric_limits<std::int64_t>::max() ||
      value < std::numeric_limits<std::int64_t>::min())
    throw DecimalOverflow("decimal out of range");
  return static_cast<std::int64_t>(value);
}

bool fits_word(Wide value) { return value == static_cast<std::int64_t>(value); }

Wide divide(Wide numerator, Wide denominator, Rounding rounding) {
  if (denominator == 0) throw DecimalOverflow("decimal division by zero");
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  // Most figures fit into a machine word, whose division is many times faster. The denominator is
  // positive by now, so the one quotient that would overflow, min / -1, cannot occur.
  Wide quotient =
      fits_word(numerator) && fits_word(denominator)
          ? static_cast<std::int64_t>(numerator) / static_cast<std::int64_t>(denominator)
          : numerator / denominator;
  const Wide rest = numerator - quotient * denominator;
  if (rest == 0) return quotient;
  switch (rounding) {
    case Rounding::down:
      if (rest < 0) --quotient;
      break;
    case Rounding::up:
      if (rest > 0) ++quotient;
      break;
    case Rounding::nearest:
      if (rest > 0 && rest * 2 >= denominator) ++quotient;
      if (rest < 0 && -rest * 2 >= denominator) --quotient;
      break;
  }
  return quotient;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(ErrorKind::malformed,
              fmt::format("'{}' is not a usable number: {}", text.substr(0, 40), why));
}

// mantissa x 10^exponent, as read from text.
struct Scanned {
  Wide mantissa = 0;
  int exponent = 0;
};

Result<Scanned> scan(std::string_view text) {
  std::size_t i = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++i;
  Scanned out;
  int digits = 0;
  bool any = false;
  bool fraction = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (!is_digit(c)) break;
    any = true;
    if (fraction) --out.exponent;
    if (digits == 0 && c == '0') continue;
    if (++digits > 30) return bad(text, "too many digits");
    out.mantissa = out.mantissa * 10 + (c - '0');
  }
  if (!any) return bad(text, "no digits");
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool minus = false;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) minus = text[i++] == '-';
    int value = 0;
    const std::size_t from = i;
    for (; i < text.size() && is_digit(text[i]); ++i)
      if (value < 1000) value = value * 10 + (text[i] - '0');
    if (i == from) return bad(text, "an exponent without digits");
    out.exponent += minus ? -value : value;
  }
  if (i != text.size()) return bad(text, "unexpected characters");
  if (negative) out.mantissa = -out.mantissa;
  return out;
}

Result<Decimal> to_decimal(std::string_view text, bool exact, Rounding rounding) {
  const auto scanned = scan(text);
  if (!scanned) return std::unexpected(scanned.error());
  Wide value = scanned->mantissa;
  int shift = scanned->exponent + 8;
  if (value == 0) return Decimal();
  constexpr Wide kLimit = Wide(std::numeric_limits<std::int64_t>::max());
  for (; shift > 0; --shift) {
    if (value > kLimit || value < -kLimit) return bad(text, "out of range");
    value *= 10;
  }
  // 30 digits at most are kept, so a cut of 36 places leaves nothing but the sign for rounding.
  Wide divisor = 1;
  for (int cut = std::min(-shift, 36); cut > 0; --cut)
    divisor *= 10;
  if (exact && value % divisor != 0) return bad(text, "more than 8 decimal places");
  value = divide(value, divisor, rounding);
  if (value > kLimit || value < -kLimit) return bad(text, "out of range");
  return Decimal::from_raw(static_cast<std::int64_t>(value));
}

}  // namespace

Decimal Decimal::from_int(std::int64_t whole) { return from_raw(narrow(Wide(whole) * kScale)); }

Result<Decimal> Decimal::parse(std::string_view text) {
  return to_decimal(text, true, Rounding::nearest);
}

Result<Decimal> Decimal::parse_rounded(std::string_view text, Rounding rounding) {
  return to_decimal(text, false, rounding);
}

Decimal Decimal::abs() const { return raw_ < 0 ? -*this : *this; }

Decimal operator+(Decimal a, Decimal b) { return Decimal::from_raw(narrow(Wide(a.raw_) + b.raw_)); }
Decimal operator-(Decimal a, Decimal b) { return Decimal::from_raw(narrow(Wide(a.raw_) - b.raw_)); }
Decimal operator-(Decimal a) { return Decimal::from_raw(narrow(-Wide(a.raw_))); }

Decimal Decimal::mul(Decimal a, Decimal b, Rounding rounding) {
  return from_raw(narrow(divide(Wide(a.raw_) * b.raw_, kScale, rounding)));
}

Decimal Decimal::div(Decimal a, Decimal b, Rounding rounding) {
  return from_raw(narrow(divide(Wide(a.raw_) * kScale, b.raw_, rounding)));
}

Decimal Decimal::mul_div(Decimal a, Decimal b, Decimal c, Rounding rounding) {
  return from_raw(narrow(divide(Wide(a.raw_) * b.raw_, c.raw_, rounding)));
}

Decimal Decimal::round_to(Decimal step, Rounding rounding) const {
  if (step.is_zero()) return *this;
  return from_raw(narrow(divide(raw_, step.raw_, rounding) * step.raw_));
}

std::string Decimal::str() const {
  std::string text = str_fixed(8);
  while (text.back() == '0')
    text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string Decimal::str_fixed(int places) const {
  const bool negative = raw_ < 0;
  const std::uint64_t magnitude =
      negative ? ~static_cast<std::uint64_t>(raw_) + 1 : static_cast<std::uint64_t>(raw_);
  const std::uint64_t whole = magnitude / static_cast<std::uint64_t>(kScale);
  const std::uint64_t rest = magnitude % static_cast<std::uint64_t>(kScale);
  std::string text = fmt::format("{}{}", negative ? "-" : "", whole);
  if (places > 0) {
    text += '.';
    text += fmt::format("{:08}", rest).substr(0, static_cast<std::size_t>(places));
  }
  return text;
}

}  // namespace bb
