#include "net/proxy_tunnel.h"

#include "net/http_wire.h"
#include "net/inbox.h"

namespace bb::net {

namespace {

std::string base64(std::string_view text) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6)
      out += kLetters[(bits >> (count - 6)) & 63];
  }
  if (count > 0) out += kLetters[(bits << (6 - count)) & 63];
  while (out.size() % 4 != 0)
    out += '=';
  return out;
}

std::string connect_request(const ProxyOptions& options, const Endpoint& target) {
  const bool v6 = target.host.find(':') != std::string::npos;
  const auto name =
      (v6 ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port);
  std::string text = "CONNECT " + name + " HTTP/1.1\r\nHost: " + name + "\r\n";
  if (!options.user.empty())
    text += "Proxy-Authorization: Basic " +
            base64(options.user + ":" + std::string(options.password.reveal())) + "\r\n";
  return text + "\r\n";
}

/// Empty when the tunnel stands.
Task<std::string> negotiate(const AnyStream& proxy, std::string request) {
  const auto written = co_await write_all(proxy, request);
  if (written.error) co_return written.error.message();
  HttpParser parser(HttpParser::Kind::response_without_body, {16u << 10, 0});
  Inbox inbox(32u << 10);
  while (!parser.done()) {
    const auto read = co_await read_some(proxy, inbox.room());
    if (read.error) co_return read.error.message();
    inbox.received(read.bytes);
    const auto eaten = parser.feed(inbox.text());
    if (!eaten) co_return "its answer is not HTTP";
    inbox.consume(*eaten);
  }
  const int status = parser.take_response().status;
  if (status == 407) co_return "it refused the login; check the proxy's user and password";
  if (status / 100 != 2)
    co_return "it answered " + std::to_string(status) + " " + std::string(reason_phrase(status));
  // A server that speaks first does not exist in HTTP or TLS: such bytes would be lost.
  if (!inbox.empty()) co_return "bytes came before the tunnel was used";
  co_return "";
}

}  // namespace

Task<Result<AnyStream>> open_tunnel(AnyStream proxy, Clock& clock, const ProxyOptions& options,
                                    Endpoint target, SteadyTime deadline) {
  const auto stream = std::make_shared<AnyStream>(std::move(proxy));
  const auto timer = clock.call_at(deadline, [stream] { stream->close(); });
  std::string why;
  if (options.kind == ProxyOptions::Kind::socks5)
    why = co_await negotiate_socks5(*stream, options, target);
  else
    why = co_await negotiate(*stream, connect_request(options, target));
  clock.cancel(timer);
  if (clock.steady_now() >= deadline) why = "no answer by the deadline";
  if (why.empty()) co_return std::move(*stream);
  stream->close();
  co_return fail(ErrorKind::unreachable,
                 target.host + ": the proxy " + options.endpoint.host + " gave no tunnel: " + why);
}

}  // namespace bb::net
