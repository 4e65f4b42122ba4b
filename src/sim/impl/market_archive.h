// Files as bytes: plain, one zstd frame or several, or the entries of a zip. Sizes are bounded, so
// that a damaged or hostile file cannot eat the memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bb::sim::impl {

struct Entry {
  std::string name;
  std::string text;
};

Result<std::string> read_bytes(const std::string& path);
/// The whole content of zstd frames. `name` is for messages.
Result<std::string> unpack_zst(std::string_view packed, const std::string& name);
/// Every .csv of a zip, in its order, verified by its checksum.
Result<std::vector<Entry>> unpack_zip(std::string_view packed, const std::string& name);
/// By the name's end: .zip, .zst, or as it is.
Result<std::vector<Entry>> read_entries(const std::string& path);

}  // namespace bb::sim::impl
