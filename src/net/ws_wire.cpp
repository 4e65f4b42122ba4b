#include "net/ws_wire.h"

#include <algorithm>

#include "base/check.h"

namespace bb::net {

namespace {

constexpr unsigned kFinBit = 0x80;
constexpr unsigned kReservedBits = 0x70;
constexpr unsigned kMaskBit = 0x80;
constexpr std::size_t kControlMax = 125;
constexpr std::size_t kReasonMax = kControlMax - 2;

bool is_control(WsOpcode opcode) { return static_cast<unsigned>(opcode) >= 8; }

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

char as_char(std::uint64_t value) { return static_cast<char>(value & 0xff); }

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += as_char(value >> shift);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value = value << 8 | byte_at(bytes, i);
  return value;
}

/// Masks or unmasks; `from` is the place of the first byte in the payload.
void apply_mask(char* bytes, std::size_t count, std::uint32_t mask, std::uint64_t from) {
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] =
        as_char(static_cast<unsigned char>(bytes[i]) ^ (mask >> (24 - 8 * ((from + i) % 4))));
}

std::size_t header_size(std::string_view start) {
  if (start.size() < 2) return 2;
  const unsigned second = byte_at(start, 1);
  const unsigned announced = second & 0x7f;
  const std::size_t extra = announced == 126 ? 2 : announced == 127 ? 8 : 0;
  return 2 + extra + ((second & kMaskBit) != 0 ? 4 : 0);
}

bool is_sendable_code(int code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != ws_code::kNone &&
         code != ws_code::kAbnormal;
}

/// Bytes of the sequence that begins with `lead`, 0 for what cannot begin one.
std::size_t sequence_size(unsigned lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

/// Shut out: overlong forms, surrogates, and what lies beyond U+10FFFF.
bool is_second_byte_fit(unsigned lead, unsigned second) {
  if (lead == 0xe0) return second >= 0xa0;
  if (lead == 0xed) return second <= 0x9f;
  if (lead == 0xf0) return second >= 0x90;
  if (lead == 0xf4) return second <= 0x8f;
  return true;
}

}  // namespace

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned lead = byte_at(text, i);
    const std::size_t size = sequence_size(lead);
    if (size == 0 || i + size > text.size()) return false;
    for (std::size_t k = 1; k < size; ++k)
      if ((byte_at(text, i + k) & 0xc0) != 0x80) return false;
    if (size > 1 && !is_second_byte_fit(lead, byte_at(text, i + 1))) return false;
    i += size;
  }
  return true;
}

std::string ws_frame(WsOpcode opcode, std::string_view payload, std::optional<std::uint32_t> mask,
                     bool last) {
  BB_CHECK(!is_control(opcode) || payload.size() <= kControlMax, "control frames are short");
  std::string out;
  out.reserve(payload.size() + 14);
  out += as_char(static_cast<unsigned>(opcode) | (last ? kFinBit : 0));
  const unsigned mask_bit = mask ? kMaskBit : 0;
  if (payload.size() < 126) {
    out += as_char(payload.size() | mask_bit);
  } else if (payload.size() <= 0xffff) {
    out += as_char(126 | mask_bit);
    append_big_endian(out, payload.size(), 2);
  } else {
    out += as_char(127 | mask_bit);
    append_big_endian(out, payload.size(), 8);
  }
  if (mask) append_big_endian(out, *mask, 4);
  const std::size_t begin = out.size();
  out += payload;
  if (mask) apply_mask(out.data() + begin, payload.size(), *mask, 0);
  return out;
}

std::string ws_close_payload(int code, std::string_view reason) {
  std::string payload;
  if (!is_sendable_code(code)) return payload;
  append_big_endian(payload, static_cast<std::uint64_t>(code), 2);
  reason = reason.substr(0, kReasonMax);
  while (!is_utf8(reason))
    reason.remove_suffix(1);
  return payload.append(reason);
}

std::expected<std::optional<WsEvent>, WsFault> WsParser::next(std::string_view& bytes) {
  for (;;) {
    if (!in_payload_) {
      if (bytes.empty()) return std::nullopt;
      if (auto fault = read_header(bytes)) return std::unexpected(*fault);
      if (!in_payload_) return std::nullopt;
    }
    read_payload(bytes);
    if (taken_ < length_) return std::nullopt;
    in_payload_ = false;
    auto event = finish_frame();
    if (!event || *event) return event;
  }
}

std::optional<WsFault> WsParser::read_header(std::string_view& bytes) {
  while (header_.size() < header_size(header_)) {
    if (bytes.empty()) return std::nullopt;
    const std::size_t missing = header_size(header_) - header_.size();
    const auto part = bytes.substr(0, missing);
    header_ += part;
    bytes.remove_prefix(part.size());
  }
  const auto fault = judge_header();
  header_.clear();
  in_payload_ = !fault;
  return fault;
}

std::optional<WsFault> WsParser::judge_header() {
  const unsigned first = byte_at(header_, 0);
  const unsigned second = byte_at(header_, 1);
  const unsigned announced = second & 0x7f;
  const bool masked = (second & kMaskBit) != 0;
  if ((first & kReservedBits) != 0)
    return WsFault{ws_code::kProtocolError, "a reserved bit is set"};
  const unsigned code = first & 0x0f;
  if ((code > 2 && code < 8) || code > 10)
    return WsFault{ws_code::kProtocolError, "an unknown opcode"};
  if (masked != expects_mask_)
    return WsFault{ws_code::kProtocolError,
                   expects_mask_ ? "a frame without mask" : "a masked frame"};
  opcode_ = static_cast<WsOpcode>(code);
  last_ = (first & kFinBit) != 0;
  length_ = announced;
  std::string_view rest = std::string_view(header_).substr(2);
  if (announced >= 126) {
    const std::size_t size = announced == 126 ? 2 : 8;
    length_ = big_endian(rest.substr(0, size));
    rest.remove_prefix(size);
    const bool is_shortest = length_ >= (announced == 126 ? 126U : 0x10000U);
    if (!is_shortest || length_ >> 63 != 0)
      return WsFault{ws_code::kProtocolError, "a length in the wrong form"};
  }
  mask_ = masked ? static_cast<std::uint32_t>(big_endian(rest)) : 0;
  taken_ = 0;
  if (is_control(opcode_)) {
    control_.clear();
    if (last_ && length_ <= kControlMax) return std::nullopt;
    return WsFault{ws_code::kProtocolError, "a control frame that is long or in parts"};
  }
  if ((opcode_ == WsOpcode::continuation) != message_kind_.has_value())
    return WsFault{ws_code::kProtocolError, "a message begins inside another, or without a start"};
  if (length_ > max_message_bytes_ - std::min(message_.size(), max_message_bytes_))
    return WsFault{ws_code::kTooBig, "the message is too long"};
  if (!message_kind_) message_kind_ = opcode_;
  return std::nullopt;
}

void WsParser::read_payload(std::string_view& bytes) {
  const auto part = bytes.substr(
      0, static_cast<std::size_t>(std::min<std::uint64_t>(length_ - taken_, bytes.size())));
  std::string& into = is_control(opcode_) ? control_ : message_;
  const std::size_t begin = into.size();
  into += part;
  if (expects_mask_) apply_mask(into.data() + begin, part.size(), mask_, taken_);
  taken_ += part.size();
  bytes.remove_prefix(part.size());
}

std::expected<std::optional<WsEvent>, WsFault> WsParser::finish_frame() {
  switch (opcode_) {
    case WsOpcode::close:
      return finish_close();
    case WsOpcode::ping:
      return WsEvent{WsEvent::Kind::ping, std::move(control_), 0};
    case WsOpcode::pong:
      return WsEvent{WsEvent::Kind::pong, std::move(control_), 0};
    case WsOpcode::continuation:
    case WsOpcode::text:
    case WsOpcode::binary:
      break;
  }
  if (!last_) return std::nullopt;
  const bool is_text = *message_kind_ == WsOpcode::text;
  message_kind_.reset();
  if (is_text && !is_utf8(message_))
    return std::unexpected(WsFault{ws_code::kBadText, "a text that is not UTF-8"});
  WsEvent event{is_text ? WsEvent::Kind::text : WsEvent::Kind::binary, std::move(message_), 0};
  message_.clear();
  return event;
}

std::expected<WsEvent, WsFault> WsParser::finish_close() {
  if (control_.empty()) return WsEvent{WsEvent::Kind::close, {}, ws_code::kNone};
  if (control_.size() == 1)
    return std::unexpected(WsFault{ws_code::kProtocolError, "half of a close code"});
  const auto code = static_cast<int>(big_endian(std::string_view(control_).substr(0, 2)));
  if (!is_sendable_code(code))
    return std::unexpected(WsFault{ws_code::kProtocolError, "a close code that nobody may send"});
  std::string reason = control_.substr(2);
  if (!is_utf8(reason))
    return std::unexpected(WsFault{ws_code::kBadText, "a close reason that is not UTF-8"});
  return WsEvent{WsEvent::Kind::close, std::move(reason), code};
}

}  // namespace bb::net
