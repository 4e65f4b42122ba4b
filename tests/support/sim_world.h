// SimWorld: the whole trading stack in virtual time. Strategy and desk over the binance adapter,
// over HTTP bytes in memory, over the paper exchange, over a market written by hand; the store is a
// SQLite file in a folder of its own. One loop, one clock, no waiting.
//
//   run_world(options, [](SimWorld& world) -> Task<void> {
//     const auto report = co_await world.entry().run(world.slot());
//     CHECK(report.opened == 3);
//   });
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "binance/account.h"
#include "binance/market_data.h"
#include "binance/venue.h"
#include "desk/desk.h"
#include "net/memory.h"
#include "paper/server.h"
#include "sim/market.h"
#include "store/account_home.h"
#include "store/store.h"
#include "support/run.h"
#include "trading/entry.h"
#include "trading/loss_cut.h"
#include "trading/patrol.h"

namespace bb::test {

/// A coin's price: straight lines between (minutes since the market's begin, price).
struct Coin {
  std::string name;
  std::vector<std::pair<int, double>> course;
  int listed_minute = 0;    // first bar; 0 = long before the market begins
  int delisted_minute = 0;  // after the last bar; 0 = never
  double max_market_qty = 1'000'000;
  int thin_from_minute = 0;  // from then on hardly anybody trades; 0 = never
  ContractType contract = ContractType::perpetual;
};

/// Ends of the course are held.
struct WorldOptions {
  std::vector<Coin> coins;  // empty = gainers(12)
  int days = 4;
  Usdt balance = Usdt(Decimal::from_int(10'000));
  bool hedge = false;
  double funding_rate = 0;  // settled at 00, 08 and 16 UTC; 0 = never
  Micros each_way{25'000};
  TimePoint start = some_day() + Hours(23) + Minutes(30);  // the market begins at some_day()
  trading::Settings strategy;
  paper::ServerOptions server;  // accounts are filled in
};

/// `count` coins "C01USDT".. that rise during the first day, the first one most, and then rest.
std::vector<Coin> gainers(int count);

class SimWorld {
 public:
  explicit SimWorld(WorldOptions options);
  ~SimWorld();

  /// Connects, reads identity and modes, opens the store. run_world() does it.
  Task<void> start();
  /// As after a crash: the program's side is destroyed and built again from the same database.
  Task<void> restart();
  Task<void> shut_down();

  SimLoop& loop() { return loop_; }
  paper::Server& server() { return *server_; }
  sim::Exchange& exchange() { return server_->exchange(); }
  net::MemoryDialer& dialer() { return *dialer_; }
  /// How a second program reaches this world's account.
  const binance::Settings& binance_settings() const { return binance_settings_; }
  exchange::TradingAccount& account() { return *program_->account; }
  exchange::MarketData& market() { return *program_->market; }
  store::Store& store() { return *program_->store; }
  desk::Desk& desk() { return *program_->desk; }
  trading::Entry& entry() { return *program_->entry; }
  trading::Patrol& patrol() { return *program_->patrol; }
  store::AccountHome& home() { return *program_->home; }
  trading::Settings& strategy() { return options_.strategy; }

  /// The slot of 2025-10-10 23:40 UTC.
  trading::EntrySlot slot() const;
  Task<void> sleep(Micros span) { return sleep_for(loop_.clock, span); }
  /// Runs patrols a minute apart.
  Task<trading::PatrolReport> patrol_minutes(int count);

  // What the exchange knows.
  Qty position(const std::string& symbol, PositionSide side = PositionSide::both);
  std::vector<exchange::OrderView> conditional_orders(const std::string& symbol);
  /// Requests to POST /fapi/v1/order that the exchange received.
  int order_posts() const;
  /// The longest time that a position stood without a stop that covers it, so far.
  Micros longest_unprotected();
  /// Log lines of level error so far.
  const std::vector<std::string>& errors() const { return errors_; }
  std::string database() const { return dir_.file("state.db"); }

 private:
  struct Program {
    std::unique_ptr<binance::Venue> venue;
    std::unique_ptr<exchange::MarketData> market;
    std::unique_ptr<exchange::TradingAccount> account;
    std::unique_ptr<store::AccountHome> home;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<desk::Desk> desk;
    std::unique_ptr<trading::Entry> entry;
    std::unique_ptr<trading::Patrol> patrol;
  };

  WorldOptions options_;
  TempDir dir_;
  SimLoop loop_;
  std::vector<std::string> errors_;
  Log log_;
  Stop stop_;
  sim::Market sim_market_;
  std::unique_ptr<paper::Server> server_;
  TaskGroup connections_;
  std::unique_ptr<net::MemoryDialer> dialer_;
  binance::Settings binance_settings_;
  std::unique_ptr<Program> program_;
};

using WorldBody = std::function<Task<void>(SimWorld&)>;
void run_world(WorldOptions options, const WorldBody& body);

}  // namespace bb::test
