// An HTTP server behind a MemoryDialer in virtual time, and shorthands for requests to it.
#pragma once

#include <string>
#include <vector>

#include "base/async.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/memory.h"
#include "support/run.h"

namespace bb::net::test {

using bb::test::run_sim;
using bb::test::SimLoop;

/// Serves every accepted stream with one handler; counts connections.
class MemoryServer {
 public:
  MemoryServer(SimLoop& loop, HttpHandler handler, HttpServerOptions options = {},
               Latency latency = {}, std::uint64_t seed = 1);
  MemoryServer(boost::asio::io_context& io, Clock& clock, HttpHandler handler,
               HttpServerOptions options = {}, Latency latency = {}, std::uint64_t seed = 1);
  MemoryDialer& dialer() { return dialer_; }
  int connections() const { return connections_; }
  std::size_t open_connections() const { return group_.running(); }
  Stop& stop() { return stop_; }
  /// Every client is gone: waits for the last connection to end.
  Task<void> join() { return group_.join(); }

 private:
  void accept(AnyStream stream);

  Clock& clock_;
  HttpHandler handler_;
  HttpServerOptions options_;
  Stop stop_;
  TaskGroup group_;
  MemoryDialer dialer_;
  int connections_ = 0;
};

inline Endpoint some_endpoint() { return {"exchange.test", 80, false}; }
HttpRequest get(std::string target);
HttpRequest post(std::string target, std::string body);
/// Answers "<METHOD> <target> <body>" at once.
Task<ServerReply> echo(HttpRequest request);
ServerReply reply(int status, std::string body);

using Answer = std::expected<HttpResponse, HttpFailure>;
/// "200 <body>", or "not sent: <why>" or "sent: <why>".
std::string summary(const Answer& answer);

}  // namespace bb::net::test
