// Sessions: who is signed in. In memory: a restart signs everybody out. Only a hash of the cookie
// is kept, so that a look into this process is not a sign-in.
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "dashboard/impl/request.h"

namespace bb::dashboard {

struct SignedIn {
  Role role = Role::viewer;
  std::string csrf;  // what a change must carry besides the cookie
  TimePoint since{};
  SteadyTime until{};
};

class Sessions {
 public:
  Sessions(Clock& clock, Micros life) : clock_(clock), life_(life) {}

  /// The cookie's value; nobody can compute it again.
  std::string open(Role role);
  /// The key of a live session in the table, or empty.
  std::string find(std::string_view cookie);
  const SignedIn* at(const std::string& key) const;
  bool is_live(const std::string& key) const;
  void close(const std::string& key) { sessions_.erase(key); }

 private:
  Clock& clock_;
  Micros life_;
  std::map<std::string, SignedIn> sessions_;  // by hash of the cookie
};

inline constexpr std::string_view kCookie = "__Host-bubble-buster";
/// A Set-Cookie value; empty `value` removes it.
std::string cookie_field(std::string_view value, Micros life);

}  // namespace bb::dashboard
