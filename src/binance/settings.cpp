#include "binance/settings.h"

#include "net/stream.h"

namespace bb::binance {

namespace {

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

SettingsSection settings_section(Settings& target) {
  SettingsSection section("binance");
  section.secret("api_key", target.api_key, "API key of the account")
      .secret("api_secret", target.api_secret, "its secret (HMAC)")
      .custom(
          "base_url",
          [&target](std::string_view value) { return set_base_url(target.base_url, value); },
          [&target] { return target.base_url; }, "http:// or https:// URL",
          "where the exchange answers; a paper exchange has its own")
      .custom(
          "environment",
          [&target](std::string_view value) { return set_environment(target.environment, value); },
          [&target] { return target.environment; }, "live, testnet, paper, or empty",
          "what base_url is meant to be: another host is an error. Commands that trade on the live "
          "exchange need `live` here")
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

std::string environment_of(std::string_view base_url) {
  const auto parsed = net::parse_base_url(base_url);
  std::string host = parsed ? parsed->endpoint.host : std::string();
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (host.ends_with('.')) host.pop_back();
  if (host == "fapi.binance.com") return "live";
  if (host == "demo-fapi.binance.com" || host == "testnet.binancefuture.com") return "testnet";
  return "paper";
}

}  // namespace bb::binance
