// Section [binance] of the configuration: one account's key, and how its exchange is spoken to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/settings.h"

namespace bb::binance {

/// The way of placements and cancels.
enum class OrderEntry { rest, websocket };

struct Settings {
  Secret api_key;
  Secret api_secret;
  std::string base_url = "https://fapi.binance.com";
  std::string stream_url;  // empty = the one that belongs to base_url
  OrderEntry order_entry = OrderEntry::rest;
  std::string ws_api_url;   // empty = the one that belongs to base_url
  std::string environment;  // what the owner says base_url is; empty = nothing
  std::int64_t timeout_sec = 10;
  std::int64_t retry_count = 3;
  Decimal retry_delay_sec = Decimal::from_int(1);
  std::int64_t recv_window = 5000;
  std::int64_t http_pool_maxsize = 64;
};

/// Everything but the keys: what a Venue needs.
Settings without_keys(const Settings& settings);

/// The rows of [binance]; `target` outlives the section.
SettingsSection settings_section(Settings& target);

/// Where the account's stream is served: stream_url, or what belongs to base_url (reference §2;
/// every other host serves its own streams). "https://fstream.binance.com" stands for wss://.
std::string stream_url_of(const Settings& settings);

/// The same for the WebSocket API, with its path.
std::string ws_api_url_of(const Settings& settings);

/// An error when stream_url or ws_api_url belong to another environment than base_url: orders would
/// go to one exchange, and what became of them would be asked of another.
Status check_urls(const Settings& settings);

/// Where Binance's test network answers (reference §2).
inline constexpr std::string_view kTestnetUrl = "https://demo-fapi.binance.com";

/// "live" for fapi.binance.com, "testnet" for Binance's demo hosts, "paper" for every other host.
std::string environment_of(std::string_view base_url);

}  // namespace bb::binance
