// One request of the WebSocket API taken apart. No state, no I/O.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace bb::paper {

struct ApiRequest {
  std::string id = "null";  // as JSON, to be repeated
  std::string method;
  std::map<std::string, std::string> params;  // by name, as the text that REST would carry
  std::optional<bool> shows_limits;

  const std::string* find(const std::string& name) const;
  /// What the signature covers: all but itself, sorted, joined, not encoded.
  std::string signed_text() const;
  /// The parameters as a query string, without the key.
  std::string query() const;
};

/// Nothing for a text that is not a request at all.
std::optional<ApiRequest> parse_api_request(std::string_view text);

/// The REST endpoint that does a method's work.
struct ApiEndpoint {
  net::Method method = net::Method::get;
  std::string_view path;
};
std::optional<ApiEndpoint> find_api_endpoint(std::string_view method);

}  // namespace bb::paper
