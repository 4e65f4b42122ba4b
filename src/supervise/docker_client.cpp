#include "supervise/impl/docker_client.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "net/dialer.h"
#include "net/http_stream.h"
#include "net/unix_dialer.h"
#include "supervise/text.h"

namespace bb::supervise {

using net::HttpRequest;
using net::HttpResponse;
using net::Method;

namespace {

// What this client is written for. 1.52 (Docker 29) dropped fields that are not read here.
constexpr int kMinorMax = 52;
constexpr int kMinorMin = 24;
constexpr std::size_t kConnections = 16;
constexpr std::size_t kBodyMax = 32u << 20;

/// The minor of "1.41".
std::optional<int> minor_of(std::string_view text) {
  if (!text.starts_with("1.")) return std::nullopt;
  text.remove_prefix(2);
  int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::string message_of(const HttpResponse& response) {
  const auto document = net::JsonDocument::parse(response.body);
  if (document && document->root().has("message") && document->root().at("message").is_string())
    return clean_text(document->root().at("message").text(), 400);
  return clean_text(response.body, 200);
}

}  // namespace

struct DockerClient::Follow {
  std::unique_ptr<net::HttpStream> stream;
};

Result<EngineAddress> parse_engine_address(std::string_view text, bool tls) {
  EngineAddress out;
  constexpr std::string_view kUnix = "unix://";
  if (text.starts_with(kUnix)) {
    out.socket = text.substr(kUnix.size());
    out.endpoint = {"docker", 80, false};
    if (out.socket.starts_with('/')) return out;
  } else if (text.starts_with("/")) {
    out.socket = text;
    out.endpoint = {"docker", 80, false};
    return out;
  } else {
    constexpr std::string_view kTcp = "tcp://";
    const bool is_tcp = text.starts_with(kTcp);
    const std::string url =
        is_tcp ? (tls ? "https://" : "http://") + std::string(text.substr(kTcp.size()))
               : std::string(text);
    const auto base = net::parse_base_url(url);
    if (base && base->prefix.empty() && (!tls || base->endpoint.tls)) {
      out.endpoint = base->endpoint;
      return out;
    }
  }
  return fail(ErrorKind::configuration,
              fmt::format("{} is not the address of a Docker engine; write unix:///run/docker.sock "
                          "or tcp://host:2376 (with tls_folder)",
                          quote_word(text)));
}

Result<std::string> negotiate_version(std::string_view api, std::string_view min_api) {
  const auto newest = minor_of(api);
  if (!newest) return fail(ErrorKind::malformed, "it does not say which API version it speaks");
  const int oldest = minor_of(min_api).value_or(0);
  if (oldest > kMinorMax)
    return fail(ErrorKind::configuration,
                fmt::format("it speaks API 1.{} and newer, this program 1.{} and older", oldest,
                            kMinorMax));
  if (*newest < kMinorMin)
    return fail(ErrorKind::configuration,
                fmt::format("it speaks API 1.{}, this program needs 1.{}", *newest, kMinorMin));
  return fmt::format("v1.{}", std::min(*newest, kMinorMax));
}

std::string unframe_log(std::string_view bytes) {
  constexpr std::size_t kHead = 8;
  std::string out;
  while (!bytes.empty()) {
    const bool framed = bytes.size() >= kHead && static_cast<unsigned char>(bytes[0]) <= 2 &&
                        bytes.substr(1, 3) == std::string_view("\0\0\0", 3);
    if (!framed) return out.append(bytes);
    std::size_t length = 0;
    for (std::size_t i = 4; i < kHead; ++i)
      length = length << 8 | static_cast<unsigned char>(bytes[i]);
    bytes.remove_prefix(kHead);
    length = std::min(length, bytes.size());
    out.append(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return out;
}

std::optional<TimePoint> parse_engine_time(std::string_view text) {
  constexpr std::size_t kSeconds = 19;  // 2026-11-21T22:25:10
  if (text.size() < kSeconds) return std::nullopt;
  const auto time = parse_utc_instant(text.substr(0, kSeconds));
  if (!time || *time <= from_ms(0)) return std::nullopt;
  std::int64_t ms = 0;
  std::int64_t unit = 100;
  for (auto i = kSeconds + 1;
       text.size() > kSeconds && text[kSeconds] == '.' && i < text.size() && unit > 0; ++i) {
    if (text[i] < '0' || text[i] > '9') break;
    ms += (text[i] - '0') * unit;
    unit /= 10;
  }
  return *time + Millis(ms);
}

DockerClient::DockerClient(boost::asio::io_context& io, Clock& clock,
                           const RunnerSettings& settings)
    : clock_(clock), address_(settings.address) {
  const bool tls = !settings.tls_folder.empty();
  const auto address = parse_engine_address(settings.address, tls);
  if (!address) {
    usable_ = std::unexpected(address.error());
    return;
  }
  endpoint_ = address->endpoint;
  if (!address->socket.empty()) {
    dialer_ = net::make_unix_dialer(io, address->socket);
  } else {
    net::DialerOptions options;
    if (tls) {
      options.only_ca_file = settings.tls_folder + "/ca.pem";
      options.client_cert_file = settings.tls_folder + "/cert.pem";
      options.client_key_file = settings.tls_folder + "/key.pem";
    }
    dialer_ = net::make_network_dialer(io, clock, std::move(options));
  }
  net::HttpClientOptions options;
  options.max_connections = kConnections;
  options.max_body_bytes = kBodyMax;
  http_ = std::make_unique<net::HttpClient>(*dialer_, clock, endpoint_, options);
}

std::string DockerClient::describe() const { return "the Docker engine at " + address_; }

Error DockerClient::explain(const std::string& text) const {
  if (text.find("Permission denied") != std::string::npos)
    return {ErrorKind::configuration,
            fmt::format("not allowed to speak to {} ({}); give this user a rootless engine or a "
                        "socket proxy (docs/strategies.md): the socket itself is root",
                        describe(), text),
            0};
  return {ErrorKind::unreachable, fmt::format("{} does not answer: {}", describe(), text), 0};
}

Status DockerClient::check(const HttpResponse& response) const {
  if ((response.status >= 200 && response.status < 300) || response.status == 304) return {};
  const auto message = message_of(response);
  switch (response.status) {
    case 401:
    case 403:
      return fail(ErrorKind::configuration,
                  fmt::format("{} does not allow this ({} {}); allow it in the proxy before it",
                              describe(), response.status, message),
                  response.status);
    case 404:
    case 409:
      return fail(ErrorKind::conflict, fmt::format("Docker refuses: {}", message), response.status);
    case 502:
    case 503:
    case 504:
      // Of a proxy before it: what the engine did nobody knows.
      return fail(ErrorKind::unreachable,
                  fmt::format("{} does not answer ({} {})", describe(), response.status, message),
                  response.status);
    default:
      return fail(ErrorKind::rejected,
                  fmt::format("Docker refuses ({}): {}", response.status, message),
                  response.status);
  }
}

Task<Result<std::string>> DockerClient::version(SteadyTime deadline) {
  if (!usable_) co_return std::unexpected(usable_.error());
  if (!version_.empty()) co_return version_;
  HttpRequest request;
  request.target = "/version";
  auto answer = co_await http_->send(std::move(request), deadline);
  if (!answer) co_return std::unexpected(explain(answer.error().text));
  if (const auto status = check(*answer); !status) co_return std::unexpected(status.error());
  const auto document = net::JsonDocument::parse(answer->body);
  if (!document) co_return fail(ErrorKind::malformed, describe() + " does not speak its API");
  const auto root = document->root();
  const auto text = [&](std::string_view name) {
    return root.has(name) && root.at(name).is_string() ? root.at(name).text() : std::string_view();
  };
  auto agreed = negotiate_version(text("ApiVersion"), text("MinAPIVersion"));
  if (!agreed) co_return fail(agreed.error().kind, describe() + ": " + agreed.error().text);
  version_ = *agreed;
  co_return version_;
}

Task<Result<HttpResponse>> DockerClient::send(Method method, std::string path, std::string body,
                                              SteadyTime deadline) {
  const auto spoken = co_await version(deadline);
  if (!spoken) co_return std::unexpected(spoken.error());
  HttpRequest request;
  request.method = method;
  request.target = "/" + *spoken + path;
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  auto answer = co_await http_->send(std::move(request), deadline);
  if (!answer) co_return std::unexpected(explain(answer.error().text));
  // Another engine stands behind the socket since: ask again next time.
  if (answer->status == 400 && answer->body.find("client version") != std::string::npos)
    version_.clear();
  co_return std::move(*answer);
}

Task<Result<net::JsonDocument>> DockerClient::get_json(std::string path, SteadyTime deadline) {
  auto answer = co_await send(Method::get, std::move(path), "", deadline);
  if (!answer) co_return std::unexpected(answer.error());
  if (const auto status = check(*answer); !status) co_return std::unexpected(status.error());
  auto document = net::JsonDocument::parse(answer->body);
  if (!document) co_return fail(ErrorKind::malformed, describe() + ": " + document.error().text);
  co_return std::move(*document);
}

Task<Status> DockerClient::follow(std::string path, std::function<void()> line) {
  constexpr Millis kConnect{5000};
  const auto spoken = co_await version(clock_.after(kConnect));
  if (!spoken) co_return std::unexpected(spoken.error());
  HttpRequest request;
  request.target = "/" + *spoken + path;
  auto stream = co_await net::HttpStream::open(*dialer_, clock_, endpoint_, std::move(request),
                                               clock_.after(kConnect));
  if (!stream) co_return std::unexpected(explain(stream.error().text));
  if ((*stream)->status() != 200)
    co_return fail(ErrorKind::rejected, fmt::format("{} does not tell its events ({})", describe(),
                                                    (*stream)->status()));
  const auto follow = std::make_shared<Follow>(std::move(*stream));
  follow_ = follow;
  for (;;) {
    const auto piece = co_await follow->stream->read();
    if (!piece) co_return fail(piece.error().kind, describe() + ": " + piece.error().text);
    if (piece->empty()) co_return fail(ErrorKind::unreachable, describe() + " ended its events");
    if (piece->find('\n') != std::string::npos || piece->find('}') != std::string::npos) line();
  }
}

void DockerClient::cancel_follow() {
  if (follow_) follow_->stream->close();
}

}  // namespace bb::supervise
