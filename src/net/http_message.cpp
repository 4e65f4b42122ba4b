#include "net/http_wire.h"

namespace bb::net {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

void add_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// The fields of a message except those that only this file decides.
void add_fields(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (same_name(name, "content-length") || same_name(name, "connection") ||
        same_name(name, "transfer-encoding"))
      continue;
    add_field(out, name, value);
  }
}

bool has_header(const Headers& headers, std::string_view name) {
  for (const auto& header : headers)
    if (same_name(header.first, name)) return true;
  return false;
}

std::size_t room_for(const Headers& headers, std::size_t body) {
  std::size_t room = body + 256;
  for (const auto& [name, value] : headers)
    room += name.size() + value.size() + 4;
  return room;
}

}  // namespace

std::string_view str(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::del:
      return "DELETE";
  }
  return "GET";
}

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& header : headers)
    if (same_name(header.first, name)) return header.second;
  return {};
}

bool is_field_safe(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < ' ' && c != '\t') return false;
  return true;
}

std::string host_field(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  std::string host = v6 ? "[" + endpoint.host + "]" : endpoint.host;
  if (endpoint.port != (endpoint.tls ? 443 : 80)) host += ":" + std::to_string(endpoint.port);
  return host;
}

std::string request_text(const HttpRequest& request, const Endpoint& endpoint,
                         std::string_view user_agent) {
  std::string out;
  out.reserve(room_for(request.headers, request.target.size() + request.body.size()));
  out.append(str(request.method)).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  if (!has_header(request.headers, "host")) add_field(out, "Host", host_field(endpoint));
  if (!has_header(request.headers, "user-agent")) add_field(out, "User-Agent", user_agent);
  if (!has_header(request.headers, "accept-encoding")) add_field(out, "Accept-Encoding", "gzip");
  add_fields(out, request.headers);
  const bool wants_body = request.method == Method::post || request.method == Method::put;
  if (wants_body || !request.body.empty())
    add_field(out, "Content-Length", std::to_string(request.body.size()));
  return out.append("\r\n").append(request.body);
}

namespace {

std::string begin_response(const HttpResponse& response) {
  std::string out;
  out.reserve(room_for(response.headers, response.body.size()));
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\n");
  add_fields(out, response.headers);
  return out;
}

}  // namespace

std::string endless_head_text(const HttpResponse& response) {
  std::string out = begin_response(response);
  add_field(out, "Connection", "close");
  return out.append("\r\n");
}

std::string response_text(const HttpResponse& response, bool last) {
  std::string out = begin_response(response);
  if (last) add_field(out, "Connection", "close");
  const bool bodiless = response.status == 204 || response.status == 304;
  if (bodiless) return out.append("\r\n");
  add_field(out, "Content-Length", std::to_string(response.body.size()));
  return out.append("\r\n").append(response.body);
}

int status_of(WireFault fault) {
  switch (fault) {
    case WireFault::malformed:
      return 400;
    case WireFault::header_too_large:
      return 431;
    case WireFault::body_too_large:
      return 413;
    case WireFault::method_unknown:
      return 501;
  }
  return 400;
}

std::string_view str(WireFault fault) {
  switch (fault) {
    case WireFault::malformed:
      return "not HTTP";
    case WireFault::header_too_large:
      return "the header is too large";
    case WireFault::body_too_large:
      return "the body is too large";
    case WireFault::method_unknown:
      return "the method is not supported";
  }
  return "not HTTP";
}

}  // namespace bb::net
