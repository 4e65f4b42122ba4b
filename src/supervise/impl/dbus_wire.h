// D-Bus messages as bytes (D-Bus Specification 0.41), as far as a client of systemd needs them:
// little-endian, no file descriptors. No I/O here.
//
// Own code, and not sd-bus behind sdbus-c++: opening a bus there blocks its caller for as long as
// the bus daemon hangs, and no deadline ends that (docs/decisions.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bb::supervise {

struct DbusMessage {
  enum class Type : std::uint8_t { invalid = 0, call = 1, reply = 2, error = 3, signal = 4 };
  Type type = Type::call;
  std::uint32_t serial = 0;
  std::uint32_t reply_serial = 0;  // of a reply or an error
  std::string path, interface, member, error_name, destination, sender, signature;
  std::string body;
};

/// Arguments of a call. The signature grows with them.
class DbusArguments {
 public:
  DbusArguments& text(std::string_view value);
  DbusArguments& texts(const std::vector<std::string>& values);
  const std::string& signature() const { return signature_; }
  const std::string& body() const { return body_; }

 private:
  std::string signature_, body_;
};

std::string encode(const DbusMessage& message);

/// Messages out of bytes that come in any pieces.
class DbusReader {
 public:
  static constexpr std::size_t kMessageMax = 16u << 20;
  void feed(std::string_view bytes) { bytes_.append(bytes); }
  /// Nothing = more bytes are needed; an error = this is no message, or one above kMessageMax.
  Result<std::optional<DbusMessage>> next();

 private:
  std::string bytes_;
};

/// Reads values from the front of a body; after the first fault ok() is false and all values empty.
class DbusCursor {
 public:
  explicit DbusCursor(std::string_view body) : body_(body) {}
  bool ok() const { return ok_; }
  std::string text();             // s and o
  std::string signature();        // g
  std::uint32_t number32();       // u; i as its bits
  std::uint32_t number32_byte();  // y
  std::uint64_t number64();       // t
  void align(std::size_t to);
  /// Of an array whose elements are aligned to `alignment`: where it ends. Read elements while
  /// position() is below.
  std::size_t array_end(std::size_t alignment);
  std::size_t position() const { return at_; }

 private:
  std::uint64_t number(std::size_t bytes);
  std::string bytes(std::size_t length);
  std::string_view body_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// The value of a variant: a text, or a number; of any other type nothing.
struct DbusValue {
  std::string text;
  std::optional<std::int64_t> number;  // nothing also for 2^64-1, systemd's "not set"
};
DbusValue read_variant(DbusCursor& cursor);

}  // namespace bb::supervise
