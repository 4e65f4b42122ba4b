// OrderSocket: one account's connection to the WebSocket API (reference §16), for its placements
// and cancels. What an answer proves is judged as over HTTP: `status` stands for the HTTP status,
// and a connection that is lost with a request on its way leaves the outcome unknown.
//
// While it is not connected nothing waits for it: the request goes over HTTP, and a connection is
// opened beside it. A request that left here is never sent again by the other way.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "binance/call.h"
#include "binance/signing.h"
#include "net/http.h"

namespace bb::binance {

/// A call as a frame of the WebSocket API; nothing for a call that has no method there. `secret`
/// gets the signature, to keep it out of texts.
std::optional<std::string> socket_request(const Call& call, const std::string& id, TimePoint stamp,
                                          std::string& secret);
/// The text that such a request's signature covers: names sorted, values as text.
std::string socket_payload(const std::map<std::string, std::string>& params);

/// An answer frame, in the shape of HTTP: status, the body that REST would have, and the headers
/// that tell of limits. The error says what is wrong with the frame.
struct SocketAnswer {
  std::string id;  // empty: it belongs to no request
  net::HttpResponse response;
};
Result<SocketAnswer> read_socket_answer(std::string_view text);

class Venue;

class OrderSocket {
 public:
  /// `url` is the whole address, http:// for ws://. The venue outlives this.
  OrderSocket(Venue& venue, const std::string& url);
  ~OrderSocket();
  OrderSocket(const OrderSocket&) = delete;
  OrderSocket& operator=(const OrderSocket&) = delete;

  /// Whether a request may leave now; begins to connect where it may not.
  Task<bool> is_ready();
  /// Connects, if it is not connected.
  Task<Status> connect(SteadyTime deadline);
  /// Sends `frame` and waits for the answer to `id`. Nothing was sent when it is `not_sent`.
  Task<std::expected<net::HttpResponse, net::HttpFailure>> send(std::string id, std::string frame,
                                                                SteadyTime deadline);
  std::string next_id();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with its own reader
};

}  // namespace bb::binance
