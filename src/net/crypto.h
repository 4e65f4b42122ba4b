// The few primitives of request signing, over OpenSSL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace bb::net {

/// HMAC-SHA256 under one key that is used many times. Copies the key; not for several threads.
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);
  ~HmacSha256();
  HmacSha256(HmacSha256&&) noexcept;
  HmacSha256& operator=(HmacSha256&&) noexcept;

  /// Lower-case hex.
  std::string hex_of(std::string_view message) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// HMAC-SHA256 as lower-case hex.
std::string hmac_sha256_hex(std::string_view key, std::string_view message);
/// SHA-256 as lower-case hex.
std::string sha256_hex(std::string_view message);
/// Equal text, in a time that does not depend on where they differ.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace bb::net
