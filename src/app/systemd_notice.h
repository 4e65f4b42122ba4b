// What systemd is told of a unit with Type=notify: that it is ready, what it does, and that its
// loop still turns (sd_notify(3): one datagram each). Where no systemd waits, nothing happens.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/settings.h"

namespace bb::app {

class SystemdNotice {
 public:
  /// Of $NOTIFY_SOCKET and $WATCHDOG_USEC.
  explicit SystemdNotice(const Environment& environment);

  bool is_on() const { return !socket_.empty(); }
  /// How often the watchdog wants to hear: half of its patience. Nothing without a watchdog.
  std::optional<Micros> interval() const { return interval_; }

  void ready(const std::string& status) const;
  void stopping() const;
  void alive() const;

 private:
  void send(const std::string& text) const;
  std::string socket_;
  std::optional<Micros> interval_;
};

}  // namespace bb::app
