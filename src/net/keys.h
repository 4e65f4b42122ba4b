// RSA and Ed25519 keys of request signing, over OpenSSL: RSASSA-PKCS1-v1_5 with SHA-256, and
// Ed25519 over the bytes themselves. Signatures are base64, as Binance sends them (reference §4).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace bb::net {

enum class KeyType { rsa, ed25519 };

/// Checks signatures. Read once, used for every request; cheap to share, not to read.
class PublicKey {
 public:
  /// PEM ("-----BEGIN PUBLIC KEY-----"), or the base64 inside it on one line. RSA of at least 2048
  /// bits or Ed25519; anything else is an error that says what is wrong.
  static Result<PublicKey> parse(std::string_view text);
  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  ~PublicKey();

  KeyType type() const;
  /// Whether `signature` (base64) is this key's over `message`; false for whatever is not base64.
  bool verifies(std::string_view message, std::string_view signature) const;

 private:
  struct Impl;
  explicit PublicKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Signs.
class PrivateKey {
 public:
  /// PEM (PKCS#8 or the older RSA form), or the base64 inside PKCS#8 on one line; an encrypted one
  /// is an error.
  static Result<PrivateKey> parse(const Secret& text);
  /// A fresh key; RSA of 2048 bits.
  static PrivateKey generate(KeyType type);
  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

  KeyType type() const;
  /// Base64 on one line; not yet percent-encoded.
  std::string sign(std::string_view message) const;
  /// The public half as PEM.
  std::string public_pem() const;

 private:
  struct Impl;
  explicit PrivateKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Standard alphabet, padded, one line.
std::string base64_encode(std::string_view bytes);
/// Strict: standard alphabet, whole groups of four, padding at the end alone.
Result<std::string> base64_decode(std::string_view text);

}  // namespace bb::net
