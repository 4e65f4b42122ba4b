#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "net/dialer.h"
#include "net/tcp_layer.h"
#include "net/world.h"

namespace bb::net::test {
namespace {

using bb::test::RealLoop;
using bb::test::run_real;

std::unique_ptr<HttpListener> listen(RealLoop& loop, HttpHandler handler,
                                     HttpServerOptions options = {}) {
  auto listener =
      HttpListener::open(loop.io, loop.clock, "127.0.0.1", 0, std::move(handler), options);
  REQUIRE(listener.has_value());
  return std::move(*listener);
}

/// A port where nobody listens.
std::uint16_t free_port(RealLoop& loop) { return listen(loop, echo)->port(); }

TEST_CASE("tcp: requests are answered over kept connections, by address and by name") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto listener = listen(loop, echo);
    Stop stop(loop.clock);
    TaskGroup group(loop.io.get_executor());
    group.spawn(listener->run(stop));
    const auto dialer = make_network_dialer(loop.io, loop.clock, {});
    // "localhost" may have a v6 address too, where nobody listens.
    for (const char* host : {"127.0.0.1", "localhost"}) {
      HttpClient client(*dialer, loop.clock, {host, listener->port(), false}, {});
      for (const char* target : {"/1", "/2"}) {
        const auto answer = co_await client.send(get(target), loop.clock.after(Seconds(10)));
        CHECK(summary(answer) == "200 GET " + std::string(target) + " ");
      }
    }
    stop.request();
    co_await group.join();
  });
}

TEST_CASE("tcp: bodies of megabytes pass in both directions") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto listener = listen(loop, echo, {.max_body_bytes = 16u << 20});
    Stop stop(loop.clock);
    TaskGroup group(loop.io.get_executor());
    group.spawn(listener->run(stop));
    const auto dialer = make_network_dialer(loop.io, loop.clock, {});
    HttpClient client(*dialer, loop.clock, {"127.0.0.1", listener->port(), false}, {});
    const std::string body(8u << 20, 'x');
    const auto answer = co_await client.send(post("/", body), loop.clock.after(Seconds(30)));
    REQUIRE(answer.has_value());
    CHECK(answer->body == "POST / " + body);
    stop.request();
    co_await group.join();
  });
}

TEST_CASE("tcp: a stop closes idle connections and ends the listener") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto listener = listen(loop, echo);
    Stop stop(loop.clock);
    TaskGroup group(loop.io.get_executor());
    group.spawn(listener->run(stop));
    const auto dialer = make_network_dialer(loop.io, loop.clock, {});
    HttpClient client(*dialer, loop.clock, {"127.0.0.1", listener->port(), false}, {});
    const auto warm = co_await client.prewarm(3, loop.clock.after(Seconds(10)));
    CHECK(warm.has_value());
    co_await client.send(get("/"), loop.clock.after(Seconds(10)));
    stop.request();
    co_await group.join();
    const auto refused = co_await client.send(get("/"), loop.clock.after(Seconds(10)));
    CHECK(summary(refused).starts_with("not sent: GET /: 127.0.0.1:"));
  });
}

Task<ServerReply> waiting(Clock& clock, Event& asked, HttpRequest request) {
  asked.notify();
  co_await sleep_for(clock, Millis(50));
  co_return co_await echo(std::move(request));
}

Task<void> stop_when(Event& event, Stop& stop) {
  co_await event.wait();
  stop.request();
}

TEST_CASE("tcp: a stop lets the answer in the making finish") {
  run_real([](RealLoop& loop) -> Task<void> {
    Event asked;
    const auto listener = listen(
        loop, [&](HttpRequest request) { return waiting(loop.clock, asked, std::move(request)); });
    Stop stop(loop.clock);
    TaskGroup group(loop.io.get_executor());
    group.spawn(listener->run(stop));
    group.spawn(stop_when(asked, stop));
    const auto dialer = make_network_dialer(loop.io, loop.clock, {});
    HttpClient client(*dialer, loop.clock, {"127.0.0.1", listener->port(), false}, {});
    const auto answer = co_await client.send(get("/a"), loop.clock.after(Seconds(10)));
    CHECK(summary(answer) == "200 GET /a ");
    REQUIRE(answer.has_value());
    CHECK(find_header(answer->headers, "connection") == "close");
    co_await group.join();
  });
}

TEST_CASE("tcp: a port in use and a bad address are errors that say so") {
  RealLoop loop;
  const auto listener = listen(loop, echo);
  const auto taken =
      HttpListener::open(loop.io, loop.clock, "127.0.0.1", listener->port(), echo, {});
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().text == "cannot listen on 127.0.0.1:" + std::to_string(listener->port()) +
                                  ": Address already in use; choose another port or stop the "
                                  "program that uses it");
  const auto bad = HttpListener::open(loop.io, loop.clock, "localhost", 0, echo, {});
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().text.find("is not an IP address") != std::string::npos);
}

TEST_CASE("tcp: a refused connection names host, phase and reason") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto port = free_port(loop);
    const auto dialer = make_network_dialer(loop.io, loop.clock, {});
    const auto stream =
        co_await dialer->connect({"127.0.0.1", port, false}, loop.clock.after(Seconds(10)));
    REQUIRE_FALSE(stream.has_value());
    CHECK(stream.error().kind == ErrorKind::unreachable);
    CHECK(stream.error().text ==
          "127.0.0.1:" + std::to_string(port) + ": connect failed (127.0.0.1: Connection refused)");
  });
}

TEST_CASE("tcp: every address of a name is tried, and an error names them all") {
  run_real([](RealLoop& loop) -> Task<void> {
    using boost::asio::ip::tcp;
    const auto listener = listen(loop, echo);
    const auto local = boost::asio::ip::make_address("127.0.0.1");
    const tcp::endpoint dead(boost::asio::ip::make_address("127.0.0.2"), free_port(loop));
    const auto deadline = loop.clock.after(Seconds(10));
    const auto stream = co_await connect_first(loop.io, loop.clock, "a:1",
                                               {dead, dead, {local, listener->port()}}, deadline);
    CHECK(stream.has_value());
    const auto refused = co_await connect_first(loop.io, loop.clock, "a:1", {dead, dead}, deadline);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().text ==
          "a:1: connect failed (127.0.0.2: Connection refused, "
          "127.0.0.2: Connection refused)");
  });
}

/// An address that takes no connection and refuses none: its queue is full.
struct BlackHole {
  explicit BlackHole(boost::asio::io_context& io) : acceptor(io) {
    using boost::asio::ip::tcp;
    acceptor.open(tcp::v4());
    acceptor.bind({boost::asio::ip::make_address("127.0.0.1"), 0});
    acceptor.listen(0);
    for (int i = 0; i < 4; ++i) {
      auto& socket = crowd.emplace_back(io);
      socket.open(tcp::v4());
      socket.native_non_blocking(true);
      // Asio's own connect would wait for the answer that never comes.
      const auto address = acceptor.local_endpoint();
      (void)::connect(socket.native_handle(), address.data(),
                      static_cast<socklen_t>(address.size()));
    }
  }
  boost::asio::ip::tcp::acceptor acceptor;
  std::vector<boost::asio::ip::tcp::socket> crowd;
};

TEST_CASE("F69: an address that swallows connections delays the next one by 250 ms only") {
  run_real([](RealLoop& loop) -> Task<void> {
    using boost::asio::ip::tcp;
    const BlackHole hole(loop.io);
    const auto listener = listen(loop, echo);
    const tcp::endpoint alive(boost::asio::ip::make_address("127.0.0.1"), listener->port());
    const auto dead = hole.acceptor.local_endpoint();
    const auto begin = loop.clock.steady_now();
    const auto stream = co_await connect_first(loop.io, loop.clock, "a:1", {dead, dead, alive},
                                               loop.clock.after(Seconds(20)));
    CHECK(stream.has_value());
    CHECK(loop.clock.steady_now() - begin < Seconds(10));
    const auto late = co_await connect_first(loop.io, loop.clock, "a:1", {dead, dead},
                                             loop.clock.after(Millis(300)));
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().text ==
          "a:1: connect failed (127.0.0.1: Connection timed out, 127.0.0.1: Connection timed out)");
  });
}

TEST_CASE("tcp: a name look-up does not outlast the deadline") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto dialer = make_network_dialer(loop.io, loop.clock, {});
    const auto stream =
        co_await dialer->connect({"localhost", 1, false}, loop.clock.steady_now() - Seconds(1));
    REQUIRE_FALSE(stream.has_value());
    CHECK(stream.error().kind == ErrorKind::unreachable);
  });
}

TEST_CASE("tcp: a malformed host is refused by the look-up") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto dialer = make_network_dialer(loop.io, loop.clock, {});
    const auto stream =
        co_await dialer->connect({"not a host", 80, false}, loop.clock.after(Seconds(30)));
    REQUIRE_FALSE(stream.has_value());
    CHECK(stream.error().text.starts_with("not a host: name look-up failed: "));
  });
}

}  // namespace
}  // namespace bb::net::test
