#include "paper/serve.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include "base/check.h"
#include "paper/control.h"
#include "paper/live_feed.h"
#include "paper/resume.h"
#include "paper/tokens.h"

namespace bb::paper {

namespace {

// Clients ask for the bars of the last 24 h: the first day of the market lies behind the present.
constexpr std::chrono::days kHistory{1};

sim::MarketOptions market_options(const Options& options) {
  sim::MarketOptions market;
  market.path = options.path;
  market.seed = options.seed;
  market.interval = options.interval;
  market.rules_folder = options.rules_folder;
  if (options.days > 0) market.length = kHistory + std::chrono::days(options.days);
  return market;
}

}  // namespace

Result<sim::Market> open_market(const Options& options, TimePoint wall_now) {
  const bool keeps_dates = options.at != TimePoint{};
  const TimePoint first_day = options.first_day != TimePoint{}
                                  ? options.first_day
                                  : utc_midnight(keeps_dates ? options.at : wall_now);
  if (options.data_folder.empty()) {
    sim::RandomMarketOptions random;
    random.market = market_options(options);
    random.market.begin = first_day - kHistory;
    random.days = static_cast<int>(kHistory.count()) + (options.days > 0 ? options.days : 3);
    return sim::make_random_market(random);
  }
  auto recorded = market_options(options);
  if (!keeps_dates) {
    recorded.begin = options.begin;
    recorded.begin_on = first_day - kHistory;
    return sim::load_market(options.data_folder, recorded);
  }
  recorded.begin = first_day - kHistory;
  auto market = sim::load_market(options.data_folder, recorded);
  if (!market) {
    // The first recorded day has no day before it.
    recorded.begin = {};
    market = sim::load_market(options.data_folder, recorded);
  }
  if (market && (options.at < market->begin() || options.at >= market->end()))
    return fail(ErrorKind::configuration,
                iso_seconds(options.at) + " is not within the recorded time " +
                    iso_seconds(market->begin()) + " .. " + iso_seconds(market->end()));
  return market;
}

Result<std::string> read_token(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto mode = fs::status(path, error).permissions();
  std::ifstream file(path);
  std::string token;
  if (error || !file || !std::getline(file, token))
    return fail(ErrorKind::configuration, "cannot read the control's token from " + path);
  while (!token.empty() && (token.back() == '\r' || token.back() == ' '))
    token.pop_back();
  if ((mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none)
    return fail(ErrorKind::configuration, path + " can be read by others; run: chmod 600 " + path);
  constexpr std::size_t kShortest = 16;
  if (token.size() < kShortest)
    return fail(ErrorKind::configuration,
                "the token in " + path + " is shorter than 16 characters");
  return token;
}

namespace {

Task<Result<std::unique_ptr<LiveFeed>>> meet_source(const Options& options,
                                                    const ServeParts& parts) {
  BB_CHECK(parts.dialer != nullptr, "a live market has a way to its source");
  auto feed = std::make_unique<LiveFeed>(
      LiveParts{*parts.dialer, parts.clock, parts.log, options.rules_folder}, options.live);
  if (auto loaded = co_await feed->load(); !loaded) co_return std::unexpected(loaded.error());
  co_return feed;
}

}  // namespace

Task<Status> serve(Options options, ServeParts parts,
                   std::function<void(const Ready& ready)> on_ready) {
  if (auto checked = check_accounts(options.server.accounts); !checked) co_return checked;
  const TimePoint wall_now = parts.clock.utc_now();
  if (!options.live.rest.empty() && !options.db.empty())
    co_return fail(
        ErrorKind::configuration,
        "--db does not go with --live: a restart does all acts again on the same market, "
        "and a live one is not the same again");
  std::unique_ptr<Keeper> keeper;
  if (!options.db.empty()) {
    auto opened = Keeper::open(options.db, parts.clock);
    if (!opened) co_return std::unexpected(opened.error());
    keeper = std::move(*opened);
    keeper->log_to(parts.log);
    if (auto ok = prepare_days(*keeper, options, wall_now); !ok) co_return ok;
  }
  std::unique_ptr<LiveFeed> feed;
  if (!options.live.rest.empty()) {
    auto met = co_await meet_source(options, parts);
    if (!met) co_return std::unexpected(met.error());
    feed = std::move(*met);
    options.server.timeline.offset = feed->clock_offset();
  }
  auto market = feed ? Result<sim::Market>(feed->market()) : open_market(options, wall_now);
  if (!market) co_return std::unexpected(market.error());
  if (options.at != TimePoint{}) {
    options.server.timeline.begin = options.at;
    options.server.timeline.is_replay = true;
  }
  if (keeper) {
    auto ok = prepare_server(*keeper, options, *market, parts.clock);
    if (!ok) co_return ok;
  }
  if (options.server.secret.empty()) options.server.secret = make_secret();
  Server server(parts.clock, *market, options.server);
  ControlParts control_parts{server, *market, options.server.accounts, feed.get()};
  if (keeper) {
    if (auto ok = resume(*keeper, server, control_parts); !ok) co_return ok;
    server.advance();
  }
  auto listener = net::HttpListener::open(parts.io, parts.clock, options.address, options.port,
                                          server.handler(), {});
  if (!listener) co_return std::unexpected(listener.error());
  Ready ready{(*listener)->port(), 0, market->begin(), market->end(), server.now()};

  std::optional<Control> control;
  std::unique_ptr<net::HttpListener> control_listener;
  if (!options.control.token.empty()) {
    control.emplace(control_parts, options.control.token);
    auto opened = net::HttpListener::open(parts.io, parts.clock, options.control.address,
                                          options.control.port, control->handler(), {});
    if (!opened) co_return std::unexpected(opened.error());
    control_listener = std::move(*opened);
    ready.control_port = control_listener->port();
  }
  parts.log.info("paper exchange opened", {{"address", options.address},
                                           {"port", ready.port},
                                           {"control_port", ready.control_port},
                                           {"market_begin", market->begin()},
                                           {"market_end", market->end()},
                                           {"now", ready.now}});
  if (on_ready) on_ready(ready);
  TaskGroup group(parts.io.get_executor());
  if (control_listener) group.spawn(control_listener->run(parts.stop));
  group.spawn((*listener)->run(parts.stop));
  if (feed) group.spawn(feed->run(server, parts.stop));
  co_await group.join();
  if (keeper) {
    server.advance();
    if (auto written = keeper->flush(); !written) co_return written;
  }
  parts.log.info("paper exchange closed", {{"journal", server.journal_size()}});
  co_return Status{};
}

}  // namespace bb::paper
