// Section [binance] of the configuration: one account's key, and how its exchange is spoken to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/settings.h"

namespace bb::binance {

struct Settings {
  Secret api_key;
  Secret api_secret;
  std::string base_url = "https://fapi.binance.com";
  std::string environment;  // what the owner says base_url is; empty = nothing
  std::int64_t timeout_sec = 10;
  std::int64_t retry_count = 3;
  Decimal retry_delay_sec = Decimal::from_int(1);
  std::int64_t recv_window = 5000;
  std::int64_t http_pool_maxsize = 64;
};

/// The rows of [binance]; `target` outlives the section.
SettingsSection settings_section(Settings& target);

/// "live" for fapi.binance.com, "testnet" for Binance's demo hosts, "paper" for every other host.
std::string environment_of(std::string_view base_url);

}  // namespace bb::binance
