// The network's Dialer: TCP with every resolved address tried, TLS 1.2 or newer with full
// verification (chain, host name), HTTP CONNECT and SOCKS5 proxies.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/secret.h"
#include "net/stream.h"

namespace bb::net {

struct ProxyOptions {
  /// Names are looked up by the proxy, either way.
  enum class Kind { http_connect, socks5 };
  Endpoint endpoint;
  std::string user;  // empty = no login
  Secret password;
  Kind kind = Kind::http_connect;
};

struct DialerOptions {
  std::optional<ProxyOptions> proxy = {};  // every connection goes through its tunnel
  std::string extra_ca_file =
      {};  // PEM, trusted besides the system's; for tests and private proxies
  std::string only_ca_file = {};      // PEM, trusted instead of the system's
  std::string client_cert_file = {};  // PEM, with its key: shown to a server that asks (mutual TLS)
  std::string client_key_file = {};
};

/// Throws std::runtime_error when the TLS library or the CA file cannot be used.
std::unique_ptr<Dialer> make_network_dialer(boost::asio::io_context& io, Clock& clock,
                                            DialerOptions options);

}  // namespace bb::net
