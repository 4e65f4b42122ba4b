#include "app/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/settings.h"
#include "store/durable_file.h"

namespace bb::app {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return out;
}

bool is_comment(std::string_view line) {
  return line.empty() || line.front() == '#' || line.front() == ';';
}

}  // namespace

std::string with_setting(std::string_view text, std::string_view section, std::string_view key,
                         std::string_view value) {
  const std::string_view newline = text.find("\r\n") == std::string_view::npos ? "\n" : "\r\n";
  std::string out;
  std::size_t heading_end = std::string::npos;  // of the section, in `out`
  bool is_here = false;
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = rest.find('\n');
    const auto whole = rest.substr(0, end == std::string_view::npos ? end : end + 1);
    rest.remove_prefix(whole.size());
    std::string_view line = trimmed(whole);
    if (out.empty() && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    const auto split = line.find_first_of("=:");
    const bool is_heading = !is_comment(line) && line.front() == '[';
    if (is_heading) is_here = trimmed(line.substr(1, line.size() - 2)) == section;
    const bool is_it = is_here && !is_heading && !is_comment(line) &&
                       split != std::string_view::npos &&
                       lower(trimmed(line.substr(0, split))) == key;
    if (is_it) {
      out += fmt::format("{} = {}", key, value);
      if (whole.ends_with('\n')) out += newline;
      out += rest;
      return out;
    }
    out += whole;
    if (is_heading && is_here) heading_end = out.size();
  }
  if (!out.empty() && !out.ends_with('\n')) {
    if (heading_end == out.size()) heading_end += newline.size();
    out += newline;
  }
  if (heading_end != std::string::npos)
    return out.insert(heading_end, fmt::format("{} = {}{}", key, value, newline));
  return out + fmt::format("{}[{}]{}{} = {}{}", newline, section, newline, key, value, newline);
}

std::optional<std::string> read_setting(const std::string& path, std::string_view section,
                                        std::string_view key) {
  const auto text = store::read_small_file(path);
  if (path.empty() || !text || !*text) return std::nullopt;
  const auto file = parse_ini(**text, path);
  if (!file) return std::nullopt;
  for (const auto& entry : file->entries)
    if (entry.section == section && entry.key == key) return entry.value;
  return std::nullopt;
}

Status write_setting(const std::string& path, std::string_view section, std::string_view key,
                     std::string_view value) {
  namespace fs = std::filesystem;
  std::error_code error;
  const std::string file = fs::canonical(path, error).string();
  if (path.empty() || error)
    return fail(ErrorKind::configuration, "there is no configuration file to write into");
  const auto text = store::read_small_file(file);
  if (!text) return std::unexpected(text.error());
  if (!*text) return fail(ErrorKind::configuration, "there is no configuration file at " + file);
  const auto mode = fs::status(file, error).permissions();
  if (auto written = store::write_durably(file, with_setting(**text, section, key, value));
      !written)
    return written;
  fs::permissions(file, mode, error);
  return {};
}

}  // namespace bb::app
