#include "base/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "base/plant.h"

namespace bb {

namespace {

std::string_view trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (c == '.' || c == '-') c = '_';
  }
  return out;
}

std::unexpected<Error> bad_value(std::string text) {
  return fail(ErrorKind::configuration, std::move(text));
}

Result<bool> parse_flag(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return bad_value(fmt::format("'{}' is not a yes or a no; write true or false", text));
}

Result<std::string> read_secret_file(std::string path) {
  std::ifstream in(path);
  std::string line;
  if (!in || (!std::getline(in, line) && !in.eof()))
    return bad_value(fmt::format("cannot read the secret file '{}'", path));
  return std::string(trim(line));
}

const SettingsSection::Row* find_row(const SettingsSection& section, std::string_view key) {
  for (const auto& row : section.rows())
    if (row.key == key) return &row;
  return nullptr;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const auto near = nearest_word(word, known);
  return near ? fmt::format("; did you mean '{}'?", *near) : std::string(".");
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::expected<IniFile, std::vector<std::string>> parse_ini(std::string_view text,
                                                           std::string name) {
  IniFile file;
  file.name = name;
  std::vector<std::string> faults;
  std::string section;
  int number = 0;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto fault = [&](std::string what) {
      faults.push_back(fmt::format("{}:{}: {}", name, number, what));
    };
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      if (line.back() != ']' || line.size() < 3) {
        fault("a section is written as [name]");
        continue;
      }
      section = std::string(trim(line.substr(1, line.size() - 2)));
      if (std::ranges::find(file.sections, section) != file.sections.end())
        fault(fmt::format("section [{}] stands here a second time", section));
      file.sections.push_back(section);
      continue;
    }
    const auto split = line.find_first_of("=:");
    if (split == std::string_view::npos || split == 0) {
      fault("this is neither a section, a comment nor 'key = value'");
      continue;
    }
    if (section.empty()) {
      fault("a key before the first [section]");
      continue;
    }
    IniEntry entry{section, lower(trim(line.substr(0, split))),
                   std::string(trim(line.substr(split + 1))), number};
    const auto same = std::ranges::find_if(file.entries, [&](const IniEntry& other) {
      return other.section == entry.section && other.key == entry.key;
    });
    if (same != file.entries.end()) {
      fault(fmt::format("[{}] {} was set in line {} already", section, entry.key, same->line));
      continue;
    }
    file.entries.push_back(std::move(entry));
  }
  if (!faults.empty()) return std::unexpected(std::move(faults));
  return file;
}

SettingsSection& SettingsSection::add(Row row) {
  row.default_text = row.is_secret ? "" : row.show();
  rows_.push_back(std::move(row));
  return *this;
}

SettingsSection& SettingsSection::text(std::string key, std::string& target, std::string doc) {
  return add({std::move(key), "", "text", std::move(doc), false,
              [&target](std::string_view value) -> Status {
                target = value;
                return {};
              },
              [&target] { return target; }});
}

SettingsSection& SettingsSection::flag(std::string key, bool& target, std::string doc) {
  return add({std::move(key), "", "true or false", std::move(doc), false,
              [&target](std::string_view value) -> Status {
                const auto parsed = parse_flag(value);
                if (!parsed) return std::unexpected(parsed.error());
                target = *parsed;
                return {};
              },
              [&target] { return std::string(target ? "true" : "false"); }});
}

SettingsSection& SettingsSection::integer(std::string key, std::int64_t& target, std::int64_t min,
                                          std::int64_t max, std::string doc) {
  return add({std::move(key), "", fmt::format("{} to {}", min, max), std::move(doc), false,
              [&target, min, max](std::string_view value) -> Status {
                std::int64_t parsed = 0;
                const char* end = value.data() + value.size();
                const auto [stop, error] = std::from_chars(value.data(), end, parsed);
                if (error != std::errc() || stop != end)
                  return bad_value(fmt::format("'{}' is not a whole number", value));
                if (parsed < min || parsed > max)
                  return bad_value(
                      fmt::format("{} is outside the range {} to {}", parsed, min, max));
                target = parsed;
                return {};
              },
              [&target] { return std::to_string(target); }});
}

SettingsSection& SettingsSection::decimal(std::string key, Decimal& target, Decimal min,
                                          Decimal max, std::string doc) {
  return add({std::move(key), "", fmt::format("{} to {}", min.str(), max.str()), std::move(doc),
              false,
              [&target, min, max](std::string_view value) -> Status {
                const auto parsed = Decimal::parse(value);
                if (!parsed) return bad_value(parsed.error().text);
                if (*parsed < min || *parsed > max)
                  return bad_value(fmt::format("{} is outside the range {} to {}", parsed->str(),
                                               min.str(), max.str()));
                target = *parsed;
                return {};
              },
              [&target] { return target.str(); }});
}

SettingsSection& SettingsSection::choice(std::string key, std::string& target,
                                         std::vector<std::string> choices, std::string doc) {
  const std::string range = fmt::format("{}", fmt::join(choices, ", "));
  return add({std::move(key), "", range, std::move(doc), false,
              [&target, choices, range](std::string_view value) -> Status {
                for (const auto& one : choices) {
                  if (lower(one) != lower(value)) continue;
                  target = one;
                  return {};
                }
                return bad_value(fmt::format("'{}' is not one of: {}", value, range));
              },
              [&target] { return target; }});
}

SettingsSection& SettingsSection::list(std::string key, std::vector<std::string>& target,
                                       std::string doc) {
  return add({std::move(key), "", "comma list", std::move(doc), false,
              [&target](std::string_view value) -> Status {
                target.clear();
                while (!value.empty()) {
                  const auto comma = value.find(',');
                  const auto item = trim(value.substr(0, comma));
                  if (!item.empty()) target.emplace_back(item);
                  value = comma == std::string_view::npos ? std::string_view()
                                                          : value.substr(comma + 1);
                }
                return {};
              },
              [&target] { return fmt::format("{}", fmt::join(target, ",")); }});
}

SettingsSection& SettingsSection::secret(std::string key, Secret& target, std::string doc) {
  return add({std::move(key), "", "text, or file:/path", std::move(doc), true,
              [&target](std::string_view value) -> Status {
                if (value.starts_with("file:")) {
                  auto read = read_secret_file(std::string(value.substr(5)));
                  if (!read) return std::unexpected(read.error());
                  target = Secret(std::move(*read));
                  return {};
                }
                target = Secret(std::string(value));
                return {};
              },
              [&target] { return std::string(target.empty() ? "" : "(set)"); }});
}

SettingsSection& SettingsSection::custom(std::string key,
                                         std::function<Status(std::string_view)> set,
                                         std::function<std::string()> show, std::string range,
                                         std::string doc) {
  return add({std::move(key), "", std::move(range), std::move(doc), false, std::move(set),
              std::move(show)});
}

Environment process_environment() {
  Environment out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view pair(*entry);
    const auto split = pair.find('=');
    if (split != std::string_view::npos) out.emplace(pair.substr(0, split), pair.substr(split + 1));
  }
  return out;
}

std::expected<LoadedSettings, std::vector<std::string>> apply_settings(
    const IniFile& file, const Environment& environment, std::vector<SettingsSection>& sections) {
  std::vector<std::string> faults;
  LoadedSettings loaded;
  std::vector<std::string> known_sections;
  known_sections.reserve(sections.size());
  for (const auto& section : sections)
    known_sections.push_back(section.name());
  const auto find_section = [&](std::string_view name) -> const SettingsSection* {
    for (const auto& section : sections)
      if (section.name() == name) return &section;
    return nullptr;
  };
  for (const auto& name : file.sections)
    if (find_section(name) == nullptr)
      faults.push_back(fmt::format("{}: unknown section [{}]{}", file.name, name,
                                   suggestion(name, known_sections)));
  for (const IniEntry& entry : file.entries) {
    const SettingsSection* section = find_section(entry.section);
    if (section == nullptr) continue;
    const auto where =
        fmt::format("{}:{}: [{}] {}", file.name, entry.line, entry.section, entry.key);
    const auto* row = find_row(*section, entry.key);
    if (row == nullptr) {
      std::vector<std::string> known;
      for (const auto& each : section->rows())
        known.push_back(each.key);
      faults.push_back(fmt::format("{}: unknown key{}", where, suggestion(entry.key, known)));
      continue;
    }
    if (planted("percent_interpolated") && entry.value.contains('%')) {
      faults.push_back(where + ": '%' must be followed by '%' or '('");
      continue;
    }
    if (const auto set = row->set(entry.value); !set) {
      faults.push_back(fmt::format("{}: {}", where, set.error().text));
      continue;
    }
    if (row->is_secret && !entry.value.empty() && !entry.value.starts_with("file:"))
      loaded.has_inline_secret = true;
    loaded.set_keys.push_back(entry.section + "." + entry.key);
  }
  for (const auto& section : sections) {
    for (const auto& row : section.rows()) {
      const std::string name = "BUBBLE_BUSTER_" + upper(section.name()) + "_" + upper(row.key);
      const auto found = environment.find(name);
      if (found == environment.end()) continue;
      if (const auto set = row.set(found->second); !set) {
        faults.push_back(fmt::format("environment {}: {}", name, set.error().text));
        continue;
      }
      loaded.set_keys.push_back(section.name() + "." + row.key);
    }
  }
  if (!faults.empty()) return std::unexpected(std::move(faults));
  return loaded;
}

std::string print_settings(const std::vector<SettingsSection>& sections) {
  std::string out;
  for (const auto& section : sections) {
    out += fmt::format("[{}]\n", section.name());
    for (const auto& row : section.rows())
      out += fmt::format("# {} ({})\n{} = {}\n", row.doc, row.range, row.key, row.show());
    out += '\n';
  }
  return out;
}

std::string document_settings(const std::vector<SettingsSection>& sections) {
  std::string out;
  for (const auto& section : sections) {
    out += fmt::format("## [{}]\n\n| Key | Default | Range | Meaning |\n|---|---|---|---|\n",
                       section.name());
    for (const auto& row : section.rows())
      out += fmt::format("| `{}` | {} | {} | {} |\n", row.key,
                         row.default_text.empty() ? "" : "`" + row.default_text + "`", row.range,
                         row.doc);
    out += '\n';
  }
  return out;
}

std::optional<std::string> nearest_word(std::string_view word,
                                        const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const std::size_t distance = edit_distance(lower(word), lower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace bb
