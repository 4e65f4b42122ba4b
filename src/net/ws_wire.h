// WebSocket frames (RFC 6455) to bytes, and bytes to messages. No I/O, no clock, no extensions.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace bb::net {

enum class WsOpcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

/// Close codes that this module itself sends or reports.
namespace ws_code {
constexpr int kNormal = 1000;
constexpr int kGoingAway = 1001;
constexpr int kProtocolError = 1002;
constexpr int kNone = 1005;      // a close frame without a code; never on the wire
constexpr int kAbnormal = 1006;  // no close frame at all; never on the wire
constexpr int kBadText = 1007;
constexpr int kPolicy = 1008;
constexpr int kTooBig = 1009;
}  // namespace ws_code

/// One frame. With `mask` as a client sends it. A control frame's payload is at most 125 bytes.
std::string ws_frame(WsOpcode opcode, std::string_view payload,
                     std::optional<std::uint32_t> mask = std::nullopt, bool last = true);
/// The payload of a close frame; a reason too long for the frame is cut. kNone gives an empty one.
std::string ws_close_payload(int code, std::string_view reason);
bool is_utf8(std::string_view text);

/// What the bytes amount to: a whole message, or a control frame.
struct WsEvent {
  enum class Kind { text, binary, ping, pong, close };
  Kind kind = Kind::text;
  std::string data;  // of a close: the reason
  int code = 0;      // of a close
};

/// The peer broke the protocol: the close code it is owed, and why.
struct WsFault {
  int code = ws_code::kProtocolError;
  std::string_view text;
};

class WsParser {
 public:
  /// `expects_mask`: a server's parser, whose clients must mask; a client's refuses masks.
  WsParser(bool expects_mask, std::size_t max_message_bytes)
      : expects_mask_(expects_mask), max_message_bytes_(max_message_bytes) {}

  /// Eats from the front of `bytes` until one event is complete or nothing is left. A message above
  /// the limit is refused when its length is announced. After a fault the parser is done.
  std::expected<std::optional<WsEvent>, WsFault> next(std::string_view& bytes);

 private:
  std::optional<WsFault> read_header(std::string_view& bytes);
  std::optional<WsFault> judge_header();
  void read_payload(std::string_view& bytes);
  std::expected<std::optional<WsEvent>, WsFault> finish_frame();
  std::expected<WsEvent, WsFault> finish_close();

  bool expects_mask_;
  std::size_t max_message_bytes_;

  std::string header_;  // of the current frame, while it is incomplete
  bool in_payload_ = false;
  bool last_ = false;
  WsOpcode opcode_ = WsOpcode::continuation;
  std::uint32_t mask_ = 0;
  std::uint64_t length_ = 0;
  std::uint64_t taken_ = 0;
  std::string control_;

  std::optional<WsOpcode> message_kind_;  // between the first and the last frame of a message
  std::string message_;
};

}  // namespace bb::net
