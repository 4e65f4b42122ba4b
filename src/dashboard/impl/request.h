// A request as the handlers see it, and the answers they make.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http_server.h"

namespace bb::dashboard {

enum class Role {
  nobody,  // not signed in
  viewer,  // may look
  owner,   // may act, too
};
std::string_view str(Role role);

struct Request {
  net::HttpRequest http;
  std::string path;  // decoded, without base path, query and trailing slash: "/api/v1/runs"
  std::vector<std::pair<std::string, std::string>> query;
  std::string client;  // address of the browser, as far as it is known
  Role role = Role::nobody;
  std::string session;  // its key in the table; empty = none

  std::string_view header(std::string_view name) const {
    return net::find_header(http.headers, name);
  }
  bool is_post() const { return http.method == net::Method::post; }
};

/// An error when the target is no path, has a broken escape, or climbs.
Result<Request> read_request(net::HttpRequest http, std::string_view base_path, bool behind_proxy);

/// The value of a cookie; empty when absent.
std::string_view find_cookie(const Request& request, std::string_view name);

net::ServerReply answer_json(std::string json, int status = 200);
/// {"error":{"text":..}}, with the reason that a person can act on.
net::ServerReply answer_error(int status, std::string_view text);
/// The code of an Error that means "there is no such thing".
inline constexpr int kNotFound = 404;
/// 404 where that is its code, 503 for a database that cannot be read, and so on.
net::ServerReply answer_error(const Error& error);

}  // namespace bb::dashboard
