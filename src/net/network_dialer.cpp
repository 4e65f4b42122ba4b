#include "net/dialer.h"
#include "net/proxy_tunnel.h"
#include "net/tcp_layer.h"
#include "net/tls_layer.h"

namespace bb::net {

namespace {

class NetworkDialer final : public Dialer {
 public:
  NetworkDialer(boost::asio::io_context& io, Clock& clock, DialerOptions options)
      : io_(io),
        clock_(clock),
        options_(std::move(options)),
        tls_({options_.extra_ca_file, options_.only_ca_file, options_.client_cert_file,
              options_.client_key_file}) {}

  Task<Result<AnyStream>> connect(Endpoint endpoint, SteadyTime deadline) override {
    auto stream = co_await connect_plain(endpoint, deadline);
    if (!stream || !endpoint.tls) co_return stream;
    co_return co_await tls_.handshake(std::move(*stream), clock_, endpoint.host, deadline);
  }

 private:
  /// Bytes to the endpoint, directly or through the proxy, before any TLS with the endpoint.
  Task<Result<AnyStream>> connect_plain(Endpoint endpoint, SteadyTime deadline) {
    if (!options_.proxy)
      co_return co_await connect_tcp(io_, clock_, endpoint.host, endpoint.port, deadline);
    const auto& proxy = options_.proxy->endpoint;
    auto stream = co_await connect_tcp(io_, clock_, proxy.host, proxy.port, deadline);
    if (stream && proxy.tls)
      stream = co_await tls_.handshake(std::move(*stream), clock_, proxy.host, deadline);
    if (!stream)
      co_return fail(stream.error().kind, "the proxy is not reachable: " + stream.error().text);
    co_return co_await open_tunnel(std::move(*stream), clock_, *options_.proxy, endpoint, deadline);
  }

  boost::asio::io_context& io_;
  Clock& clock_;
  DialerOptions options_;
  TlsClient tls_;
};

}  // namespace

std::unique_ptr<Dialer> make_network_dialer(boost::asio::io_context& io, Clock& clock,
                                            DialerOptions options) {
  return std::make_unique<NetworkDialer>(io, clock, std::move(options));
}

}  // namespace bb::net
