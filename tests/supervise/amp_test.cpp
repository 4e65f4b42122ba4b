#include <doctest/doctest.h>

#include "supervise/impl/amp.h"

using namespace bb::supervise;

TEST_CASE("amp: the frame of a ping is the one PM2 takes") {
  const auto frame = amp_frame({R"(j:{"type":"call","method":"ping","args":[{}]})", "s:probe:x"});
  CHECK(frame.substr(0, 5) == std::string("\x12\0\0\0\x2D", 5));
  CHECK(frame.substr(5 + 0x2D, 4) == std::string("\0\0\0\x09", 4));
}

TEST_CASE("amp: messages are the same however the bytes are cut") {
  const std::string frames = amp_frame({"j:{}", "s:1"}) + amp_frame({"s:topic", "j:[1]", ""});
  for (std::size_t piece = 1; piece < frames.size(); ++piece) {
    AmpReader reader;
    std::vector<AmpMessage> seen;
    for (std::size_t at = 0; at < frames.size(); at += piece) {
      reader.feed(std::string_view(frames).substr(at, piece));
      for (;;) {
        const auto message = reader.next();
        REQUIRE(message.has_value());
        if (!*message) break;
        seen.push_back(**message);
      }
    }
    CHECK(seen == std::vector<AmpMessage>{{"j:{}", "s:1"}, {"s:topic", "j:[1]", ""}});
  }
}

TEST_CASE("amp: what is no frame of PM2, or a huge one, is an error") {
  AmpReader other;
  other.feed("HTTP/1.1 400 Bad Request\r\n");
  CHECK_FALSE(other.next().has_value());
  AmpReader huge;
  huge.feed(std::string("\x11\xFF\xFF\xFF\xFF", 5));
  CHECK_FALSE(huge.next().has_value());
}

TEST_CASE("amp: only a JSON argument has JSON") {
  CHECK(amp_json("j:{}") == "{}");
  CHECK(amp_json("s:{}").empty());
  CHECK(amp_json("").empty());
}
