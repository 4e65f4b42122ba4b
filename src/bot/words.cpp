#include "bot/words.h"

#include "notify/bot_api.h"
#include "notify/notifier.h"

namespace bb::bot {

namespace {

constexpr std::size_t kShownCharacters = 200;

std::string grouped(std::string text) {
  const std::size_t begin = text.starts_with('-') ? 1 : 0;
  std::size_t end = text.find('.');
  if (end == std::string::npos) end = text.size();
  for (std::size_t at = end; at > begin + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

Decimal cents(Decimal amount) {
  return amount.round_to(Decimal::from_raw(Decimal::kScale / 100), Rounding::nearest);
}

// Control characters, and the marks that turn a line around (U+200E/F, U+202A-E, U+2066-9).
std::string visible(std::string_view text, bool keeps_lines) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::string_view rest = text.substr(i);
    const bool is_mark = rest.size() >= 3 && byte == 0xE2 &&
                         ((rest[1] == '\x80' && (static_cast<unsigned char>(rest[2]) >= 0x8B) &&
                           (static_cast<unsigned char>(rest[2]) <= 0xAE) &&
                           (static_cast<unsigned char>(rest[2]) <= 0x8F ||
                            static_cast<unsigned char>(rest[2]) >= 0xA8)) ||
                          (rest[1] == '\x81' && static_cast<unsigned char>(rest[2]) >= 0xA0 &&
                           static_cast<unsigned char>(rest[2]) <= 0xAF));
    if (is_mark) {
      i += 2;
    } else if (byte == '\n' && keeps_lines) {
      out += '\n';
    } else if (byte < 0x20 || byte == 0x7F) {
      out += ' ';
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Language language_of(std::string_view code) {
  return code.starts_with("zh") ? Language::chinese : Language::english;
}

std::string money(Decimal amount) { return grouped(cents(amount).str_fixed(2)); }

std::string signed_money(Decimal amount) {
  return (cents(amount).is_negative() ? "" : "+") + money(amount);
}

std::string number(Decimal amount) { return grouped(amount.str()); }

std::string moment(TimePoint time) {
  const std::string utc = iso_seconds(time);
  return fmt::format("<tg-time unix=\"{}\" format=\"dT\">{} {} UTC</tg-time>", to_ms(time) / 1000,
                     utc.substr(5, 5), utc.substr(11, 5));
}

std::string span(Language language, Millis length) {
  const auto seconds = length.count() / 1000;
  const bool is_chinese = language == Language::chinese;
  if (seconds < 120) return fmt::format("{} {}", seconds, is_chinese ? "秒" : "s");
  if (seconds < 7200) return fmt::format("{} {}", seconds / 60, is_chinese ? "分钟" : "min");
  if (seconds < 172'800) return fmt::format("{} {}", seconds / 3600, is_chinese ? "小时" : "h");
  return fmt::format("{} {}", seconds / 86'400, is_chinese ? "天" : "days");
}

std::string shown(std::string_view text) {
  std::string whole = visible(text, false);
  std::string cut = notify::first_characters(whole, kShownCharacters);
  if (cut.size() < whole.size()) cut += "…";
  return notify::escape_html(cut);
}

std::string shown_block(std::string_view text) { return notify::escape_html(visible(text, true)); }

}  // namespace bb::bot
