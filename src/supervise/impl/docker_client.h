// The Engine API of Docker and its kin over a Unix socket, TCP, or TCP with mutual TLS.
#pragma once

#include <memory>
#include <string>

#include "net/http.h"
#include "net/json.h"
#include "supervise/settings.h"

namespace bb::supervise {

/// Where an engine listens, out of DOCKER_HOST's forms.
struct EngineAddress {
  std::string socket;  // a path; empty = TCP
  net::Endpoint endpoint;
};
/// unix:///path, tcp://host:port, http(s)://host:port; an error that shows the forms.
Result<EngineAddress> parse_engine_address(std::string_view text, bool tls);

class DockerClient {
 public:
  /// Throws std::runtime_error when the TLS files cannot be used.
  DockerClient(boost::asio::io_context& io, Clock& clock, const RunnerSettings& settings);

  /// "the Docker engine at unix:///run/docker.sock".
  std::string describe() const;
  /// A query or a command under the negotiated version; `path` begins with '/'. Any status is an
  /// answer here; see check().
  Task<Result<net::HttpResponse>> send(net::Method method, std::string path, std::string body,
                                       SteadyTime deadline);
  /// The JSON of a 200.
  Task<Result<net::JsonDocument>> get_json(std::string path, SteadyTime deadline);
  /// Success for 2xx and 304 (nothing to do); else the engine's own message, with what to do.
  Status check(const net::HttpResponse& response) const;
  /// Calls `line` with every line of an endless answer; returns when it breaks off.
  Task<Status> follow(std::string path, std::function<void()> line);
  void cancel_follow();

 private:
  Task<Result<std::string>> version(SteadyTime deadline);
  Error explain(const std::string& text) const;

  Clock& clock_;
  std::string address_;
  Status usable_;  // why no request can be made
  std::unique_ptr<net::Dialer> dialer_;
  net::Endpoint endpoint_;
  std::unique_ptr<net::HttpClient> http_;
  std::string version_;  // "v1.41"; empty until the engine said what it speaks
  struct Follow;
  std::shared_ptr<Follow> follow_;
};

/// The answer to "which version": the newest both speak, or why there is none.
Result<std::string> negotiate_version(std::string_view api, std::string_view min_api);

/// Both streams of a log without TTY, in the order they came. Frames: one byte 1 (out) or 2 (err),
/// three zeros, a 4-byte big-endian length, that many bytes. What is not framed is given back.
std::string unframe_log(std::string_view bytes);

/// RFC 3339 with any fraction, to the second; nothing for the engine's "never" (year 1).
std::optional<TimePoint> parse_engine_time(std::string_view text);

}  // namespace bb::supervise
