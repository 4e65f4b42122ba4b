// Front: the way of one request through the exchange's face, of REST and of the WebSocket API
// alike: route, weight, authentication and the time rule on arrival; a delay; the act, at one
// instant; the disk; a delay; the answer. Planted faults end it where they are planted.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "net/http_server.h"
#include "paper/auth.h"
#include "paper/faults.h"
#include "paper/keeper.h"
#include "paper/latency.h"
#include "paper/routes.h"
#include "paper/timeline.h"

namespace bb::paper {

/// One answered request, for tests and audits.
struct RequestRecord {
  TimePoint time{};  // of arrival
  net::Method method = net::Method::get;
  std::string path;
  std::string client_id;  // newClientOrderId, clientAlgoId or origClientOrderId, where sent
  int status = 0;         // 0 = the connection was dropped without an answer
};

/// What a request of the WebSocket API brings beside the HTTP request.
struct ApiContext {
  const Route* route = nullptr;
  std::string signed_text{};              // names sorted, values not encoded, without the signature
  std::optional<Auth::Caller> session{};  // who is logged on; set when the request is not signed
  Auth::Caller caller{};                  // out: who it was from
};

class Front {
 public:
  struct Parts {
    Clock& clock;            // of the delays
    ServerOptions& options;  // delays may change while it serves
    Auth& auth;
    FaultPlan& faults;
    Latencies& latencies;
    Timeline& timeline;
    Venue& venue;
    std::function<TimePoint()> now;  // exchange time
    std::function<void()> advance;   // moves the exchange to it; may throw DecimalOverflow
  };
  explicit Front(Parts parts) : parts_(std::move(parts)) {}
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  /// `context`: of a request of the WebSocket API.
  Task<net::ServerReply> answer(net::HttpRequest request, ApiContext* context);

  /// Every act from now on is on disk before it is answered. While the disk refuses, acts are
  /// refused before they are done.
  void keep_in(Keeper& keeper) { keeper_ = &keeper; }
  Keeper* keeper() const { return keeper_; }
  /// Server::set_suspended().
  void set_suspended(bool suspended) { suspended_ = suspended; }
  bool suspended() const { return suspended_; }
  /// Entries of the exchange's journal so far, those that are forgotten too.
  std::int64_t journal_size() const;
  /// Does again what a request did; fails when it is refused now.
  Status replay(const Act& act);

  const std::deque<RequestRecord>& log() const { return log_; }

 private:
  struct Incoming;
  std::optional<Reply> admit(Incoming& in, const Route* route, TimePoint at, Auth::Caller& caller);
  Reply act(Incoming& in, const Route& route, const Auth::Caller& caller,
            const FaultVerdict& verdict);
  Reply answer_of(const FaultRule& rule, const Incoming& in) const;
  net::ServerReply finish(Incoming& in, const Route* route, TimePoint arrived, Reply reply,
                          int account, net::ServerReply::Delivery delivery);

  Parts parts_;
  Keeper* keeper_ = nullptr;
  bool suspended_ = false;
  std::deque<RequestRecord> log_;
};

}  // namespace bb::paper
