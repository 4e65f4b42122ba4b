// ServerChan (sct.ftqq.com and sc3.ft07.com), as documented by the vendor in 2026.
#include <fmt/format.h>

#include "net/http.h"
#include "net/json.h"
#include "notify/notifier.h"

namespace bb::notify {

namespace {

using enum DeliveryResult::Fate;

constexpr std::size_t kTitleCharacters = 32;
constexpr std::size_t kBodyBytes = 32 * 1024;
constexpr std::size_t kProblemBytes = 200;
constexpr std::string_view kThirdGeneration = "sctp";

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

  std::string name() const override { return "serverchan"; }
  Task<DeliveryResult> send(Letter letter) override;

 private:
  DeliveryResult judge(const net::HttpResponse& response) const;
  DeliveryResult failed(DeliveryResult::Fate fate, std::string problem) const;

  Secret key_;
  std::string target_;
  Micros timeout_;
  Clock& clock_;
  net::HttpClient client_;
};

Task<DeliveryResult> ServerChan::send(Letter letter) {
  net::HttpRequest request;
  request.method = net::Method::post;
  request.target = target_;
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = "title=" + net::percent_encode(first_characters(letter.title, kTitleCharacters)) +
                 "&desp=" + net::percent_encode(first_bytes(letter.body, kBodyBytes));
  auto answer = co_await client_.send(std::move(request), clock_.after(timeout_));
  if (!answer) co_return failed(later, answer.error().text);
  co_return judge(*answer);
}

DeliveryResult ServerChan::judge(const net::HttpResponse& response) const {
  if (response.status != 200)
    return failed(response.status < 500 && response.status != 429 ? refused : later,
                  fmt::format("HTTP {}: {}", response.status, response.body));
  const auto document = net::JsonDocument::parse(response.body);
  if (!document) return failed(later, "the answer is not JSON: " + response.body);
  try {
    const std::int64_t code = document->root().at("code").integer();
    if (code == 0) return {delivered};
    std::string reason;
    if (document->root().has("message")) reason = document->root().at("message").text();
    return failed(refused, fmt::format("refused with code {}: {}", code, reason));
  } catch (const net::JsonError& error) {
    return failed(later, error.what());
  }
}

// Answers may echo the request, and error texts name addresses: the key is cut out of all of them.
DeliveryResult ServerChan::failed(DeliveryResult::Fate fate, std::string problem) const {
  const std::string_view key = key_.reveal();
  for (auto at = problem.find(key); at != std::string::npos; at = problem.find(key))
    problem.replace(at, key.size(), "(key)");
  return {fate, "ServerChan: " + first_bytes(problem, kProblemBytes)};
}

}  // namespace

std::unique_ptr<Notifier> make_serverchan(const NotifySettings& settings, ServerChanOptions options,
                                          net::Dialer& dialer, Clock& clock, const Log& log) {
  if (is_placeholder(settings.serverchan_sendkey)) return nullptr;
  const std::string key(settings.serverchan_sendkey.reveal());
  const std::string user = user_id_of(key);
  std::string path = "/" + key + ".send";
  if (!user.empty()) path = "/send" + path;
  if (options.base_url.empty())
    options.base_url =
        user.empty() ? "https://sctapi.ftqq.com" : "https://" + user + ".push.ft07.com";
  const auto url = net::parse_base_url(options.base_url);
  if (!url) {
    log.error("nothing goes to ServerChan", {{"reason", url.error().text}});
    return nullptr;
  }
  return std::make_unique<ServerChan>(settings.serverchan_sendkey.clone(), *url, std::move(path),
                                      options.timeout, dialer, clock);
}

}  // namespace bb::notify
