// WsApi: the WebSocket API (reference §16): requests over one socket, through the very handlers,
// limits, faults and delays of REST. A request becomes an HTTP request that was never written; what
// its signature covers is another text, so that goes beside it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "paper/front.h"

namespace bb::paper {

class WsApi {
 public:
  struct Parts {
    Clock& clock;             // of connections
    Timeline& exchange_time;  // of the 24 h
    std::function<TimePoint()> now;
    RateLimits limits;
    /// Answers as over HTTP.
    std::function<Task<net::ServerReply>(net::HttpRequest, ApiContext&)> perform;
    std::function<Limits::OrderCounts(int account)> order_counts;
    /// Counts a handshake; the refusal where the limit is broken.
    std::function<std::optional<Limits::Refusal>(const net::HttpRequest&)> charge_handshake;
    /// A socket of this address was cut off for sending too much.
    std::function<void(const std::string& address)> note_flood;
    /// Whether the key signs with Ed25519: only such keys log on.
    std::function<bool(const std::string& api_key)> is_ed25519;
    /// Whether the key is accepted from this address now: it may have been revoked.
    std::function<bool(const std::string& api_key, const std::string& address)> is_usable;
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
