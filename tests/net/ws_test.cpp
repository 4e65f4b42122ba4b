#include <doctest/doctest.h>

#include "net/dialer.h"
#include "net/http_wire.h"
#include "net/world.h"
#include "support/run.h"

using namespace bb;
using namespace bb::net;
using namespace bb::net::test;

namespace {

using Socket = std::shared_ptr<WsConnection>;
using Kind = WsEvent::Kind;

/// Answers every text with itself, until the connection ends.
Task<void> echo_texts(Socket socket) {
  while (auto event = co_await socket->receive())
    if (event->kind == Kind::text) socket->send(ws_text_frame(event->data));
}

HttpHandler echo_handler(WsOptions options = {}) {
  return [options](HttpRequest request) -> Task<ServerReply> {
    if (!asks_for_websocket(request)) co_return reply(200, "plain " + request.target);
    co_return accept_websocket(request, options, echo_texts);
  };
}

WsRequest some_request(WsOptions options = {}) {
  return {some_endpoint(), "/ws?x=1", {{"X-Test", "1"}}, options, 7};
}

Task<std::string> next_text(Socket socket) {
  while (auto event = co_await socket->receive())
    if (event->kind == Kind::text) co_return event->data;
  co_return "(ended " + std::to_string(socket->end().code) + " " + socket->end().reason + ")";
}

/// A stream whose peer never takes a byte, and never says one.
class StuckLayer final : public StreamLayer {
 public:
  explicit StuckLayer(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
  boost::asio::any_io_executor executor() override { return executor_; }
  void read_some(boost::asio::mutable_buffer, IoHandler done) override { read_ = std::move(done); }
  void write_some(boost::asio::const_buffer, IoHandler done) override { write_ = std::move(done); }
  void close() override {
    open_ = false;
    for (auto* pending : {&read_, &write_})
      if (*pending)
        boost::asio::post(executor_, [call = std::exchange(*pending, nullptr)]() mutable {
          call(boost::asio::error::operation_aborted, 0);
        });
  }
  bool is_open() const override { return open_; }

 private:
  boost::asio::any_io_executor executor_;
  bool open_ = true;
  IoHandler read_, write_;
};

Task<void> send_raw(AnyStream& stream, std::string bytes) { co_await write_all(stream, bytes); }

Task<std::string> read_all(AnyStream& stream) {
  std::string all;
  char room[4096];
  for (;;) {
    const auto got = co_await read_some(stream, boost::asio::buffer(room));
    all.append(room, got.bytes);
    if (got.error) co_return all;
  }
}

std::string handshake(std::string_view more, std::string_view method = "GET") {
  return std::string(method) + " /ws HTTP/1.1\r\nHost: x\r\n" + std::string(more) + "\r\n";
}

constexpr std::string_view kGoodHandshake =
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// What a server says to these bytes before it closes.
Task<std::string> answer_to(SimLoop& loop, std::string bytes, WsOptions options = {}) {
  MemoryServer server(loop, echo_handler(options), {.idle_limit = Seconds(5)});
  auto stream = co_await server.dialer().connect(some_endpoint(), loop.clock.after(Seconds(1)));
  co_await send_raw(*stream, std::move(bytes));
  auto answer = co_await read_all(*stream);
  stream->close();
  co_await server.join();
  co_return answer;
}

std::string status_line(const std::string& answer) { return answer.substr(0, answer.find('\r')); }

}  // namespace

TEST_CASE("websocket: texts go there and back, fragments and long ones too") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo_handler());
    auto socket = co_await connect_websocket(server.dialer(), loop.clock, some_request(),
                                             loop.clock.after(Seconds(5)));
    REQUIRE(socket.has_value());
    const std::string large(200'000, 'x');
    for (const auto& text : {std::string("hello"), std::string("币安人生"), large, std::string()}) {
      (*socket)->send_text(text);
      const auto back = co_await next_text(*socket);
      CHECK((back == text));
    }
    (*socket)->close(1000, "done");
    const auto end = co_await next_text(*socket);
    CHECK(end == "(ended 1000 done)");
    co_await server.join();
  });
}

TEST_CASE("websocket: plain requests and websockets share an address") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo_handler());
    auto stream = co_await server.dialer().connect(some_endpoint(), loop.clock.after(Seconds(1)));
    const auto first = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    // The first frame comes in the same packet as the handshake.
    co_await send_raw(*stream, first + handshake(kGoodHandshake) +
                                   ws_frame(WsOpcode::text, "early", 1U) +
                                   ws_frame(WsOpcode::close, "", 2U));
    const auto answer = co_await read_all(*stream);
    CHECK(status_line(answer) == "HTTP/1.1 200 OK");
    CHECK(answer.find("HTTP/1.1 101 Switching Protocols\r\n") != std::string::npos);
    // The sample of RFC 6455 §1.3.
    CHECK(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
          std::string::npos);
    CHECK(
        answer.ends_with(std::string("\x81\x05"
                                     "early\x88\x00",
                                     9)));
    stream->close();
    co_await server.join();
  });
}

TEST_CASE("websocket: a bad handshake is answered with 400 or 426") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const std::string good(kGoodHandshake);
    const auto without = [&](std::string_view field) {
      auto text = good;
      const auto begin = text.find(field);
      text.erase(begin, text.find('\n', begin) - begin + 1);
      return text;
    };
    auto answer = co_await answer_to(loop, handshake("Upgrade: h2c\r\n"));
    CHECK(status_line(answer) == "HTTP/1.1 426 Upgrade Required");
    CHECK(answer.find("Upgrade: websocket\r\n") != std::string::npos);
    answer = co_await answer_to(loop, handshake(without("Sec-WebSocket-Version")));
    CHECK(status_line(answer) == "HTTP/1.1 426 Upgrade Required");
    CHECK(answer.find("Sec-WebSocket-Version: 13\r\n") != std::string::npos);
    answer = co_await answer_to(loop, handshake(without("Sec-WebSocket-Key")));
    CHECK(status_line(answer) == "HTTP/1.1 400 Bad Request");
    answer = co_await answer_to(loop, handshake(without("Connection")));
    CHECK(status_line(answer) == "HTTP/1.1 400 Bad Request");
    answer = co_await answer_to(loop, handshake(good, "POST"));
    CHECK(status_line(answer) == "HTTP/1.1 400 Bad Request");
  });
}

TEST_CASE("websocket: an unmasked frame, bad text and a too long message end the connection") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const WsOptions options{.max_message_bytes = 100};
    const auto ends_with_code = [&](std::string frame, int code) -> Task<bool> {
      const auto bytes = handshake(kGoodHandshake) + frame;
      const auto answer = co_await answer_to(loop, bytes, options);
      const auto at = answer.find("\r\n\r\n");
      const auto frames = answer.substr(at + 4);
      co_return frames.size() > 4 && frames[0] == '\x88' &&
          static_cast<unsigned char>(frames[2]) * 256 + static_cast<unsigned char>(frames[3]) ==
              code;
    };
    const auto unmasked = co_await ends_with_code(ws_frame(WsOpcode::text, "x"), 1002);
    CHECK(unmasked);
    const auto bad_text = co_await ends_with_code(ws_frame(WsOpcode::text, "\xff", 1U), 1007);
    CHECK(bad_text);
    const auto long_one =
        co_await ends_with_code(ws_frame(WsOpcode::text, std::string(101, 'x'), 1U), 1009);
    CHECK(long_one);
  });
}

TEST_CASE("websocket: the server pings, and a client that does not answer is cut off") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo_handler({.ping_every = Minutes(3), .pong_within = Minutes(10)}));
    // A client that answers: two pings in seven minutes, and it lives.
    auto socket = co_await connect_websocket(server.dialer(), loop.clock, some_request(),
                                             loop.clock.after(Seconds(5)));
    REQUIRE(socket.has_value());
    const auto first = co_await (*socket)->receive();
    const auto at = loop.clock.steady_now();
    const auto second = co_await (*socket)->receive();
    REQUIRE((first && second));
    CHECK((first->kind == Kind::ping));
    CHECK((loop.clock.steady_now() - at == Minutes(3)));
    (*socket)->close(1000, {});
    co_await next_text(*socket);

    // One that reads nothing: after 3 min the first ping, 10 min later the end.
    auto stream = co_await server.dialer().connect(some_endpoint(), loop.clock.after(Seconds(1)));
    const auto begin = loop.clock.steady_now();
    co_await send_raw(*stream, handshake(kGoodHandshake));
    co_await read_all(*stream);
    const auto lived = loop.clock.steady_now() - begin;
    CHECK((lived > Minutes(13) - Seconds(1)));
    CHECK((lived < Minutes(13) + Seconds(1)));
    stream->close();
    co_await server.join();
  });
}

TEST_CASE("websocket: a client ends a connection on which nothing comes") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo_handler());
    auto socket = co_await connect_websocket(server.dialer(), loop.clock,
                                             some_request({.silence_limit = Seconds(30)}),
                                             loop.clock.after(Seconds(5)));
    REQUIRE(socket.has_value());
    co_await sleep_for(loop.clock, Seconds(20));
    (*socket)->send_text("still here");
    co_await next_text(*socket);
    const auto at = loop.clock.steady_now();
    const auto end = co_await next_text(*socket);
    CHECK(end == "(ended 1006 nothing came for too long)");
    CHECK((loop.clock.steady_now() - at == Seconds(30)));
    co_await server.join();
  });
}

TEST_CASE("websocket: a peer that does not finish the close handshake is left at the deadline") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto pair = make_memory_pair(loop.io.get_executor(), loop.clock, {});
    auto socket =
        WsConnection::make(std::move(pair.near), loop.clock, WsConnection::Role::server, {}, {});
    socket->close(1001, "stop");
    CHECK_FALSE(socket->is_open());
    const auto end = co_await next_text(socket);
    CHECK(end == "(ended 1006 the close handshake was not finished)");
    CHECK((loop.clock.steady_now().time_since_epoch() == Seconds(2)));
  });
}

TEST_CASE("websocket: a peer that does not read is cut off, and nothing piles up for it") {
  run_sim([](SimLoop& loop) -> Task<void> {
    AnyStream stuck(std::make_unique<StuckLayer>(loop.io.get_executor()));
    auto socket = WsConnection::make(std::move(stuck), loop.clock, WsConnection::Role::server,
                                     {.max_queued_bytes = 10'000}, {});
    const auto frame = ws_text_frame(std::string(996, 'x'));
    for (int i = 0; i < 10; ++i)
      socket->send(frame);
    CHECK(socket->is_open());
    CHECK(socket->queued_bytes() == 10'000);
    for (int i = 0; i < 5; ++i)
      socket->send(frame);
    CHECK_FALSE(socket->is_open());
    CHECK(socket->queued_bytes() == 10'000);
    const auto end = co_await next_text(socket);
    CHECK(end == "(ended 1006 the peer reads too slowly)");
  });
}

TEST_CASE("websocket: a client says why there is no connection") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer plain(loop, echo);
    auto refused = co_await connect_websocket(plain.dialer(), loop.clock, some_request(),
                                              loop.clock.after(Seconds(5)));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().text == "exchange.test:80: the server refused the WebSocket");
    CHECK(refused.error().code == 200);

    MemoryServer silent(loop, [&loop](HttpRequest) -> Task<ServerReply> {
      co_await sleep_for(loop.clock, Seconds(60));
      co_return ServerReply{};
    });
    const auto at = loop.clock.steady_now();
    auto late = co_await connect_websocket(silent.dialer(), loop.clock, some_request(),
                                           loop.clock.after(Seconds(5)));
    REQUIRE_FALSE(late.has_value());
    CHECK((loop.clock.steady_now() - at == Seconds(5)));
    co_await plain.join();
    co_await silent.join();
  });
}

TEST_CASE("websocket: over TCP, and a listener that stops closes it") {
  bb::test::run_real([](bb::test::RealLoop& loop) -> Task<void> {
    Stop stop(loop.clock);
    auto listener = HttpListener::open(loop.io, loop.clock, "127.0.0.1", 0, echo_handler(), {});
    REQUIRE(listener.has_value());
    TaskGroup group(loop.io.get_executor());
    group.spawn((*listener)->run(stop));
    const auto dialer = make_network_dialer(loop.io, loop.clock, {});
    auto request = some_request();
    request.endpoint = {"127.0.0.1", (*listener)->port(), false};
    auto socket =
        co_await connect_websocket(*dialer, loop.clock, request, loop.clock.after(Seconds(5)));
    REQUIRE(socket.has_value());
    const std::string large(300'000, 'y');
    for (int i = 0; i < 20; ++i)
      (*socket)->send_text(i % 5 == 0 ? large : "small");
    std::size_t received = 0;
    for (int i = 0; i < 20; ++i) {
      const auto text = co_await next_text(*socket);
      received += text.size();
    }
    CHECK(received == 4 * 300'000 + 16 * 5);
    stop.request();
    const auto end = co_await next_text(*socket);
    CHECK(end == "(ended 1001 the server stops)");
    co_await group.join();
  });
}
