// HTTP/1.1 on the wire, for this module only: messages to text, and bytes to messages. The parser
// of Beast stays inside http_wire.cpp. No I/O here.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"

namespace bb::net {

/// The bytes of one request; a field that is not in `headers` but needed is added.
std::string request_text(const HttpRequest& request, const Endpoint& endpoint,
                         std::string_view user_agent);
/// The bytes of one answer, with its length, and "Connection: close" where it is the last one.
std::string response_text(const HttpResponse& response, bool last);
/// The head of an answer whose body ends with the connection.
std::string endless_head_text(const HttpResponse& response);
/// "host" or "host:port" as a Host field has it.
std::string host_field(const Endpoint& endpoint);
/// The usual phrase of a status ("Not Found").
std::string_view reason_phrase(int status);
/// True when the text could not break out of its line.
bool is_field_safe(std::string_view text);

enum class WireFault { malformed, header_too_large, body_too_large, method_unknown };
/// The status that a server answers to such a request.
int status_of(WireFault fault);
std::string_view str(WireFault fault);

/// Parses one message from bytes that come in any pieces.
class HttpParser {
 public:
  enum class Kind {
    request,
    response,
    response_without_body,  // the answer of CONNECT: what follows the head is the tunnel's
  };
  struct Limits {
    std::size_t header_bytes = 64u << 10;
    std::size_t body_bytes = 1u << 20;
  };
  HttpParser(Kind kind, Limits limits);
  ~HttpParser();

  /// Eats from the front of `bytes` and says how many; what is left must come again, with more.
  std::expected<std::size_t, WireFault> feed(std::string_view bytes);
  /// The stream ended. True when that completes the message (a body without length).
  bool end();
  bool done() const;
  bool started() const;
  /// Of a done message: the connection can carry another one.
  bool keeps_alive() const;
  /// The head is whole; status() and take_body() may be asked while the body still comes.
  bool head_done() const;
  int status() const;
  /// What came of the body since the last call.
  std::string take_body();
  HttpRequest take_request();
  HttpResponse take_response();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace bb::net
