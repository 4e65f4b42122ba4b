#include "notify/settings.h"

#include <algorithm>

namespace bb::notify {

namespace {

// Real keys are 30 characters and longer.
constexpr std::size_t kShortestKey = 10;

bool is_key_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == '-';
}

}  // namespace

SettingsSection notify_section(NotifySettings& settings) {
  SettingsSection section("notify");
  section.flag("enabled", settings.enabled, "Send messages to people (entries, patrols, alerts)")
      .secret("serverchan_sendkey", settings.serverchan_sendkey,
              "ServerChan key; sctp... keys use the third generation, others Turbo")
      .text("http_proxy", settings.http_proxy,
            "Proxy for all outgoing connections; used only together with https_proxy")
      .text("https_proxy", settings.https_proxy,
            "Proxy for all outgoing TLS connections; used only together with http_proxy");
  return section;
}

bool is_placeholder(const Secret& key) {
  std::string text(key.reveal());
  if (text.size() < kShortestKey || !std::all_of(text.begin(), text.end(), is_key_character))
    return true;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text.find("your") != std::string::npos || text.find("xxxx") != std::string::npos;
}

}  // namespace bb::notify
