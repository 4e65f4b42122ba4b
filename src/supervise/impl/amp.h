// AMP, the frames of PM2's sockets: one byte 0x10|count, then `count` times a 4-byte big-endian
// length and that many bytes. (PM2 5.x and 7.x, pm2-axon's own protocol; seen on the wire 2026-11.)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bb::supervise {

using AmpMessage = std::vector<std::string>;

std::string amp_frame(const AmpMessage& arguments);

/// Messages out of bytes that come in any pieces.
class AmpReader {
 public:
  static constexpr std::size_t kFrameMax = 64u << 20;

  void feed(std::string_view bytes) { bytes_.append(bytes); }
  /// The next whole message; nothing = more bytes are needed; an error = these are not its frames,
  /// or the message is above kFrameMax.
  Result<std::optional<AmpMessage>> next();

 private:
  std::string bytes_;
};

/// The JSON of an argument "j:..."; empty for other arguments.
std::string_view amp_json(std::string_view argument);

}  // namespace bb::supervise
