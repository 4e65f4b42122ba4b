#include "store/latch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <utility>
#include <vector>

#include "store/durable_file.h"

namespace bb::store {

namespace {

constexpr std::string_view kPaused = "paused";
constexpr std::string_view kHalted = "halted";

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ' ';
  return text;
}

// kind, milliseconds, who, why: a line each, readable with cat.
std::string text_of(const LatchNote& note) {
  return fmt::format("{}\n{}\n{}\n{}\n", note.kind == LatchKind::paused ? kPaused : kHalted,
                     to_ms(note.since), one_line(note.who), one_line(note.why));
}

LatchNote in_doubt(std::string why) { return {LatchKind::halted, "", std::move(why), {}}; }

LatchNote parse(const std::string& file, std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) break;  // a whole note ends its last line
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  const bool known = lines.size() == 4 && (lines[0] == kPaused || lines[0] == kHalted);
  std::int64_t ms = 0;
  if (!known || std::from_chars(lines[1].begin(), lines[1].end(), ms).ec != std::errc())
    return in_doubt("'" + file + "' is not a note of this program; look at it, then resume");
  return {lines[0] == kPaused ? LatchKind::paused : LatchKind::halted, std::string(lines[2]),
          std::string(lines[3]), from_ms(ms)};
}

}  // namespace

Latch::Latch(std::string directory) : file_(std::move(directory) + "/latch") {}

std::optional<LatchNote> Latch::read() const {
  if (access(file_.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
  const auto text = read_small_file(file_);
  if (!text) return in_doubt(text.error().text);
  if (!text->has_value()) return std::nullopt;  // removed in between
  return parse(file_, **text);
}

Status Latch::set(const LatchNote& note) const {
  const auto now = read();
  if (now && (now->kind == note.kind || now->kind == LatchKind::halted)) return {};
  return write_durably(file_, text_of(note));
}

Status Latch::clear() const { return remove_durably(file_); }

}  // namespace bb::store
