// HTTP/1.1 messages, and the client: a keep-alive pool over a Dialer with deadlines by the Clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/stream.h"

namespace bb::net {

enum class Method { get, post, put, del };
std::string_view str(Method method);

/// Field names compare without letter case.
using Headers = std::vector<std::pair<std::string, std::string>>;
/// The first value of a field, or nothing.
std::string_view find_header(const Headers& headers, std::string_view name);

struct HttpRequest {
  Method method = Method::get;
  std::string target;  // path and query, as sent: "/fapi/v1/order?symbol=..."
  Headers headers;
  std::string body;
  std::string peer{};  // on a server: the address of the other end, without its port
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

/// Why there is no answer. `not_sent`: no byte of the request left this process, so nothing can
/// have happened at the other end. `sent`: anything may have happened.
struct HttpFailure {
  enum class Stage { not_sent, sent };
  Stage stage = Stage::not_sent;
  std::string text;  // without query or headers: they may carry a signature or a key
};

struct HttpClientOptions {
  std::size_t max_connections = 64;
  Micros connect_timeout{5'000'000};
  Micros idle_limit{30'000'000};           // an idle connection older than this is not used again
  std::size_t max_body_bytes = 64u << 20;  // an answer above this is a failure
  std::string user_agent = "bubble-buster";
};

/// Outlives its requests. Answers packed with gzip are unpacked.
class HttpClient {
 public:
  HttpClient(Dialer& dialer, Clock& clock, Endpoint endpoint, HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// One request, one answer. Never re-sends anything. Waits for a connection when all are in use.
  /// A request that is not sent by the deadline fails as not_sent.
  Task<std::expected<HttpResponse, HttpFailure>> send(HttpRequest request, SteadyTime deadline);
  /// The same with a request that is made when its connection is open, so that a stamp inside it is
  /// as old as its first byte; again when a kept connection turns out to be dead before that byte.
  /// `title` ("GET /path") is what errors call it. `build` outlives the await.
  using RequestBuilder = std::function<HttpRequest()>;
  Task<std::expected<HttpResponse, HttpFailure>> send(std::string title,
                                                      const RequestBuilder& build,
                                                      SteadyTime deadline);
  /// Opens connections until `count` are idle, so that the next requests need no handshake.
  Task<Status> prewarm(std::size_t count, SteadyTime deadline);
  /// Closes what is idle; a connection in use closes when its request ends.
  void close_idle();
  /// Gives up: requests in progress fail, also those that still wait for a connection; what is idle
  /// closes. For long polls at shutdown, never for commands. New requests may follow.
  void abort();

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

/// Percent-encodes everything but A-Z a-z 0-9 - _ . ~ with upper-case hex (RFC 3986).
std::string percent_encode(std::string_view text);
/// Decodes %XX (and '+' as a blank where `plus_is_blank`); a broken escape is an error.
Result<std::string> percent_decode(std::string_view text, bool plus_is_blank);

}  // namespace bb::net
