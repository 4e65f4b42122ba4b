#include "dashboard/impl/log_tail.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace bb::dashboard {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLineBytesMax = 4096;

// The files of file_sink(): strategy_2025-10-10.log; their names sort by date.
std::string newest_file(const std::string& folder) {
  std::string newest;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const auto name = it->path().filename().string();
    if (name.starts_with("strategy") && name.ends_with(".log")) newest = std::max(newest, name);
  }
  return newest.empty() ? newest : folder + "/" + newest;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

// "2025-10-10 07:40:00.000 - info - text": the word between the first two " - ".
LogLevel level_of(std::string_view line) {
  const auto from = line.find(" - ");
  if (from == std::string_view::npos) return LogLevel::debug;
  const auto word = line.substr(from + 3, line.find(" - ", from + 3) - from - 3);
  if (word == "error" || word == "critical") return LogLevel::error;
  if (word == "warning") return LogLevel::warn;
  return word == "info" ? LogLevel::info : LogLevel::debug;
}

// What a terminal would act on is shown as a blank.
std::string shown(std::string_view line) {
  std::string out(line.substr(0, kLineBytesMax));
  for (char& c : out)
    if ((c >= 0 && c < ' ') || c == '\x7f') c = ' ';
  return out;
}

}  // namespace

Result<std::vector<std::string>> load_log_tail(const std::string& log_dir, const LogQuery& query) {
  const std::string file = newest_file(log_dir);
  std::ifstream in(file, std::ios::binary);
  if (file.empty() || !in)
    return fail(ErrorKind::storage, "there is no log to show in [runtime] log_dir");
  in.seekg(0, std::ios::end);
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
  const std::size_t from = size > kLogBytesMax ? size - kLogBytesMax : 0;
  std::string bytes(size - from, '\0');
  in.seekg(static_cast<std::streamoff>(from));
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));

  const std::string wanted = lower(query.text);
  std::vector<std::string> lines;
  std::string_view rest = bytes;
  while (!rest.empty() && lines.size() < query.lines) {
    if (rest.ends_with('\n')) rest.remove_suffix(1);
    const auto begin = rest.rfind('\n');
    // A line that the window cuts is not shown.
    if (begin == std::string_view::npos && from > 0) break;
    const auto line = begin == std::string_view::npos ? rest : rest.substr(begin + 1);
    rest = begin == std::string_view::npos ? std::string_view() : rest.substr(0, begin + 1);
    if (level_of(line) < query.level) continue;
    if (!wanted.empty() && lower(line).find(wanted) == std::string::npos) continue;
    lines.push_back(shown(line));
  }
  std::ranges::reverse(lines);
  return lines;
}

}  // namespace bb::dashboard
