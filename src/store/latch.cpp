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
constexpr std::size_t kLines = 4;

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ' ';
  return text;
}

// kind, milliseconds, who, why, and how often it was asked for if more than once: a line each,
// readable with cat.
std::string text_of(const LatchNote& note) {
  auto text = fmt::format("{}\n{}\n{}\n{}\n", note.kind == LatchKind::paused ? kPaused : kHalted,
                          to_ms(note.since), one_line(note.who), one_line(note.why));
  if (note.asked > 1) text += fmt::format("{}\n", note.asked);
  return text;
}

template <class T>
bool reads(std::string_view text, T& value) {
  return std::from_chars(text.begin(), text.end(), value).ec == std::errc();
}

LatchNote in_doubt(std::string why) { return {LatchKind::halted, "", std::move(why), {}}; }

std::optional<LatchNote> parse(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) break;  // a whole note ends its last line
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  const bool whole = lines.size() == kLines || lines.size() == kLines + 1;
  if (!whole || (lines[0] != kPaused && lines[0] != kHalted)) return std::nullopt;
  std::int64_t ms = 0;
  if (!reads(lines[1], ms)) return std::nullopt;
  LatchNote note{lines[0] == kPaused ? LatchKind::paused : LatchKind::halted, std::string(lines[2]),
                 std::string(lines[3]), from_ms(ms)};
  if (lines.size() > kLines && !reads(lines[kLines], note.asked)) return std::nullopt;
  return note;
}

}  // namespace

std::string mark_of(const std::optional<LatchNote>& note) {
  if (!note) return "free";
  return fmt::format("{} {} {}", note->kind == LatchKind::paused ? kPaused : kHalted,
                     to_ms(note->since), note->asked);
}

Latch::Latch(std::string directory)
    : directory_(std::move(directory)), file_(directory_ + "/latch") {}

std::optional<LatchNote> Latch::read() const {
  if (access(file_.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
  const auto text = read_small_file(file_);
  if (!text) return in_doubt(text.error().text);
  if (!text->has_value()) return std::nullopt;  // removed in between
  if (auto note = parse(**text)) return note;
  return in_doubt("'" + file_ + "' is not a note of this program; look at it, then resume");
}

Status Latch::set(const LatchNote& note) const {
  const FolderLock lock(directory_);
  LatchNote next = note;
  if (auto now = read()) {
    next.asked = now->asked + 1;
    if (now->kind == note.kind || now->kind == LatchKind::halted) {
      const auto text = read_small_file(file_);
      const bool ours = text && text->has_value() && parse(**text);
      if (!ours) return {};  // in doubt it holds, and stays for people to look at
      now->asked = next.asked;
      // It holds whether this can be written or not.
      (void)write_durably(file_, text_of(*now));
      return {};
    }
  }
  return write_durably(file_, text_of(next));
}

Status Latch::clear() const { return remove_durably(file_); }

Status Latch::clear(const std::optional<LatchNote>& seen) const {
  const FolderLock lock(directory_);
  if (!lock.held())
    return fail(ErrorKind::conflict, "'" + directory_ + "' is locked by somebody who is stopped");
  if (read() != seen)
    return fail(ErrorKind::conflict, "somebody stopped the account meanwhile; look, then resume");
  return remove_durably(file_);
}

}  // namespace bb::store
