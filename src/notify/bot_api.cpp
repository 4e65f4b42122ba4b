#include "notify/bot_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "net/http.h"
#include "net/json.h"
#include "notify/multipart.h"
#include "notify/notifier.h"

namespace bb::notify {

namespace {

constexpr std::size_t kLongestToken = 80;  // the server's own limit
constexpr std::size_t kShownBytes = 200;
constexpr Seconds kPollSlack{10};
constexpr Seconds kLongestPoll{50};
constexpr Seconds kUntoldPause{5};  // a 429 that names no time
constexpr std::size_t kQueryText = 200;

constexpr std::array<std::pair<std::string_view, char>, 4> kEntities{
    {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_token_character(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

std::optional<Seconds> retry_header(const net::Headers& headers) {
  const auto text = net::find_header(headers, "retry-after");
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || seconds < 0) return std::nullopt;
  return Seconds(seconds);
}

BotRefused read_refusal(net::JsonView root, const net::HttpResponse& response) {
  BotRefused refused;
  refused.code =
      root.has("error_code") ? static_cast<int>(root.at("error_code").integer()) : response.status;
  if (root.has("description")) refused.description = root.at("description").text();
  if (root.has("parameters")) {
    const auto parameters = root.at("parameters");
    if (parameters.has("retry_after"))
      refused.retry_after = Seconds(parameters.at("retry_after").integer());
    if (parameters.has("migrate_to_chat_id"))
      refused.migrate_to_chat_id = parameters.at("migrate_to_chat_id").integer();
  }
  if (refused.code == 429 && !refused.retry_after)
    refused.retry_after = retry_header(response.headers).value_or(kUntoldPause);
  return refused;
}

BotAnswer read_answer(const net::HttpResponse& response) {
  // A 5xx says nothing about what happened, whoever wrote it.
  if (response.status >= 500) return BotUnreachable{fmt::format("HTTP {}", response.status), true};
  const auto document = net::JsonDocument::parse(response.body);
  if (!document) {
    if (response.status == 413) return BotRefused{413, "Request Entity Too Large"};
    return BotUnreachable{
        fmt::format("HTTP {} with text that is no JSON: somebody between here and Telegram answers",
                    response.status),
        response.status < 400};
  }
  try {
    const auto root = document->root();
    if (root.at("ok").boolean()) return BotDone{root.at("result").raw()};
    auto refused = read_refusal(root, response);
    if (refused.code >= 500) return BotUnreachable{refused.description, true};
    return refused;
  } catch (const net::JsonError& error) {
    return BotUnreachable{std::string("an answer that is none of Telegram's: ") + error.what(),
                          response.status < 400};
  }
}

void put_options(net::JsonWriter& out, const MessageOptions& options) {
  if (!options.parse_mode.empty()) out.field("parse_mode", options.parse_mode);
  if (!options.reply_markup.empty()) out.key("reply_markup").raw(options.reply_markup);
  if (options.silent) out.field("disable_notification", true);
  if (options.protect) out.field("protect_content", true);
  if (options.thread_id != 0) out.field("message_thread_id", options.thread_id);
  if (options.reply_to != 0)
    out.key("reply_parameters")
        .begin_object()
        .field("message_id", options.reply_to)
        .field("allow_sending_without_reply", true)
        .end_object();
}

std::string text_parameters(std::string_view text, const MessageOptions& options, std::int64_t chat,
                            std::int64_t message) {
  net::JsonWriter out;
  out.begin_object().field("chat_id", chat);
  if (message != 0) out.field("message_id", message);
  out.field("text", text);
  out.key("link_preview_options").begin_object().field("is_disabled", true).end_object();
  put_options(out, options);
  return out.end_object().take();
}

std::string file_parameters(const std::string& caption, const MessageOptions& options,
                            std::int64_t chat) {
  net::JsonWriter out;
  out.begin_object().field("chat_id", chat);
  if (!caption.empty()) out.field("caption", caption);
  put_options(out, options);
  return out.end_object().take();
}

/// The markup is at fault, not the text.
bool is_bad_markup(const BotAnswer& answer) {
  const auto* refused = std::get_if<BotRefused>(&answer);
  return refused != nullptr && refused->code == 400 && refused->says("can't parse entities");
}

std::string without_markup(const std::string& text, MessageOptions& options) {
  const bool is_html = options.parse_mode == "HTML";
  options.parse_mode.clear();
  return is_html ? plain_of_html(text) : text;
}

}  // namespace

struct BotApi::State {
  State(Secret t, const net::BaseUrl& url, BotApiOptions o, net::Dialer& dialer, Clock& c)
      : token(std::move(t)),
        prefix(url.prefix + "/bot"),
        options(std::move(o)),
        clock(c),
        sender(dialer, c, url.endpoint, {}),
        poller(dialer, c, url.endpoint, {}) {}

  Task<BotAnswer> exchange(net::HttpClient& client, std::string method, net::Headers headers,
                           std::string body, Micros timeout);
  std::string clean(std::string text) const;

  Secret token;
  std::string prefix;
  BotApiOptions options;
  Clock& clock;
  net::HttpClient sender;
  net::HttpClient poller;  // of its own: a send never waits behind a poll
};

// Answers may echo the address, and error texts name it: the token is cut out of all of them.
std::string BotApi::State::clean(std::string text) const {
  const std::string_view whole = token.reveal();
  for (const auto part : {whole, whole.substr(whole.find(':') + 1)})
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part))
      text.replace(at, part.size(), "(token)");
  return first_bytes(text, kShownBytes);
}

Task<BotAnswer> BotApi::State::exchange(net::HttpClient& client, std::string method,
                                        net::Headers headers, std::string body, Micros timeout) {
  const net::HttpClient::RequestBuilder build = [&] {
    net::HttpRequest request;
    request.method = net::Method::post;
    request.target = prefix;
    request.target.append(token.reveal()).append("/").append(method);
    request.headers = headers;
    request.body = body;
    return request;
  };
  const auto response = co_await client.send("Telegram " + method, build, clock.after(timeout));
  if (!response)
    co_return BotUnreachable{clean(response.error().text),
                             response.error().stage == net::HttpFailure::Stage::sent};
  auto answer = read_answer(*response);
  if (auto* refused = std::get_if<BotRefused>(&answer))
    refused->description = clean(std::move(refused->description));
  if (auto* unreachable = std::get_if<BotUnreachable>(&answer))
    unreachable->why = clean("Telegram " + method + ": " + unreachable->why);
  co_return answer;
}

BotApi::BotApi(std::unique_ptr<State> state) : state_(std::move(state)) {}
BotApi::~BotApi() = default;

Result<std::unique_ptr<BotApi>> BotApi::make(Secret token, BotApiOptions options,
                                             net::Dialer& dialer, Clock& clock) {
  if (!is_bot_token(token))
    return fail(ErrorKind::configuration,
                "the Telegram token is none: copy it from @BotFather as it is, "
                "\"<digits>:<letters>\"");
  const auto url = net::parse_base_url(options.base_url);
  if (!url) return std::unexpected(url.error());
  return std::unique_ptr<BotApi>(new BotApi(
      std::make_unique<State>(std::move(token), *url, std::move(options), dialer, clock)));
}

Task<BotAnswer> BotApi::call(std::string method, std::string parameters,
                             std::vector<BotFile> files) {
  net::Headers headers{{"Content-Type", "application/json"}};
  if (files.empty())
    co_return co_await state_->exchange(state_->sender, std::move(method), std::move(headers),
                                        std::move(parameters), state_->options.timeout);
  const auto document = net::JsonDocument::parse(parameters);
  if (!document || !document->root().is_object())
    co_return BotUnreachable{"the parameters of " + method + " are no JSON object", false};
  std::vector<std::pair<std::string, std::string>> fields;
  document->root().for_each_member([&](std::string_view name, net::JsonView value) {
    fields.emplace_back(name, value.is_string() ? std::string(value.text()) : value.raw());
  });
  auto body = make_multipart(fields, files);
  headers.front().second = std::move(body.content_type);
  co_return co_await state_->exchange(state_->sender, std::move(method), std::move(headers),
                                      std::move(body.text), state_->options.upload_timeout);
}

Task<BotAnswer> BotApi::get_updates(std::int64_t offset, Seconds wait,
                                    std::vector<std::string> allowed_updates) {
  wait = std::clamp(wait, Seconds(0), kLongestPoll);
  net::JsonWriter out;
  out.begin_object().field("offset", offset).field("timeout", wait.count());
  out.key("allowed_updates").begin_array();
  for (const auto& name : allowed_updates)
    out.value(name);
  out.end_array().end_object();
  net::Headers headers{{"Content-Type", "application/json"}};
  co_return co_await state_->exchange(state_->poller, "getUpdates", std::move(headers), out.take(),
                                      wait + kPollSlack);
}

void BotApi::interrupt_poll() { state_->poller.abort(); }

Task<BotAnswer> BotApi::send_text(std::string method, std::string text, MessageOptions options,
                                  std::int64_t chat, std::int64_t message) {
  auto parameters = text_parameters(text, options, chat, message);
  auto answer = co_await call(method, std::move(parameters));
  if (options.parse_mode.empty() || !is_bad_markup(answer)) co_return answer;
  text = without_markup(text, options);
  parameters = text_parameters(text, options, chat, message);
  co_return co_await call(std::move(method), std::move(parameters));
}

Task<BotAnswer> BotApi::send_message(std::int64_t chat, std::string text, MessageOptions options) {
  co_return co_await send_text("sendMessage", std::move(text), std::move(options), chat, 0);
}

Task<BotAnswer> BotApi::edit_message_text(std::int64_t chat, std::int64_t message, std::string text,
                                          MessageOptions options) {
  auto answer =
      co_await send_text("editMessageText", std::move(text), std::move(options), chat, message);
  const auto* refused = std::get_if<BotRefused>(&answer);
  if (refused != nullptr && refused->says("message is not modified")) co_return BotDone{"true"};
  co_return answer;
}

Task<BotAnswer> BotApi::delete_message(std::int64_t chat, std::int64_t message) {
  net::JsonWriter out;
  out.begin_object().field("chat_id", chat).field("message_id", message).end_object();
  co_return co_await call("deleteMessage", out.take());
}

Task<BotAnswer> BotApi::answer_callback_query(std::string id, std::string text, bool alert) {
  net::JsonWriter out;
  out.begin_object().field("callback_query_id", id);
  if (!text.empty()) out.field("text", first_characters(text, kQueryText));
  if (alert) out.field("show_alert", true);
  out.end_object();
  co_return co_await call("answerCallbackQuery", out.take());
}

Task<BotAnswer> BotApi::send_file(std::string method, BotFile file, std::string caption,
                                  MessageOptions options, std::int64_t chat) {
  std::vector<BotFile> files;
  files.push_back(std::move(file));
  auto parameters = file_parameters(caption, options, chat);
  auto answer = co_await call(method, std::move(parameters), files);
  if (options.parse_mode.empty() || !is_bad_markup(answer)) co_return answer;
  caption = without_markup(caption, options);
  parameters = file_parameters(caption, options, chat);
  co_return co_await call(std::move(method), std::move(parameters), std::move(files));
}

Task<BotAnswer> BotApi::send_photo(std::int64_t chat, BotFile photo, std::string caption,
                                   MessageOptions options) {
  photo.field = "photo";
  co_return co_await send_file("sendPhoto", std::move(photo), std::move(caption),
                               std::move(options), chat);
}

Task<BotAnswer> BotApi::send_document(std::int64_t chat, BotFile document, std::string caption,
                                      MessageOptions options) {
  document.field = "document";
  co_return co_await send_file("sendDocument", std::move(document), std::move(caption),
                               std::move(options), chat);
}

Task<BotAnswer> BotApi::set_my_commands(std::string commands, std::string scope,
                                        std::string language) {
  net::JsonWriter out;
  out.begin_object().key("commands").raw(commands);
  if (!scope.empty()) out.key("scope").raw(scope);
  if (!language.empty()) out.field("language_code", language);
  out.end_object();
  co_return co_await call("setMyCommands", out.take());
}

Task<BotAnswer> BotApi::delete_webhook(bool drop_pending) {
  net::JsonWriter out;
  out.begin_object().field("drop_pending_updates", drop_pending).end_object();
  co_return co_await call("deleteWebhook", out.take());
}

Task<BotAnswer> BotApi::get_me() { co_return co_await call("getMe", "{}"); }

std::string str(const BotAnswer& answer) {
  if (const auto* refused = std::get_if<BotRefused>(&answer))
    return fmt::format("Telegram refused with {}: {}", refused->code, refused->description);
  if (const auto* unreachable = std::get_if<BotUnreachable>(&answer)) return unreachable->why;
  return "done";
}

std::optional<std::int64_t> message_id_of(const BotAnswer& answer) {
  const auto* done = std::get_if<BotDone>(&answer);
  if (done == nullptr) return std::nullopt;
  const auto document = net::JsonDocument::parse(done->result);
  if (!document || !document->root().has("message_id")) return std::nullopt;
  try {
    return document->root().at("message_id").integer();
  } catch (const net::JsonError&) {
    return std::nullopt;
  }
}

bool is_bot_token(const Secret& token) {
  const auto text = token.reveal();
  const auto colon = text.find(':');
  if (text.size() > kLongestToken || colon == std::string_view::npos) return false;
  const auto id = text.substr(0, colon);
  const auto word = text.substr(colon + 1);
  return !id.empty() && !word.empty() && std::ranges::all_of(id, is_digit) &&
         std::ranges::all_of(word, is_token_character);
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string plain_of_html(std::string_view html) {
  std::string out;
  while (!html.empty()) {
    if (html.front() == '<') {
      const auto end = html.find('>');
      if (end != std::string_view::npos) {
        html.remove_prefix(end + 1);
        continue;
      }
    }
    const auto* entity = std::ranges::find_if(
        kEntities, [&](const auto& each) { return html.starts_with(each.first); });
    const bool is_entity = entity != kEntities.end();
    out += is_entity ? entity->second : html.front();
    html.remove_prefix(is_entity ? entity->first.size() : 1);
  }
  return out;
}

}  // namespace bb::notify
