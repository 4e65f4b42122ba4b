#include "supervise/impl/dbus_wire.h"

#include <limits>

namespace bb::supervise {

namespace {

enum Field : std::uint8_t {
  kPath = 1,
  kInterface = 2,
  kMember = 3,
  kErrorName = 4,
  kReplySerial = 5,
  kDestination = 6,
  kSender = 7,
  kSignature = 8,
};

constexpr std::size_t kFixedHead = 16;

void pad(std::string& out, std::size_t to) { out.resize((out.size() + to - 1) / to * to, '\0'); }

void put32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8)
    out += static_cast<char>(value >> shift & 0xFF);
}

void put_text(std::string& out, std::string_view text) {
  pad(out, 4);
  put32(out, static_cast<std::uint32_t>(text.size()));
  out.append(text) += '\0';
}

void put_field(std::string& out, Field field, char type, std::string_view text) {
  if (text.empty()) return;
  pad(out, 8);
  out += static_cast<char>(field);
  out += '\1';
  out += type;
  out += '\0';
  if (type == 'g') {
    out += static_cast<char>(text.size());
    out.append(text) += '\0';
  } else {
    put_text(out, text);
  }
}

std::uint32_t get32(std::string_view bytes, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i)
    out |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return out;
}

std::unexpected<Error> malformed() {
  return fail(ErrorKind::malformed, "the bus sent something that is no D-Bus message");
}

void take_field(DbusCursor& cursor, DbusMessage& out) {
  const auto code = cursor.number32_byte();
  const auto type = cursor.signature();
  if (type == "u") {
    const auto number = cursor.number32();
    if (code == kReplySerial) out.reply_serial = number;
    return;
  }
  const auto text = type == "g" ? cursor.signature() : cursor.text();
  switch (code) {
    case kPath:
      out.path = text;
      break;
    case kInterface:
      out.interface = text;
      break;
    case kMember:
      out.member = text;
      break;
    case kErrorName:
      out.error_name = text;
      break;
    case kDestination:
      out.destination = text;
      break;
    case kSender:
      out.sender = text;
      break;
    case kSignature:
      out.signature = text;
      break;
    default:
      break;  // a field of a later version
  }
}

}  // namespace

DbusArguments& DbusArguments::text(std::string_view value) {
  signature_ += 's';
  put_text(body_, value);
  return *this;
}

DbusArguments& DbusArguments::texts(const std::vector<std::string>& values) {
  signature_ += "as";
  pad(body_, 4);
  const auto at = body_.size();
  put32(body_, 0);
  const auto begin = body_.size();
  for (const auto& value : values)
    put_text(body_, value);
  std::string length;
  put32(length, static_cast<std::uint32_t>(body_.size() - begin));
  body_.replace(at, length.size(), length);
  return *this;
}

std::string encode(const DbusMessage& message) {
  std::string fields;  // offsets are those of the array, which begins at byte 16: aligned to 8
  put_field(fields, kPath, 'o', message.path);
  put_field(fields, kInterface, 's', message.interface);
  put_field(fields, kMember, 's', message.member);
  put_field(fields, kErrorName, 's', message.error_name);
  put_field(fields, kDestination, 's', message.destination);
  put_field(fields, kSender, 's', message.sender);
  put_field(fields, kSignature, 'g', message.signature);
  if (message.reply_serial != 0) {
    pad(fields, 8);
    fields += static_cast<char>(kReplySerial);
    fields.append("\1u", 2) += '\0';
    put32(fields, message.reply_serial);
  }
  std::string out = "l";
  out += static_cast<char>(message.type);
  out += '\0';
  out += '\1';
  put32(out, static_cast<std::uint32_t>(message.body.size()));
  put32(out, message.serial);
  put32(out, static_cast<std::uint32_t>(fields.size()));
  out += fields;
  pad(out, 8);
  return out + message.body;
}

Result<std::optional<DbusMessage>> DbusReader::next() {
  if (bytes_.size() < kFixedHead) return std::nullopt;
  if (bytes_[0] != 'l' || bytes_[3] != 1) return malformed();
  const std::size_t body = get32(bytes_, 4);
  const std::size_t fields = get32(bytes_, 12);
  const std::size_t head = (kFixedHead + fields + 7) / 8 * 8;
  if (body > kMessageMax || fields > kMessageMax) return malformed();
  if (bytes_.size() < head + body) return std::nullopt;
  DbusMessage out;
  out.type = static_cast<DbusMessage::Type>(bytes_[1]);
  out.serial = get32(bytes_, 8);
  DbusCursor cursor(std::string_view(bytes_).substr(kFixedHead, fields));
  while (cursor.ok() && cursor.position() < fields) {
    cursor.align(8);
    take_field(cursor, out);
  }
  if (!cursor.ok()) return malformed();
  out.body = bytes_.substr(head, body);
  bytes_.erase(0, head + body);
  return out;
}

void DbusCursor::align(std::size_t to) {
  at_ = (at_ + to - 1) / to * to;
  ok_ = ok_ && at_ <= body_.size();
}

std::uint64_t DbusCursor::number(std::size_t size) {
  align(size);
  if (!ok_ || body_.size() - at_ < size) {
    ok_ = false;
    return 0;
  }
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < size; ++i)
    out |= static_cast<std::uint64_t>(static_cast<unsigned char>(body_[at_ + i])) << (8 * i);
  at_ += size;
  return out;
}

std::string DbusCursor::bytes(std::size_t length) {
  // A zero byte follows, which is not counted.
  if (!ok_ || body_.size() - at_ <= length) {
    ok_ = false;
    return {};
  }
  std::string out(body_.substr(at_, length));
  at_ += length + 1;
  return out;
}

std::uint32_t DbusCursor::number32_byte() { return static_cast<std::uint32_t>(number(1)); }
std::string DbusCursor::text() { return bytes(number32()); }
std::string DbusCursor::signature() { return bytes(number(1)); }
std::uint32_t DbusCursor::number32() { return static_cast<std::uint32_t>(number(4)); }
std::uint64_t DbusCursor::number64() { return number(8); }

std::size_t DbusCursor::array_end(std::size_t alignment) {
  const std::size_t length = number32();
  align(alignment);
  if (!ok_ || body_.size() - at_ < length) {
    ok_ = false;
    return at_;
  }
  return at_ + length;
}

DbusValue read_variant(DbusCursor& cursor) {
  const auto type = cursor.signature();
  DbusValue out;
  if (type == "s" || type == "o") out.text = cursor.text();
  if (type == "u" || type == "b") out.number = cursor.number32();
  if (type == "i") out.number = static_cast<std::int32_t>(cursor.number32());
  if (type == "t" || type == "x")
    if (const auto value = cursor.number64(); value <= std::numeric_limits<std::int64_t>::max())
      out.number = static_cast<std::int64_t>(value);
  return out;
}

}  // namespace bb::supervise
