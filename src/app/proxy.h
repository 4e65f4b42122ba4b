// The proxy of every outgoing connection, as [notify] names it.
#pragma once

#include <optional>

#include "net/dialer.h"
#include "notify/settings.h"

namespace bb::app {

/// Nothing unless both proxy keys are set, as in the original; then https_proxy, which is
/// "host:port", "http://host:port" or "http://user:word@host:port"; or the same with "socks5://".
Result<std::optional<net::ProxyOptions>> read_proxy(const notify::NotifySettings& settings);

}  // namespace bb::app
