#include "store/spill.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace bb::store {

namespace {

constexpr std::string_view kMagic = "BBSPILL1";
constexpr std::size_t kHeader = 64;
constexpr std::size_t kFrameHeader = 16;  // length, CRC-32 of all that follows, sequence

template <class Number>
void put(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put_text(std::string& out, const std::string& text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

std::string encode(const Group& group) {
  std::string out;
  put(out, group.sequence);
  put(out, static_cast<std::uint8_t>((group.durable ? 1 : 0) | (group.essential ? 2 : 0)));
  put(out, static_cast<std::uint32_t>(group.writes.size()));
  for (const Write& write : group.writes) {
    put_text(out, write.sql);
    put(out, static_cast<std::uint32_t>(write.values.size()));
    for (const sql::Value& value : write.values) {
      put(out, static_cast<std::uint8_t>(value.index()));
      if (const auto* number = std::get_if<std::int64_t>(&value)) put(out, *number);
      if (const auto* text = std::get_if<std::string>(&value)) put_text(out, *text);
    }
  }
  return out;
}

// Reads what encode() wrote; the CRC has vouched for the bytes, ok() for their form.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}
  template <class Number>
  Number number() {
    Number value{};
    if (rest_.size() < sizeof value) {
      ok_ = false;
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    const auto size = number<std::uint32_t>();
    if (rest_.size() < size) ok_ = false;
    if (!ok_) return {};
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

bool decode(std::string_view bytes, Group& group) {
  Decoder in(bytes);
  group.sequence = in.number<std::uint64_t>();
  const auto flags = in.number<std::uint8_t>();
  group.durable = (flags & 1) != 0;
  group.essential = (flags & 2) != 0;
  const auto writes = in.number<std::uint32_t>();
  for (std::uint32_t i = 0; in.ok() && i < writes; ++i) {
    Write& write = group.writes.emplace_back();
    write.sql = in.text();
    const auto values = in.number<std::uint32_t>();
    for (std::uint32_t v = 0; in.ok() && v < values; ++v) {
      const auto type = in.number<std::uint8_t>();
      if (type == 1)
        write.values.emplace_back(in.number<std::int64_t>());
      else if (type == 2)
        write.values.emplace_back(in.text());
      else
        write.values.emplace_back();
    }
  }
  return in.ok();
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

std::unexpected<Error> failure(const std::string& path, std::string_view what, int error) {
  return fail(ErrorKind::storage,
              fmt::format("spill file '{}': {}: {}", path, what, std::strerror(error)));
}

std::string header_of(const std::string& instance) {
  std::string header(kMagic);
  header += instance;
  header.resize(kHeader);
  return header;
}

Result<std::string> read_bytes(int fd, const std::string& path) {
  std::string bytes(Spill::kSize, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure(path, "cannot read", errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<int> open_reserved(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_DSYNC, 0600);
  if (fd < 0) return failure(path, "cannot open", errno);
  struct stat info{};
  if (fstat(fd, &info) == 0 && info.st_size >= static_cast<off_t>(Spill::kSize)) return fd;
  if (const int error = posix_fallocate(fd, 0, Spill::kSize); error != 0) {
    ::close(fd);
    return failure(path, "cannot reserve 1 MiB", error);
  }
  fsync(fd);
  return fd;
}

}  // namespace

Spill::Spill(Spill&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      end_(other.end_),
      moved_aside_(other.moved_aside_) {}

Spill& Spill::operator=(Spill&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  end_ = other.end_;
  moved_aside_ = other.moved_aside_;
  return *this;
}

Spill::~Spill() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Spill> Spill::open(const std::string& path, const std::string& instance) {
  const std::string header = header_of(instance);
  auto fd = open_reserved(path);
  if (!fd) return std::unexpected(fd.error());
  Spill spill(path, *fd);
  spill.end_ = kHeader;
  const auto bytes = read_bytes(*fd, path);
  if (!bytes) return std::unexpected(bytes.error());
  if (bytes->starts_with(header)) return spill;

  if (bytes->starts_with(kMagic)) {
    if (std::rename(path.c_str(), (path + ".other").c_str()) != 0)
      return failure(path, "belongs to another database and cannot be moved aside", errno);
    fd = open_reserved(path);
    if (!fd) return std::unexpected(fd.error());
    spill = Spill(path, *fd);
    spill.end_ = kHeader;
    spill.moved_aside_ = true;
  }
  if (auto written = spill.write_at(0, header + std::string(kFrameHeader, '\0')); !written)
    return std::unexpected(written.error());
  return spill;
}

Result<std::vector<Group>> Spill::load() const {
  const auto bytes = read_bytes(fd_, path_);
  if (!bytes) return std::unexpected(bytes.error());
  std::vector<Group> groups;
  std::size_t offset = kHeader;
  // Frames of an earlier use may stand behind the last one; their sequence does not continue it.
  std::uint64_t last = 0;
  while (offset + kFrameHeader <= bytes->size()) {
    Decoder head(std::string_view(*bytes).substr(offset, 8));
    const auto size = head.number<std::uint32_t>();
    const auto crc = head.number<std::uint32_t>();
    if (size == 0 || size > bytes->size() - offset - 8) break;
    const std::string_view body = std::string_view(*bytes).substr(offset + 8, size);
    Group group;
    if (checksum(body) != crc || !decode(body, group) || group.sequence <= last) break;
    last = group.sequence;
    groups.push_back(std::move(group));
    offset += 8 + size;
  }
  end_ = offset;
  return groups;
}

Status Spill::append(const Group& group) {
  const std::string body = encode(group);
  std::string frame;
  put(frame, static_cast<std::uint32_t>(body.size()));
  put(frame, checksum(body));
  frame += body;
  const std::size_t limit = group.essential ? kSize : kSize / 2;
  if (end_ + frame.size() > limit)
    return fail(ErrorKind::storage, fmt::format("spill file '{}' is full", path_));
  if (auto written = write_at(end_, frame); !written) return written;
  end_ += frame.size();
  return {};
}

Status Spill::clear() {
  if (end_ == kHeader) return {};
  if (auto written = write_at(kHeader, std::string(kFrameHeader, '\0')); !written) return written;
  end_ = kHeader;
  return {};
}

Status Spill::write_at(std::size_t offset, const std::string& bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written =
        pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure(path_, "cannot write", errno);
    done += static_cast<std::size_t>(written);
  }
  return {};
}

}  // namespace bb::store
