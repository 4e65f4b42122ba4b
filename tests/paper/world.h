// A paper server behind a MemoryDialer in virtual time, over a small market made by hand, and a
// tiny client that signs. The market is flat so that every figure of a test is known:
//   AAAUSDT 100.00 (tick 0.01, step 0.001), 120.00 from 06:00 of the second day
//   BBBUSDT 0.5000 (tick 0.0001, step 1)
//   币安人生USDT 2.00 (tick 0.01, step 0.1)
//   LATEUSDT 10.00 (tick 0.01, step 1), listed from the 51st to the 60th day
// 100 days of bars of 15 minutes from some_day(), and two days before it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/json.h"
#include "net/memory.h"
#include "paper/server.h"
#include "sim/impl/market_data.h"
#include "support/run.h"

namespace bb::paper::test {

using bb::test::run_sim;
using bb::test::SimLoop;
using bb::test::some_day;

sim::Market make_test_market();
/// The same columns, to be changed and sealed into a market of another test.
std::vector<sim::impl::Column> test_columns();
sim::Market market_of(std::vector<sim::impl::Column> columns);

struct Answer {
  int status = 0;  // 0 = no answer
  std::string body;
  net::Headers headers;

  /// The code of an error body, 0 without.
  std::int64_t code() const;
  std::string msg() const;
  /// A member of the object (or of the first element of the array) as text or raw JSON.
  std::string at(std::string_view name) const;
  std::string header(std::string_view name) const;
};

/// "symbol,side,..." of an object, or of the first element of an array.
std::string field_names(const std::string& json);
/// The elements of an array.
std::size_t count(const std::string& json);
/// One member of every element of an array, joined by commas.
std::string column(const std::string& json, std::string_view name);

struct Signing {
  bool in_query = false;  // of a POST, too
  Millis age{0};          // of the timestamp when it is sent
  std::string recv_window;
  std::string key = "key-a";
  std::string secret = "secret-a";
};

ServerOptions default_options();

class World {
 public:
  explicit World(SimLoop& loop, ServerOptions options = default_options(),
                 Micros each_way = Micros(0), sim::Market market = make_test_market());

  Server& server() { return server_; }
  sim::Exchange& exchange() { return server_.exchange(); }
  SimLoop& loop() { return loop_; }
  net::Dialer& dialer() { return dialer_; }
  sim::Market& sim_market() { return market_; }

  Task<Answer> get(std::string target);
  Task<Answer> send(net::HttpRequest request);
  /// Adds timestamp and signature; GET and DELETE carry all in the query, POST in the body.
  Task<Answer> call(net::Method method, std::string path, std::string params, Signing how = {});
  Task<Answer> get_signed(std::string path, std::string params = "");
  Task<Answer> post(std::string path, std::string params);
  Task<Answer> del(std::string path, std::string params);

  /// Market orders that open or close; the answers' status is checked by the caller where it
  /// counts.
  Task<Answer> market(std::string symbol, std::string side, std::string qty, std::string more = "");
  Task<Answer> close_stop(std::string symbol, std::string trigger, std::string id);

  /// Closes the client and waits for the server's connections.
  Task<void> close();

 private:
  SimLoop& loop_;
  sim::Market market_;
  Server server_;
  Stop stop_;
  TaskGroup group_;
  net::MemoryDialer dialer_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace bb::paper::test
