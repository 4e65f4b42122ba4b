#include "notify/webhook.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "net/crypto.h"
#include "net/http.h"
#include "net/json.h"
#include "net/keys.h"
#include "notify/text.h"

namespace bb::notify {

namespace {

using net::JsonWriter;
using enum DeliveryResult::Fate;

constexpr Micros kTimeout{15'000'000};
constexpr std::size_t kProblemBytes = 200;

/// How each service says yes inside its answer, and how much it takes.
struct Form {
  std::string_view name;
  std::string_view code;       // member of the answer that must be 0; empty = the status alone
  std::size_t most_bytes = 0;  // of the text
};
constexpr std::array<Form, 10> kForms{{{"generic", "", 32'000},
                                       {"custom", "", 32'000},
                                       {"feishu", "code", 18'000},
                                       {"dingtalk", "errcode", 18'000},
                                       {"wecom", "errcode", 3'900},
                                       {"discord", "", 1'900},
                                       {"slack", "", 30'000},
                                       {"ntfy", "", 3'900},
                                       {"bark", "", 3'000},
                                       {"gotify", "", 30'000}}};

const Form& form_of(std::string_view name) {
  const auto* found = std::ranges::find(kForms, name, &Form::name);
  return found == kForms.end() ? kForms.front() : *found;
}

/// Base64 of the HMAC's bytes, as Feishu and DingTalk write it.
std::string signature(std::string_view key, std::string_view message) {
  const std::string hex = net::hmac_sha256_hex(key, message);
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    bytes += static_cast<char>(value);
  }
  return net::base64_encode(bytes);
}

std::string whole_text(const Letter& letter, const Form& form) {
  return first_bytes(letter.title + "\n" + plain_text(letter.body), form.most_bytes);
}

std::string filled(std::string_view pattern, const Letter& letter, const Form& form) {
  const std::array<std::pair<std::string_view, std::string>, 6> values{
      {{"{title}", letter.title},
       {"{text}", first_bytes(plain_text(letter.body), form.most_bytes)},
       {"{kind}", letter.kind},
       {"{urgency}", std::string(str(letter.urgency))},
       {"{account}", letter.account},
       {"{time}", iso_millis(letter.written_at)}}};
  std::string out;
  while (!pattern.empty()) {
    const auto* found = std::ranges::find_if(
        values, [&](const auto& each) { return pattern.starts_with(each.first); });
    if (found == values.end()) {
      out += pattern.front();
      pattern.remove_prefix(1);
      continue;
    }
    JsonWriter quoted;
    quoted.value(found->second);
    // The quotes are the pattern's.
    out.append(quoted.str(), 1, quoted.str().size() - 2);
    pattern.remove_prefix(found->first.size());
  }
  return out;
}

WebhookPost generic(const Letter& letter, const Form& form, const Secret& secret, TimePoint now) {
  const auto seconds = std::to_string(to_ms(now) / 1000);
  JsonWriter out;
  out.begin_object().field("ts", to_ms(now) / 1000).field("severity", str(letter.urgency));
  out.field("target", letter.account).field("event", letter.kind).field("title", letter.title);
  out.field("text", first_bytes(plain_text(letter.body), form.most_bytes));
  out.field("written_at", iso_millis(letter.written_at)).end_object();
  WebhookPost post{out.take(), {}};
  if (secret.empty()) return post;
  post.headers.emplace_back("X-Timestamp", seconds);
  post.headers.emplace_back(
      "X-Signature", "sha256=" + net::hmac_sha256_hex(secret.reveal(), seconds + "." + post.body));
  return post;
}

WebhookPost feishu(const std::string& text, const Secret& secret, TimePoint now) {
  JsonWriter out;
  out.begin_object();
  if (!secret.empty()) {
    // The text to sign is the key, and the message is empty: so the vendor has it.
    const auto seconds = std::to_string(to_ms(now) / 1000);
    out.field("timestamp", seconds);
    out.field("sign", signature(seconds + "\n" + std::string(secret.reveal()), ""));
  }
  out.field("msg_type", "text").key("content").begin_object().field("text", text).end_object();
  return {out.end_object().take(), {}};
}

WebhookPost dingtalk(const std::string& text, const Secret& secret, TimePoint now) {
  JsonWriter out;
  out.begin_object().field("msgtype", "text");
  out.key("text").begin_object().field("content", text).end_object().end_object();
  WebhookPost post{out.take(), {}};
  if (secret.empty()) return post;
  const auto millis = std::to_string(to_ms(now));
  const auto sign = signature(secret.reveal(), millis + "\n" + std::string(secret.reveal()));
  post.query = "timestamp=" + millis + "&sign=" + net::percent_encode(sign);
  return post;
}

WebhookPost ntfy(const Letter& letter, const Form& form, const Secret& secret,
                 std::string_view url) {
  // JSON goes to the root; the topic is the last part of the address.
  const auto path = net::parse_base_url(url);
  const std::string topic = path ? path->prefix.substr(path->prefix.rfind('/') + 1) : "";
  JsonWriter out;
  out.begin_object().field("topic", topic).field("title", letter.title);
  out.field("message", first_bytes(plain_text(letter.body), form.most_bytes));
  const int priority = letter.urgency == Urgency::critical ? 5 : letter.is_silent ? 2 : 3;
  out.field("priority", priority).end_object();
  WebhookPost post{out.take(), {}};
  if (!secret.empty())
    post.headers.emplace_back("Authorization", "Bearer " + std::string(secret.reveal()));
  return post;
}

WebhookPost bark(const Letter& letter, const Form& form, const Secret& secret) {
  JsonWriter out;
  out.begin_object().field("device_key", secret.reveal()).field("title", letter.title);
  out.field("body", first_bytes(plain_text(letter.body), form.most_bytes));
  const std::string_view level = letter.urgency == Urgency::critical ? "critical"
                                 : letter.is_silent                  ? "passive"
                                                                     : "active";
  out.field("level", level).field("group", letter.account).end_object();
  return {out.take(), {}};
}

WebhookPost gotify(const Letter& letter, const Form& form, const Secret& secret) {
  JsonWriter out;
  out.begin_object().field("title", letter.title);
  out.field("message", first_bytes(plain_text(letter.body), form.most_bytes));
  out.field("priority", letter.urgency == Urgency::critical ? 10 : 5).end_object();
  return {out.take(), {{"X-Gotify-Key", std::string(secret.reveal())}}};
}

class Webhook final : public Notifier {
 public:
  Webhook(const NotifySettings& settings, const net::BaseUrl& url, std::string target,
          net::Dialer& dialer, Clock& clock)
      : clock_(clock), target_(std::move(target)), client_(dialer, clock, url.endpoint, {}) {
    settings_.webhook_template = settings.webhook_template;
    settings_.webhook_body = settings.webhook_body;
    settings_.webhook_secret = settings.webhook_secret.clone();
    settings_.webhook_url = settings.webhook_url.clone();
  }
  std::string name() const override { return "webhook"; }
  // 20 a minute, or ten minutes of silence.
  Micros gap() const override { return Seconds(3); }
  Task<DeliveryResult> send(Letter letter) override;

 private:
  NotifySettings settings_;
  Clock& clock_;
  std::string target_;
  net::HttpClient client_;
};

std::string joined(const std::string& target, const std::string& query) {
  if (query.empty()) return target;
  return target + (target.find('?') == std::string::npos ? "?" : "&") + query;
}

/// What stands after the host, the address's key with it.
std::string path_of(std::string_view url) {
  const auto host = url.find("://");
  const auto path = host == std::string_view::npos ? host : url.find('/', host + 3);
  return path == std::string_view::npos ? "/" : std::string(url.substr(path));
}

std::string_view without_path(std::string_view url) {
  const auto host = url.find("://");
  if (host == std::string_view::npos) return url;
  return url.substr(0, url.find_first_of("/?", host + 3));
}

Task<DeliveryResult> Webhook::send(Letter letter) {
  const auto post = make_post(settings_, letter, clock_.utc_now());
  net::HttpRequest request;
  request.method = net::Method::post;
  request.target = joined(target_, post.query);
  request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  for (const auto& header : post.headers)
    request.headers.push_back(header);
  request.body = post.body;
  const net::HttpClient::RequestBuilder build = [&] { return request; };
  const auto answer = co_await client_.send("webhook", build, clock_.after(kTimeout));
  // The service's own words may echo the address, which is a key: they are not shown.
  if (!answer) co_return DeliveryResult{later, first_bytes(answer.error().text, kProblemBytes)};
  auto result = judge_post(settings_.webhook_template, answer->status, answer->body);
  const auto wait = net::find_header(answer->headers, "retry-after");
  std::int64_t seconds = 0;
  std::from_chars(wait.data(), wait.data() + wait.size(), seconds);
  if (answer->status == 429 && seconds > 0) result.retry_after = Seconds(seconds);
  co_return result;
}

}  // namespace

std::vector<std::string> webhook_templates() {
  std::vector<std::string> names;
  for (const Form& form : kForms)
    names.emplace_back(form.name);
  return names;
}

std::vector<std::string> check_webhook(const NotifySettings& settings) {
  std::vector<std::string> faults;
  if (settings.webhook_url.empty()) return faults;
  if (!net::parse_base_url(without_path(settings.webhook_url.reveal())))
    faults.emplace_back("webhook_url: it is no address; the form is https://host/path");
  const auto& form = settings.webhook_template;
  if ((form == "bark" || form == "gotify") && settings.webhook_secret.empty())
    faults.push_back("webhook_secret: template " + form +
                     (form == "bark" ? " needs the device key there" : " needs the app's token"));
  if (form == "custom") {
    const auto sample = filled(settings.webhook_body, Letter{}, form_of("custom"));
    if (!net::JsonDocument::parse(sample))
      faults.emplace_back(
          "webhook_body: it is no JSON with placeholders; for example {\"text\": \"{title}\"}");
  }
  return faults;
}

WebhookPost make_post(const NotifySettings& settings, const Letter& letter, TimePoint now) {
  const Form& form = form_of(settings.webhook_template);
  const auto& secret = settings.webhook_secret;
  const auto text = whole_text(letter, form);
  const auto single = [&](std::string_view name) {
    JsonWriter out;
    out.begin_object().field(name, text).end_object();
    return WebhookPost{out.take(), {}};
  };
  if (form.name == "custom") return {filled(settings.webhook_body, letter, form), {}};
  if (form.name == "feishu") return feishu(text, secret, now);
  if (form.name == "dingtalk") return dingtalk(text, secret, now);
  if (form.name == "slack") return single("text");
  if (form.name == "ntfy") return ntfy(letter, form, secret, settings.webhook_url.reveal());
  if (form.name == "bark") return bark(letter, form, secret);
  if (form.name == "gotify") return gotify(letter, form, secret);
  if (form.name == "wecom") {
    JsonWriter out;
    out.begin_object().field("msgtype", "markdown");
    out.key("markdown").begin_object().field("content", text).end_object().end_object();
    return {out.take(), {}};
  }
  if (form.name == "discord") {
    JsonWriter out;
    out.begin_object().field("content", text).key("allowed_mentions").begin_object();
    out.key("parse").begin_array().end_array().end_object().end_object();
    return {out.take(), {}};
  }
  return generic(letter, form, secret, now);
}

DeliveryResult judge_post(std::string_view form, int status, std::string_view body) {
  const auto problem = [&](std::string_view why) { return fmt::format("webhook: {}", why); };
  if (status == 429 || status >= 500) return {later, problem(fmt::format("HTTP {}", status))};
  if (status == 401 || status == 403 || status == 404 || status == 410)
    return {broken, problem(fmt::format("HTTP {}: the address or its key is not valid", status))};
  if (status < 200 || status >= 300) return {refused, problem(fmt::format("HTTP {}", status))};
  const auto code = form_of(form).code;
  if (code.empty()) return {delivered};
  const auto document = net::JsonDocument::parse(body);
  if (!document || !document->root().has(code))
    return {later, problem("the answer is not the service's")};
  try {
    const auto value = document->root().at(code).integer();
    if (value == 0) return {delivered};
    // Too often: Feishu 11232, WeCom 45009, DingTalk 130101.
    const bool too_often = value == 11232 || value == 45009 || value == 130101;
    return {too_often ? later : refused, problem(fmt::format("refused with code {}", value))};
  } catch (const net::JsonError& error) {
    return {later, problem(error.what())};
  }
}

std::unique_ptr<Notifier> make_webhook(const NotifySettings& settings, net::Dialer& dialer,
                                       Clock& clock, const Log& log) {
  if (settings.webhook_url.empty()) return nullptr;
  const auto address = settings.webhook_url.reveal();
  const auto url = net::parse_base_url(without_path(address));
  if (!url) {
    log.error("nothing is posted", {{"reason", "[notify] webhook_url is no address"}});
    return nullptr;
  }
  // ntfy takes JSON at its root.
  auto target = settings.webhook_template == "ntfy" ? std::string("/") : path_of(address);
  return std::make_unique<Webhook>(settings, *url, std::move(target), dialer, clock);
}

}  // namespace bb::notify
