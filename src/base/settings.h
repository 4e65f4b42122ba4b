// Settings: one table row per key says name, target, range and meaning; the same row parses,
// validates, prints and documents. All faults of a file are reported at once, with line numbers and
// the nearest known key; nothing is clamped.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "base/secret.h"

namespace bb {

/// One `key = value` of an INI file. Values are taken literally: no interpolation, '%' is a '%'.
struct IniEntry {
  std::string section;
  std::string key;  // lower case
  std::string value;
  int line = 0;
};

struct IniFile {
  std::string name;  // for messages
  std::vector<std::string> sections;
  std::vector<IniEntry> entries;
};

/// Reads `[section]`, `key = value`, `key: value`, and comments that begin a line with # or ;.
/// Text that is none of these, a duplicate key and a key before any section are errors; all of them
/// are returned, each as "name:line: what is wrong".
std::expected<IniFile, std::vector<std::string>> parse_ini(std::string_view text, std::string name);

/// One section of the configuration: a name and its rows. A target's value at the time of the call
/// is the default.
class SettingsSection {
 public:
  explicit SettingsSection(std::string name) : name_(std::move(name)) {}

  SettingsSection& text(std::string key, std::string& target, std::string doc);
  SettingsSection& flag(std::string key, bool& target, std::string doc);
  SettingsSection& integer(std::string key, std::int64_t& target, std::int64_t min,
                           std::int64_t max, std::string doc);
  SettingsSection& decimal(std::string key, Decimal& target, Decimal min, Decimal max,
                           std::string doc);
  /// Exactly one of `choices`, compared without letter case, stored as spelled in `choices`.
  SettingsSection& choice(std::string key, std::string& target, std::vector<std::string> choices,
                          std::string doc);
  /// A comma list; blanks around items are dropped.
  SettingsSection& list(std::string key, std::vector<std::string>& target, std::string doc);
  /// `file:/path` reads the secret from that file (one line). Never printed.
  SettingsSection& secret(std::string key, Secret& target, std::string doc);
  /// Any value with a parser of its own; `show` prints the current one.
  SettingsSection& custom(std::string key, std::function<Status(std::string_view)> set,
                          std::function<std::string()> show, std::string range, std::string doc);

  const std::string& name() const { return name_; }

  struct Row {
    std::string key;
    std::string default_text;
    std::string range;
    std::string doc;
    bool is_secret = false;
    std::function<Status(std::string_view)> set;
    std::function<std::string()> show;
  };
  const std::vector<Row>& rows() const { return rows_; }

 private:
  SettingsSection& add(Row row);
  std::string name_;
  std::vector<Row> rows_;
};

using Environment = std::map<std::string, std::string>;

/// The environment of this process, read once at start.
Environment process_environment();

struct LoadedSettings {
  bool has_inline_secret = false;     // a secret stands in the file itself
  std::vector<std::string> set_keys;  // "section.key" that the file or the environment named
};

/// Fills the targets: defaults, then the file, then BUBBLE_BUSTER_<SECTION>_<KEY> of `environment`.
/// Returns every fault found, in file order: unknown section, unknown key (with the nearest known
/// one), bad or out-of-range value, unknown environment override.
std::expected<LoadedSettings, std::vector<std::string>> apply_settings(
    const IniFile& file, const Environment& environment, std::vector<SettingsSection>& sections);

/// The sections as an INI file with comments; secrets are shown as "(set)" or empty.
std::string print_settings(const std::vector<SettingsSection>& sections);
/// The sections as a Markdown table per section.
std::string document_settings(const std::vector<SettingsSection>& sections);

/// The candidate with the smallest edit distance to `word`, if it is near enough to be meant.
std::optional<std::string> nearest_word(std::string_view word,
                                        const std::vector<std::string>& candidates);

}  // namespace bb
