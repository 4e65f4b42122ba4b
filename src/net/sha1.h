// HMAC-SHA1, for the one-time codes of authenticator apps (RFC 6238) alone: as a hash of content
// SHA-1 is broken.
#pragma once

#include <string>
#include <string_view>

namespace bb::net {

/// 20 bytes.
std::string hmac_sha1(std::string_view key, std::string_view message);

}  // namespace bb::net
