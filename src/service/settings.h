// Section [runtime]: the original's keys, meanings and defaults, plus entry_enabled, state_dir and
// daily_loss_cut_grace_min.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/settings.h"
#include "service/schedule.h"

namespace bb::service {

struct Settings {
  std::string timezone = "Asia/Shanghai";

  bool entry_enabled = true;
  std::int64_t entry_hour = 7;
  std::int64_t entry_minute = 40;
  std::int64_t entry_misfire_grace_min = 120;
  bool entry_catchup_enabled = true;

  bool daily_loss_cut_enabled = true;
  std::int64_t daily_loss_cut_hour = 11;
  std::int64_t daily_loss_cut_minute = 55;
  std::int64_t daily_loss_cut_grace_min = 0;
  std::string daily_loss_cut_scope = "tracked";

  Decimal manager_interval_sec = Decimal::from_int(60);
  std::int64_t manager_max_catch_up_runs = 3;
  Decimal service_loop_sleep_sec = Decimal::from_int(1);
  bool run_manage_on_startup = true;

  std::string wallet_snapshot_asset = "USDT";
  bool sync_cashflows = true;
  std::vector<std::string> cashflow_income_types = {"TRANSFER", "WELCOME_BONUS"};

  std::string dashboard_host = "127.0.0.1";
  std::int64_t dashboard_port = 8787;
  std::int64_t dashboard_refresh_sec = 5;
  std::int64_t dashboard_curve_points = 600;
  bool run_service_with_dashboard = true;

  std::string lock_file = "runtime.lock";
  Decimal lock_wait_sec = Decimal::from_int(30);
  std::string state_dir;  // empty = the host's default
  std::string db_path = "state.db";
  std::string log_dir = "logs";
  std::string log_level = "INFO";

  // The rows below need a valid time zone: validate() has said so before.
  DailySchedule entry_schedule() const;
  DailySchedule loss_cut_schedule() const;
  StartWindow entry_window() const;
  StartWindow loss_cut_window() const;
  Micros manager_interval() const;
  /// The longest a loop sleeps before it asks the schedule again: never above 30 s.
  Micros slice() const;
  Micros lock_wait() const;
};

/// The rows of [runtime].
SettingsSection settings_section(Settings& settings);

/// Rules that a single row cannot say; each returned sentence is a fault.
std::vector<std::string> validate(const Settings& settings);

}  // namespace bb::service
