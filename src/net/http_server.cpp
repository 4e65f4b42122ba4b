#include "net/http_server.h"

#include "net/http_session.h"

namespace bb::net {

HttpSession::HttpSession(AnyStream stream, Clock& clock, HttpServerOptions options)
    : stream_(std::move(stream)),
      clock_(clock),
      options_(options),
      inbox_(options.max_header_bytes + (16u << 10)) {}

void HttpSession::close_if_idle() {
  if (websocket_) return websocket_->close(ws_code::kGoingAway, "the server stops");
  if (phase_ == Phase::reading && !mid_request_) stream_.close();
}

void HttpSession::enter(Phase phase) {
  phase_ = phase;
  entered_ = clock_.steady_now();
}

/// One timer per connection, moved only when it fires: most requests never touch it.
void HttpSession::watch(SteadyTime when) {
  timer_ = clock_.call_at(when, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const auto now = self->clock_.steady_now();
    const bool answering = self->phase_ == Phase::answering;
    const auto limit = (answering ? now : self->entered_) + self->options_.idle_limit;
    if (now < limit) return self->watch(limit);
    self->stream_.close();
  });
}

Task<void> HttpSession::serve(const HttpHandler& handler, const Stop& stop) {
  enter(Phase::reading);
  peer_ = stream_.layer().peer();
  watch(clock_.after(options_.idle_limit));
  std::exception_ptr failure;
  try {
    co_await serve_requests(handler, stop);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure && stream_.is_open()) co_await deliver({{500, {}, {}}}, true);
  clock_.cancel(timer_);
  stream_.close();
  if (failure) std::rethrow_exception(failure);
}

Task<void> HttpSession::serve_requests(const HttpHandler& handler, const Stop& stop) {
  const HttpParser::Limits limits{options_.max_header_bytes, options_.max_body_bytes};
  while (!stop.requested()) {
    enter(Phase::reading);
    mid_request_ = false;
    HttpParser parser(HttpParser::Kind::request, limits);
    for (;;) {
      const auto eaten = parser.feed(inbox_.text());
      if (!eaten) {
        const int status = status_of(eaten.error());
        const Headers headers{{"Content-Type", "text/plain"}};
        co_await deliver({{status, headers, std::string(str(eaten.error())) + "\n"}}, true);
        co_return;
      }
      inbox_.consume(*eaten);
      if (parser.done()) break;
      mid_request_ = parser.started();
      const auto read = co_await read_some(stream_, inbox_.room());
      if (read.error) co_return;
      inbox_.received(read.bytes);
    }
    mid_request_ = true;
    const bool keeps_alive = parser.keeps_alive();
    if (!co_await answer(handler, parser.take_request(), keeps_alive, stop)) co_return;
  }
}

Task<bool> HttpSession::answer(const HttpHandler& handler, HttpRequest request, bool keeps_alive,
                               const Stop& stop) {
  enter(Phase::answering);
  request.peer = peer_;
  auto reply = co_await handler(std::move(request));
  if (reply.websocket && reply.response.status == 101 &&
      reply.delivery == ServerReply::Delivery::whole) {
    co_await become_websocket(std::move(reply), stop);
    co_return false;
  }
  if (reply.body && reply.delivery == ServerReply::Delivery::whole) {
    co_await stream_body(std::move(reply));
    co_return false;
  }
  const bool last = !keeps_alive || stop.requested();
  co_return co_await deliver(std::move(reply), last);
}

Task<void> HttpSession::become_websocket(ServerReply reply, const Stop& stop) {
  const auto text = handshake_text(reply.response);
  const auto written = co_await write_all(stream_, text);
  clock_.cancel(timer_);
  if (written.error) co_return;
  websocket_ = WsConnection::make(std::move(stream_), clock_, WsConnection::Role::server,
                                  reply.websocket_options, inbox_.text());
  // Who asked for a stop did not see this socket.
  if (stop.requested()) websocket_->close(ws_code::kGoingAway, "the server stops");
  std::exception_ptr failure;
  try {
    co_await reply.websocket(websocket_);
  } catch (...) {
    failure = std::current_exception();
    websocket_->drop("the server failed");
  }
  websocket_->close(ws_code::kNormal, {});
  if (failure) std::rethrow_exception(failure);
}

namespace {

/// A write that takes too long closes the stream; that ends the write.
class StreamWriter final : public HttpBodyWriter {
 public:
  StreamWriter(const AnyStream& stream, Clock& clock) : stream_(stream), clock_(clock) {}

  Task<bool> write(std::string_view piece, SteadyTime deadline) override {
    if (!stream_.is_open()) co_return false;
    const auto timer = clock_.call_at(deadline, [this] { stream_.close(); });
    const auto written = co_await write_all(stream_, piece);
    clock_.cancel(timer);
    if (written.error) stream_.close();
    co_return !written.error;
  }

 private:
  const AnyStream& stream_;
  Clock& clock_;
};

}  // namespace

/// The phase stays `answering`: the idle limit is for requests, the writer has deadlines.
Task<void> HttpSession::stream_body(ServerReply reply) {
  StreamWriter writer(stream_, clock_);
  const auto head = endless_head_text(reply.response);
  if (co_await writer.write(head, clock_.after(options_.idle_limit))) co_await reply.body(writer);
  stream_.close();
}

/// Says whether the connection can carry another request.
Task<bool> HttpSession::deliver(ServerReply reply, bool last) {
  enter(Phase::writing);
  switch (reply.delivery) {
    case ServerReply::Delivery::whole: {
      const auto text = response_text(reply.response, last);
      const auto written = co_await write_all(stream_, text);
      co_return !last && !written.error;
    }
    case ServerReply::Delivery::truncated: {
      const auto text = response_text(reply.response, last);
      co_await write_all(stream_, std::string_view(text).substr(0, text.size() / 2));
      break;
    }
    case ServerReply::Delivery::dropped:
      break;
  }
  stream_.close();
  co_return false;
}

ServerReply accept_websocket(const HttpRequest& request, WsOptions options, WsServe serve) {
  ServerReply reply;
  reply.response = answer_handshake(request);
  if (reply.response.status != 101) return reply;
  reply.websocket = std::move(serve);
  reply.websocket_options = options;
  return reply;
}

Task<void> serve_http(AnyStream stream, Clock& clock, const HttpHandler& handler,
                      HttpServerOptions options, const Stop& stop) {
  const auto session = std::make_shared<HttpSession>(std::move(stream), clock, options);
  co_await session->serve(handler, stop);
}

}  // namespace bb::net
