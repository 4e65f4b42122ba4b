// A TLS server on a loopback port with a certificate made on the spot.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <string>

#include "net/world.h"

namespace bb::net::test {

/// A key and a certificate signed by itself, PEM.
struct Certificate {
  std::string key;
  std::string certificate;
};
/// `names` as OpenSSL spells them: "DNS:localhost,IP:127.0.0.1".
Certificate make_certificate(const std::string& names);

/// Accepts connections, one after the other, and serves `handler` over TLS until stopped.
class TlsServer {
 public:
  TlsServer(boost::asio::io_context& io, Clock& clock, const Certificate& certificate,
            HttpHandler handler);
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  boost::asio::ssl::context& context() { return context_; }
  Task<void> run();
  void stop() { acceptor_.close(); }
  int handshakes() const { return handshakes_; }
  std::string last_version() const { return last_version_; }
  /// The bytes before TLS begins; a proxy speaks here. May close the socket.
  std::function<Task<void>(boost::asio::ip::tcp::socket&)> before_tls;

 private:
  Clock& clock_;
  HttpHandler handler_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
  int handshakes_ = 0;
  std::string last_version_;
};

}  // namespace bb::net::test
