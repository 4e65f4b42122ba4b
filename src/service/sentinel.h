// Sentinel: what around the account goes wrong and right again, told to people once each: the API
// key, bans, an exchange that cannot be reached, the disk, the clock, a service that was away.
#pragma once

#include <array>
#include <optional>

#include "desk/desk.h"

namespace bb::service {

class Sentinel {
 public:
  explicit Sentinel(desk::Desk& desk) : desk_(desk) {}
  /// Once, at the start of a service: whether it was away for long.
  Task<void> start();
  /// After each reading of the account: why it failed, or nothing.
  Task<void> see(std::optional<Error> problem);

 private:
  enum class Trouble { api_key, rate_ban, unreachable, disk, clock };
  struct Words;
  Task<void> judge(Trouble trouble, bool is_there, std::string what);
  static Words words_of(Trouble trouble);

  desk::Desk& desk_;
  std::array<bool, 5> told_{};
  int failures_ = 0;
};

}  // namespace bb::service
