#include "paper/serve.h"

#include <set>

namespace bb::paper {

namespace {

// Clients ask for the bars of the last 24 h: the first day of the market lies behind the present.
constexpr std::chrono::days kHistory{1};

Status check_accounts(const std::vector<PaperAccount>& accounts) {
  if (accounts.empty())
    return fail(ErrorKind::configuration, "the paper exchange has no account: name at least one");
  std::set<std::string> keys;
  for (const auto& account : accounts) {
    if (account.api_key.empty() || account.api_secret.empty())
      return fail(ErrorKind::configuration,
                  "paper account " + account.alias + " needs an API key and a secret");
    if (!keys.insert(account.api_key).second)
      return fail(ErrorKind::configuration,
                  "paper account " + account.alias + " has the API key of another account");
  }
  return {};
}

sim::MarketOptions market_options(const Options& options, TimePoint begin) {
  sim::MarketOptions market;
  market.path = options.path;
  market.seed = options.seed;
  market.begin = begin;
  if (options.days > 0 && begin != TimePoint{})
    market.end = begin + kHistory + std::chrono::days(options.days);
  return market;
}

}  // namespace

Result<sim::Market> open_market(const Options& options, TimePoint wall_now) {
  const TimePoint today = utc_midnight(wall_now);
  if (options.data_folder.empty()) {
    sim::RandomMarketOptions random;
    random.market = market_options(options, today - kHistory);
    random.days = static_cast<int>(kHistory.count()) + (options.days > 0 ? options.days : 3);
    return sim::make_random_market(random);
  }
  auto recorded = market_options(options, options.begin);
  if (options.begin == TimePoint{}) {
    const auto all = sim::load_market(options.data_folder, recorded);
    if (!all) return std::unexpected(all.error());
    recorded = market_options(options, all->begin());
  }
  if (!options.keep_dates) {
    const TimePoint first_traded = utc_midnight(recorded.begin) + kHistory;
    recorded.shift = std::chrono::floor<std::chrono::days>(today - first_traded);
  }
  return sim::load_market(options.data_folder, recorded);
}

Task<Status> serve(Options options, ServeParts parts,
                   std::function<void(std::uint16_t port)> on_ready) {
  if (auto checked = check_accounts(options.server.accounts); !checked) co_return checked;
  const auto market = open_market(options, parts.clock.utc_now());
  if (!market) co_return std::unexpected(market.error());
  if (options.keep_dates && !options.data_folder.empty())
    options.server.clock_offset += market->begin() + kHistory - utc_midnight(parts.clock.utc_now());
  Server server(parts.clock, *market, options.server);
  auto listener = net::HttpListener::open(parts.io, parts.clock, options.address, options.port,
                                          server.handler(), {});
  if (!listener) co_return std::unexpected(listener.error());
  const auto port = (*listener)->port();
  parts.log.info("paper exchange opened", {{"address", options.address},
                                           {"port", port},
                                           {"market_begin", market->begin()},
                                           {"market_end", market->end()},
                                           {"now", server.now()}});
  if (on_ready) on_ready(port);
  co_await (*listener)->run(parts.stop);
  parts.log.info("paper exchange closed", {{"journal", server.exchange().journal_begin() +
                                                           server.exchange().journal().size()}});
  co_return Status{};
}

}  // namespace bb::paper
