// Section [strategy]: the original's keys, meanings and defaults, plus min_listing_age_hours and
// redistribute_cap_pct.
#pragma once

#include <cstdint>
#include <string>

#include "base/settings.h"
#include "base/time.h"
#include "domain/order_types.h"

namespace bb::trading {

struct Settings {
  std::int64_t leverage = 2;
  std::int64_t top_n = 10;
  Decimal volume_threshold;  // minimum 24 h quote volume in USDT
  Decimal tp_price_drop_pct = Decimal::from_int(20);
  Decimal sl_liq_buffer_pct = Decimal::from_int(1);
  Decimal max_hold_hours = Decimal::from_raw(47'5000'0000);
  std::string trigger_price_type = "CONTRACT_PRICE";
  std::int64_t allocation_splits = 10;
  Decimal entry_fee_buffer_pct = Decimal::from_int(1);
  std::int64_t entry_shrink_retry_count = 3;
  Decimal entry_shrink_step_pct = Decimal::from_int(10);
  std::int64_t entry_rank_fetch_multiplier = 3;
  std::int64_t ranker_max_workers = 24;
  std::int64_t ranker_weight_limit_per_minute = 1000;
  std::int64_t ranker_min_request_interval_ms = 20;
  Decimal min_listing_age_hours = Decimal::from_int(24);
  Decimal redistribute_cap_pct = Decimal::from_int(50);  // of the planned size, per position
  bool rebalance_enabled = false;                        // refused for now

  WorkingType working_type() const {
    return trigger_price_type == "MARK_PRICE" ? WorkingType::mark_price
                                              : WorkingType::contract_price;
  }
  Micros max_hold() const;
  Micros min_listing_age() const;
};

/// The rows of [strategy]. The rebalance_* keys of the original's later version are read and
/// checked, and have no effect while rebalance_enabled is false.
SettingsSection settings_section(Settings& settings);

/// Rules over several keys: each returned sentence is a fault.
std::vector<std::string> validate(const Settings& settings);

}  // namespace bb::trading
