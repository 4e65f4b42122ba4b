#include "binance/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace bb::binance {

BuiltRequest build_request(const Call& call, const std::string& prefix, TimePoint stamp) {
  BuiltRequest out;
  std::string params = call.params.encoded();
  if (call.signer != nullptr && !call.key_only) {
    auto signed_params = sign(call.params, *call.signer, stamp);
    params = std::move(signed_params.text);
    out.signature = std::move(signed_params.signature);
  }
  if (call.signer != nullptr)
    out.http.headers.emplace_back("X-MBX-APIKEY", std::string(call.signer->api_key.reveal()));
  out.http.method = call.method;
  out.http.target = prefix + call.path;
  if (call.method == net::Method::post || call.method == net::Method::put) {
    out.http.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    out.http.body = std::move(params);
  } else if (!params.empty()) {
    out.http.target += '?' + params;
  }
  return out;
}

void read_response(Reply& reply, const net::HttpResponse& response) {
  reply.evidence.stage = Stage::answered;
  reply.evidence.http_status = response.status;
  reply.text = fmt::format("HTTP {} without a structured answer", response.status);
  if (response.body.empty()) return;
  reply.evidence.body = Body::unparsable;
  auto document = net::JsonDocument::parse(response.body);
  if (!document) return;
  try {
    const auto root = document->root();
    if (!root.is_object() && !root.is_array()) return;
    reply.evidence.body = Body::answer;
    if (root.has("code") && root.at("code").integer() < 0) {
      reply.evidence.body = Body::error;
      const auto code = root.at("code").integer();
      reply.evidence.code =
          static_cast<int>(std::max<std::int64_t>(code, std::numeric_limits<int>::min()));
      reply.text = root.has("msg") ? std::string(root.at("msg").text()) : std::string("no text");
    }
  } catch (const net::JsonError&) {
    reply.evidence.body = Body::unparsable;
    return;
  }
  reply.document.emplace(std::move(*document));
}

std::optional<int> header_number(const net::HttpResponse& response, std::string_view name) {
  const auto text = net::find_header(response.headers, name);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

}  // namespace bb::binance
