#include "store/goodbye.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "store/durable_file.h"

namespace bb::store {

namespace {

std::string file_in(const std::string& directory) { return directory + "/goodbye"; }

// The fields of a line "pid=12 since=2025-10-10T23:40:00Z command=service on live"; the last one
// reaches to its end.
std::optional<std::string> field_of(const std::string& line, const std::string& name, char end) {
  const auto at = line.find(name + "=");
  if (at == std::string::npos) return std::nullopt;
  const auto begin = at + name.size() + 1;
  const auto stop = line.find(end, begin);
  if (stop == std::string::npos) return std::nullopt;  // not written to its end
  return line.substr(begin, stop - begin);
}

std::optional<TimePoint> time_of(const std::string& text) {
  const auto time = parse_utc_instant(text.substr(0, 19));
  return time ? std::optional(*time) : std::nullopt;
}

std::optional<int> pid_of(const std::string& text) {
  int pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size() || pid <= 0) return std::nullopt;
  return pid;
}

}  // namespace

std::optional<LockFacts> inspect_lock(const std::string& lock_file) {
  const int fd = ::open(lock_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  LockFacts facts;
  facts.is_held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  std::string line(512, '\0');
  const ssize_t got = pread(fd, line.data(), line.size(), 0);
  ::close(fd);
  line.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto pid = field_of(line, "pid", ' ');
  const auto since = field_of(line, "since", ' ');
  const auto command = field_of(line, "command", '\n');
  if (!pid || !since || !command) return std::nullopt;
  const auto number = pid_of(*pid);
  const auto time = time_of(*since);
  if (!number || !time) return std::nullopt;
  facts.holder = {*number, *command, *time};
  return facts;
}

Status say_goodbye(const std::string& directory, Clock& clock) {
  const auto now = iso_seconds(clock.utc_now()).substr(0, 19);
  return write_durably(file_in(directory), fmt::format("pid={} at={}Z\n", getpid(), now));
}

bool has_said_goodbye(const std::string& directory, const LockHolder& holder) {
  const auto text = read_small_file(file_in(directory));
  if (!text || !text->has_value()) return false;
  const auto pid = field_of(**text, "pid", ' ');
  const auto at = field_of(**text, "at", '\n');
  if (!pid || !at || pid_of(*pid) != holder.pid) return false;
  const auto time = time_of(*at);
  return time && *time >= std::chrono::floor<Seconds>(holder.since);
}

}  // namespace bb::store
