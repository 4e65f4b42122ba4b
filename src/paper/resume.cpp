#include "paper/resume.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/crypto.h"
#include "paper/control_acts.h"

namespace bb::paper {

namespace {

std::unexpected<Error> bad(std::string text) {
  return fail(ErrorKind::configuration, std::move(text));
}

// Positions cannot be carried to other prices: they are settled at the last mark.
void keep_worth(const std::vector<Worth>& worths, std::vector<PaperAccount>& accounts) {
  for (auto& account : accounts) {
    const auto found = std::ranges::find(worths, account.alias, &Worth::alias);
    if (found == worths.end()) continue;
    account.balance = std::max(Usdt(), found->wallet + found->unrealized);
    account.hedge = found->hedge;
  }
}

// The era's accounts with the keys they are given now.
Status match_accounts(const Era& era, std::vector<PaperAccount>& accounts,
                      const std::string& path) {
  std::vector<PaperAccount> matched;
  for (const auto& kept : era.accounts) {
    const auto found = std::ranges::find(accounts, kept.alias, &PaperAccount::alias);
    if (found == accounts.end())
      return bad(fmt::format("'{}' has an account {} that is not named now", path, kept.alias));
    PaperAccount account = *found;
    account.balance = kept.balance;
    account.hedge = kept.hedge;
    account.default_leverage = kept.default_leverage;
    account.default_margin = kept.default_margin;
    account.fees = kept.fees;
    matched.push_back(std::move(account));
  }
  if (matched.size() != accounts.size())
    return bad(
        fmt::format("'{}' has {} accounts, {} are named now; --db-rebase begins again with "
                    "these and keeps what the others own",
                    path, matched.size(), accounts.size()));
  accounts = std::move(matched);
  return {};
}

}  // namespace

std::string fingerprint(const sim::Market& market, const Options& options) {
  std::string text =
      fmt::format("{} {} {} {} {} {}\n", to_ms(market.begin()), to_ms(market.end()),
                  static_cast<int>(options.path), options.seed, options.interval.count(),
                  static_cast<int>(options.server.exchange.stop_without_position));
  const TimePoint last = market.end() - Millis(1);
  for (const auto& rules : market.rules(last)) {
    text += fmt::format("{} {}", rules.symbol.str(), rules.tick.str());
    for (const auto& bar : market.klines(rules.symbol, Hours(4), TimePoint{}, last, SIZE_MAX, last))
      text += fmt::format(" {}:{}:{}:{}", bar.open.str(), bar.high.str(), bar.low.str(),
                          bar.close.str());
    text = net::sha256_hex(text);
  }
  return text;
}

Status prepare_days(Keeper& keeper, Options& options, TimePoint wall_now) {
  options.first_day = utc_midnight(options.at != TimePoint{} ? options.at : wall_now);
  const auto era = keeper.era();
  if (!era) return std::unexpected(era.error());
  if (*era && !options.db_rebase) options.first_day = (*era)->first_day;
  return {};
}

Status prepare_server(Keeper& keeper, Options& options, const sim::Market& market,
                      const Clock& clock) {
  const auto era = keeper.era();
  if (!era) return std::unexpected(era.error());
  auto& server = options.server;
  const std::string print = fingerprint(market, options);
  const bool has_begin = server.timeline.begin != TimePoint{};
  TimePoint now = has_begin ? server.timeline.begin : clock.utc_now() + server.timeline.offset;
  if (*era && !options.db_rebase) {
    if ((*era)->market != print)
      return bad(
          fmt::format("'{}' was lived in another market than this; name that one, or begin "
                      "again in this one with --db-rebase (wallets are kept, positions "
                      "settled, orders dropped)",
                      options.db));
    const auto last = keeper.last_time();
    if (!last) return std::unexpected(last.error());
    // A replay goes on where it stood; so does a market that ran ahead of the clock.
    if (options.at != TimePoint{} || *last > now || server.timeline.paused) {
      server.timeline.begin = *last;
      server.timeline.is_replay = true;
      now = *last;
    }
    if (now >= market.end())
      return bad(fmt::format("the market of '{}' ended at {}; begin again with --db-rebase",
                             options.db, iso_seconds(market.end())));
    server.start = (*era)->begun;
    return match_accounts(**era, server.accounts, options.db);
  }
  if (*era) {
    const auto worths = keeper.worths();
    if (!worths) return std::unexpected(worths.error());
    keep_worth(*worths, server.accounts);
  }
  server.start = now;
  return keeper.begin_era({print, options.first_day, now, server.accounts});
}

Status resume(Keeper& keeper, Server& server, ControlParts& control) {
  std::size_t number = 0;
  const auto replayed = keeper.for_each_act([&](const Act& act) -> Status {
    ++number;
    server.begin_replay(act.time);
    const Status done = act.account < 0 ? replay_deed(act, control) : server.replay(act);
    server.end_replay();
    const auto journal = server.journal_size();
    if (done && journal == act.journal) return {};
    return bad(fmt::format(
        "act {} of the file ({}, {}) does not lead where it led: {}; the file is of another "
        "version of this program: --db-rebase begins again and keeps the wallets",
        number, act.target.substr(0, act.target.find('?')), iso_seconds(act.time),
        done ? fmt::format("{} entries of the journal instead of {}", journal, act.journal)
             : done.error().text));
  });
  if (!replayed) return replayed;
  keeper.watch([&server] {
    std::vector<Worth> worths;
    const auto& exchange = server.exchange();
    for (int i = 0; i < exchange.account_count(); ++i) {
      const auto balance = exchange.balance(i);
      worths.push_back(
          {exchange.alias(i), balance.wallet, balance.unrealized_pnl, exchange.hedge(i)});
    }
    return std::pair(server.now(), std::move(worths));
  });
  server.keep_in(keeper);
  return {};
}

}  // namespace bb::paper
