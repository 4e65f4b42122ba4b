#include <doctest/doctest.h>

#include <fstream>

#include "net/dialer.h"
#include "net/tls_layer.h"
#include "net/tls_server.h"

namespace bb::net::test {
namespace {

using bb::test::RealLoop;
using bb::test::run_real;
using bb::test::TempDir;

std::string write_file(const TempDir& dir, const std::string& text) {
  const auto path = dir.file("ca.pem");
  std::ofstream(path) << text;
  return path;
}

/// One request to https://<host>:<port of the server>/; then the server is stopped.
Task<Answer> ask(RealLoop& loop, TlsServer& server, std::string host, std::string ca_file) {
  const auto dialer = make_network_dialer(loop.io, loop.clock, {.extra_ca_file = ca_file});
  HttpClient client(*dialer, loop.clock, {host, server.port(), true}, {});
  TaskGroup group(loop.io.get_executor());
  group.spawn(server.run());
  auto answer = co_await client.send(get("/a"), loop.clock.after(Seconds(10)));
  client.close_idle();
  server.stop();
  co_await group.join();
  co_return answer;
}

TEST_CASE("tls: a certificate of a trusted authority with the right name is accepted") {
  run_real([](RealLoop& loop) -> Task<void> {
    const TempDir dir;
    const auto certificate = make_certificate("DNS:localhost,IP:127.0.0.1");
    const auto ca_file = write_file(dir, certificate.certificate);
    for (const char* host : {"localhost", "127.0.0.1"}) {
      TlsServer server(loop.io, loop.clock, certificate, echo);
      const auto answer = co_await ask(loop, server, host, ca_file);
      CHECK(summary(answer) == "200 GET /a ");
      CHECK(server.last_version() == "TLSv1.3");
    }
  });
}

TEST_CASE("tls: version 1.2 is accepted") {
  run_real([](RealLoop& loop) -> Task<void> {
    const TempDir dir;
    const auto certificate = make_certificate("DNS:localhost");
    TlsServer server(loop.io, loop.clock, certificate, echo);
    SSL_CTX_set_max_proto_version(server.context().native_handle(), TLS1_2_VERSION);
    const auto ca_file = write_file(dir, certificate.certificate);
    const auto answer = co_await ask(loop, server, "localhost", ca_file);
    CHECK(summary(answer) == "200 GET /a ");
    CHECK(server.last_version() == "TLSv1.2");
  });
}

TEST_CASE("tls: version 1.1 is refused, though the server would") {
  run_real([](RealLoop& loop) -> Task<void> {
    const TempDir dir;
    const auto certificate = make_certificate("DNS:localhost");
    TlsServer server(loop.io, loop.clock, certificate, echo);
    auto* context = server.context().native_handle();
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    const auto ca_file = write_file(dir, certificate.certificate);
    const auto answer = co_await ask(loop, server, "localhost", ca_file);
    CHECK(summary(answer).starts_with("not sent: GET /a: localhost: TLS failed: "));
    CHECK(server.handshakes() == 0);
  });
}

TEST_CASE("tls: a certificate for another name is refused") {
  run_real([](RealLoop& loop) -> Task<void> {
    const TempDir dir;
    const auto certificate = make_certificate("DNS:other.test,DNS:*.localhost,IP:127.0.0.2");
    const auto ca_file = write_file(dir, certificate.certificate);
    TlsServer first(loop.io, loop.clock, certificate, echo);
    const auto by_name = co_await ask(loop, first, "localhost", ca_file);
    CHECK(summary(by_name) ==
          "not sent: GET /a: localhost: TLS failed: the certificate is refused: hostname mismatch");
    TlsServer second(loop.io, loop.clock, certificate, echo);
    const auto by_address = co_await ask(loop, second, "127.0.0.1", ca_file);
    CHECK(summary(by_address).ends_with("the certificate is refused: IP address mismatch"));
  });
}

TEST_CASE("tls: a certificate of an unknown authority is refused") {
  run_real([](RealLoop& loop) -> Task<void> {
    TlsServer server(loop.io, loop.clock, make_certificate("DNS:localhost"), echo);
    const auto answer = co_await ask(loop, server, "localhost", "");
    CHECK(summary(answer).find("the certificate is refused: self") != std::string::npos);
    CHECK(server.handshakes() == 0);
  });
}

TEST_CASE("tls: a CA file that is absent or not PEM is an error at the start") {
  RealLoop loop;
  const TempDir dir;
  const auto not_pem = write_file(dir, "hello");
  for (const auto& path : {dir.file("absent.pem"), not_pem}) {
    std::string what;
    try {
      make_network_dialer(loop.io, loop.clock, {.extra_ca_file = path});
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what.starts_with("the CA file " + path));
  }
}

Task<ServerReply> half(HttpRequest request) {
  auto answer = co_await echo(std::move(request));
  answer.delivery = ServerReply::Delivery::truncated;
  co_return answer;
}

TEST_CASE("tls: a connection that breaks off without a farewell is a failure after sending") {
  run_real([](RealLoop& loop) -> Task<void> {
    const TempDir dir;
    const auto certificate = make_certificate("DNS:localhost");
    TlsServer server(loop.io, loop.clock, certificate, half);
    const auto ca_file = write_file(dir, certificate.certificate);
    const auto answer = co_await ask(loop, server, "localhost", ca_file);
    CHECK(summary(answer).starts_with("sent: GET /a: the answer broke off"));
  });
}

TEST_CASE("tls: a server that never answers the handshake costs no more than the deadline") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto pair = make_memory_pair(loop.io.get_executor(), loop.clock, {});
    TlsClient tls(TlsFiles{});
    const auto stream = co_await tls.handshake(std::move(pair.near), loop.clock, "exchange.test",
                                               loop.clock.after(Seconds(3)));
    REQUIRE_FALSE(stream.has_value());
    CHECK(stream.error().text == "exchange.test: TLS failed: no answer by the deadline");
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(3)));
  });
}

TEST_CASE("tls: a server that speaks something else is named as a TLS failure") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto pair = make_memory_pair(loop.io.get_executor(), loop.clock, {});
    co_await write_all(pair.far, "HTTP/1.1 400 Bad Request\r\n\r\n");
    TlsClient tls(TlsFiles{});
    const auto stream = co_await tls.handshake(std::move(pair.near), loop.clock, "exchange.test",
                                               loop.clock.after(Seconds(3)));
    REQUIRE_FALSE(stream.has_value());
    CHECK(stream.error().kind == ErrorKind::unreachable);
    CHECK(stream.error().text.starts_with("exchange.test: TLS failed: "));
    CHECK(loop.clock.steady_now() < SteadyTime(Seconds(1)));
  });
}

}  // namespace
}  // namespace bb::net::test
