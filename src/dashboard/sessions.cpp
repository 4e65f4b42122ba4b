#include "dashboard/impl/sessions.h"

#include <fmt/format.h>

#include <algorithm>

#include "dashboard/passwords.h"
#include "net/crypto.h"

namespace bb::dashboard {

namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kSessionsMax = 64;

}  // namespace

std::string Sessions::open(Role role) {
  const SteadyTime now = clock_.steady_now();
  std::erase_if(sessions_, [&](const auto& each) { return each.second.until <= now; });
  if (sessions_.size() >= kSessionsMax)
    sessions_.erase(std::ranges::min_element(sessions_, {},
                                             [](const auto& each) { return each.second.until; }));
  std::string token = random_hex(kTokenBytes);
  sessions_[net::sha256_hex(token)] = {role, random_hex(kTokenBytes), clock_.utc_now(),
                                       now + life_};
  return token;
}

std::string Sessions::find(std::string_view cookie) {
  if (cookie.size() != 2 * kTokenBytes) return {};
  std::string key = net::sha256_hex(cookie);
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return {};
  if (found->second.until > clock_.steady_now()) return key;
  sessions_.erase(found);
  return {};
}

const SignedIn* Sessions::at(const std::string& key) const {
  const auto found = sessions_.find(key);
  return found == sessions_.end() ? nullptr : &found->second;
}

bool Sessions::is_live(const std::string& key) const {
  const auto* session = at(key);
  return session != nullptr && session->until > clock_.steady_now();
}

std::string cookie_field(std::string_view value, Micros life) {
  const auto seconds = value.empty() ? 0 : std::chrono::duration_cast<Seconds>(life).count();
  return fmt::format("{}={}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Strict", kCookie, value,
                     seconds);
}

}  // namespace bb::dashboard
