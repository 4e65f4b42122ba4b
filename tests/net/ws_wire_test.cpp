#include "net/ws_wire.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace bb;
using namespace bb::net;

namespace {

constexpr std::uint32_t kMask = 0x37fa213d;

std::string from_client(WsOpcode opcode, std::string_view payload, bool last = true) {
  return ws_frame(opcode, payload, kMask, last);
}

std::string word(WsEvent::Kind kind) {
  using enum WsEvent::Kind;
  switch (kind) {
    case text:
      return "text";
    case binary:
      return "binary";
    case ping:
      return "ping";
    case pong:
      return "pong";
    case close:
      return "close";
  }
  return "?";
}

/// "text:Hello ping:x fault:1002" for bytes that arrive in pieces of `piece`.
std::string story(std::string_view bytes, std::size_t piece = 1'000'000, std::size_t max = 1000) {
  WsParser parser(true, max);
  std::string told;
  while (!bytes.empty()) {
    auto part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    for (;;) {
      auto event = parser.next(part);
      if (!told.empty() && (!event || *event)) told += ' ';
      if (!event) return told + "fault:" + std::to_string(event.error().code);
      if (!*event) break;
      told += word((*event)->kind) + ":" + (*event)->data;
      if ((*event)->kind == WsEvent::Kind::close) told += "/" + std::to_string((*event)->code);
    }
  }
  return told;
}

}  // namespace

TEST_CASE("websocket frames: the samples of the standard") {
  CHECK(ws_frame(WsOpcode::text, "Hello") == std::string("\x81\x05Hello"));
  CHECK(ws_frame(WsOpcode::text, "Hello", kMask) ==
        std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
  CHECK(ws_frame(WsOpcode::text, "Hel", std::nullopt, false) == std::string("\x01\x03Hel"));
  CHECK(ws_frame(WsOpcode::binary, std::string(256, 'x')).substr(0, 4) ==
        std::string("\x82\x7e\x01\x00", 4));
  CHECK(ws_frame(WsOpcode::binary, std::string(65536, 'x')).substr(0, 10) ==
        std::string("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

TEST_CASE("websocket frames: any cut of the bytes gives the same messages") {
  const std::string bytes =
      from_client(WsOpcode::text, "one") + from_client(WsOpcode::text, "tw", false) +
      from_client(WsOpcode::ping, "now") + from_client(WsOpcode::continuation, "o") +
      from_client(WsOpcode::binary, std::string(300, 'b')) +
      from_client(WsOpcode::close, ws_close_payload(1000, "bye"));
  const auto whole = story(bytes);
  CHECK(whole == "text:one ping:now text:two binary:" + std::string(300, 'b') + " close:bye/1000");
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 7U, 64U})
    CHECK(story(bytes, piece) == whole);
}

TEST_CASE("websocket frames: what breaks the protocol is refused with its code") {
  CHECK(story(ws_frame(WsOpcode::text, "unmasked")) == "fault:1002");
  CHECK(story(from_client(WsOpcode::continuation, "no start")) == "fault:1002");
  CHECK(story(from_client(WsOpcode::text, "a", false) + from_client(WsOpcode::text, "b")) ==
        "fault:1002");
  CHECK(story(from_client(WsOpcode::ping, "in parts", false)) == "fault:1002");
  CHECK(story(std::string("\xc1\x80\0\0\0\0", 6)) == "fault:1002");        // a reserved bit
  CHECK(story(std::string("\x83\x80\0\0\0\0", 6)) == "fault:1002");        // opcode 3
  CHECK(story(std::string("\x89\xfe\0\x7e\0\0\0\0", 8)) == "fault:1002");  // a long ping
  CHECK(story(std::string("\x81\xfe\0\x05\0\0\0\0", 8)) == "fault:1002");  // 5 in two bytes
  CHECK(story(from_client(WsOpcode::close, "x")) == "fault:1002");
  CHECK(story(from_client(WsOpcode::close, std::string("\x03\xed", 2))) == "fault:1002");  // 1005
  CHECK(story(from_client(WsOpcode::close, "")) == "close:/1005");
}

TEST_CASE("websocket frames: text that is not UTF-8 is refused with 1007") {
  CHECK(story(from_client(WsOpcode::text, "\xc3\x28")) == "fault:1007");
  CHECK(story(from_client(WsOpcode::text, "\xed\xa0\x80")) == "fault:1007");  // a surrogate
  CHECK(story(from_client(WsOpcode::text, "\xc0\xaf")) == "fault:1007");      // overlong
  CHECK(story(from_client(WsOpcode::text, "\xf4\x90\x80\x80")) == "fault:1007");
  CHECK(story(from_client(WsOpcode::text, "\xe5\xb8", false) +
              from_client(WsOpcode::continuation, "\x81")) == "text:币");
  CHECK(story(from_client(WsOpcode::binary, "\xc3\x28")) == "binary:\xc3\x28");
  CHECK(story(from_client(WsOpcode::close, "\x03\xe8\xc3\x28")) == "fault:1007");
}

TEST_CASE("websocket frames: a message above the limit is refused by its announced length") {
  const auto bytes = from_client(WsOpcode::text, std::string(1001, 'x'));
  CHECK(story(bytes.substr(0, 8)) == "fault:1009");
  CHECK(story(from_client(WsOpcode::text, std::string(600, 'x'), false) +
              from_client(WsOpcode::continuation, std::string(401, 'x'))) == "fault:1009");
  CHECK(story(from_client(WsOpcode::text, std::string(1000, 'x'))).size() == 1005);
}

TEST_CASE("websocket frames: a close reason is cut between characters") {
  std::string reason;
  for (int i = 0; i < 50; ++i)
    reason += "币";
  const auto payload = ws_close_payload(1008, reason);
  CHECK(payload.size() == 2 + 123);
  CHECK(is_utf8(std::string_view(payload).substr(2)));
}
