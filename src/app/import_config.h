// The Python program's config.ini as one of ours that means the same. Pure. What that program
// clamped in silence is written as the value that it used; what has no meaning here is left out;
// each such change is said, in the file and to the caller.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config_text.h"
#include "store/import.h"

namespace bb::app {

struct TranslatedConfig {
  WrittenKeys keys;
  std::string more;                  // [Settings], as it was
  std::vector<std::string> changes;  // "[section] key: was .., is .. because .."
  std::string db_path;               // of the old file, as it stands there
  std::string lock_file;
};

struct TranslateOptions {
  /// The owner's word that the live exchange is meant.
  bool is_live_meant = false;
  /// The new file stands in the old one's folder: the database needs another name.
  bool is_same_folder = false;
};

/// Errors: text that is no INI file.
std::expected<TranslatedConfig, Faults> translate_config(std::string_view text,
                                                         const std::string& name,
                                                         const TranslateOptions& options);

/// The slots that one of its runs has used up: the newest before it, or the next where it began
/// within an hour of that, and the one that its key names.
std::vector<store::SlotName> used_slots(const service::DailySchedule& schedule,
                                        const std::string& trade_day, TimePoint started);

}  // namespace bb::app
