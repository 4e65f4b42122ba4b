// The HTTP server side: serves one AnyStream until it closes, or listens on a TCP port.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/async.h"
#include "net/http.h"
#include "net/websocket.h"

namespace bb::net {

/// Writes the body of an answer that has no length: it ends when the connection does.
class HttpBodyWriter {
 public:
  virtual ~HttpBodyWriter() = default;
  /// False when the client is gone, or has not taken the piece by `deadline`; nothing more is
  /// written then. The piece outlives the await.
  virtual Task<bool> write(std::string_view piece, SteadyTime deadline) = 0;
};
using ServeBody = std::function<Task<void>(HttpBodyWriter&)>;

/// An answer and how it is delivered; faults of a real network are produced here.
struct ServerReply {
  enum class Delivery {
    whole,
    truncated,  // half of the bytes, then the connection closes
    dropped,    // the connection closes without a byte
  };
  HttpResponse response;
  Delivery delivery = Delivery::whole;
  /// With status 101: what the connection is from then on.
  WsServe websocket = {};
  WsOptions websocket_options = {};
  /// Set: the head of `response` is sent at once and this writes the body, while it comes into
  /// being (server-sent events). It must end when the server stops.
  ServeBody body = {};
};

/// The answer to a request that asks for a WebSocket: `serve` gets the connection where the
/// handshake is right; otherwise 400 or 426.
ServerReply accept_websocket(const HttpRequest& request, WsOptions options, WsServe serve);

/// Called once per request, in order within a connection. The request is the callee's to keep.
using HttpHandler = std::function<Task<ServerReply>(HttpRequest)>;

struct HttpServerOptions {
  std::size_t max_header_bytes = 64u << 10;
  std::size_t max_body_bytes = 1u << 20;
  Micros idle_limit{120'000'000};
  std::size_t max_connections = 0;  // of a listener; what is above is closed at once. 0 = no limit
};

/// Serves requests of one connection until it closes, keep-alive ends or `stop` is requested: that
/// is asked between requests; while none comes, the client or the idle limit ends it. A request
/// that is not HTTP is answered with 400 and the connection closes. An exception of the handler
/// answers 500 and then leaves here. `handler` and `stop` outlive the await.
/// A connection that became a WebSocket is served until its coroutine ends, whatever `stop` says.
Task<void> serve_http(AnyStream stream, Clock& clock, const HttpHandler& handler,
                      HttpServerOptions options, const Stop& stop);

/// Accepts TCP connections on address:port (port 0 picks one) and serves each in its own child.
class HttpListener {
 public:
  /// Fails with a sentence (port in use, no permission) before anything runs.
  static Result<std::unique_ptr<HttpListener>> open(boost::asio::io_context& io, Clock& clock,
                                                    const std::string& address, std::uint16_t port,
                                                    HttpHandler handler, HttpServerOptions options);
  ~HttpListener();
  std::uint16_t port() const;
  /// Runs until `stop` is requested; then closes idle connections and WebSockets (1001), lets
  /// answers in the making finish, and returns. A handler's exception closes its connection and
  /// leaves here at the end.
  Task<void> run(Stop& stop);

 private:
  struct State;
  explicit HttpListener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bb::net
