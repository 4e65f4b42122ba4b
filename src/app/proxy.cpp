#include "app/proxy.h"

namespace bb::app {

Result<net::ProxyOptions> parse_proxy(std::string_view text, std::string_view where) {
  net::ProxyOptions proxy;
  std::string_view rest = text;
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  for (const std::string_view scheme : {"socks5://", "socks5h://"})
    if (rest.starts_with(scheme)) {
      rest.remove_prefix(scheme.size());
      proxy.kind = net::ProxyOptions::Kind::socks5;
    }
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = rest.substr(0, at);
    const auto colon = login.find(':');
    proxy.user = std::string(login.substr(0, colon));
    if (colon != std::string_view::npos)
      proxy.password = Secret(std::string(login.substr(colon + 1)));
    rest.remove_prefix(at + 1);
  }
  const auto url = net::parse_base_url("http://" + std::string(rest));
  if (!url || rest.find('/') != std::string_view::npos)
    return fail(ErrorKind::configuration,
                std::string(where) +
                    ": write it as http://host:port or http://user:word@host:port, or with "
                    "socks5:// in place of http://");
  if (proxy.kind == net::ProxyOptions::Kind::socks5 && rest.find(':') == std::string_view::npos)
    return fail(ErrorKind::configuration, std::string(where) + ": a SOCKS5 proxy needs its port");
  proxy.endpoint = url->endpoint;
  return proxy;
}

Result<std::optional<net::ProxyOptions>> read_proxy(const notify::NotifySettings& settings) {
  if (settings.http_proxy.empty() || settings.https_proxy.empty())
    return std::optional<net::ProxyOptions>();
  auto proxy = parse_proxy(settings.https_proxy, "[notify] https_proxy (or PROXY_URL)");
  if (!proxy) return std::unexpected(proxy.error());
  return std::optional<net::ProxyOptions>(std::move(*proxy));
}

Result<std::optional<net::ProxyOptions>> read_telegram_proxy(
    const notify::NotifySettings& settings) {
  if (settings.telegram.proxy.empty()) return std::optional<net::ProxyOptions>();
  auto proxy = parse_proxy(settings.telegram.proxy, "[telegram] proxy (or PROXY_URL)");
  if (!proxy) return std::unexpected(proxy.error());
  return std::optional<net::ProxyOptions>(std::move(*proxy));
}

}  // namespace bb::app
