// An Ear listens to an account's stream of a SimWorld and remembers what it was told, and when.
#pragma once

#include <string>
#include <vector>

#include "support/sim_world.h"

namespace bb::binance::test {

using bb::test::run_world;
using bb::test::SimWorld;
using bb::test::WorldOptions;

/// The world's own program, beside whose account this one listens with its own. `settings` are the
/// world's, changed.
class Ear {
 public:
  explicit Ear(SimWorld& world, const std::string& stream_url = "");
  ~Ear();

  exchange::TradingAccount& account() { return *account_; }
  Venue& venue() { return *venue_; }
  /// Begins to listen.
  void open();
  /// Stops, and waits until it has stopped.
  Task<void> close();

  struct Told {
    exchange::AccountEvent event;
    SteadyTime at;
  };
  const std::vector<Told>& told() const { return told_; }
  /// What was told since the last call, "gap order:open order:filled/fill positions:ORDER".
  std::string news();
  int gaps() const;
  const exchange::Gap& last_gap() const;
  /// The ids of all fills told, in order.
  std::vector<std::int64_t> fills() const;
  const std::string& lines() const { return lines_; }

  /// Sells so much of C01USDT at the market.
  Task<exchange::Outcome<exchange::OrderView>> sell(std::string client_order_id,
                                                    std::string qty = "10");
  Task<exchange::Outcome<exchange::OrderView>> place_stop(std::string client_order_id);

 private:
  Task<void> listen();

  SimWorld& world_;
  std::string lines_;
  Log log_;
  Settings settings_;
  std::unique_ptr<Venue> venue_;
  std::unique_ptr<exchange::TradingAccount> account_;
  Stop stop_;
  TaskGroup group_;
  std::vector<Told> told_;
  std::size_t read_ = 0;
};

/// One event as a word.
std::string word(const exchange::AccountEvent& event);

}  // namespace bb::binance::test
