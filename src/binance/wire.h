// A call as an HTTP request, and an HTTP answer as a reply.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "binance/call.h"

namespace bb::binance {

struct BuiltRequest {
  net::HttpRequest http;
  std::string signature;  // to keep it out of texts
};
/// Signed with `stamp` where the call has a signer. GET and DELETE carry their parameters in the
/// query, POST in a form.
BuiltRequest build_request(const Call& call, const std::string& prefix, TimePoint stamp);

/// Fills stage, status, body state, code, text and document.
void read_response(Reply& reply, const net::HttpResponse& response);

/// A header that holds a whole number, not negative.
std::optional<int> header_number(const net::HttpResponse& response, std::string_view name);

}  // namespace bb::binance
