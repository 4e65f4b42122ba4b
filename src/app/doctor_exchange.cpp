// The exchange as this account finds it: reached, in time, with a key that may do what it must.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "app/doctor_checks.h"
#include "app/proxy.h"
#include "binance/account.h"
#include "binance/market_data.h"
#include "net/keys.h"

namespace bb::app {

namespace {

constexpr Micros kAheadWarning{1'000'000};
constexpr Micros kAheadFault{60'000'000};
constexpr int kRateWarning = 50;  // percent of the minute's weight
constexpr int kRateFault = 70;    // queries wait from here on
constexpr std::size_t kConditionalMax = 200;
constexpr std::size_t kConditionalOurs = 180;  // design: the rest is for stops on the move
constexpr std::size_t kLiveKeyLength = 64;

// A firewall and a wrong address look like a dead exchange.
constexpr const char* kReachAdvice =
    "check [binance] base_url, the network, name look-up, the firewall and the proxy";

std::string kind_of_key(const binance::Settings& settings) {
  const auto key = net::PrivateKey::parse(settings.api_secret);
  if (!key) return "HMAC";
  return key->type() == net::KeyType::rsa ? "RSA" : "Ed25519";
}

std::string join(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i)
    out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? fmt::format("{} and {} more", out, names.size() - kShown) : out;
}

Finding unread(std::string check, const Error& error) {
  return fault(std::move(check), error.text,
               error.kind == ErrorKind::unreachable || error.kind == ErrorKind::rate_limited
                   ? "try again; if it stays so, check the network and the exchange's status"
                   : "see the message; the exchange's words stand in it");
}

class Examination {
 public:
  Examination(Ground ground, Findings& findings)
      : ground_(ground),
        findings_(findings),
        settings_(ground.config.binance),
        venue_(ground.dialer, ground.clock, ground.log, settings_, venue_options(ground.config)),
        market_(binance::make_market_data(venue_)),
        account_(binance::make_account(venue_, settings_)) {}

  Task<std::optional<exchange::AccountIdentity>> run() {
    if (!co_await reach()) co_return std::nullopt;
    auto identity = co_await check_key();
    auto rules = co_await market_->fetch_rules();
    if (!rules) add(unread("contracts", rules.error()));
    if (identity) {
      co_await check_account(rules);
      co_await check_stream();
    }
    add(judge_rate(venue_.health()));
    co_return identity;
  }

 private:
  void add(Finding finding) { findings_.push_back(std::move(finding)); }

  Task<bool> reach() {
    const auto reached = co_await venue_.prepare(1);
    if (!reached) {
      const auto proxy = read_proxy(ground_.config.notify);
      const bool is_proxy =
          proxy && proxy->has_value() && reached.error().text.find("proxy") != std::string::npos;
      add(fault(is_proxy ? "proxy" : "exchange", reached.error().text,
                is_proxy ? "check [notify] https_proxy, or remove both proxy keys" : kReachAdvice));
      co_return false;
    }
    add(fine("exchange", settings_.base_url + " answers"));
    const Micros ahead = venue_.exchange_now() - ground_.clock.utc_now();
    add(judge_clock(ahead, venue_.health().clock_error_max, Millis(settings_.recv_window)));
    co_return true;
  }

  Task<std::optional<exchange::AccountIdentity>> check_key() {
    if (const auto faults = check_credentials(ground_.config); !faults.empty()) {
      for (const auto& each : faults)
        add(fault("key", each, "make a key on the exchange's API management page"));
      co_return std::nullopt;
    }
    auto identity = co_await account_->fetch_identity();
    if (!identity) {
      add(fault("key", identity.error().text,
                "the key must be of this environment, complete, allowed to read and to trade "
                "futures, and bound to the address this machine comes from"));
      co_return std::nullopt;
    }
    const std::string kind = kind_of_key(settings_);
    const bool is_odd =
        venue_.environment() != "paper" && settings_.api_key.reveal().size() != kLiveKeyLength;
    const std::string found = fmt::format("{}, accepted as account {}", kind, identity->alias);
    add(is_odd ? warning("key", found + ", but it is not 64 characters long",
                         "compare it with the exchange's API management page")
               : fine("key", found));
    co_await check_permissions();
    co_return std::move(*identity);
  }

  Task<void> check_permissions() {
    if (binance::wallet_url_of(settings_).empty()) {
      add(fine("permissions", "not checked: this environment has no wallet host that tells them"));
      co_return;
    }
    const auto may =
        co_await binance::fetch_key_permissions(venue_, ground_.dialer, ground_.clock, settings_);
    if (may) {
      add(judge_permissions(*may, venue_.environment()));
      co_return;
    }
    add(warning("permissions", "not read: " + may.error().text,
                "look at the exchange's API management page: withdrawals and transfers off, bound "
                "to this machine's address, futures on"));
  }

  Task<void> check_account(const Result<exchange::MarketRules>& rules) {
    const auto& strategy = ground_.config.strategy;
    const auto modes = co_await account_->fetch_modes();
    add(modes ? judge_modes(*modes) : unread("modes", modes.error()));
    const auto brackets = co_await account_->fetch_brackets();
    if (!brackets) add(unread("brackets", brackets.error()));
    if (rules && brackets)
      add(judge_contracts(facts_of(*rules, *brackets, venue_.exchange_now(), strategy), strategy));
    const auto positions = co_await account_->fetch_positions();
    const auto symbols = co_await account_->fetch_symbol_settings();
    if (!positions) add(unread("margin", positions.error()));
    if (!symbols) add(unread("margin", symbols.error()));
    if (positions && symbols) add(judge_margin(*positions, *symbols, strategy));
    const auto orders = co_await account_->fetch_open_conditional_orders();
    add(orders ? judge_conditional_orders(orders->size(), strategy)
               : unread("conditional orders", orders.error()));
  }

  Task<void> check_stream() {
    const auto tried = co_await binance::try_user_stream(venue_, settings_);
    add(tried ? fine("user stream", "connected")
              : warning("user stream", tried.error().text,
                        "fills are then seen by polling only; let this machine reach the "
                        "exchange's stream host (port 443)"));
  }

  Ground ground_;
  Findings& findings_;
  const binance::Settings& settings_;
  binance::Venue venue_;
  std::unique_ptr<exchange::MarketData> market_;
  std::unique_ptr<exchange::TradingAccount> account_;
};

}  // namespace

Finding judge_clock(Micros ahead, std::optional<Micros> error_max, Millis recv_window) {
  const double ms = static_cast<double>(ahead.count()) / 1000;
  if (!error_max) return fault("clock", "the exchange's clock could not be measured", "try again");
  const double error_ms = static_cast<double>(error_max->count()) / 1000;
  const std::string found =
      fmt::format("the exchange is {:.0f} ms {} this machine, known to {:.0f} ms",
                  ms < 0 ? -ms : ms, ms < 0 ? "behind" : "ahead of", error_ms);
  if (*error_max > Micros(recv_window) / 2)
    return fault("clock",
                 found + fmt::format("; requests stay valid for {} ms", recv_window.count()),
                 "the way to the exchange is too slow or uneven: find a better one, or raise "
                 "[binance] recv_window");
  if (std::chrono::abs(ahead) > kAheadFault)
    return fault("clock", found, "set this machine's clock (systemd-timesyncd or chrony)");
  if (std::chrono::abs(ahead) > kAheadWarning)
    return warning("clock", found + "; trades go by the exchange's clock, log lines by this one",
                   "set this machine's clock (systemd-timesyncd or chrony)");
  return fine("clock", found);
}

Finding judge_permissions(const binance::KeyPermissions& may, std::string_view environment) {
  std::vector<std::string> wrong, advice;
  const auto must = [&](bool ok, const char* what, const char* act) {
    if (ok) return;
    wrong.emplace_back(what);
    advice.emplace_back(act);
  };
  must(may.reads, "it may not read", "allow reading");
  must(may.futures, "it may not trade futures", "allow futures");
  must(!may.withdrawals, "it may withdraw", "forbid withdrawals");
  must(!may.internal_transfers, "it may transfer to others", "forbid internal transfers");
  must(!may.universal_transfers, "it may transfer between wallets", "forbid universal transfers");
  const bool is_live = environment == "live";
  if (is_live)
    must(may.is_ip_bound, "it may be used from everywhere", "bind it to this machine's address");
  if (!wrong.empty())
    return fault("permissions", fmt::format("the key: {}", fmt::join(wrong, "; ")),
                 fmt::format("on the exchange's API management page: {}", fmt::join(advice, "; ")));
  if (!may.is_ip_bound)
    return warning("permissions",
                   "futures on, withdrawals and transfers off, not bound to an address",
                   "bind a key that can lose money to this machine's address");
  return fine("permissions", "futures on, withdrawals and transfers off, bound to an address");
}

Finding judge_rate(const binance::VenueHealth& health) {
  const int limit = std::max(1, health.weight_limit);
  const int percent = health.weight_used * 100 / limit;
  const std::string found = fmt::format("{} of {} weight used this minute, this check included",
                                        health.weight_used, limit);
  if (health.banned_until)
    return fault("rate limit", "this address is banned until " + iso_seconds(*health.banned_until),
                 "stop everything that asks the exchange from this address, and wait");
  if (percent >= kRateFault)
    return fault("rate limit", found + ": queries wait, and the rest is kept for orders",
                 "find out what else asks the exchange from this address");
  if (percent >= kRateWarning)
    return warning("rate limit", found, "find out what else asks the exchange from this address");
  return fine("rate limit", found);
}

Finding judge_modes(const exchange::AccountModes& modes) {
  const std::string position = modes.hedge ? "hedge mode" : "one-way mode";
  if (!modes.can_trade)
    return fault("modes", "the exchange does not let this account trade",
                 "read the exchange's notices to the account's owner");
  if (modes.multi_assets)
    return fault("modes", position + ", multi-assets mode: isolated margin is impossible in it",
                 "switch the account to single-asset mode (futures preferences, asset mode)");
  return fine("modes", position + ", single-asset mode");
}

ContractFacts facts_of(const exchange::MarketRules& rules,
                       const std::vector<exchange::SymbolBrackets>& brackets, TimePoint now,
                       const trading::Settings& settings) {
  std::map<Symbol, const Brackets*> known;
  for (const auto& each : brackets)
    if (!each.brackets.empty()) known.emplace(each.symbol, &each.brackets);
  ContractFacts facts;
  facts.listed = static_cast<int>(rules.symbols.size());
  for (const auto& each : rules.symbols) {
    if (!trading::is_eligible(each, now, settings)) continue;
    ++facts.eligible;
    const auto found = known.find(each.symbol);
    if (found == known.end())
      ++facts.without_brackets;
    else if (found->second->front().max_leverage < settings.leverage)
      ++facts.without_leverage;
  }
  return facts;
}

Finding judge_contracts(const ContractFacts& facts, const trading::Settings& settings) {
  const int usable = facts.eligible - facts.without_brackets - facts.without_leverage;
  const std::string found = fmt::format("{} contracts, {} could be shorted with leverage {}",
                                        facts.listed, usable, settings.leverage);
  if (usable < settings.top_n)
    return fault("contracts", fmt::format("{}, top_n is {}", found, settings.top_n),
                 "lower [strategy] top_n or leverage, or ask another exchange");
  if (facts.without_brackets > 0 || facts.without_leverage > 0)
    return warning(
        "contracts",
        fmt::format("{}; {} tell no margin brackets, {} do not allow that leverage", found,
                    facts.without_brackets, facts.without_leverage),
        "they are replaced by the next gainers; a lower [strategy] leverage loses fewer");
  return fine("contracts", found);
}

Finding judge_conditional_orders(std::size_t open, const trading::Settings& settings) {
  // The configuration itself is checked when it is read: this is what the account has open.
  const std::size_t entry = static_cast<std::size_t>(settings.top_n) * 3;
  const std::string found =
      fmt::format("{} open, {} allowed; an entry needs up to {}", open, kConditionalMax, entry);
  if (open + entry > kConditionalMax)
    return fault("conditional orders", found + ": its stops would be refused",
                 "cancel conditional orders that are not needed, or lower [strategy] top_n");
  if (open + entry > kConditionalOurs)
    return warning("conditional orders", found,
                   "cancel conditional orders that are not needed, or lower [strategy] top_n");
  return fine("conditional orders", found);
}

Finding judge_margin(const std::vector<exchange::Position>& positions,
                     const std::vector<exchange::SymbolSettings>& symbols,
                     const trading::Settings& settings) {
  std::set<Symbol> cross;
  int ready = 0;
  for (const auto& each : symbols) {
    if (each.margin == MarginType::cross) cross.insert(each.symbol);
    if (each.margin == MarginType::isolated && each.leverage == settings.leverage) ++ready;
  }
  std::vector<std::string> held;
  for (const auto& each : positions)
    if (cross.contains(each.symbol)) held.push_back(each.symbol.str());
  const std::string found = fmt::format(
      "{} of {} contracts are isolated with leverage {}; the others are set before "
      "they are shorted",
      ready, symbols.size(), settings.leverage);
  if (!held.empty())
    return warning("margin", fmt::format("{}; positions in cross margin: {}", found, join(held)),
                   "a contract with a cross position cannot be made isolated, so it is not "
                   "shorted: close these, or leave them be");
  return fine("margin", found);
}

Task<std::optional<exchange::AccountIdentity>> check_exchange(Ground ground, Findings& findings) {
  Examination examination(ground, findings);
  co_return co_await examination.run();
}

}  // namespace bb::app
