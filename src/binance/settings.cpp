#include "binance/settings.h"

#include "net/stream.h"

namespace bb::binance {

namespace {

/// ws:// and wss:// as http:// and https://, which is what they begin with.
std::string as_http(std::string_view url) {
  if (url.starts_with("ws://") || url.starts_with("wss://"))
    return "http" + std::string(url.substr(2));
  return std::string(url);
}

std::string host_of(std::string_view url) {
  const auto parsed = net::parse_base_url(url);
  std::string host = parsed ? parsed->endpoint.host : std::string();
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (host.ends_with('.')) host.pop_back();
  return host;
}

// Of a stream or the WebSocket API (reference §2).
std::string environment_of_socket(std::string_view url) {
  const auto host = host_of(as_http(url));
  if (host.ends_with(".binance.com")) return host.starts_with("demo-") ? "testnet" : "live";
  if (host.ends_with(".binancefuture.com")) return "testnet";
  return "paper";
}

Status set_socket_url(std::string& target, std::string_view value) {
  while (value.ends_with('/'))
    value.remove_suffix(1);
  if (!value.empty())
    if (const auto parsed = net::parse_base_url(as_http(value)); !parsed)
      return std::unexpected(parsed.error());
  target = std::string(value);
  return {};
}

Status set_order_entry(OrderEntry& target, std::string_view value) {
  if (value != "rest" && value != "websocket")
    return fail(ErrorKind::configuration, "it must be rest or websocket");
  target = value == "rest" ? OrderEntry::rest : OrderEntry::websocket;
  return {};
}

Status set_base_url(std::string& target, std::string_view value) {
  while (value.ends_with('/'))
    value.remove_suffix(1);
  const auto parsed = net::parse_base_url(value);
  if (!parsed) return std::unexpected(parsed.error());
  target = std::string(value);
  return {};
}

Status set_environment(std::string& target, std::string_view value) {
  std::string word(value);
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (!word.empty() && word != "live" && word != "testnet" && word != "paper")
    return fail(ErrorKind::configuration,
                "'" + std::string(value) + "' is no environment; use live, testnet or paper");
  target = std::move(word);
  return {};
}

}  // namespace

Settings without_keys(const Settings& settings) {
  Settings out;
  out.base_url = settings.base_url;
  out.stream_url = settings.stream_url;
  out.order_entry = settings.order_entry;
  out.ws_api_url = settings.ws_api_url;
  out.environment = settings.environment;
  out.timeout_sec = settings.timeout_sec;
  out.retry_count = settings.retry_count;
  out.retry_delay_sec = settings.retry_delay_sec;
  out.recv_window = settings.recv_window;
  out.http_pool_maxsize = settings.http_pool_maxsize;
  return out;
}

SettingsSection settings_section(Settings& target) {
  SettingsSection section("binance");
  section.secret("api_key", target.api_key, "API key of the account")
      .secret("api_secret", target.api_secret,
              "its secret: of an HMAC key, or an RSA or Ed25519 private key (PEM or one line of "
              "base64)")
      .custom(
          "base_url",
          [&target](std::string_view value) { return set_base_url(target.base_url, value); },
          [&target] { return target.base_url; }, "http:// or https:// URL",
          "where the exchange answers; a paper exchange has its own")
      .custom(
          "stream_url",
          [&target](std::string_view value) { return set_socket_url(target.stream_url, value); },
          [&target] { return target.stream_url; }, "empty, or a ws:// or wss:// URL",
          "where the account's stream is served; empty = what belongs to base_url")
      .custom(
          "order_entry",
          [&target](std::string_view value) { return set_order_entry(target.order_entry, value); },
          [&target] { return target.order_entry == OrderEntry::rest ? "rest" : "websocket"; },
          "rest, websocket",
          "the way of placements and cancels; websocket goes over rest while it is not connected")
      .custom(
          "ws_api_url",
          [&target](std::string_view value) { return set_socket_url(target.ws_api_url, value); },
          [&target] { return target.ws_api_url; }, "empty, or a ws:// or wss:// URL",
          "where the WebSocket API is served; empty = what belongs to base_url")
      .custom(
          "environment",
          [&target](std::string_view value) { return set_environment(target.environment, value); },
          [&target] { return target.environment; }, "live, testnet, paper, or empty",
          "what base_url is meant to be: another host is an error. Commands that trade on the live "
          "exchange need `live` here; `testnet` without a base_url is Binance's test network")
      .integer("timeout_sec", target.timeout_sec, 1, 120,
               "a command, or a query with all its attempts, ends after this many seconds")
      .integer("retry_count", target.retry_count, 1, 10,
               "attempts of a query in all; a command is sent once")
      .decimal("retry_delay_sec", target.retry_delay_sec, *Decimal::parse("0.1"),
               Decimal::from_int(60), "pause before the second attempt of a query, then doubled")
      .integer("recv_window", target.recv_window, 100, 60000,
               "how many milliseconds a signed request stays valid")
      .integer("http_pool_maxsize", target.http_pool_maxsize, 1, 512,
               "connections to the exchange at most");
  return section;
}

std::string stream_url_of(const Settings& settings) {
  if (!settings.stream_url.empty()) return as_http(settings.stream_url);
  const auto environment = environment_of(settings.base_url);
  if (environment == "live") return "https://fstream.binance.com";
  if (environment == "testnet") return "https://fstream.binancefuture.com";
  return settings.base_url;
}

std::string ws_api_url_of(const Settings& settings) {
  if (!settings.ws_api_url.empty()) return as_http(settings.ws_api_url);
  const auto environment = environment_of(settings.base_url);
  if (environment == "live") return "https://ws-fapi.binance.com/ws-fapi/v1";
  if (environment == "testnet") return "https://testnet.binancefuture.com/ws-fapi/v1";
  return settings.base_url + "/ws-fapi/v1";
}

Status check_urls(const Settings& settings) {
  const auto expected = environment_of(settings.base_url);
  for (const auto& [key, url] : {std::pair("stream_url", settings.stream_url),
                                 std::pair("ws_api_url", settings.ws_api_url)}) {
    if (url.empty() || environment_of_socket(url) == expected) continue;
    return fail(ErrorKind::configuration, std::string("[binance] ") + key + ": " + url + " is " +
                                              environment_of_socket(url) + ", but base_url " +
                                              settings.base_url + " is " + expected +
                                              "; correct one of them, or leave " + key + " empty");
  }
  return {};
}

std::string environment_of(std::string_view base_url) {
  const auto host = host_of(base_url);
  if (host == "fapi.binance.com") return "live";
  if (host == "demo-fapi.binance.com" || host == "testnet.binancefuture.com") return "testnet";
  return "paper";
}

}  // namespace bb::binance
