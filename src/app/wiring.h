// Wiring: the only place that knows every module. An Account is everything one account needs, from
// the byte stream up; what differs between live, paper, demo and tests is the clock, the dialer and
// the store's folder it is given, and nothing else.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "base/async.h"
#include "desk/desk.h"
#include "net/dialer.h"
#include "net/memory.h"
#include "paper/server.h"
#include "store/account_home.h"

namespace bb::binance {
class Venue;
struct VenueOptions;
}  // namespace bb::binance

namespace bb::app {

/// What an account stands on; all of it outlives the account.
struct Ground {
  net::Dialer& dialer;
  Clock& clock;
  const Log& log;
  const Config& config;
  const Stop* stop = nullptr;  // of the process: no new risk once requested
};

/// For every Venue of this process. A ban is this machine's, whatever account asked; an exchange in
/// this process bans nobody for longer than it lives.
binance::VenueOptions venue_options(const Config& config);

/// The exchange's public side alone, for commands that use no key.
class PublicSide {
 public:
  explicit PublicSide(Ground ground);
  ~PublicSide();
  exchange::MarketData& market() { return *market_; }

 private:
  std::unique_ptr<binance::Venue> venue_;
  std::unique_ptr<exchange::MarketData> market_;
};

struct AccountOptions {
  std::string command;          // for the lock's text
  bool locks = true;            // false: simulations, where nobody else exists
  bool threaded_store = false;  // true for processes that live long
  Micros lock_wait{0};          // for another process to let go
};

class Account {
 public:
  /// Takes the locks, meets the exchange, opens the store: in this order, so that a second process
  /// is turned away before it does anything.
  static Task<Result<std::unique_ptr<Account>>> open(Ground ground, AccountOptions options);
  ~Account();
  desk::Desk& desk() { return *desk_; }
  store::Store& store() { return *store_; }
  exchange::TradingAccount& exchange() { return *account_; }
  exchange::MarketData& market() { return *market_; }
  /// Only with `locks`.
  store::AccountHome& home() { return *home_; }
  /// "<environment>-<alias>", as the database knows it.
  std::string name() const;

 private:
  explicit Account(Ground ground);
  Task<Status> meet();

  std::unique_ptr<store::FileLock> lock_;
  std::unique_ptr<store::AccountHome> home_;
  std::unique_ptr<binance::Venue> venue_;
  std::unique_ptr<exchange::MarketData> market_;
  std::unique_ptr<exchange::TradingAccount> account_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<desk::Desk> desk_;
  exchange::AccountIdentity identity_;
  exchange::AccountModes modes_;
};

/// The directory of the configured account, also before anybody made it. Without a word to the
/// exchange where this host has met the account with this key before: a door must be found however
/// the network is.
Task<Result<std::string>> find_home(Ground ground);

/// The database of the account with that directory: the one its last holder used, else one in the
/// directory.
std::string find_database(const std::string& directory);

/// An account to look at, beside the process that holds it: no lock is taken, nothing is written.
class AccountView {
 public:
  /// Meets the exchange.
  static Task<Result<std::unique_ptr<AccountView>>> open(Ground ground);
  ~AccountView();
  /// The account's database as it is now.
  Result<std::unique_ptr<const store::Store>> open_store() const;
  exchange::TradingAccount& exchange() { return *account_; }
  exchange::MarketData& market() { return *market_; }
  Clock& clock() { return ground_.clock; }

 private:
  explicit AccountView(Ground ground);

  Ground ground_;
  std::unique_ptr<binance::Venue> venue_;
  std::unique_ptr<exchange::MarketData> market_;
  std::unique_ptr<exchange::TradingAccount> account_;
  std::string name_;  // as the database knows it
};

/// A paper exchange in memory and the dialer that reaches it: demo and tests.
class MemoryExchange {
 public:
  MemoryExchange(boost::asio::any_io_executor executor, Clock& clock, const sim::Market& market,
                 paper::ServerOptions options, net::Latency latency, std::uint64_t seed);
  ~MemoryExchange();
  MemoryExchange(const MemoryExchange&) = delete;
  MemoryExchange& operator=(const MemoryExchange&) = delete;

  net::MemoryDialer& dialer() { return dialer_; }
  paper::Server& server() { return server_; }
  std::int64_t requests() const { return requests_; }
  /// Await this before the object dies, after every client of it has died.
  Task<void> close();

 private:
  Stop stop_;
  paper::Server server_;
  net::HttpHandler counted_;
  TaskGroup streams_;
  net::MemoryDialer dialer_;
  std::int64_t requests_ = 0;
};

/// The dialer of live and paper: TCP and TLS, through the configured proxy.
std::unique_ptr<net::Dialer> wire_network(boost::asio::io_context& io, Clock& clock,
                                          const Config& config);

/// Makes `config` speak to a paper exchange in memory as that account.
void point_at_memory(Config& config, const paper::PaperAccount& account);

}  // namespace bb::app
