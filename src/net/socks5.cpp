#include <array>
#include <boost/asio/ip/address.hpp>

#include "net/proxy_tunnel.h"

namespace bb::net {

namespace {

constexpr char kVersion = 5;
constexpr char kNoLogin = 0;
constexpr char kPassword = 2;
constexpr std::size_t kTextMax = 255;

/// So many bytes and not one more: what follows is the target's.
Task<std::string> read_bytes(const AnyStream& stream, std::size_t count, std::string& fault) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count && fault.empty()) {
    const auto read =
        co_await read_some(stream, boost::asio::buffer(bytes.data() + have, count - have));
    have += read.bytes;
    if (read.error) fault = read.error.message();
  }
  co_return bytes;
}

std::string with_length(std::string_view text) {
  return static_cast<char>(text.size()) + std::string(text);
}

/// Address type and address of RFC 1928 §5; a name is left to the proxy.
std::string address_of(const std::string& host) {
  boost::system::error_code not_literal;
  const auto literal = boost::asio::ip::make_address(host, not_literal);
  if (not_literal) return '\3' + with_length(host);
  std::string out;
  const auto append = [&](const auto& bytes) {
    for (const auto byte : bytes)
      out += static_cast<char>(byte);
  };
  if (literal.is_v4()) {
    out += '\1';
    append(literal.to_v4().to_bytes());
  } else {
    out += '\4';
    append(literal.to_v6().to_bytes());
  }
  return out;
}

std::string reason_of(unsigned char reply) {
  static constexpr std::array<std::string_view, 9> kReasons{"",
                                                            "it failed",
                                                            "its rules do not allow it",
                                                            "the network is not reachable",
                                                            "the host is not reachable",
                                                            "the target refused the connection",
                                                            "it took too long",
                                                            "it does not know the command",
                                                            "it does not know the address type"};
  if (reply < kReasons.size()) return std::string(kReasons[reply]);
  return "it answered with error " + std::to_string(reply);
}

Task<std::string> log_in(const AnyStream& proxy, const ProxyOptions& options) {
  const std::string request =
      '\1' + with_length(options.user) + with_length(options.password.reveal());
  const auto written = co_await write_all(proxy, request);
  if (written.error) co_return written.error.message();
  std::string fault;
  const auto answer = co_await read_bytes(proxy, 2, fault);
  if (fault.empty() && answer[1] != 0)
    fault = "it refused the login; check the proxy's user and password";
  co_return fault;
}

}  // namespace

Task<std::string> negotiate_socks5(const AnyStream& proxy, const ProxyOptions& options,
                                   Endpoint target) {
  if (options.user.size() > kTextMax || options.password.reveal().size() > kTextMax ||
      target.host.size() > kTextMax)
    co_return "user, password or host is longer than SOCKS5 can say";
  const bool has_login = !options.user.empty();
  std::string greeting{kVersion, has_login ? '\2' : '\1', kNoLogin};
  if (has_login) greeting += kPassword;
  const auto greeted = co_await write_all(proxy, greeting);
  if (greeted.error) co_return greeted.error.message();
  std::string fault;
  const auto method = co_await read_bytes(proxy, 2, fault);
  if (!fault.empty()) co_return fault;
  if (method[0] != kVersion) co_return "its answer is not SOCKS5";
  if (method[1] == kPassword && has_login) {
    fault = co_await log_in(proxy, options);
    if (!fault.empty()) co_return fault;
  } else if (method[1] != kNoLogin) {
    co_return has_login ? "it offers no login that we know" : "it wants a login";
  }

  std::string request{kVersion, '\1', '\0'};
  request += address_of(target.host);
  request += static_cast<char>(target.port >> 8);
  request += static_cast<char>(target.port & 0xff);
  const auto asked = co_await write_all(proxy, request);
  if (asked.error) co_return asked.error.message();
  const auto head = co_await read_bytes(proxy, 4, fault);
  if (!fault.empty()) co_return fault;
  if (head[0] != kVersion) co_return "its answer is not SOCKS5";
  if (head[1] != 0) co_return reason_of(static_cast<unsigned char>(head[1]));
  // The address it is bound to, of no use to us.
  std::size_t length = 0;
  switch (head[3]) {
    case 1:
      length = 4;
      break;
    case 4:
      length = 16;
      break;
    case 3: {
      const auto size = co_await read_bytes(proxy, 1, fault);
      if (!fault.empty()) co_return fault;
      length = static_cast<unsigned char>(size[0]);
      break;
    }
    default:
      co_return "its answer is not SOCKS5";
  }
  (void)co_await read_bytes(proxy, length + 2, fault);
  co_return fault;
}

}  // namespace bb::net
