#include "notify/switches.h"

#include <algorithm>
#include <charconv>

#include "store/durable_file.h"

namespace bb::notify {

namespace {

std::string_view take_word(std::string_view& line) {
  const auto blank = line.find(' ');
  const auto word = line.substr(0, blank);
  line = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
  return word;
}

std::int64_t number_of(std::string_view word) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size() ? number : 0;
}

std::optional<Level> level_of(std::string_view word) {
  for (const Level level : {Level::on, Level::silent, Level::off})
    if (str(level) == word) return level;
  return std::nullopt;
}

void read_line(std::string_view line, SwitchState& state) {
  const auto what = take_word(line);
  if (what == "mute") {
    state.muted_until = from_ms(number_of(take_word(line)));
    state.muted_by = line;
  } else if (what == "level") {
    const auto kind = take_word(line);
    if (const auto level = level_of(line)) state.levels[std::string(kind)] = *level;
  } else if (what == "ack") {
    state.acknowledged_id = number_of(take_word(line));
    state.acknowledged_by = line;
  }
}

std::string one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

}  // namespace

SwitchState AlertSwitches::read() const {
  SwitchState state;
  const auto text = store::read_small_file(file());
  if (!text || !*text) return state;
  for (std::string_view rest = **text; !rest.empty();) {
    const auto end = rest.find('\n');
    read_line(rest.substr(0, end), state);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return state;
}

Status AlertSwitches::write(const SwitchState& state) const {
  std::string text;
  if (state.muted_until != TimePoint{})
    text +=
        "mute " + std::to_string(to_ms(state.muted_until)) + " " + one_line(state.muted_by) + "\n";
  for (const auto& [kind, level] : state.levels)
    text += "level " + kind + " " + std::string(str(level)) + "\n";
  if (state.acknowledged_id != 0)
    text += "ack " + std::to_string(state.acknowledged_id) + " " + one_line(state.acknowledged_by) +
            "\n";
  return store::write_durably(file(), text);
}

Status AlertSwitches::mute(TimePoint until, const std::string& who) const {
  const store::FolderLock lock(directory_);
  auto state = read();
  state.muted_until = until;
  state.muted_by = who;
  return write(state);
}

Status AlertSwitches::set_level(std::string_view kind, std::optional<Level> level) const {
  const auto* known = std::ranges::find(kinds(), kind, &Kind::name).base();
  if (known == kinds().data() + kinds().size())
    return fail(ErrorKind::invalid_input,
                "'" + std::string(kind) + "' is no kind of alert; [alerts] lists them");
  const store::FolderLock lock(directory_);
  auto state = read();
  if (level)
    state.levels[std::string(kind)] = *level;
  else
    state.levels.erase(std::string(kind));
  return write(state);
}

Status AlertSwitches::acknowledge(std::int64_t message_id, const std::string& who) const {
  const store::FolderLock lock(directory_);
  auto state = read();
  if (message_id <= state.acknowledged_id) return {};
  state.acknowledged_id = message_id;
  state.acknowledged_by = who;
  return write(state);
}

}  // namespace bb::notify
