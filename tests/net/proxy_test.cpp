#include <doctest/doctest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fstream>

#include "net/dialer.h"
#include "net/proxy_tunnel.h"
#include "net/tls_server.h"

namespace bb::net::test {
namespace {

using bb::test::RealLoop;
using bb::test::run_real;
using bb::test::TempDir;
using boost::asio::ip::tcp;

/// Reads what the client asks the proxy, answers it, and leaves the rest of the socket alone: the
/// server behind it plays the target.
Task<void> play_proxy(tcp::socket& socket, std::string& asked, std::string answer) {
  const auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
  asked.clear();
  co_await boost::asio::async_read_until(socket, boost::asio::dynamic_buffer(asked), "\r\n\r\n",
                                         kTuple);
  co_await boost::asio::async_write(socket, boost::asio::buffer(answer), kTuple);
  if (answer.find(" 200 ") == std::string::npos) socket.close();
}

struct Tunnelled {
  Answer answer;
  std::string asked;
};

/// https://exchange.test through a proxy that gives this answer.
Task<Tunnelled> ask_through(RealLoop& loop, std::string proxy_answer, std::string user) {
  const TempDir dir;
  const auto certificate = make_certificate("DNS:exchange.test");
  const auto ca_file = dir.file("ca.pem");
  std::ofstream(ca_file) << certificate.certificate;
  TlsServer server(loop.io, loop.clock, certificate, echo);
  Tunnelled result;
  server.before_tls = [&](tcp::socket& socket) {
    return play_proxy(socket, result.asked, proxy_answer);
  };
  ProxyOptions proxy;
  proxy.endpoint = {"127.0.0.1", server.port(), false};
  proxy.user = user;
  proxy.password = Secret("pass:word");
  DialerOptions options;
  options.proxy = std::move(proxy);
  options.extra_ca_file = ca_file;
  const auto dialer = make_network_dialer(loop.io, loop.clock, std::move(options));
  HttpClient client(*dialer, loop.clock, {"exchange.test", 443, true}, {});
  TaskGroup group(loop.io.get_executor());
  group.spawn(server.run());
  result.answer = co_await client.send(get("/a"), loop.clock.after(Seconds(10)));
  client.close_idle();
  server.stop();
  co_await group.join();
  co_return result;
}

TEST_CASE("proxy: TLS with the target passes through the tunnel; no login is sent unasked") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto [answer, asked] =
        co_await ask_through(loop, "HTTP/1.1 200 Connection established\r\n\r\n", "");
    CHECK(summary(answer) == "200 GET /a ");
    CHECK(asked == "CONNECT exchange.test:443 HTTP/1.1\r\nHost: exchange.test:443\r\n\r\n");
  });
}

TEST_CASE("proxy: a login is sent as Basic") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto [answer, asked] =
        co_await ask_through(loop, "HTTP/1.0 200 OK\r\nVia: test\r\n\r\n", "user");
    CHECK(summary(answer) == "200 GET /a ");
    CHECK(asked.find("\r\nProxy-Authorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n") !=
          std::string::npos);
  });
}

TEST_CASE("proxy: a refused login says what to check, and nothing was sent") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto [answer, asked] = co_await ask_through(
        loop, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5\r\n\r\nlogin",
        "user");
    CHECK(summary(answer) ==
          "not sent: GET /a: exchange.test: the proxy 127.0.0.1 gave no tunnel: it refused the "
          "login; check the proxy's user and password");
    CHECK(asked.starts_with("CONNECT "));
  });
}

TEST_CASE("proxy: a proxy that cannot reach the target, or is not HTTP, is an error") {
  run_real([](RealLoop& loop) -> Task<void> {
    const auto [bad_gateway, first] =
        co_await ask_through(loop, "HTTP/1.1 502 Bad Gateway\r\n\r\n", "");
    CHECK(summary(bad_gateway).ends_with("gave no tunnel: it answered 502 Bad Gateway"));
    const auto [garbage, second] = co_await ask_through(loop, "SSH-2.0-x\r\n\r\n", "");
    CHECK(summary(garbage).ends_with("gave no tunnel: its answer is not HTTP"));
  });
}

TEST_CASE("proxy: a proxy that is not there is named") {
  run_real([](RealLoop& loop) -> Task<void> {
    ProxyOptions proxy;
    proxy.endpoint = {"127.0.0.1", 1, false};
    DialerOptions options;
    options.proxy = std::move(proxy);
    const auto dialer = make_network_dialer(loop.io, loop.clock, std::move(options));
    const auto stream =
        co_await dialer->connect({"exchange.test", 443, true}, loop.clock.after(Seconds(10)));
    REQUIRE_FALSE(stream.has_value());
    CHECK(stream.error().text.starts_with("the proxy is not reachable: 127.0.0.1:1: "));
  });
}

TEST_CASE("proxy: a silent proxy costs no more than the deadline; early bytes are refused") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto silent = make_memory_pair(loop.io.get_executor(), loop.clock, {});
    const ProxyOptions options{{"proxy.test", 8080, false}, "", Secret()};
    const auto late = co_await open_tunnel(std::move(silent.near), loop.clock, options,
                                           some_endpoint(), loop.clock.after(Seconds(2)));
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().text ==
          "exchange.test: the proxy proxy.test gave no tunnel: no answer by the deadline");
    auto eager = make_memory_pair(loop.io.get_executor(), loop.clock, {});
    co_await write_all(eager.far, "HTTP/1.1 200 OK\r\n\r\nsurplus");
    const auto early = co_await open_tunnel(std::move(eager.near), loop.clock, options,
                                            some_endpoint(), loop.clock.after(Seconds(2)));
    REQUIRE_FALSE(early.has_value());
    CHECK(early.error().text.ends_with("bytes came before the tunnel was used"));
  });
}

}  // namespace
}  // namespace bb::net::test
