// ServerChan (sct.ftqq.com and sc3.ft07.com), as documented by the vendor in 2026.
#include <fmt/format.h>

#include "net/http.h"
#include "net/json.h"
#include "notify/notifier.h"

namespace bb::notify {

namespace {

constexpr std::size_t kTitleCharacters = 32;
constexpr std::size_t kBodyBytes = 32 * 1024;
constexpr std::size_t kProblemBytes = 200;
constexpr std::string_view kThirdGeneration = "sctp";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The digits of "sctp<digits>t...": the user's own host. Empty for a Turbo key.
std::string user_id_of(std::string_view key) {
  if (!key.starts_with(kThirdGeneration)) return {};
  key.remove_prefix(kThirdGeneration.size());
  const auto end = key.find_first_not_of("0123456789");
  if (end == 0 || end == std::string_view::npos || key[end] != 't') return {};
  return std::string(key.substr(0, end));
}

class ServerChan final : public Notifier {
 public:
  ServerChan(Secret key, const net::BaseUrl& url, std::string path, Micros timeout,
             net::Dialer& dialer, Clock& clock)
      : key_(std::move(key)),
        target_(url.prefix + path),
        timeout_(timeout),
        clock_(clock),
        client_(dialer, clock, url.endpoint, {}) {}

  Task<DeliveryResult> send(std::string title, std::string body) override;

 private:
  DeliveryResult judge(const net::HttpResponse& response) const;
  DeliveryResult failed(std::string problem) const;

  Secret key_;
  std::string target_;
  Micros timeout_;
  Clock& clock_;
  net::HttpClient client_;
};

Task<DeliveryResult> ServerChan::send(std::string title, std::string body) {
  net::HttpRequest request;
  request.method = net::Method::post;
  request.target = target_;
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = "title=" + net::percent_encode(first_characters(title, kTitleCharacters)) +
                 "&desp=" + net::percent_encode(first_bytes(body, kBodyBytes));
  auto answer = co_await client_.send(std::move(request), clock_.after(timeout_));
  if (!answer) co_return failed(answer.error().text);
  co_return judge(*answer);
}

DeliveryResult ServerChan::judge(const net::HttpResponse& response) const {
  if (response.status != 200)
    return failed(fmt::format("HTTP {}: {}", response.status, response.body));
  const auto document = net::JsonDocument::parse(response.body);
  if (!document) return failed("the answer is not JSON: " + response.body);
  try {
    const std::int64_t code = document->root().at("code").integer();
    if (code == 0) return {true, {}};
    std::string reason;
    if (document->root().has("message")) reason = document->root().at("message").text();
    return failed(fmt::format("refused with code {}: {}", code, reason));
  } catch (const net::JsonError& error) {
    return failed(error.what());
  }
}

// Answers may echo the request, and error texts name addresses: the key is cut out of all of them.
DeliveryResult ServerChan::failed(std::string problem) const {
  const std::string_view key = key_.reveal();
  for (auto at = problem.find(key); at != std::string::npos; at = problem.find(key))
    problem.replace(at, key.size(), "(key)");
  return {false, "ServerChan: " + first_bytes(problem, kProblemBytes)};
}

}  // namespace

std::string marked_title(std::string_view environment, std::string_view title) {
  std::string marked;
  if (environment != "live") marked.append("[").append(environment).append("] ");
  return marked.append(title);
}

std::string first_characters(const std::string& text, std::size_t characters) {
  std::size_t end = 0;
  while (end < text.size() && characters-- > 0) {
    ++end;
    while (end < text.size() && is_continuation(text[end]))
      ++end;
  }
  return text.substr(0, end);
}

std::string first_bytes(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && is_continuation(text[bytes]))
    --bytes;
  return text.substr(0, bytes);
}

std::unique_ptr<Notifier> make_notifier(const NotifySettings& settings, ServerChanOptions options,
                                        net::Dialer& dialer, Clock& clock, const Log& log) {
  if (!settings.enabled) {
    log.info("notifications are switched off");
    return nullptr;
  }
  if (is_placeholder(settings.serverchan_sendkey)) {
    log.warn("no notifications are sent: set a ServerChan key, or enabled = false",
             {{"key", "notify.serverchan_sendkey"}});
    return nullptr;
  }
  const std::string key(settings.serverchan_sendkey.reveal());
  const std::string user = user_id_of(key);
  std::string path = "/" + key + ".send";
  if (!user.empty()) path = "/send" + path;
  if (options.base_url.empty())
    options.base_url =
        user.empty() ? "https://sctapi.ftqq.com" : "https://" + user + ".push.ft07.com";
  const auto url = net::parse_base_url(options.base_url);
  if (!url) {
    log.error("no notifications are sent", {{"reason", url.error().text}});
    return nullptr;
  }
  return std::make_unique<ServerChan>(settings.serverchan_sendkey.clone(), *url, std::move(path),
                                      options.timeout, dialer, clock);
}

}  // namespace bb::notify
