#include "service/settings.h"

#include "base/log.h"
#include "base/plant.h"

#include <fmt/format.h>

#include <algorithm>

namespace bb::service {

namespace {

constexpr Micros kLongestSlice{30'000'000};

Micros seconds(Decimal value) { return Micros(value.raw() / (Decimal::kScale / 1'000'000)); }

Decimal tenths(std::int64_t count) { return Decimal::from_raw(count * (Decimal::kScale / 10)); }

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

void add_schedule_rows(SettingsSection& section, Settings& s) {
  section.text("timezone", s.timezone, "IANA zone of entry_hour and daily_loss_cut_hour.")
      .flag("entry_enabled", s.entry_enabled,
            "false: this instance never opens anything and changes no symbol settings.")
      .integer("entry_hour", s.entry_hour, 0, 23, "Hour of the daily entry.")
      .integer("entry_minute", s.entry_minute, 0, 59, "Minute of the daily entry.")
      .integer("entry_misfire_grace_min", s.entry_misfire_grace_min, 0, 1440,
               "How late a missed entry may still start, with entry_catchup_enabled.")
      .flag("entry_catchup_enabled", s.entry_catchup_enabled,
            "false: the entry starts within 60 s of its minute or not at all.")
      .flag("daily_loss_cut_enabled", s.daily_loss_cut_enabled, "Run the daily loss cut.")
      .integer("daily_loss_cut_hour", s.daily_loss_cut_hour, 0, 23, "Hour of the daily loss cut.")
      .integer("daily_loss_cut_minute", s.daily_loss_cut_minute, 0, 59,
               "Minute of the daily loss cut.")
      .integer("daily_loss_cut_grace_min", s.daily_loss_cut_grace_min, 0, 1440,
               "How late a missed loss cut may still start; 0 = only within its own minute. "
               "10 is recommended: it survives a restart at the wrong moment.")
      .choice("daily_loss_cut_scope", s.daily_loss_cut_scope, {"tracked", "exchange"},
              "tracked: only our positions; exchange: every position of the account.");
}

void add_patrol_rows(SettingsSection& section, Settings& s) {
  section
      .decimal("manager_interval_sec", s.manager_interval_sec, Decimal::from_int(1),
               Decimal::from_int(86'400), "Seconds from one patrol to the next.")
      .integer("manager_max_catch_up_runs", s.manager_max_catch_up_runs, 1, 100,
               "Patrols that may follow each other at once after a delay.")
      .decimal("service_loop_sleep_sec", s.service_loop_sleep_sec, tenths(2),
               Decimal::from_int(3600),
               "Longest sleep before the schedule is asked again; above 30 it counts as 30.")
      .flag("run_manage_on_startup", s.run_manage_on_startup,
            "Patrol at once after a start. Open positions and unsettled orders cause one anyway.")
      .text("wallet_snapshot_asset", s.wallet_snapshot_asset, "Asset of the equity samples.")
      .flag("sync_cashflows", s.sync_cashflows, "Record money movements after each patrol.")
      .custom(
          "cashflow_income_types",
          [&s](std::string_view value) -> Status {
            std::vector<std::string> types;
            SettingsSection list("list");
            list.list("types", types, "");
            (void)list.rows().front().set(upper(value));
            s.cashflow_income_types = std::move(types);
            return {};
          },
          [&s] { return fmt::format("{}", fmt::join(s.cashflow_income_types, ",")); }, "comma list",
          "Income types that are deposits and withdrawals, not results.");
}

void add_dashboard_rows(SettingsSection& section, Settings& s) {
  section.text("dashboard_host", s.dashboard_host, "Address of the dashboard.")
      .integer("dashboard_port", s.dashboard_port, 0, 65'535, "Port of the dashboard; 0 = any.")
      .integer("dashboard_refresh_sec", s.dashboard_refresh_sec, 2, 3600,
               "Seconds between two refreshes of the page.")
      .integer("dashboard_curve_points", s.dashboard_curve_points, 100, 5000,
               "Points of the equity curve.")
      .flag("run_service_with_dashboard", s.run_service_with_dashboard,
            "Run the service inside the dashboard.");
}

void add_file_rows(SettingsSection& section, Settings& s) {
  section
      .text("lock_file", s.lock_file,
            "One process per lock file; a relative path is taken from the config file's folder.")
      .decimal("lock_wait_sec", s.lock_wait_sec, Decimal(), Decimal::from_int(3600),
               "How long a command waits for the lock.")
      .text("state_dir", s.state_dir,
            "Folder of the per-account homes; empty = /var/lib/bubble-buster for root, else "
            "$XDG_STATE_HOME or ~/.local/state. The same for every instance of a host.")
      .text("db_path", s.db_path, "The account's database.")
      .text("log_dir", s.log_dir, "Folder of strategy.log.")
      .custom(
          "log_level",
          [&s](std::string_view value) -> Status {
            const auto level = parse_log_level(value);
            if (!level) return std::unexpected(level.error());
            s.log_level = upper(value);
            return {};
          },
          [&s] { return s.log_level; }, "DEBUG, INFO, WARNING, ERROR", "What is logged.");
}

}  // namespace

SettingsSection settings_section(Settings& settings) {
  SettingsSection section("runtime");
  add_schedule_rows(section, settings);
  add_patrol_rows(section, settings);
  add_dashboard_rows(section, settings);
  add_file_rows(section, settings);
  return section;
}

std::vector<std::string> validate(const Settings& settings) {
  std::vector<std::string> faults;
  if (const auto zone = Zone::find(settings.timezone); !zone)
    faults.push_back("[runtime] timezone: " + zone.error().text);
  if (settings.lock_file.empty()) faults.emplace_back("[runtime] lock_file: a file name is needed");
  if (settings.db_path.empty()) faults.emplace_back("[runtime] db_path: a file name is needed");
  if (settings.log_dir.empty()) faults.emplace_back("[runtime] log_dir: a folder name is needed");
  if (settings.wallet_snapshot_asset.empty())
    faults.emplace_back("[runtime] wallet_snapshot_asset: an asset such as USDT is needed");
  if (settings.dashboard_host.empty())
    faults.emplace_back("[runtime] dashboard_host: an address such as 127.0.0.1 is needed");
  return faults;
}

DailySchedule Settings::entry_schedule() const {
  return {Zone::find(timezone).value(), static_cast<int>(entry_hour),
          static_cast<int>(entry_minute)};
}

DailySchedule Settings::loss_cut_schedule() const {
  return {Zone::find(timezone).value(), static_cast<int>(daily_loss_cut_hour),
          static_cast<int>(daily_loss_cut_minute)};
}

StartWindow Settings::entry_window() const {
  StartWindow window;
  if (entry_catchup_enabled) window.grace = Minutes(entry_misfire_grace_min);
  if (!entry_catchup_enabled && planted("catch_up_off_never_trades")) window.own = Millis(0);
  return window;
}

StartWindow Settings::loss_cut_window() const {
  StartWindow window;
  window.grace = Minutes(daily_loss_cut_grace_min);
  return window;
}

Micros Settings::manager_interval() const { return seconds(manager_interval_sec); }

Micros Settings::slice() const { return std::min(kLongestSlice, seconds(service_loop_sleep_sec)); }

Micros Settings::lock_wait() const { return seconds(lock_wait_sec); }

}  // namespace bb::service
