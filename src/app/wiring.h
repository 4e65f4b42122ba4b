// Wiring: the only place that knows every module. An Account is everything one account needs, from
// the byte stream up; what differs between live, paper, demo and tests is the clock, the dialer and
// the store's folder it is given, and nothing else.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

class Venues;

/// What an account stands on; all of it outlives the account.
struct Ground {
  net::Dialer& dialer;
  Clock& clock;
  const Log& log;
  const Config& config;
  const Stop* stop = nullptr;       // of the process: no new risk once requested
  Venues* venues = nullptr;         // shared with other accounts of the process; none = its own
  net::Dialer* telegram = nullptr;  // the way to Telegram where that has one of its own
  net::Dialer& telegram_dialer() const { return telegram != nullptr ? *telegram : dialer; }
};

/// The exchange hosts of a process with several accounts: connections, clock, weight budget and ban
/// belong to the address, whoever asks. Each is made by the first account that needs it, with its
/// settings; what that account stands on outlives the object.
class Venues {
 public:
  /// For so many accounts at the same time: they need so many times the connections.
  explicit Venues(std::size_t accounts) : accounts_(accounts) {}
  std::shared_ptr<binance::Venue> of(const Ground& ground);
  /// The longest that a query had to wait for the limits, so far.
  Millis waited_longest() const;

 private:
  std::size_t accounts_;
  std::map<std::string, std::shared_ptr<binance::Venue>> venues_;  // by host and way
};

/// The shared one, or one of its own.
std::shared_ptr<binance::Venue> venue_for(const Ground& ground);

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
  std::shared_ptr<binance::Venue> venue_;
  std::unique_ptr<exchange::MarketData> market_;
};

struct AccountOptions {
  std::string command;          // for the lock's text
  bool locks = true;            // false: simulations, where nobody else exists
  bool threaded_store = false;  // true for processes that live long
  Micros lock_wait{0};          // for another process to let go
  /// Positions and rules are read along with the first words to the exchange: for who closes.
  bool looks = false;
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
  /// With `looks`: the positions as they were just before the object was there; once.
  std::optional<std::vector<exchange::Position>> take_first_look() {
    return std::exchange(first_look_, std::nullopt);
  }
  /// "<environment>-<alias>", as the database knows it.
  std::string name() const;

 private:
  explicit Account(Ground ground);
  Task<Status> meet();
  Task<void> look();

  std::unique_ptr<store::FileLock> lock_;
  std::unique_ptr<store::AccountHome> home_;
  std::shared_ptr<binance::Venue> venue_;
  std::unique_ptr<exchange::MarketData> market_;
  std::unique_ptr<exchange::TradingAccount> account_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<desk::Desk> desk_;
  exchange::AccountIdentity identity_;
  exchange::AccountModes modes_;
  std::optional<std::vector<exchange::Position>> first_look_;
  std::optional<exchange::MarketRules> first_rules_;
};

/// The directory of the configured account, also before anybody made it. Without a word to the
/// exchange where this host has met the account with this key before: a door must be found however
/// the network is.
Task<Result<std::string>> find_home(Ground ground);

/// The same where this host has met the account with this key before; nothing, and nobody is asked,
/// where not.
std::optional<std::string> known_home(const Config& config);

/// The database of the account with that directory: the one its last holder used, else one in the
/// directory.
std::string find_database(const std::string& directory);

/// Names the files that the configuration leaves to the account's directory, and makes that
/// directory; `config` is the ground's own. Where nothing is left open it asks nobody.
Task<Status> settle_files(Ground ground, Config& config);

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
  /// As the database knows it.
  const std::string& name() const { return name_; }

 private:
  explicit AccountView(Ground ground);

  Ground ground_;
  std::shared_ptr<binance::Venue> venue_;
  std::unique_ptr<exchange::MarketData> market_;
  std::unique_ptr<exchange::TradingAccount> account_;
  std::string name_;
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

/// The same through Telegram's own proxy; nothing where it has none.
std::unique_ptr<net::Dialer> wire_telegram(boost::asio::io_context& io, Clock& clock,
                                           const Config& config);

/// Makes `config` speak to a paper exchange in memory as that account.
void point_at_memory(Config& config, const paper::PaperAccount& account);

}  // namespace bb::app
