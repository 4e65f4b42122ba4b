#include "bot/one_time_code.h"

#include <fmt/format.h>

#include "base/random.h"
#include "net/crypto.h"
#include "net/http.h"
#include "net/sha1.h"

namespace bb::bot {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::int64_t kStepMs = 30'000;
constexpr std::size_t kSecretBytes = 20;

}  // namespace

Result<std::string> base32_decode(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  while (text.ends_with('='))
    text.remove_suffix(1);
  for (char c : text) {
    if (c == ' ' || c == '-') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos)
      return fail(ErrorKind::invalid_input, "base32 has the letters A-Z and the digits 2-7 only");
    bits = (bits << 5 | static_cast<std::uint32_t>(value)) & 0xFFF;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return bytes;
}

std::string base32_encode(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
    count += 8;
    for (; count >= 5; count -= 5)
      text += kAlphabet[bits >> (count - 5) & 31];
  }
  if (count > 0) text += kAlphabet[bits << (5 - count) & 31];
  return text;
}

std::string one_time_code(std::string_view key, std::uint64_t counter) {
  std::string message(8, '\0');
  for (int i = 7; i >= 0; --i, counter >>= 8)
    message[static_cast<std::size_t>(i)] = static_cast<char>(counter & 0xFF);
  const std::string hash = net::hmac_sha1(key, message);
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(hash[i]));
  };
  const std::size_t at = byte(19) & 15;
  const std::uint32_t number =
      (byte(at) & 0x7F) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
  return fmt::format("{:06}", number % 1'000'000);
}

std::optional<std::int64_t> accept_code(std::string_view key, std::string_view code, TimePoint now,
                                        std::int64_t used) {
  const std::int64_t present = to_ms(now) / kStepMs;
  std::optional<std::int64_t> accepted;
  for (const std::int64_t step : {present - 1, present, present + 1})
    if (net::equal_constant_time(one_time_code(key, static_cast<std::uint64_t>(step)), code) &&
        step > used)
      accepted = step;
  return accepted;
}

std::string make_totp_secret() {
  std::string bytes;
  while (bytes.size() < kSecretBytes) {
    std::uint64_t random = system_entropy();
    for (int i = 0; i < 4; ++i, random >>= 8)
      bytes += static_cast<char>(random & 0xFF);
  }
  return base32_encode(bytes);
}

std::string totp_address(std::string_view secret, std::string_view who) {
  return fmt::format("otpauth://totp/Bubble%20Buster:{}?secret={}&issuer=Bubble%20Buster",
                     net::percent_encode(who), secret);
}

}  // namespace bb::bot
