#include <doctest/doctest.h>

#include "base/random.h"
#include "supervise/impl/dbus_wire.h"

using namespace bb::supervise;

namespace {

DbusMessage a_call() {
  DbusArguments arguments;
  arguments.text("grid.service").texts({"a", "", "long name"});
  DbusMessage out;
  out.serial = 7;
  out.path = "/org/freedesktop/systemd1";
  out.interface = "org.freedesktop.systemd1.Manager";
  out.member = "StartUnit";
  out.destination = "org.freedesktop.systemd1";
  out.signature = arguments.signature();
  out.body = arguments.body();
  return out;
}

}  // namespace

TEST_CASE("dbus: a message comes back as it was, however its bytes are cut") {
  DbusMessage reply;
  reply.type = DbusMessage::Type::reply;
  reply.serial = 2;
  reply.reply_serial = 7;
  const std::string bytes = encode(a_call()) + encode(reply);
  for (std::size_t piece = 1; piece < bytes.size(); piece += 3) {
    DbusReader reader;
    std::vector<DbusMessage> seen;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.feed(std::string_view(bytes).substr(at, piece));
      for (;;) {
        const auto message = reader.next();
        REQUIRE(message.has_value());
        if (!*message) break;
        seen.push_back(**message);
      }
    }
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].member == "StartUnit");
    CHECK(seen[0].path == "/org/freedesktop/systemd1");
    CHECK(seen[0].signature == "sas");
    CHECK(seen[1].reply_serial == 7);
    CHECK(seen[1].type == DbusMessage::Type::reply);
  }
}

TEST_CASE("dbus: arguments are read back as they were written") {
  const auto call = a_call();
  DbusCursor cursor(call.body);
  CHECK(cursor.text() == "grid.service");
  const auto end = cursor.array_end(4);
  std::vector<std::string> texts;
  while (cursor.ok() && cursor.position() < end)
    texts.push_back(cursor.text());
  CHECK(cursor.ok());
  CHECK(texts == std::vector<std::string>{"a", "", "long name"});
}

TEST_CASE("dbus: a variant is a text, a number, or nothing that matters here") {
  const auto read = [](const std::string& body) {
    DbusCursor cursor(body);
    return read_variant(cursor);
  };
  using namespace std::string_literals;
  CHECK(read("\1s\0\0\2\0\0\0ok\0"s).text == "ok");
  CHECK(read("\1u\0\0\5\0\0\0"s).number == 5);
  CHECK(read("\1i\0\0\xFF\xFF\xFF\xFF"s).number == -1);
  CHECK_FALSE(read("\1t\0\0\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s).number.has_value());
}

TEST_CASE("dbus: broken bytes are an error or a wait, never a crash") {
  bb::Random random(7);
  const auto good = encode(a_call());
  for (int round = 0; round < 5000; ++round) {
    auto bytes = good;
    for (int i = 0; i < 3; ++i)
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    DbusReader reader;
    reader.feed(bytes);
    const auto message = reader.next();
    if (!message || !*message) continue;
    DbusCursor cursor((**message).body);
    (void)cursor.text();
    const auto end = cursor.array_end(4);
    while (cursor.ok() && cursor.position() < end)
      (void)cursor.text();
  }
}
