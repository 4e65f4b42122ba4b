// Parameters and their signature. What is signed is what is sent, byte for byte (reference §4).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "binance/settings.h"
#include "net/keys.h"

namespace bb::binance {

/// name=value pairs in the order of the calls, percent-encoded as they are added.
class Params {
 public:
  Params& add(std::string_view name, std::string_view value);
  Params& add(std::string_view name, const char* value) {
    return add(name, std::string_view(value));
  }
  Params& add(std::string_view name, std::int64_t value);
  Params& add(std::string_view name, TimePoint value) { return add(name, to_ms(value)); }
  const std::string& encoded() const { return encoded_; }
  bool empty() const { return encoded_.empty(); }

 private:
  std::string encoded_;
};

/// Who signs.
struct Credentials {
  Secret api_key;
  Secret api_secret;
  std::int64_t recv_window = 5000;
  std::shared_ptr<const net::PrivateKey> private_key = nullptr;  // null = HMAC with the secret
};

/// The secret's form tells what it is: PEM, or the base64 of PKCS#8 on one line, is an RSA or
/// Ed25519 key; everything else is the secret of an HMAC key. An error says what is wrong with a
/// key, without showing it. `recv_window` and both secrets are those of `settings`.
Result<Credentials> make_credentials(const Settings& settings);

/// Over query and body as they are sent, without a separator: HMAC-SHA256 in lower-case hex, or
/// the base64 of an RSA or Ed25519 signature, not yet percent-encoded.
std::string signature_of(const Credentials& credentials, std::string_view query,
                         std::string_view body);

struct SignedParams {
  std::string text;       // parameters, recvWindow, timestamp and, last, the signature
  std::string signature;  // to keep it out of texts
};
SignedParams sign(const Params& params, const Credentials& credentials, TimePoint stamp);

/// `text` without the named secrets, without control characters, and at most 200 bytes long.
std::string printable(std::string_view text, std::initializer_list<std::string_view> secrets);

}  // namespace bb::binance
