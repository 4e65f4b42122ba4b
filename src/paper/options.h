// What a paper exchange is told: accounts, delays, lags, limits, faults, and (for a process of its
// own) where it listens and which market it plays.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "paper/faults.h"
#include "sim/exchange.h"

namespace bb::paper {

struct PaperAccount {
  std::string alias = "paper";
  std::string api_key{};
  std::string api_secret{};
  Usdt balance = Usdt(Decimal::from_int(10'000));
  bool hedge = false;
  int default_leverage = 20;
  MarginType default_margin = MarginType::cross;
  sim::FeeRates fees{};  // zero members mean 0.02 % and 0.05 %
};

struct RateLimits {
  int weight_per_minute = 2400;
  int orders_per_10s = 300;
  int orders_per_minute = 1200;
  int funding_per_5_minutes = 500;
  int ban_after = 10;  // requests that ignore a 429 before the answer becomes 418
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
  Millis clock_offset{0};         // exchange time = clock + this
  sim::ExchangeOptions exchange;  // what nobody has measured on the real one
  RateLimits limits;
  std::vector<FaultRule> faults;
  bool expose_journal = false;  // GET /paper/journal and /paper/state
  /// The newest entries of the exchange's journal that are kept, at least; 0 = all.
  std::size_t journal_limit = 0;
  std::size_t request_log_limit = 100'000;
};

/// A paper exchange as a process (`bubble-buster paper`).
struct Options {
  ServerOptions server;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8790;
  std::string data_folder;  // recorded days; empty = a random market
  sim::PathOrder path = sim::PathOrder::high_first;
  TimePoint begin{};        // first recorded day to play; epoch = the first there is
  int days = 0;             // 0 = all that is recorded from there
  bool keep_dates = false;  // exchange time is the recorded time, for foreign clients only
  std::uint64_t seed = 1;
};

}  // namespace bb::paper
