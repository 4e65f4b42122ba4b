#include "dashboard/settings.h"

#include <fmt/format.h>

#include "dashboard/passwords.h"

namespace bb::dashboard {

SettingsSection settings_section(Settings& s) {
  SettingsSection section("dashboard");
  section
      .secret("password_hash", s.password_hash,
              "Argon2id hash of the password that lets in to look and act; "
              "`bubble-buster dashboard --hash-password` makes it. Empty: no actions, and only "
              "this machine may look.")
      .secret("viewer_password_hash", s.viewer_password_hash,
              "The same of a password that lets in to look only.")
      .list("allowed_hosts", s.allowed_hosts,
            "Host names under which the page is reached, besides this machine's loopback names; "
            "a request for another name is refused.")
      .text("base_path", s.base_path,
            "Path that a reverse proxy has in front of the page, as in /bubble; empty = none.")
      .flag("behind_tls_proxy", s.behind_tls_proxy,
            "A proxy with TLS stands in front, and nobody reaches this port past it. Needed to "
            "listen beyond loopback.")
      .integer("session_hours", s.session_hours, 1, 720, "A sign-in ends after so many hours.")
      .integer("live_interval_sec", s.live_interval_sec, 5, 3600,
               "While somebody looks, the exchange is asked for positions, orders and balances "
               "this often.");
  return section;
}

std::vector<std::string> validate(const Settings& settings) {
  std::vector<std::string> faults;
  const auto check = [&](const char* key, const Secret& hash) {
    if (!hash.empty() && !is_password_hash(hash.reveal()))
      faults.push_back(fmt::format(
          "[dashboard] {}: it is no Argon2id hash; make one with `bubble-buster dashboard "
          "--hash-password` (the password itself does not belong into the file)",
          key));
  };
  check("password_hash", settings.password_hash);
  check("viewer_password_hash", settings.viewer_password_hash);
  const std::string& path = settings.base_path;
  const bool is_path =
      path.empty() || (path.front() == '/' && path.back() != '/' &&
                       path.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "0123456789-_./") == std::string::npos);
  if (!is_path)
    faults.push_back(fmt::format(
        "[dashboard] base_path: '{}' is not a path such as /bubble, without a slash at its end",
        path));
  for (const auto& host : settings.allowed_hosts)
    if (host.empty() || host.find_first_of(":/ *") != std::string::npos)
      faults.push_back(fmt::format(
          "[dashboard] allowed_hosts: '{}' is not a plain host name; no port, scheme or wildcard",
          host));
  return faults;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::vector<std::string> check_address(const Settings& settings, const std::string& host) {
  if (is_loopback(host)) return {};
  std::vector<std::string> faults;
  if (!settings.has_password())
    faults.push_back(fmt::format(
        "[runtime] dashboard_host: {} is not this machine alone, and no password is set. Make one "
        "with `bubble-buster dashboard --hash-password` and put it into [dashboard] password_hash, "
        "or listen on 127.0.0.1 and reach it through `ssh -L 8787:127.0.0.1:8787`",
        host));
  if (!settings.behind_tls_proxy)
    faults.push_back(fmt::format(
        "[runtime] dashboard_host: on {} passwords would travel in clear text. Listen on 127.0.0.1 "
        "and put a proxy with TLS in front, such as `caddy reverse-proxy --from "
        "https://bubble.example --to 127.0.0.1:8787`, with its name in [dashboard] allowed_hosts. "
        "If such a proxy is there and runs on another machine, say so with behind_tls_proxy = true",
        host));
  return faults;
}

}  // namespace bb::dashboard
