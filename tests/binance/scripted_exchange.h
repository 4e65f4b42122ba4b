// An exchange that answers what a test tells it to, over memory streams, and remembers every
// request. It checks what no test wants to repeat: signatures over the raw bytes and time stamps.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "binance/account.h"
#include "binance/market_data.h"
#include "binance/venue.h"
#include "net/http_server.h"
#include "net/memory.h"
#include "support/run.h"

namespace bb::binance::test {

using bb::test::run_sim;
using bb::test::SimLoop;
using bb::test::some_day;

inline constexpr const char* kApiKey = "canary-api-key-0123456789";
inline constexpr const char* kApiSecret = "canary-api-secret-0123456789";

/// A request as the exchange saw it.
struct Seen {
  std::string route;                          // "POST /fapi/v1/order"
  std::map<std::string, std::string> params;  // decoded, of query and body
  std::string query;
  std::string body;
  TimePoint at{};  // exchange time

  /// "BTCUSDT", or "-" where there is none.
  std::string param(const std::string& name) const {
    const auto found = params.find(name);
    return found == params.end() ? "-" : found->second;
  }
};

using Respond = std::function<net::ServerReply(const Seen&)>;

net::ServerReply json_reply(std::string body, int status = 200, net::Headers headers = {});
/// {"code":-1021,"msg":"..."}
net::ServerReply error_reply(int code, int status = 400, net::Headers headers = {});
net::ServerReply dropped();
net::ServerReply truncated(std::string body);

class ScriptedExchange {
 public:
  explicit ScriptedExchange(SimLoop& loop);
  net::MemoryDialer& dialer() { return dialer_; }

  /// How far the exchange's clock is ahead of ours.
  void set_skew(Millis skew) { skew_ = skew; }
  TimePoint now() const { return loop_.clock.utc_now() + skew_; }

  /// What a route answers from now on.
  void on(const std::string& route, Respond respond);
  void on(const std::string& route, net::ServerReply reply);
  /// What a route answers once, before anything that on() says; in order.
  void once(const std::string& route, net::ServerReply reply);

  const std::vector<Seen>& seen() const { return seen_; }
  std::vector<Seen> seen(const std::string& route) const;
  int count(const std::string& route) const { return static_cast<int>(seen(route).size()); }
  int connections() const { return connections_; }
  /// Returns when every connection has been closed.
  Task<void> join() { return group_.join(); }

 private:
  Task<net::ServerReply> serve(net::HttpRequest request);
  net::ServerReply answer(const Seen& seen, const net::HttpRequest& request);

  SimLoop& loop_;
  TaskGroup group_;
  Stop stop_;
  net::HttpHandler handler_;
  net::MemoryDialer dialer_;
  Millis skew_{0};
  int connections_ = 0;
  std::map<std::string, Respond> always_;
  std::map<std::string, std::deque<net::ServerReply>> once_;
  std::vector<Seen> seen_;
};

/// The exchange and this module on the other side of it.
struct World {
  explicit World(SimLoop& the_loop, std::function<void(Settings&)> change = {});

  SimLoop& loop;
  ScriptedExchange exchange;
  std::string lines;  // the log
  Log log;
  Settings settings;
  std::unique_ptr<Venue> venue;
  std::unique_ptr<exchange::MarketData> market;
  std::unique_ptr<exchange::TradingAccount> account;

  /// Closes every connection; the last thing a test does.
  Task<void> close();
};

exchange::OrderRequest market_sell(const std::string& client_order_id);
/// The exchange's answer to a placement.
std::string order_json(const std::string& client_order_id, const std::string& status = "FILLED",
                       const std::string& symbol = "BTCUSDT");

/// Runs a test body in its own world, which begins with a measured clock.
using WorldBody = std::function<Task<void>(World&)>;
void in_world(WorldBody body, std::function<void(Settings&)> change = {});

std::string golden(const std::string& name);

}  // namespace bb::binance::test
