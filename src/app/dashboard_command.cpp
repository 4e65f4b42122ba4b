// dashboard, run: the page, with the service inside or beside one that runs.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "app/bot_beside.h"
#include "app/exit_codes.h"
#include "app/page_rows.h"
#include "app/service_command.h"
#include "app/wiring.h"
#include "dashboard/dashboard.h"
#include "dashboard/passwords.h"
#include "net/json.h"

namespace bb::app {

namespace {

/// What asks the exchange for the page: connections of its own on the page's loop, so that nothing
/// is shared with what trades. The account's limits are learnt from each answer, as by any process.
struct Eyes {
  Eyes(boost::asio::io_context& io, Clock& c, const Config& conf, Log l)
      : clock(c), config(conf), log(std::move(l)), dialer(wire_network(io, clock, config)) {}

  Clock& clock;
  const Config& config;
  Log log;
  std::unique_ptr<net::Dialer> dialer;
  std::unique_ptr<AccountView> view;

  Task<Status> meet() {
    if (view) co_return Status();
    auto opened = co_await AccountView::open({*dialer, clock, log, config});
    if (!opened) co_return std::unexpected(opened.error());
    // Several ask at once, and the first to be answered is used by now.
    if (!view) view = std::move(*opened);
    co_return Status();
  }
};

Task<Result<dashboard::LiveView>> look(std::shared_ptr<Eyes> eyes) {
  if (const auto met = co_await eyes->meet(); !met) co_return std::unexpected(met.error());
  auto& account = eyes->view->exchange();
  auto asked_positions = account.fetch_positions();
  auto asked_orders = account.fetch_open_conditional_orders();
  auto [positions, orders] = co_await both(std::move(asked_positions), std::move(asked_orders));
  if (!positions) co_return std::unexpected(positions.error());
  if (!orders) co_return std::unexpected(orders.error());
  const auto balances = co_await account.fetch_balances();
  if (!balances) co_return std::unexpected(balances.error());
  dashboard::LiveView view;
  view.as_of = eyes->clock.utc_now();
  for (const auto& balance : *balances)
    if (balance.asset == eyes->config.runtime.wallet_snapshot_asset) {
      view.wallet = balance.wallet;
      view.available = balance.available;
    }
  for (const auto& position : *positions)
    view.positions.push_back(shown(position));
  for (const auto& order : *orders)
    view.orders.push_back(shown(order));
  co_return view;
}

Task<Result<std::vector<dashboard::Candle>>> fetch_candles(std::shared_ptr<Eyes> eyes,
                                                           dashboard::CandleQuery query) {
  if (const auto met = co_await eyes->meet(); !met) co_return std::unexpected(met.error());
  exchange::KlineQuery asked{query.symbol, query.interval, query.from, query.to, query.limit};
  const auto klines = co_await eyes->view->market().fetch_klines(std::move(asked));
  if (!klines) co_return std::unexpected(klines.error());
  co_return shown(*klines);
}

dashboard::MakeLive live_of(const Config& config, const Log& log) {
  return [&config, log](boost::asio::io_context& io, Clock& clock) {
    const auto eyes = std::make_shared<Eyes>(io, clock, config, log);
    return dashboard::Live{
        [eyes] { return look(eyes); },
        [eyes](dashboard::CandleQuery query) { return fetch_candles(eyes, std::move(query)); }};
  };
}

dashboard::Options options_of(Session& session, const std::string& home,
                              const DashboardCommand& command) {
  const Config& config = session.config();
  const auto& runtime = config.runtime;
  auto options = page_options(config);
  options.host = command.host.value_or(runtime.dashboard_host);
  options.port = static_cast<std::uint16_t>(command.port.value_or(runtime.dashboard_port));
  options.account = {std::filesystem::path(home).filename().string(),
                     std::string(binance::environment_of(config.binance.base_url)), home,
                     runtime.db_path, runtime.wallet_snapshot_asset};
  options.log_dir = runtime.log_dir;
  options.config_path = config.path;
  options.make_live = live_of(config, session.log());
  return options;
}

Task<void> wait_for_stop(Session& session) {
  while (!session.stop().requested())
    co_await session.stop().sleep_until(session.clock().after(Hours(24)));
}

void announce(const dashboard::Dashboard& page, bool json) {
  if (json) {
    net::JsonWriter line;
    line.begin_object().field("command", "dashboard").field("url", page.url());
    line.field("port", page.port()).end_object();
    fmt::print("{}\n", line.str());
  } else {
    fmt::print("dashboard: {}\n", page.url());
  }
  std::fflush(stdout);
}

/// `run`: the service, and beside it what can be had of page and bot. A fault of these is logged.
Task<int> run_all(Session& session) {
  const auto& log = session.log();
  std::unique_ptr<dashboard::Dashboard> page;
  if (const auto home = co_await find_home(session.ground()); !home) {
    log.error("no dashboard, the service goes on", {{"why", home.error().text}});
  } else if (auto started = dashboard::Dashboard::start(options_of(session, *home, {}), log);
             !started) {
    log.error("no dashboard, the service goes on", {{"why", started.error().text}});
  } else {
    page = std::move(*started);
    announce(*page, session.json());
    log.info("dashboard serves", {{"url", page->url()}});
  }
  std::optional<BotBeside> bot;
  if (has_bot(session.config())) bot.emplace(session.config(), log);
  const int code = co_await serve_account(session);
  if (code != kBusy || session.stop().requested() || !page) co_return code;
  log.info("a service runs already; the dashboard goes on beside it");
  session.notice().ready("the page, beside a service that runs already");
  co_await wait_for_stop(session);
  co_return kDone;
}

Task<int> show(Session& session, DashboardCommand command, bool with_service) {
  const auto home = co_await find_home(session.ground());
  if (!home) co_return report_error(home.error(), session.json());
  auto page = dashboard::Dashboard::start(options_of(session, *home, command), session.log());
  if (!page) co_return report_error(page.error(), session.json());
  announce(**page, session.json());
  session.log().info("dashboard serves", {{"url", (*page)->url()}});
  int code = kDone;
  if (with_service) code = co_await serve_account(session);
  if (code == kBusy && !session.stop().requested()) {
    session.log().info("a service runs already; the dashboard goes on beside it");
    session.notice().ready("the page, beside a service that runs already");
    code = kDone;
    co_await wait_for_stop(session);
  }
  if (!with_service) {
    session.notice().ready("the page, at " + (*page)->url());
    co_await wait_for_stop(session);
  }
  co_return code;
}

int print_hash(bool json) {
  std::string password;
  std::getline(std::cin, password);
  const auto hash = dashboard::hash_password(password);
  if (!hash) return report_error(hash.error(), json);
  fmt::print("{}\n", *hash);
  return kDone;
}

int report_live(const CommandContext& context) {
  const auto faults = check_environment(context.config);
  if (faults.empty()) return kDone;
  return report_error({ErrorKind::configuration, faults.front(), 0}, context.json);
}

}  // namespace

int run_command(const CommandContext& context, const DashboardCommand& command) {
  if (command.hash_password) return print_hash(context.json);
  const bool with_service = context.config.runtime.run_service_with_dashboard;
  if (with_service)
    if (const int code = report_live(context); code != kDone) return code;
  return run_session(context, [command, with_service](Session& session) {
    return show(session, command, with_service);
  });
}

int run_command(const CommandContext& context, const RunCommand&) {
  return run_session(context, run_all);
}

}  // namespace bb::app
