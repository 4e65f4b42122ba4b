// Spill: 1 MiB that is reserved on the device at open, for batches that the database could not
// take. One frame per batch: length, CRC-32, sequence number, the statements. Written through to
// the device; a torn last frame is not read. The header names the database instance it belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/table.h"

namespace bb::store {

/// The statements of one batch, as the writer sees it.
struct Group {
  std::vector<Write> writes;
  bool durable = false;        // holds intents: on the device before commit() returns
  bool essential = false;      // holds more than samples: may use the last half of the spill
  std::uint64_t sequence = 0;  // given when it is spilled
};

class Spill {
 public:
  static constexpr std::size_t kSize = 1u << 20;

  /// Makes and reserves the file if absent. A file of another instance is moved aside to
  /// `<path>.other` (`moved_aside()` tells) and a new one is made.
  static Result<Spill> open(const std::string& path, const std::string& instance);
  Spill(Spill&& other) noexcept;
  Spill& operator=(Spill&& other) noexcept;
  ~Spill();

  /// What waits, oldest first.
  Result<std::vector<Group>> load() const;
  /// On the device when it returns. Batches that are not essential are refused from half full on.
  Status append(const Group& group);
  Status clear();
  bool moved_aside() const { return moved_aside_; }

 private:
  Spill(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  Status write_at(std::size_t offset, const std::string& bytes) const;
  std::string path_;
  int fd_ = -1;
  mutable std::size_t end_ = 0;  // where the next frame goes
  bool moved_aside_ = false;
};

}  // namespace bb::store
