// paper::Server: Binance's face over an exchange in memory: REST, stream sockets (streams.h) and
// the WebSocket API (ws_api.h). It speaks through net::HttpHandler, so the same server works over
// memory streams in virtual time and over TCP.
//
// One request's way is front.h. Requests do not queue behind each other's delays.
//
// Lifetime: the server outlives every stream it serves; the market and the clock outlive it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "paper/front.h"
#include "paper/lags.h"
#include "paper/stream_faults.h"

namespace bb::paper {

class Server {
 public:
  /// The exchange starts at the clock's present; all accounts exist from then on.
  Server(Clock& clock, const sim::Market& market, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Task<net::ServerReply> handle(net::HttpRequest request);
  /// For HttpListener and serve_http.
  const net::HttpHandler& handler() const;
  /// Serves one connection until it closes or `stop` is requested.
  Task<void> serve_stream(net::AnyStream stream, const Stop& stop);

  /// Moves the exchange to the present, as a request would.
  void advance();
  /// Exchange time; it never runs backwards.
  TimePoint now() const;
  /// A live market grows (sim/live_market.h): the exchange lives up to the present, `change` puts
  /// the news in as of the instant that it is given and says which contracts are concerned, and the
  /// exchange goes on from there.
  void grow(const std::function<std::vector<Symbol>(TimePoint at)>& change);
  /// While prices are not known no request acts that might fill: orders are answered with 503
  /// "Service Unavailable." (reference §7: failed for sure), whether they reduce or not. What only
  /// waits for a trigger is accepted, cancels and queries work.
  void set_suspended(bool suspended);
  bool suspended() const;
  /// Where exchange time comes from, and what waits for it.
  Timeline& timeline();
  sim::Exchange& exchange();

  FaultPlan& faults();
  void set_delays(Micros before, Micros after);
  /// Delays of single routes, beside those of all.
  Latencies& latencies();
  Lags& lags();
  /// The server's front believes it is so much later than it is: its time endpoint, and what it
  /// makes of timestamps. The market is not touched.
  void set_skew(Millis by);
  /// Moves exchange time against the machine's clock.
  void shift_clock(Millis by);
  const std::deque<RequestRecord>& request_log() const;

  void set_stream_faults(const StreamFaults& faults);
  /// What is left of them: the counted ones count down.
  StreamFaults stream_faults() const;
  /// The account's listen key dies now; its streams are told.
  void expire_listen_key(int account);
  /// Cuts every stream socket.
  void disconnect_streams();
  /// An API key is refused from now on (-2015), or accepted again; sessions of the WebSocket API
  /// that are logged on with it end with their next request. The account's listen key lives on: it
  /// belongs to the account (reference §14.1). False when there is no such key.
  bool set_key_revoked(std::string_view key, bool revoked);

  // Memory over restarts (keeper.h, resume.h).
  /// Between these the exchange's present is `at`, whatever the clock says.
  void begin_replay(TimePoint at);
  void end_replay();
  /// Does again what a request did; fails when it is refused now.
  Status replay(const Act& act);
  /// Entries of the exchange's journal so far, those that are forgotten too.
  std::int64_t journal_size() const;
  /// Every act from now on is kept before it is answered.
  void keep_in(Keeper& keeper);
  /// False while the disk refuses: what would be done could be forgotten.
  bool can_keep() const;
  /// A deed of the control is an act, too.
  void keep_deed(std::string target, std::string body);
  /// Waits for what was done to be on disk; true at once without a keeper.
  Task<bool> saved();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bb::paper
