// One-time codes of authenticator apps: TOTP with SHA-1, 6 digits, 30 s (RFC 6238), which is what
// every app takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace bb::bot {

/// RFC 4648 base32; letter case, blanks and the padding at the end do not matter.
Result<std::string> base32_decode(std::string_view text);
std::string base32_encode(std::string_view bytes);

/// HOTP (RFC 4226): six digits.
std::string one_time_code(std::string_view key, std::uint64_t counter);

/// The step whose code this is, of the present one and one to either side (clocks differ); nothing
/// when it is none of theirs, or not above `used`: a code opens once.
std::optional<std::int64_t> accept_code(std::string_view key, std::string_view code, TimePoint now,
                                        std::int64_t used);

/// 160 random bits in base32, and the address that an app reads as a QR code.
std::string make_totp_secret();
std::string totp_address(std::string_view secret, std::string_view who);

}  // namespace bb::bot
