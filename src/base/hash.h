// A hash of text that is the same in every run and on every platform, for what is made from a seed
// or from a name and has to be repeatable. Not for hash tables, not against attackers.
#pragma once

#include <cstdint>
#include <string_view>

namespace bb {

/// FNV-1a, 64 bits.
constexpr std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace bb
