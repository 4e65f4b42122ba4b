// What a paper exchange is told: accounts, delays, lags, limits, faults, and (for a process of its
// own) where it listens and which market it plays.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "paper/faults.h"
#include "paper/timeline.h"
#include "sim/exchange.h"

namespace bb::paper {

/// One API key of an account. It signs with HMAC where it has a secret, else with the private half
/// of `public_key` (RSA or Ed25519).
struct ApiKey {
  std::string key;
  std::string secret{};
  std::string public_key{};  // PEM, or the base64 inside it
  bool can_read = true;      // signed GETs
  bool can_trade = true;     // everything else that is signed
  bool can_withdraw = false;
  std::vector<std::string> addresses{};  // the only ones it may come from; empty = any
};

struct PaperAccount {
  std::string alias = "paper";
  std::string api_key{};  // the first key: HMAC, may read and trade
  std::string api_secret{};
  Usdt balance = Usdt(Decimal::from_int(10'000));
  bool hedge = false;
  int default_leverage = 20;
  MarginType default_margin = MarginType::cross;
  sim::FeeRates fees{};        // zero members mean 0.02 %, 0.05 % and (RPI) 0.01 %
  std::vector<ApiKey> keys{};  // more of them
};

/// All keys of an account, the first one first.
std::vector<ApiKey> keys_of(const PaperAccount& account);
/// What is wrong with accounts before any of them trades: none at all, no key, a key that stands
/// twice, neither a secret nor a public key that can be read.
Status check_accounts(const std::vector<PaperAccount>& accounts);

struct RateLimits {
  bool enabled = true;  // off: nothing is refused; the headers count on
  int weight_per_minute = 2400;
  int orders_per_10s = 300;
  int orders_per_minute = 1200;
  int funding_per_5_minutes = 500;  // fundingRate and fundingInfo
  int data_per_5_minutes = 1000;    // /futures/data/*
  int wallet_per_minute = 12'000;   // /sapi/*
  int ban_after = 10;               // requests that ignore a 429 before the answer becomes 418
  int floods_before_ban = 3;        // sockets of an address cut off for flooding in ten minutes
};

/// The server itself; all of it holds in virtual and in real time.
struct ServerOptions {
  std::vector<PaperAccount> accounts;
  Micros delay_before{0};  // between arrival and acting
  Micros delay_after{0};   // between acting and answering
  /// A cancelled algo order looks alive for this long, and blocks its successor with -4130.
  Millis algo_visibility_lag{1200};
  /// closePosition orders do not see a fresh position for this long (-4509).
  Millis position_visibility_lag{0};
  TimelineOptions timeline;
  TimePoint start{};  // where the exchange begins, before it lives up to the present; epoch = there
  sim::ExchangeOptions exchange;  // what nobody has measured on the real one
  RateLimits limits;
  std::vector<FaultRule> faults;
  /// What listen keys and the links of exports are made with. Equal secrets give equal ones, for
  /// simulations; a process that strangers can reach makes its own (serve).
  std::string secret{};
  bool expose_journal = false;  // GET /paper/journal and /paper/state
  /// The newest entries of the exchange's journal that are kept, at least; 0 = all.
  std::size_t journal_limit = 0;
  std::size_t request_log_limit = 100'000;
};

/// The control port (control.h): off without a token.
struct ControlOptions {
  std::string token;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
};

/// A live market (live_feed.h): the bases of the source's REST and of its streams, both as http or
/// https.
struct LiveOptions {
  std::string rest;  // empty = no live market
  std::string streams;
};

/// A paper exchange as a process (`bubble-buster paper`).
struct Options {
  ServerOptions server;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8790;
  std::string data_folder;   // recorded days; empty = a random market
  std::string rules_folder;  // rules for recordings without their own
  Millis interval{0};        // bars to play where several are recorded; 0 = the finest
  sim::PathOrder path = sim::PathOrder::high_first;
  TimePoint begin{};  // first recorded day to play; epoch = the first there is
  int days = 0;       // 0 = all that is recorded from there
  /// Exchange time begins here, at the recorded dates, for foreign clients only; a day of the
  /// market lies before it. Epoch = recorded days are moved so that they begin today.
  TimePoint at{};
  std::uint64_t seed = 1;
  ControlOptions control;
  LiveOptions live;        // then no other market is opened
  std::string db;          // keeps the exchange over restarts (keeper.h); empty = nothing is kept
  bool db_rebase = false;  // go on in another market
  TimePoint first_day{};   // recorded days begin here; epoch = the day of `at`, or today
};

}  // namespace bb::paper
