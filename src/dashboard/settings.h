// Section [dashboard]: who may look and act, and under which names the page is reached. Address and
// port are the original's keys in [runtime].
#pragma once

#include <string>
#include <vector>

#include "base/settings.h"

namespace bb::dashboard {

struct Settings {
  Secret password_hash;         // Argon2id, as `bubble-buster dashboard --hash-password` prints it
  Secret viewer_password_hash;  // of a role that may only look
  std::vector<std::string> allowed_hosts;  // names that the page is asked for under, without port
  std::string base_path;                   // "/bubble": what a proxy has in front of every path
  bool behind_tls_proxy = false;           // TLS ends in a proxy that alone reaches this port
  std::int64_t session_hours = 12;
  std::int64_t live_interval_sec = 15;
  bool has_password() const { return !password_hash.empty() || !viewer_password_hash.empty(); }
};

SettingsSection settings_section(Settings& settings);

/// Rules that a single row cannot say; each returned sentence is a fault.
std::vector<std::string> validate(const Settings& settings);

/// "127.0.0.1", "::1", "localhost".
bool is_loopback(const std::string& host);

/// Why the page may not be served on that address, or nothing.
std::vector<std::string> check_address(const Settings& settings, const std::string& host);

}  // namespace bb::dashboard
