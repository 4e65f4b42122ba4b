// paper::Server: Binance's face over an exchange in memory: REST, stream sockets (streams.h) and
// the WebSocket API (ws_api.h). It speaks through net::HttpHandler, so the same server works over
// memory streams in virtual time and over TCP.
//
// One request: route, weight, authentication and the time rule on arrival; then it waits
// `delay_before`; the exchange moves to the present and the request acts at one instant; it waits
// `delay_after`; the answer leaves. Requests do not queue behind each other's delays.
//
// Lifetime: the server outlives every stream it serves; the market and the clock outlive it.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "net/http_server.h"
#include "paper/options.h"
#include "paper/stream_faults.h"

namespace bb::paper {

/// One answered request, for tests and audits.
struct RequestRecord {
  TimePoint time{};  // of arrival
  net::Method method = net::Method::get;
  std::string path;
  std::string client_id;  // newClientOrderId, clientAlgoId or origClientOrderId, where sent
  int status = 0;         // 0 = the connection was dropped without an answer
};

struct ApiContext;

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
  /// Exchange time: the clock's UTC and the offset; it never runs backwards.
  TimePoint now() const;
  sim::Exchange& exchange();

  FaultPlan& faults();
  void set_delays(Micros before, Micros after);
  /// Moves the exchange's clock against the machine's.
  void shift_clock(Millis by);
  const std::deque<RequestRecord>& request_log() const;

  void set_stream_faults(const StreamFaults& faults);
  /// What is left of them: the counted ones count down.
  StreamFaults stream_faults() const;
  /// Cuts every stream socket.
  void disconnect_streams();

 private:
  struct State;
  /// `context`: of a request of the WebSocket API.
  Task<net::ServerReply> answer(net::HttpRequest request, ApiContext* context);
  std::unique_ptr<State> state_;
};

}  // namespace bb::paper
