// ConfigFile: one value of a configuration file changed, and nothing else of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bb::app {

/// The same text with `key = value` in that section: in place of the line that is there, else as
/// the section's first line, else in a section of its own at the end. Comments, blank lines, order
/// and line ends stay.
std::string with_setting(std::string_view text, std::string_view section, std::string_view key,
                         std::string_view value);

/// What the file says, or nothing.
std::optional<std::string> read_setting(const std::string& path, std::string_view section,
                                        std::string_view key);

/// Replaces the file at once or not at all; its permissions stay. A link is followed. Errors: no
/// file, not writable, too large to be one.
Status write_setting(const std::string& path, std::string_view section, std::string_view key,
                     std::string_view value);

}  // namespace bb::app
