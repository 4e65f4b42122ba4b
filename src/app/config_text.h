// Configuration files as this program writes them: sections and keys in their order, each with its
// meaning and range above it, private from the first byte on.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/config.h"

namespace bb::app {

struct WrittenKey {
  std::string value;
  std::vector<std::string> notes;  // lines of comment above it
  bool is_off = false;             // as a comment: it says what could be set
};

/// By section and key; keys that no section has are faults of the program (BB_CHECK).
using WrittenKeys = std::map<std::pair<std::string, std::string>, WrittenKey>;

/// The text of a file with those keys; `head` is comment above everything. Sections without a key
/// are left out. `more` follows as it is.
std::string config_text(const std::vector<std::string>& head, const WrittenKeys& keys,
                        const std::string& more = {});

/// Writes the file at once or not at all, readable for its owner alone. By root it belongs to the
/// owner of its folder. Errors are `configuration`: the folder is absent or not writable.
Status write_config_file(const std::string& path, const std::string& text);

/// The text as a configuration in that folder: every fault it has.
Faults faults_of(const std::string& text, const std::string& path, const Environment& environment);

}  // namespace bb::app
