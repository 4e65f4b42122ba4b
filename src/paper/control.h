// Control: what somebody who plays the exchange tells it, over HTTP on a port and with a token of
// its own (docs/paper-control.md). JSON in, JSON out; what is wrong is said in a plain sentence:
// {"error": "..."} with 400, 401, 404, 405 or 409. It is off unless it is asked for.
//
// Lifetime: the server, its market and what the hooks name outlive it. The market is the server's
// own: holding a price in a copy of it holds it there, too.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "net/http_server.h"
#include "paper/server.h"

namespace bb::paper {

/// What streams are told to do wrong.
struct StreamOrder {
  enum class Kind { silence, gap, duplicate, reorder, late, disconnect };
  Kind kind = Kind::silence;
  bool user = true;    // user data streams
  bool market = true;  // market streams
  int count = 1;
  Micros delay{0};
};

/// What lies beyond the request path. An empty one is answered with a sentence.
struct ControlHooks {
  std::function<void(const StreamOrder&)> streams;
  std::function<void()> heal_streams;
  std::function<void(int account)> expire_listen_keys;
  /// "refused", "accepted", "expires": a quantity + reduce-only algo stop without a position.
  std::function<bool(std::string_view)> set_stop_without_position;
};

struct ControlParts {
  Server& server;
  sim::Market& market;
  const std::vector<PaperAccount>& accounts;
  ControlHooks hooks{};
};

class Control {
 public:
  /// An empty token is a broken invariant: everybody would be let in.
  Control(ControlParts parts, std::string token);

  Task<net::ServerReply> handle(net::HttpRequest request);
  /// For HttpListener and serve_http; lives as long as the control.
  const net::HttpHandler& handler() const { return handler_; }

 private:
  ControlParts parts_;
  std::string token_;
  net::HttpHandler handler_;
};

}  // namespace bb::paper
