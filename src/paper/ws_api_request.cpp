#include "paper/ws_api_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/json.h"

namespace bb::paper {

namespace {

using enum net::Method;

constexpr std::size_t kIdMax = 64;

// v2/… are the shapes of REST v3, the plain ones those of v2.
constexpr std::array<std::pair<std::string_view, ApiEndpoint>, 18> kMethods = {{
    {"order.place", {post, "/fapi/v1/order"}},
    {"order.modify", {put, "/fapi/v1/order"}},
    {"order.cancel", {del, "/fapi/v1/order"}},
    {"order.status", {get, "/fapi/v1/order"}},
    {"algoOrder.place", {post, "/fapi/v1/algoOrder"}},
    {"algoOrder.cancel", {del, "/fapi/v1/algoOrder"}},
    {"account.balance", {get, "/fapi/v2/balance"}},
    {"v2/account.balance", {get, "/fapi/v3/balance"}},
    {"account.status", {get, "/fapi/v2/account"}},
    {"v2/account.status", {get, "/fapi/v3/account"}},
    {"account.position", {get, "/fapi/v2/positionRisk"}},
    {"v2/account.position", {get, "/fapi/v3/positionRisk"}},
    {"depth", {get, "/fapi/v1/depth"}},
    {"ticker.price", {get, "/fapi/v1/ticker/price"}},
    {"ticker.book", {get, "/fapi/v1/ticker/bookTicker"}},
    {"userDataStream.start", {post, "/fapi/v1/listenKey"}},
    {"userDataStream.ping", {put, "/fapi/v1/listenKey"}},
    {"userDataStream.stop", {del, "/fapi/v1/listenKey"}},
}};

ApiRequest read(const net::JsonView& root) {
  ApiRequest request;
  if (root.has("id")) {
    const auto id = root.at("id");
    if (!id.is_string() && !id.is_number()) throw net::JsonError("id");
    request.id = id.raw();
    if (request.id.size() > kIdMax + 2) throw net::JsonError("id");
  }
  request.method = root.at("method").text();
  if (root.has("returnRateLimits")) request.shows_limits = root.at("returnRateLimits").boolean();
  if (root.has("params"))
    root.at("params").for_each_member([&](std::string_view name, net::JsonView value) {
      if (value.is_null()) return;
      request.params.insert_or_assign(std::string(name),
                                      value.is_string() ? std::string(value.text()) : value.raw());
    });
  return request;
}

}  // namespace

const std::string* ApiRequest::find(const std::string& name) const {
  const auto found = params.find(name);
  return found == params.end() ? nullptr : &found->second;
}

std::string ApiRequest::signed_text() const {
  std::string text;
  for (const auto& [name, value] : params) {
    if (name == "signature") continue;
    if (!text.empty()) text += '&';
    text += name + "=" + value;
  }
  return text;
}

std::string ApiRequest::query() const {
  std::string text;
  for (const auto& [name, value] : params) {
    if (name == "apiKey") continue;
    if (!text.empty()) text += '&';
    text += net::percent_encode(name) + "=" + net::percent_encode(value);
  }
  return text;
}

std::optional<ApiRequest> parse_api_request(std::string_view text) {
  const auto document = net::JsonDocument::parse(text);
  if (!document || !document->root().is_object()) return std::nullopt;
  try {
    return read(document->root());
  } catch (const net::JsonError&) {
    return std::nullopt;
  }
}

std::optional<ApiEndpoint> find_api_endpoint(std::string_view method) {
  const auto* const found =
      std::ranges::find(kMethods, method, &decltype(kMethods)::value_type::first);
  if (found == kMethods.end()) return std::nullopt;
  return found->second;
}

}  // namespace bb::paper
