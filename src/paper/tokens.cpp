#include "paper/tokens.h"

#include <fmt/format.h>

#include "base/random.h"
#include "net/crypto.h"

namespace bb::paper {

namespace {

int nibble(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

}  // namespace

std::string Tokens::make(std::string_view name) const {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string token;
  for (const char* part : {"1 ", "2 "}) {
    const auto hex = net::hmac_sha256_hex(secret_, std::string(part) + std::string(name));
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      token += kLetters[static_cast<std::size_t>(nibble(hex[i]) * 16 + nibble(hex[i + 1])) %
                        kLetters.size()];
  }
  return token;
}

std::string make_secret() {
  std::string secret;
  for (int i = 0; i < 4; ++i)
    secret += fmt::format("{:016x}", system_entropy());
  return secret;
}

}  // namespace bb::paper
