#include "simulation/trace.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace bb::simulation {

namespace {

constexpr std::uint64_t kOdd1 = 0xbf58476d1ce4e5b9u;
constexpr std::uint64_t kOdd2 = 0x94d049bb133111ebu;

}  // namespace

std::uint64_t blend(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  std::uint64_t x = a * kOdd1 + std::rotl(b, 23) * kOdd2 + std::rotl(c, 41) + 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30U)) * kOdd1;
  x = (x ^ (x >> 27U)) * kOdd2;
  return x ^ (x >> 31U);
}

double unit_of(std::uint64_t bits) {
  return static_cast<double>(bits >> 11U) / static_cast<double>(1ULL << 53U);
}

void Trace::mix(std::string_view bytes) {
  while (bytes.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    a_ = (a_ ^ word) * kOdd1;
    b_ = std::rotl(b_ + word, 29) * kOdd2;
    a_ ^= a_ >> 32U;
    bytes.remove_prefix(8);
  }
  std::uint64_t last = bytes.size() << 56U;
  for (const char c : bytes)
    last = (last << 8U) ^ static_cast<unsigned char>(c);
  a_ = (a_ ^ last) * kOdd2;
  b_ = std::rotl(b_ + last, 31) * kOdd1;
  a_ ^= a_ >> 29U;
}

void Trace::fold(std::string_view what, std::string_view bytes) {
  mix(what);
  mix(bytes);
}

void Trace::tell(std::string_view line) {
  mix(line);
  if (reader_) reader_(line);
}

std::string Trace::hash() const { return fmt::format("{:016x}{:016x}", a_, blend(a_, b_)); }

}  // namespace bb::simulation
