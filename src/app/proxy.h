// The proxy of every outgoing connection, as [notify] names it, and that of Telegram.
#pragma once

#include <optional>
#include <string_view>

#include "net/dialer.h"
#include "notify/settings.h"

namespace bb::app {

/// "host:port", "http://host:port" or "http://user:word@host:port"; or the same with "socks5://".
/// `where` is named by the error.
Result<net::ProxyOptions> parse_proxy(std::string_view text, std::string_view where);
/// Nothing unless both proxy keys are set, as in the original; then https_proxy.
Result<std::optional<net::ProxyOptions>> read_proxy(const notify::NotifySettings& settings);
/// The way to Telegram where that has one of its own; nothing: as everything else.
Result<std::optional<net::ProxyOptions>> read_telegram_proxy(
    const notify::NotifySettings& settings);

}  // namespace bb::app
