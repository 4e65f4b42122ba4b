// HttpSession: the server's end of one connection.
#pragma once

#include "net/http_server.h"
#include "net/http_wire.h"
#include "net/inbox.h"

namespace bb::net {

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(AnyStream stream, Clock& clock, HttpServerOptions options);

  /// As serve_http(). The session is held by a shared_ptr of the caller meanwhile.
  Task<void> serve(const HttpHandler& handler, const Stop& stop);
  /// Closes now when no request is being answered; an answer in the making is still sent. A
  /// WebSocket begins its close handshake.
  void close_if_idle();

 private:
  enum class Phase { reading, answering, writing };

  Task<void> serve_requests(const HttpHandler& handler, const Stop& stop);
  Task<bool> answer(const HttpHandler& handler, HttpRequest request, bool keeps_alive,
                    const Stop& stop);
  Task<bool> deliver(ServerReply reply, bool last);
  Task<void> stream_body(ServerReply reply);
  Task<void> become_websocket(ServerReply reply, const Stop& stop);
  void enter(Phase phase);
  void watch(SteadyTime when);

  AnyStream stream_;
  std::string peer_;  // asked once, while the stream is open for sure
  Clock& clock_;
  HttpServerOptions options_;
  Inbox inbox_;
  std::shared_ptr<WsConnection> websocket_;
  Phase phase_ = Phase::reading;
  bool mid_request_ = false;
  SteadyTime entered_{};
  TimerId timer_ = 0;
};

}  // namespace bb::net
