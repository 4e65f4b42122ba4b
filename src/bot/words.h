// Words: what people read, in both languages, side by side.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/time.h"

namespace bb::bot {

enum class Language { english, chinese };

/// One text in both languages; arguments are {} in both, or {0} {1} where the order differs.
struct Phrase {
  const char* english;
  const char* chinese;
  const char* in(Language language) const {
    return language == Language::chinese ? chinese : english;
  }
};

/// A number and, as {0:s}, the letter that makes its English word a plural: "{0} position{0:s}".
struct Count {
  std::int64_t value = 0;
};

constexpr Count counted(std::size_t count) { return {static_cast<std::int64_t>(count)}; }

template <class... Args>
std::string say(Language language, const Phrase& phrase, const Args&... args) {
  if constexpr (sizeof...(args) == 0) return phrase.in(language);
  return fmt::format(fmt::runtime(phrase.in(language)), args...);
}

/// The language of a Telegram client's language code.
Language language_of(std::string_view code);

/// "1,234.50": money for people, with two places, grouped.
std::string money(Decimal amount);
/// "+31.40", "-2.00".
std::string signed_money(Decimal amount);
/// A price or a quantity as it is, grouped before the point.
std::string number(Decimal amount);
/// What a person reads as a moment: in his own zone where Telegram can show that, else UTC.
std::string moment(TimePoint time);
/// "3 s", "12 min", "5 h".
std::string span(Language language, Millis length);
/// HTML-escaped, without line ends and invisible characters; at most 200 characters.
std::string shown(std::string_view text);
/// The same with its line ends, uncut: for <pre>.
std::string shown_block(std::string_view text);

}  // namespace bb::bot

template <>
struct fmt::formatter<bb::bot::Count> {
  bool is_suffix = false;
  constexpr auto parse(fmt::format_parse_context& context) {
    const auto* at = context.begin();
    is_suffix = at != context.end() && *at == 's';
    return is_suffix ? at + 1 : at;
  }
  auto format(const bb::bot::Count& count, fmt::format_context& context) const {
    if (is_suffix) return fmt::format_to(context.out(), "{}", count.value == 1 ? "" : "s");
    return fmt::format_to(context.out(), "{}", count.value);
  }
};
