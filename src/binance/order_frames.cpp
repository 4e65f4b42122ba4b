// The frames of the WebSocket API (reference §16).
#include <algorithm>
#include <array>
#include <utility>

#include "binance/order_socket.h"

namespace bb::binance {

namespace {

struct ApiMethod {
  net::Method method;
  std::string_view path;
  std::string_view name;
};
constexpr auto kMethods = std::to_array<ApiMethod>({
    {net::Method::post, "/fapi/v1/order", "order.place"},
    {net::Method::del, "/fapi/v1/order", "order.cancel"},
    {net::Method::post, "/fapi/v1/algoOrder", "algoOrder.place"},
    {net::Method::del, "/fapi/v1/algoOrder", "algoOrder.cancel"},
});

// Whole numbers are JSON numbers there, everything else is text.
constexpr auto kNumbers =
    std::to_array<std::string_view>({"orderId", "algoId", "recvWindow", "timestamp"});

/// The call's parameters as they were before they were percent-encoded.
std::map<std::string, std::string> params_of(const Params& params) {
  std::map<std::string, std::string> out;
  std::string_view rest = params.encoded();
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto split = pair.find('=');
    const auto value = net::percent_decode(pair.substr(split + 1), false);
    BB_CHECK(value.has_value(), "what Params encodes can be decoded");
    out.insert_or_assign(std::string(pair.substr(0, split)), *value);
  }
  return out;
}

/// Counts of limits as the headers of HTTP tell them.
void read_limit(net::JsonView limit, net::Headers& headers) {
  if (!limit.has("count") || !limit.has("intervalNum")) return;
  const auto type = limit.at("rateLimitType").text();
  const auto interval = limit.at("interval").text();
  const auto number = limit.at("intervalNum").integer();
  const auto count = std::to_string(limit.at("count").integer());
  if (type == "REQUEST_WEIGHT" && interval == "MINUTE" && number == 1)
    headers.emplace_back("X-MBX-USED-WEIGHT-1M", count);
  if (type == "ORDERS" && interval == "SECOND" && number == 10)
    headers.emplace_back("X-MBX-ORDER-COUNT-10S", count);
  if (type == "ORDERS" && interval == "MINUTE" && number == 1)
    headers.emplace_back("X-MBX-ORDER-COUNT-1M", count);
}

/// How long a refusal for limits lasts, in whole seconds, as Retry-After says it.
void read_retry_after(net::JsonView error, net::Headers& headers) {
  if (!error.has("data") || !error.at("data").has("retryAfter")) return;
  const auto data = error.at("data");
  if (!data.has("serverTime")) return;
  const auto ms = data.at("retryAfter").integer() - data.at("serverTime").integer();
  headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(0, (ms + 999) / 1000)));
}

SocketAnswer answer_of(net::JsonView root) {
  SocketAnswer out;
  if (root.has("id")) out.id = root.at("id").is_string() ? std::string(root.at("id").text()) : "";
  out.response.status = static_cast<int>(root.at("status").integer());
  if (root.has("rateLimits"))
    root.at("rateLimits").for_each([&](net::JsonView each) {
      read_limit(each, out.response.headers);
    });
  if (root.has("error")) {
    read_retry_after(root.at("error"), out.response.headers);
    out.response.body = root.at("error").raw();
  } else if (root.has("result")) {
    out.response.body = root.at("result").raw();
  }
  return out;
}

}  // namespace

std::string socket_payload(const std::map<std::string, std::string>& params) {
  std::string text;
  for (const auto& [name, value] : params)
    text += (text.empty() ? "" : "&") + name + "=" + value;
  return text;
}

std::optional<std::string> socket_request(const Call& call, const std::string& id, TimePoint stamp,
                                          std::string& secret) {
  const auto method = std::ranges::find_if(kMethods, [&](const ApiMethod& each) {
    return each.method == call.method && each.path == call.path;
  });
  if (method == kMethods.end() || call.signer == nullptr) return std::nullopt;
  auto params = params_of(call.params);
  params["apiKey"] = std::string(call.signer->api_key.reveal());
  params["recvWindow"] = std::to_string(call.signer->recv_window);
  params["timestamp"] = std::to_string(to_ms(stamp));
  secret = signature_of(*call.signer, socket_payload(params), "");
  params["signature"] = secret;
  net::JsonWriter json;
  json.begin_object().field("id", id).field("method", method->name).key("params").begin_object();
  for (const auto& [name, value] : params) {
    json.key(name);
    if (std::ranges::find(kNumbers, name) != kNumbers.end())
      json.raw(value);
    else
      json.value(value);
  }
  json.end_object().end_object();
  return json.take();
}

Result<SocketAnswer> read_socket_answer(std::string_view text) {
  const auto document = net::JsonDocument::parse(text);
  if (!document) return std::unexpected(document.error());
  return read_answer(*document, "the WebSocket API", answer_of);
}

}  // namespace bb::binance
