// Small files that are whole or not there: written aside, synced, renamed, and the folder synced.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bb::store {

/// On the device before it returns; an earlier file of that name is replaced at once or not at all.
Status write_durably(const std::string& path, std::string_view content);
/// No file is no error.
Status remove_durably(const std::string& path);
/// Up to 64 kB; nothing when there is no such file, an error when it cannot be read or is larger.
Result<std::optional<std::string>> read_small_file(const std::string& path);

}  // namespace bb::store
