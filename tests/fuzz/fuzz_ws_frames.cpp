// WebSocket frames as a server reads them. Whatever comes: the pieces in which it comes change
// nothing, texts are UTF-8, no message is longer than the limit, and what was read can be written
// and read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "net/ws_wire.h"

using namespace bb::net;

namespace {

constexpr std::size_t kLimit = 4096;

struct Read {
  std::vector<WsEvent> events;
  int fault = 0;

  friend bool operator==(const Read& a, const Read& b) {
    if (a.fault != b.fault || a.events.size() != b.events.size()) return false;
    for (std::size_t i = 0; i < a.events.size(); ++i)
      if (a.events[i].kind != b.events[i].kind || a.events[i].data != b.events[i].data ||
          a.events[i].code != b.events[i].code)
        return false;
    return true;
  }
};

Read read(std::string_view bytes, std::size_t piece) {
  Read result;
  WsParser parser(true, kLimit);
  while (!bytes.empty()) {
    auto part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    for (;;) {
      auto event = parser.next(part);
      if (!event) {
        result.fault = event.error().code;
        return result;
      }
      if (!*event) break;
      result.events.push_back(std::move(**event));
    }
  }
  return result;
}

std::string written(const WsEvent& event) {
  using Kind = WsEvent::Kind;
  switch (event.kind) {
    case Kind::text:
      return ws_frame(WsOpcode::text, event.data, 0x01020304U);
    case Kind::binary:
      return ws_frame(WsOpcode::binary, event.data, 0x01020304U);
    case Kind::ping:
      return ws_frame(WsOpcode::ping, event.data, 0x01020304U);
    case Kind::pong:
      return ws_frame(WsOpcode::pong, event.data, 0x01020304U);
    case Kind::close:
      return ws_frame(WsOpcode::close, ws_close_payload(event.code, event.data), 0x01020304U);
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Read whole = read(bytes, size + 1);
  BB_CHECK(read(bytes, 1) == whole, "bytes one by one are the same messages");
  BB_CHECK(read(bytes, 7) == whole, "bytes in pieces are the same messages");
  std::string again;
  for (const auto& event : whole.events) {
    BB_CHECK(event.data.size() <= kLimit, "no message is longer than the limit");
    BB_CHECK(event.kind != WsEvent::Kind::text || is_utf8(event.data), "texts are UTF-8");
    again += written(event);
  }
  Read expected = whole;
  expected.fault = 0;
  BB_CHECK(read(again, size + 1) == expected, "what was read can be written");
  return 0;
}
