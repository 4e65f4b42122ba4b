// WsConnection: one WebSocket (RFC 6455) over an AnyStream, for either end. Every deadline is a
// timer of the Clock, so all of it runs in virtual time.
//
// One coroutine receives; anybody on the loop sends. Sending never waits: what the peer has not
// taken yet queues, and a peer for whom more than `max_queued_bytes` would wait is cut off.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "net/http.h"
#include "net/inbox.h"
#include "net/ws_wire.h"

namespace bb::net {

struct WsOptions {
  std::size_t max_message_bytes = 1u << 20;  // of a message received
  std::size_t max_queued_bytes = 4u << 20;
  Micros ping_every{0};   // 0 = never
  Micros pong_within{0};  // a ping without its pong for this long ends the connection; 0 = no limit
  Micros silence_limit{0};         // not a byte for this long ends the connection; 0 = no limit
  Micros close_within{2'000'000};  // for the close handshake; a stop waits for it
};

/// One text message as a server's frame: encoded once, sent to many.
using WsFrame = std::shared_ptr<const std::string>;
WsFrame ws_text_frame(std::string_view text);

/// How a connection ended.
struct WsEnd {
  int code = ws_code::kAbnormal;  // the peer's close code, or the one it was sent for a fault
  std::string reason;
};

class WsConnection : public std::enable_shared_from_this<WsConnection> {
 public:
  enum class Role { client, server };
  /// The handshake is done; `unread` came behind it. `mask_seed` is for clients: the seed of the
  /// masks.
  static std::shared_ptr<WsConnection> make(AnyStream stream, Clock& clock, Role role,
                                            WsOptions options, std::string_view unread,
                                            std::uint64_t mask_seed = 0);

  /// The next message, or a ping or pong after it was dealt with; nothing once the connection has
  /// ended. The connection lives on meanwhile.
  Task<std::optional<WsEvent>> receive();
  /// Why it ended, once receive() has said so.
  const WsEnd& end() const { return end_; }

  /// False when nothing can be sent any more.
  bool is_open() const { return !closing_ && stream_.is_open(); }
  // After the end, sending does nothing.
  void send_text(std::string_view text);
  void send(WsFrame frame);  // a server's
  void ping(std::string_view payload);
  /// Begins the close handshake; the connection ends when the peer answers, or at the deadline.
  void close(int code, std::string_view reason);
  /// Ends it at once, without a word.
  void drop(std::string_view why);
  std::size_t queued_bytes() const { return queued_; }

 private:
  WsConnection(AnyStream stream, Clock& clock, Role role, WsOptions options,
               std::string_view unread, std::uint64_t mask_seed);

  void send_frame(WsOpcode opcode, std::string_view payload);
  void enqueue(WsFrame frame);
  void write_next();
  void on_written(boost::system::error_code error, std::size_t bytes);
  bool take(const WsEvent& event);
  void answer_close(int code, std::string_view reason);
  void arm();
  void on_timer();
  void ended(int code, std::string_view reason);

  AnyStream stream_;
  Clock& clock_;
  Role role_;
  WsOptions options_;
  Random masks_;
  WsParser parser_;
  Inbox inbox_;
  std::deque<WsFrame> queue_;
  std::string batch_;  // being written
  std::size_t written_ = 0;
  std::size_t queued_ = 0;
  bool writing_ = false;
  bool closing_ = false;  // a close frame is queued or sent
  bool ends_when_written_ = false;
  bool has_ended_ = false;
  WsEnd end_;

  SteadyTime heard_{};
  SteadyTime next_ping_{};
  SteadyTime close_by_{};
  std::deque<std::pair<std::string, SteadyTime>> pings_;  // unanswered, with their deadlines
  TimerId timer_ = 0;
};

/// What a server does with a connection; it ends when the coroutine does.
using WsServe = std::function<Task<void>(std::shared_ptr<WsConnection>)>;

/// A server's answer to the upgrade: 101, or 400 or 426 with a sentence.
HttpResponse answer_handshake(const HttpRequest& request);
/// True when the request asks for a WebSocket at all.
bool asks_for_websocket(const HttpRequest& request);
/// The bytes of a 101 answer.
std::string handshake_text(const HttpResponse& response);

struct WsRequest {
  Endpoint endpoint;
  std::string target = "/";
  Headers headers = {};
  WsOptions options = {};
  std::uint64_t mask_seed = 0;  // 0 = from the system
};

/// The client's end: connects, shakes hands, and has a connection; or says in a sentence what
/// failed, with the status of a server that refused as the error's code.
Task<Result<std::shared_ptr<WsConnection>>> connect_websocket(Dialer& dialer, Clock& clock,
                                                              WsRequest request,
                                                              SteadyTime deadline);

}  // namespace bb::net
