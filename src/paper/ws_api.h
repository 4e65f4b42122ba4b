// WsApi: the WebSocket API (reference §16): requests over one socket, through the very handlers,
// limits, faults and delays of REST. A request becomes an HTTP request that was never written; what
// its signature covers is another text, so that goes beside it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "paper/auth.h"
#include "paper/limits.h"
#include "paper/routes.h"

namespace bb::paper {

/// What a request of the WebSocket API brings beside the HTTP request.
struct ApiContext {
  const Route* route = nullptr;
  std::string signed_text{};              // names sorted, values not encoded, without the signature
  std::optional<Auth::Caller> session{};  // who is logged on; set when the request is not signed
  Auth::Caller caller{};                  // out: who it was from
};

class WsApi {
 public:
  struct Parts {
    Clock& clock;          // of connections
    Clock& exchange_time;  // of the 24 h
    std::function<TimePoint()> now;
    RateLimits limits;
    /// Answers as over HTTP.
    std::function<Task<net::ServerReply>(net::HttpRequest, ApiContext&)> perform;
    std::function<Limits::OrderCounts(int account)> order_counts;
    /// Counts a handshake; the refusal where the limit is broken.
    std::function<std::optional<Limits::Refusal>(const net::HttpRequest&)> charge_handshake;
    /// Whether the key signs with Ed25519: only such keys log on.
    std::function<bool(const std::string& api_key)> is_ed25519;
  };
  explicit WsApi(Parts parts) : parts_(std::move(parts)) {}
  WsApi(const WsApi&) = delete;
  WsApi& operator=(const WsApi&) = delete;

  /// The answer to a request for a socket of this API; nothing for other paths.
  std::optional<net::ServerReply> accept(const net::HttpRequest& request);

 private:
  struct Session;
  struct Request;

  Task<void> serve(std::shared_ptr<net::WsConnection> socket, std::string peer, bool shows_limits);
  Task<void> answer(Session& session, std::string text);
  Task<void> run(Session& session, const Request& request);
  Task<void> log_on(Session& session, const Request& request);
  void reply(Session& session, const Request& request, int status, std::string_view member,
             const net::ServerReply* http, const ApiContext* context, std::string_view body);
  void report_session(Session& session, const Request& request, const net::ServerReply& http);

  Parts parts_;
};

}  // namespace bb::paper
