#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "net/http_wire.h"
#include "net/websocket.h"

namespace bb::net {

namespace {

constexpr std::string_view kProtocolGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kMaxHeaderBytes = 16u << 10;

std::string base64(const unsigned char* bytes, std::size_t count) {
  std::string text((count + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes,
                                     static_cast<int>(count));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

/// The proof of RFC 6455 §4.2.2 that the server has read this handshake.
std::string accept_key(std::string_view key) {
  const std::string text = std::string(key) + std::string(kProtocolGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(digest.data(), digest.size());
}

bool is_nonce(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") &&
         std::ranges::all_of(key.substr(0, 22), [](unsigned char c) {
           return std::isalnum(c) || c == '+' || c == '/';
         });
}

/// A field that is a list of words holds this one, in any letter case.
bool lists(std::string_view field, std::string_view word) {
  while (!field.empty()) {
    const auto end = field.find(',');
    auto part = field.substr(0, end);
    field = end == std::string_view::npos ? std::string_view() : field.substr(end + 1);
    const auto first = part.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    part = part.substr(first, part.find_last_not_of(" \t") - first + 1);
    if (std::ranges::equal(part, word, [](unsigned char a, unsigned char b) {
          return std::tolower(a) == std::tolower(b);
        }))
      return true;
  }
  return false;
}

HttpResponse refusal(int status, std::string_view why) {
  HttpResponse response{status, {{"Content-Type", "text/plain"}}, std::string(why) + "\n"};
  if (status == 426) {
    response.headers.emplace_back("Upgrade", "websocket");
    response.headers.emplace_back("Sec-WebSocket-Version", "13");
  }
  return response;
}

std::string request_bytes(const WsRequest& request, std::string_view key) {
  std::string out = "GET " + request.target + " HTTP/1.1\r\nHost: " + host_field(request.endpoint);
  out += "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  out += "Sec-WebSocket-Key: " + std::string(key) + "\r\n";
  for (const auto& [name, value] : request.headers)
    out += name + ": " + value + "\r\n";
  return out + "\r\n";
}

std::optional<std::string_view> fault_of(const HttpResponse& response, std::string_view key) {
  if (response.status != 101) return "the server refused the WebSocket";
  if (!lists(find_header(response.headers, "upgrade"), "websocket") ||
      !lists(find_header(response.headers, "connection"), "upgrade"))
    return "the server switched to something else";
  if (find_header(response.headers, "sec-websocket-accept") != accept_key(key))
    return "the server's answer belongs to another handshake";
  if (!find_header(response.headers, "sec-websocket-extensions").empty())
    return "the server chose an extension that was not offered";
  return std::nullopt;
}

struct Answered {
  HttpResponse response;
  std::string unread;
};

Task<Result<Answered>> shake_hands(const AnyStream& stream, std::string bytes) {
  const auto written = co_await write_all(stream, bytes);
  if (written.error)
    co_return fail(ErrorKind::unreachable,
                   "the handshake was not written: " + written.error.message());
  HttpParser parser(HttpParser::Kind::response_without_body, {kMaxHeaderBytes, 0});
  Inbox inbox(2 * kMaxHeaderBytes);
  for (;;) {
    const auto eaten = parser.feed(inbox.text());
    if (!eaten)
      co_return fail(ErrorKind::malformed, "the answer is " + std::string(str(eaten.error())));
    inbox.consume(*eaten);
    if (parser.done()) co_return Answered{parser.take_response(), std::string(inbox.text())};
    const auto read = co_await read_some(stream, inbox.room());
    if (read.error)
      co_return fail(ErrorKind::unreachable, "no answer to the handshake: " + read.error.message());
    inbox.received(read.bytes);
  }
}

}  // namespace

bool asks_for_websocket(const HttpRequest& request) {
  return !find_header(request.headers, "upgrade").empty();
}

HttpResponse answer_handshake(const HttpRequest& request) {
  const auto field = [&](std::string_view name) { return find_header(request.headers, name); };
  if (!lists(field("upgrade"), "websocket"))
    return refusal(426, "this address speaks WebSocket only");
  if (request.method != Method::get || !request.body.empty())
    return refusal(400, "a WebSocket begins with a GET");
  if (!lists(field("connection"), "upgrade"))
    return refusal(400, "the Connection field does not say Upgrade");
  if (field("sec-websocket-version") != "13")
    return refusal(426, "only version 13 of WebSocket is spoken");
  const auto key = field("sec-websocket-key");
  if (!is_nonce(key)) return refusal(400, "the Sec-WebSocket-Key is not 16 bytes in base64");
  return {101,
          {{"Upgrade", "websocket"},
           {"Connection", "Upgrade"},
           {"Sec-WebSocket-Accept", accept_key(key)}},
          {}};
}

std::string handshake_text(const HttpResponse& response) {
  std::string out = "HTTP/1.1 101 Switching Protocols\r\n";
  for (const auto& [name, value] : response.headers)
    out += name + ": " + value + "\r\n";
  return out + "\r\n";
}

Task<Result<std::shared_ptr<WsConnection>>> connect_websocket(Dialer& dialer, Clock& clock,
                                                              WsRequest request,
                                                              SteadyTime deadline) {
  const auto name = request.endpoint.host + ":" + std::to_string(request.endpoint.port);
  auto dialed = co_await dialer.connect(request.endpoint, deadline);
  if (!dialed) co_return std::unexpected(dialed.error());
  const auto stream = std::make_shared<AnyStream>(std::move(*dialed));
  const auto timer = clock.call_at(deadline, [stream] { stream->close(); });
  Random random(request.mask_seed != 0 ? request.mask_seed : system_entropy());
  std::array<unsigned char, kNonceBytes> nonce{};
  for (auto& byte : nonce)
    byte = static_cast<unsigned char>(random.below(256));
  const auto key = base64(nonce.data(), nonce.size());
  const auto answered = co_await shake_hands(*stream, request_bytes(request, key));
  clock.cancel(timer);
  if (!answered) co_return fail(answered.error().kind, name + ": " + answered.error().text);
  if (const auto fault = fault_of(answered->response, key)) {
    stream->close();
    co_return fail(ErrorKind::rejected, name + ": " + std::string(*fault),
                   answered->response.status);
  }
  co_return WsConnection::make(std::move(*stream), clock, WsConnection::Role::client,
                               request.options, answered->unread, random.next());
}

}  // namespace bb::net
