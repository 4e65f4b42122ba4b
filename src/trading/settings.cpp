#include "trading/settings.h"

#include <algorithm>

namespace bb::trading {

namespace {

Micros hours(Decimal value) {
  return Micros(Decimal::mul(value, Decimal::from_int(3'600'000), Rounding::nearest).raw() /
                Decimal::kScale * 1000);
}

Decimal whole(std::int64_t value) { return Decimal::from_int(value); }
Decimal fraction(const char* text) { return Decimal::parse(text).value(); }

// Read, range-checked and without effect: rebalancing comes later.
struct RebalanceKeys {
  bool pre_entry_reduce = true;
  bool after_entry = true;
  Decimal utilization = fraction("0.9");
  Decimal deadband = fraction("0.1");
  Decimal min_adjust = whole(20);
  Decimal max_single = fraction("0.4");
  std::int64_t max_orders = 30;
  std::string mode = "equal_risk";
  Decimal half_life_hours = whole(36);
};

}  // namespace

Micros Settings::max_hold() const { return hours(max_hold_hours); }
Micros Settings::min_listing_age() const { return hours(min_listing_age_hours); }

SettingsSection settings_section(Settings& s) {
  SettingsSection section("strategy");
  section.integer("leverage", s.leverage, 1, 125, "Leverage of every position (isolated margin).")
      .integer("top_n", s.top_n, 1, 60, "How many of the day's gainers are shorted.")
      .decimal("volume_threshold", s.volume_threshold, whole(0), whole(90'000'000'000),
               "Least 24 h quote volume in USDT.")
      .decimal("tp_price_drop_pct", s.tp_price_drop_pct, fraction("0.1"), whole(99),
               "Take-profit this far below the entry price, in percent.")
      .decimal("sl_liq_buffer_pct", s.sl_liq_buffer_pct, whole(0), whole(50),
               "Stop this far below the liquidation price, in percent.")
      .decimal("max_hold_hours", s.max_hold_hours, fraction("0.01"), whole(24 * 60),
               "A position older than this is closed.")
      .choice("trigger_price_type", s.trigger_price_type, {"CONTRACT_PRICE", "MARK_PRICE"},
              "Which price triggers stops and take-profits.")
      .integer("allocation_splits", s.allocation_splits, 1, 1000,
               "The balance is divided by this; one part is the margin of one position.")
      .decimal("entry_fee_buffer_pct", s.entry_fee_buffer_pct, whole(0), whole(95),
               "Part of the balance kept back for fees, in percent.")
      .integer("entry_shrink_retry_count", s.entry_shrink_retry_count, 0, 20,
               "How often a short refused for margin is tried smaller.")
      .decimal("entry_shrink_step_pct", s.entry_shrink_step_pct, whole(1), whole(50),
               "By how much it shrinks each time, in percent.")
      .integer("entry_rank_fetch_multiplier", s.entry_rank_fetch_multiplier, 1, 20,
               "How many times top_n gainers are considered as replacements.")
      .integer("ranker_max_workers", s.ranker_max_workers, 1, 256,
               "Most ranking requests at the same time.")
      .integer("ranker_weight_limit_per_minute", s.ranker_weight_limit_per_minute, 100, 2400,
               "Most request weight a minute for ranking.")
      .integer("ranker_min_request_interval_ms", s.ranker_min_request_interval_ms, 0, 10'000,
               "Least pause between starts of ranking requests.")
      .decimal("min_listing_age_hours", s.min_listing_age_hours, whole(0), whole(24 * 365),
               "Contracts listed for less than this are not shorted.")
      .decimal("redistribute_cap_pct", s.redistribute_cap_pct, whole(0), whole(100),
               "Most that failed entries may add to another position, in percent of its planned "
               "size.")
      .flag("rebalance_enabled", s.rebalance_enabled,
            "Daily rebalancing; not available yet, must be false.");
  static RebalanceKeys unused;
  section.flag("rebalance_pre_entry_reduce", unused.pre_entry_reduce, "Kept for later; no effect.")
      .flag("rebalance_after_entry", unused.after_entry, "Kept for later; no effect.")
      .decimal("rebalance_utilization", unused.utilization, fraction("0.1"), fraction("0.99"),
               "Kept for later; no effect.")
      .decimal("rebalance_deadband_pct", unused.deadband, whole(0), fraction("0.5"),
               "Kept for later; no effect.")
      .decimal("rebalance_min_adjust_notional_usdt", unused.min_adjust, whole(1), whole(1'000'000),
               "Kept for later; no effect.")
      .decimal("rebalance_max_single_adjust_pct", unused.max_single, fraction("0.05"),
               fraction("0.95"), "Kept for later; no effect.")
      .integer("rebalance_max_adjust_orders", unused.max_orders, 1, 1000,
               "Kept for later; no effect.")
      .choice("rebalance_mode", unused.mode, {"equal_risk", "age_decay"},
              "Kept for later; no effect.")
      .decimal("rebalance_age_decay_half_life_hours", unused.half_life_hours, whole(1),
               whole(10'000), "Kept for later; no effect.");
  return section;
}

std::vector<std::string> validate(const Settings& settings) {
  std::vector<std::string> faults;
  if (settings.rebalance_enabled)
    faults.emplace_back(
        "[strategy] rebalance_enabled: rebalancing is not available yet; set it to false");
  // Design §3.6: 200 conditional orders an account; stop, take-profit and one stop on the move.
  const double days_held = static_cast<double>(settings.max_hold().count()) / 86'400e6;
  const double orders = static_cast<double>(settings.top_n) * std::max(1.0, days_held) * 3;
  if (orders > 180)
    faults.push_back("[strategy] top_n x days held x 3 is " +
                     std::to_string(static_cast<int>(orders)) +
                     ": the exchange allows 200 conditional orders per account, and this program "
                     "180; lower top_n or max_hold_hours");
  // A short's liquidation lies about 1/leverage above its entry; the stop must fit below it.
  const double room = (1 + 1 / static_cast<double>(settings.leverage)) *
                      (1 - settings.sl_liq_buffer_pct.to_double() / 100);
  if (room < 1.005)
    faults.push_back(
        "[strategy] sl_liq_buffer_pct: with leverage " + std::to_string(settings.leverage) +
        " a stop this far below liquidation lies below the entry price; lower one of them");
  return faults;
}

}  // namespace bb::trading
