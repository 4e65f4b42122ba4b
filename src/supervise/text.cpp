#include "supervise/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace bb::supervise {

namespace {

constexpr std::size_t kWordMax = 80;
constexpr std::size_t kLongWord = 40;
constexpr std::size_t kShortestSecret = 6;
constexpr std::string_view kMask = "***";

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// The code point at the front of `text` and its bytes; 0 bytes = broken.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 0;
};

CodePoint decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1};
  std::size_t bytes = 0;
  if (first >= 0xC2 && first < 0xE0) bytes = 2;
  if (first >= 0xE0 && first < 0xF0) bytes = 3;
  if (first >= 0xF0 && first < 0xF5) bytes = 4;
  if (bytes == 0 || text.size() < bytes) return {};
  std::uint32_t value = first & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    value = value << 6 | (next & 0x3Fu);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = value >= 0xD800 && value < 0xE000;
  if (value < kSmallest[bytes] || value > 0x10FFFF || is_surrogate) return {};
  return {value, bytes};
}

/// Changes what a reader sees of its neighbours, or shows nothing.
bool is_invisible(std::uint32_t c) {
  return (c >= 0x80 && c < 0xA0) || c == 0xAD || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF0 && c <= 0xFFFB) || c >= 0xE0000;
}

/// The bytes of the ANSI sequence at the front of `text`, which begins with ESC.
std::size_t ansi_bytes(std::string_view text) {
  if (text.size() < 2) return 1;
  if (text[1] == '[') {
    std::size_t i = 2;
    while (i < text.size() && (text[i] < '@' || text[i] > '~'))
      ++i;
    return std::min(i + 1, text.size());
  }
  if (text[1] != ']') return 2;
  const auto end = text.find_first_of("\a\x1b", 2);
  return end == std::string_view::npos ? text.size() : end + (text[end] == '\a' ? 1 : 2);
}

std::string clean(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto rest = text.substr(i);
    const auto point = decode(rest);
    if (rest[0] == '\x1b') {
      i += std::min(ansi_bytes(rest), rest.size());
      continue;
    }
    i += std::max<std::size_t>(point.bytes, 1);
    if (keep_lines && (rest[0] == '\n' || rest[0] == '\t')) {
      out += rest[0];
    } else if (keep_lines && rest[0] == '\r') {
      continue;
    } else if (point.bytes == 0 || point.value < 0x20 || point.value == 0x7F) {
      out += '?';
    } else if (is_invisible(point.value)) {
      out += fmt::format("U+{:04X}", point.value);
    } else {
      out += rest.substr(0, point.bytes);
    }
  }
  return out;
}

/// Never in the middle of a character.
void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80)
    --bytes_max;
  text.resize(bytes_max);
  text += "..";
}

constexpr std::array<std::string_view, 14> kSecretNames = {
    "secret",  "token",   "password",   "passwd",      "passphrase", "apikey",        "api_key",
    "api-key", "sendkey", "privatekey", "private_key", "signature",  "authorization", "cookie"};

/// The end of a secret's name that begins at `at`, or npos.
std::size_t name_end(std::string_view lowered, std::size_t at) {
  for (const auto name : kSecretNames)
    if (lowered.substr(at).starts_with(name)) return at + name.size();
  return std::string_view::npos;
}

bool ends_value(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '"' || c == '\'' || c == ',' || c == ';' ||
         c == '&' || c == '}' || c == ')' || c == ']';
}

/// What follows a secret's name, '=' or ':' is masked. Names may go on (binance_api_key_2=).
void mask_named(std::string& text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), lower);
  std::string out;
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size();) {
    auto end = name_end(lowered, i);
    if (end == std::string::npos) {
      ++i;
      continue;
    }
    const bool is_header =
        lowered.substr(i).starts_with("authorization") || lowered.substr(i).starts_with("cookie");
    while (end < text.size() && (is_alnum(text[end]) || text[end] == '_' || text[end] == '-'))
      ++end;
    i = end;
    while (end < text.size() &&
           (text[end] == '"' || text[end] == '\'' || text[end] == '\\' || text[end] == ' '))
      ++end;
    if (end >= text.size() || (text[end] != '=' && text[end] != ':')) continue;
    ++end;
    while (end < text.size() && (text[end] == '"' || text[end] == '\'' || text[end] == '\\' ||
                                 text[end] == ' ' || text[end] == '>'))
      ++end;
    auto stop = end;
    while (stop < text.size() && text[stop] != '\n' && (is_header || !ends_value(text[stop])))
      ++stop;
    if (stop == end) continue;
    out.append(text, done, end - done).append(kMask);
    done = i = stop;
  }
  text = out.append(text, done);
}

void mask_known(std::string& text, const std::vector<Secret>& known) {
  for (const auto& secret : known) {
    if (secret.reveal().size() < kShortestSecret) continue;
    for (auto at = text.find(secret.reveal()); at != std::string::npos;
         at = text.find(secret.reveal(), at + kMask.size()))
      text.replace(at, secret.reveal().size(), kMask);
  }
}

/// From `begin` to `end` (or the end of the text when that is absent).
void mask_between(std::string& text, std::string_view begin, std::string_view end) {
  for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
    const auto from = at + begin.size();
    const auto to = text.find(end, from);
    text.replace(from, to == std::string::npos ? std::string::npos : to - from, kMask);
    at = from + kMask.size();
  }
}

/// "Bearer abc", "//user:password@host", "123456789:AA..", and long words.
void mask_shapes(std::string& text) {
  mask_between(text, "PRIVATE KEY-----", "-----END");
  for (auto at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const auto from = at + 3;
    const auto stop = text.find_first_of("/ \t\n\"'", from);
    const auto end = stop == std::string::npos ? text.size() : stop;
    const auto sign = text.rfind('@', end - 1);
    if (end > from && sign != std::string::npos && sign > from && sign < end)
      text.replace(from, sign - from, kMask);
  }
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_alnum(text[i])) {
      out += text[i++];
      continue;
    }
    auto end = i;
    bool digits = false;
    bool letters = false;
    while (end < text.size() && (is_alnum(text[end]) || text[end] == '+' || text[end] == '_')) {
      (is_digit(text[end]) ? digits : letters) = true;
      ++end;
    }
    const auto word = std::string_view(text).substr(i, end - i);
    bool is_secret = digits && letters && word.size() >= kLongWord;
    if (word == "Bearer" || word == "bearer") {
      auto stop = end;
      while (stop < text.size() && text[stop] == ' ')
        ++stop;
      out.append(word).append(" ");
      i = stop;
      while (i < text.size() && !ends_value(text[i]))
        ++i;
      if (i > stop) out += kMask;
      continue;
    }
    // A bot's token: 8 to 10 digits, a colon, 30 and more.
    if (digits && !letters && word.size() >= 8 && word.size() <= 10 && end < text.size() &&
        text[end] == ':') {
      auto stop = end + 1;
      while (stop < text.size() && (is_alnum(text[stop]) || text[stop] == '_' || text[stop] == '-'))
        ++stop;
      if (stop - end > 30) {
        is_secret = true;
        end = stop;
      }
    }
    if (is_secret)
      out += kMask;
    else
      out += text.substr(i, end - i);
    i = end;
  }
  text = std::move(out);
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t bytes_max) {
  std::string out = clean(text, false);
  cut(out, bytes_max);
  return out;
}

std::string clean_lines(std::string_view text) { return clean(text, true); }

std::string quote_word(std::string_view word) {
  std::string out = "'";
  for (std::size_t i = 0; i < word.size() && out.size() < kWordMax;) {
    const auto point = decode(word.substr(i));
    if (point.bytes == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(word[i]));
      ++i;
      continue;
    }
    if (point.value >= 0x20 && point.value < 0x7F)
      out += word[i];
    else
      out += fmt::format("U+{:04X}", point.value);
    i += point.bytes;
  }
  if (out.size() >= kWordMax) out += "..";
  return out + "'";
}

std::string mask_secrets(std::string_view text, const std::vector<Secret>& known) {
  std::string out(text);
  mask_known(out, known);
  mask_named(out);
  mask_shapes(out);
  return out;
}

std::string_view last_lines(std::string_view text, std::size_t lines) {
  if (lines == 0) return {};
  std::size_t at = text.size();
  if (at > 0 && text[at - 1] == '\n') --at;
  for (; lines > 0; --lines) {
    const auto newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
    if (newline == std::string_view::npos) return text;
    at = newline;
  }
  return text.substr(at + 1);
}

}  // namespace bb::supervise
