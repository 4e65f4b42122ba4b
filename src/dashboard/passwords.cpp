#include "dashboard/passwords.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <charconv>
#include <stdexcept>
#include <vector>

namespace bb::dashboard {

namespace {

constexpr std::string_view kPrefix = "$argon2id$v=19$m=";
constexpr unsigned long long kPasses = crypto_pwhash_OPSLIMIT_INTERACTIVE;
constexpr std::size_t kMemory = crypto_pwhash_MEMLIMIT_INTERACTIVE;
// A hash that asks for more than this would stop the page for seconds at each try.
constexpr std::size_t kMemoryKibMax = 256 * 1024;

void begin_sodium() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
}

}  // namespace

Result<std::string> hash_password(std::string_view password) {
  begin_sodium();
  if (password.size() < kPasswordBytesMin || password.size() > kPasswordBytesMax)
    return fail(ErrorKind::invalid_input,
                fmt::format("a password has {} to {} bytes, this one {}", kPasswordBytesMin,
                            kPasswordBytesMax, password.size()));
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str(out.data(), password.data(), password.size(), kPasses, kMemory) != 0)
    return fail(ErrorKind::storage, "no memory for Argon2id (64 MiB)");
  return std::string(out.data());
}

bool is_password_hash(std::string_view hash) {
  if (!hash.starts_with(kPrefix) || hash.size() >= crypto_pwhash_STRBYTES) return false;
  const auto* const end = hash.data() + hash.size();
  std::size_t kib = 0;
  const auto read = std::from_chars(hash.data() + kPrefix.size(), end, kib);
  return read.ec == std::errc() && kib > 0 && kib <= kMemoryKibMax && read.ptr != end &&
         *read.ptr == ',';
}

bool is_password(std::string_view password, std::string_view hash) {
  begin_sodium();
  std::array<char, crypto_pwhash_STRBYTES> stored{};
  if (!is_password_hash(hash) || password.size() > kPasswordBytesMax) return false;
  hash.copy(stored.data(), stored.size() - 1);
  return crypto_pwhash_str_verify(stored.data(), password.data(), password.size()) == 0;
}

std::string random_hex(std::size_t bytes) {
  begin_sodium();
  std::vector<unsigned char> raw(bytes);
  randombytes_buf(raw.data(), raw.size());
  std::string out;
  for (const auto byte : raw)
    out += fmt::format("{:02x}", byte);
  return out;
}

}  // namespace bb::dashboard
