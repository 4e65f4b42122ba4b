#include <cstdint>

#include "supervise/impl/amp.h"

namespace bb::supervise {

namespace {

constexpr unsigned char kVersion = 1;
constexpr std::size_t kLengthBytes = 4;

std::size_t length_at(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return length;
}

}  // namespace

std::string amp_frame(const AmpMessage& arguments) {
  std::string out(1, static_cast<char>(kVersion << 4 | arguments.size()));
  for (const auto& argument : arguments) {
    for (int shift = 24; shift >= 0; shift -= 8)
      out += static_cast<char>(argument.size() >> shift & 0xFF);
    out += argument;
  }
  return out;
}

Result<std::optional<AmpMessage>> AmpReader::next() {
  if (bytes_.empty()) return std::nullopt;
  const auto meta = static_cast<unsigned char>(bytes_[0]);
  if (meta >> 4 != kVersion)
    return fail(ErrorKind::malformed, "the socket does not speak the protocol of PM2");
  AmpMessage out;
  std::size_t at = 1;
  for (int left = meta & 0x0F; left > 0; --left) {
    if (bytes_.size() < at + kLengthBytes) return std::nullopt;
    const auto length = length_at(std::string_view(bytes_).substr(at));
    at += kLengthBytes;
    if (at + length > kFrameMax)
      return fail(ErrorKind::malformed, "PM2 sent a message above 64 MiB");
    if (bytes_.size() < at + length) return std::nullopt;
    out.push_back(bytes_.substr(at, length));
    at += length;
  }
  bytes_.erase(0, at);
  return out;
}

std::string_view amp_json(std::string_view argument) {
  return argument.starts_with("j:") ? argument.substr(2) : std::string_view();
}

}  // namespace bb::supervise
