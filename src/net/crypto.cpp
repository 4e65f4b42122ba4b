#include "net/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include <array>
#include <span>

#include "base/check.h"

namespace bb::net {

namespace {

std::string hex(std::span<const unsigned char> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data());
}

}  // namespace

// The library's one-shot call looks its algorithms up each time, which costs more than the hash.
struct HmacSha256::State {
  EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(algorithm);

  State() = default;
  ~State() {
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(algorithm);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

HmacSha256::HmacSha256(std::string_view key) : state_(std::make_unique<State>()) {
  std::string digest = "SHA256";
  const std::array<OSSL_PARAM, 2> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_end()};
  BB_CHECK(state_->context != nullptr &&
               EVP_MAC_init(state_->context, bytes_of(key), key.size(), params.data()) == 1,
           "the TLS library computes HMAC-SHA256");
}

HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

std::string HmacSha256::hex_of(std::string_view message) const {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  std::size_t length = 0;
  EVP_MAC_CTX* context = state_->context;
  // Without a key it begins again under the one it has.
  const bool done = EVP_MAC_init(context, nullptr, 0, nullptr) == 1 &&
                    EVP_MAC_update(context, bytes_of(message), message.size()) == 1 &&
                    EVP_MAC_final(context, digest.data(), &length, digest.size()) == 1;
  BB_CHECK(done && length == digest.size(), "the TLS library computes HMAC-SHA256");
  return hex(digest);
}

std::string hmac_sha256_hex(std::string_view key, std::string_view message) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  unsigned int length = 0;
  const auto* done = HMAC(EVP_sha256(), bytes_of(key), static_cast<int>(key.size()),
                          bytes_of(message), message.size(), digest.data(), &length);
  BB_CHECK(done != nullptr && length == digest.size(), "the TLS library computes HMAC-SHA256");
  return hex(digest);
}

std::string sha256_hex(std::string_view message) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(bytes_of(message), message.size(), digest.data());
  return hex(digest);
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace bb::net
