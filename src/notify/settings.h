// Section [notify]: the original's keys.
#pragma once

#include <string>

#include "base/settings.h"

namespace bb::notify {

struct NotifySettings {
  bool enabled = true;
  Secret serverchan_sendkey;
  // For every outgoing connection, the exchange's too, and only when both are set: the wiring makes
  // the dialer of them.
  std::string http_proxy;
  std::string https_proxy;
};

/// Rows whose targets are the members of `settings`, which must outlive the section.
SettingsSection notify_section(NotifySettings& settings);

/// An empty key, or the text of an example that nobody replaced.
bool is_placeholder(const Secret& key);

}  // namespace bb::notify
