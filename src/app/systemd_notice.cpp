#include "app/systemd_notice.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace bb::app {

// Made on another thread than the process's first it is mute: the watchdog must hear the loop that
// trades, and nothing beside it may answer in its place.
SystemdNotice::SystemdNotice(const Environment& environment) {
  if (gettid() != getpid()) return;
  const auto value_of = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  socket_ = value_of("NOTIFY_SOCKET");
  // A path, or an abstract name that begins with @.
  if (!socket_.starts_with('/') && !socket_.starts_with('@')) socket_.clear();
  if (socket_.size() >= sizeof(sockaddr_un::sun_path)) socket_.clear();
  if (socket_.empty()) return;
  if (const auto pid = value_of("WATCHDOG_PID"); !pid.empty() && pid != std::to_string(getpid()))
    return;
  const std::string text = value_of("WATCHDOG_USEC");
  std::int64_t micros = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), micros);
  if (error == std::errc() && end == text.data() + text.size() && micros > 0)
    interval_ = Micros(micros / 2);
}

void SystemdNotice::ready(const std::string& status) const { send("READY=1\nSTATUS=" + status); }
void SystemdNotice::stopping() const { send("STOPPING=1"); }
void SystemdNotice::alive() const { send("WATCHDOG=1"); }

// Nobody there is no error: the program does the same without a supervisor.
void SystemdNotice::send(const std::string& text) const {
  if (socket_.empty()) return;
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.starts_with('@')) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  (void)sendto(fd, text.data(), text.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), size);
  close(fd);
}

}  // namespace bb::app
