#include "bot/lockdown.h"

#include <algorithm>

#include "store/durable_file.h"

namespace bb::bot {

std::optional<Lockdown::Note> Lockdown::read() const {
  const auto text = store::read_small_file(file_);
  if (text && !text->has_value()) return std::nullopt;
  Note note;
  if (!text) return note;
  const auto blank = (*text)->find(' ');
  if (const auto since = parse_utc_instant((*text)->substr(0, 19))) note.since = *since;
  if (blank != std::string::npos) note.who = (*text)->substr(blank + 1);
  std::erase(note.who, '\n');
  return note;
}

Status Lockdown::set(const std::string& who, TimePoint now) const {
  if (read()) return {};
  return store::write_durably(file_, iso_seconds(now) + " " + who + "\n");
}

Status Lockdown::clear() const { return store::remove_durably(file_); }

}  // namespace bb::bot
