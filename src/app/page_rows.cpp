#include "app/page_rows.h"

#include <algorithm>
#include <cctype>

#include "app/config_file.h"

namespace bb::app {

dashboard::LivePosition shown(const exchange::Position& position) {
  return {position.symbol,
          std::string(str(position.side)),
          position.qty,
          position.entry,
          position.mark,
          position.liquidation,
          position.unrealized_pnl,
          position.isolated_wallet};
}

dashboard::LiveOrder shown(const exchange::OrderView& order) {
  return {order.symbol,
          std::string(str(order.side)),
          std::string(str(order.position_side)),
          std::string(str(order.type)),
          order.price,
          order.trigger_price,
          order.qty,
          order.close_position,
          order.reduce_only,
          order.order_id,
          order.client_order_id.str(),
          order.create_time};
}

std::vector<dashboard::Candle> shown(const std::vector<exchange::Kline>& klines) {
  std::vector<dashboard::Candle> candles;
  for (const auto& k : klines)
    candles.push_back({k.open_time, k.open, k.high, k.low, k.close, k.volume});
  return candles;
}

namespace {

// As the settings read a flag.
bool is_true(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text == "true" || text == "yes" || text == "on" || text == "1";
}

dashboard::NextJobs next_jobs(const service::Settings& runtime, TimePoint now) {
  dashboard::NextJobs jobs;
  if (runtime.entry_enabled) jobs.entry = runtime.entry_schedule().next(now).at;
  if (runtime.daily_loss_cut_enabled) jobs.loss_cut = runtime.loss_cut_schedule().next(now).at;
  return jobs;
}

}  // namespace

dashboard::Options page_options(const Config& config) {
  const auto& runtime = config.runtime;
  dashboard::Options options{.settings = config.dashboard, .account = {}};
  options.timezone = runtime.timezone;
  options.refresh_sec = runtime.dashboard_refresh_sec;
  options.curve_points = runtime.dashboard_curve_points;
  options.entry_catchup = [&config] {
    const auto said = read_setting(config.path, "runtime", "entry_catchup_enabled");
    return said ? is_true(*said) : config.runtime.entry_catchup_enabled;
  };
  options.next_jobs = [&runtime](TimePoint now) { return next_jobs(runtime, now); };
  options.local_text = [zone = runtime.entry_schedule().zone](TimePoint when) {
    return service::str(zone.date_of(when)) + "T" + zone.clock_text(when);
  };
  return options;
}

}  // namespace bb::app
