// The few primitives of request signing, over OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace bb::net {

/// HMAC-SHA256 as lower-case hex.
std::string hmac_sha256_hex(std::string_view key, std::string_view message);
/// SHA-256 as lower-case hex.
std::string sha256_hex(std::string_view message);
/// Equal text, in a time that does not depend on where they differ.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace bb::net
