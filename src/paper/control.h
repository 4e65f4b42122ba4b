// Control: what somebody who plays the exchange tells it, over HTTP on a port and with a token of
// its own (docs/paper-control.md). JSON in, JSON out; what is wrong is said in a plain sentence:
// {"error": "..."} with 400, 401, 404, 405 or 409. It is off unless it is asked for.
//
// Lifetime: the server and its market outlive it. The market is the server's
// own: holding a price in a copy of it holds it there, too.
#pragma once

#include <string>
#include <string_view>

#include "net/http_server.h"
#include "paper/server.h"

namespace bb::paper {

class LiveFeed;

struct ControlParts {
  Server& server;
  sim::Market& market;
  const std::vector<PaperAccount>& accounts;
  const LiveFeed* source = nullptr;  // of a live market
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

/// Does again what a kept deed of the control did; fails with a sentence when it is refused now.
Status replay_deed(const Act& act, ControlParts& parts);

}  // namespace bb::paper
