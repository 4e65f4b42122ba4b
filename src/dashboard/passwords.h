// Passwords: Argon2id. The file keeps hashes only.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bb::dashboard {

inline constexpr std::size_t kPasswordBytesMin = 10;
inline constexpr std::size_t kPasswordBytesMax = 256;

/// "$argon2id$v=19$m=65536,t=2,p=1$...". Takes about a tenth of a second and 64 MiB, as meant.
/// Errors: too short, too long.
Result<std::string> hash_password(std::string_view password);
/// The form of such a hash, within what this program is ready to compute.
bool is_password_hash(std::string_view hash);
/// As slow as hash_password(), whatever comes of it.
bool is_password(std::string_view password, std::string_view hash);
/// `bytes` from the operating system, as lower-case hex.
std::string random_hex(std::size_t bytes);

}  // namespace bb::dashboard
