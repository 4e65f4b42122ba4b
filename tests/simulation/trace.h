// Trace: everything that a run did, folded into 128 bits, and as lines where somebody wants to read
// them. Two runs of one seed are equal if their hashes are.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bb::simulation {

class Trace {
 public:
  /// A fact without words: bytes of the wire, pages of the disk.
  void fold(std::string_view what, std::string_view bytes);
  /// A fact that a reader of the trace wants to see.
  void tell(std::string_view line);
  void on_line(std::function<void(std::string_view)> reader) { reader_ = std::move(reader); }
  bool is_read() const { return static_cast<bool>(reader_); }
  /// 32 hex digits.
  std::string hash() const;

 private:
  void mix(std::string_view bytes);
  std::uint64_t a_ = 0x9e3779b97f4a7c15u, b_ = 0xc2b2ae3d27d4eb4fu;
  std::function<void(std::string_view)> reader_;
};

/// A number that depends on all of them alone: draws that do not shift when others go away.
std::uint64_t blend(std::uint64_t a, std::uint64_t b, std::uint64_t c = 0);
/// The same in [0, 1).
double unit_of(std::uint64_t bits);

}  // namespace bb::simulation
