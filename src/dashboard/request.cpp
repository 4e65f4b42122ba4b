#include "dashboard/impl/request.h"

#include "net/json.h"

namespace bb::dashboard {

std::string_view str(Role role) {
  switch (role) {
    case Role::nobody:
      return "nobody";
    case Role::viewer:
      return "viewer";
    case Role::owner:
      return "owner";
  }
  return "";
}

namespace {

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

Status read_query(std::string_view text, Request& request) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto part = text.substr(0, end);
    const auto equals = part.find('=');
    const auto name = net::percent_decode(part.substr(0, equals), true);
    const auto value = equals == std::string_view::npos
                           ? Result<std::string>(std::string())
                           : net::percent_decode(part.substr(equals + 1), true);
    if (!name || !value) return fail(ErrorKind::invalid_input, "a broken escape in the query");
    if (!part.empty()) request.query.emplace_back(*name, *value);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return {};
}

bool climbs(std::string_view path) {
  return path.find("..") != std::string_view::npos || path.find('\\') != std::string_view::npos ||
         path.find('\0') != std::string_view::npos || path.find("//") != std::string_view::npos;
}

}  // namespace

Result<Request> read_request(net::HttpRequest http, std::string_view base_path, bool behind_proxy) {
  Request request;
  request.http = std::move(http);
  request.client = request.http.peer;
  if (behind_proxy) {
    // The last address is the one that our own proxy saw.
    const auto forwarded = request.header("X-Forwarded-For");
    const auto last = trimmed(forwarded.substr(forwarded.rfind(',') + 1));
    if (!last.empty() && last.size() <= 64) request.client = last;
  }
  const std::string_view target = request.http.target;
  const auto question = target.find('?');
  auto path = net::percent_decode(target.substr(0, question), false);
  if (!path || !path->starts_with('/') || climbs(*path))
    return fail(ErrorKind::invalid_input, "the path of this request is not one");
  if (!base_path.empty() && path->starts_with(base_path) &&
      (path->size() == base_path.size() || (*path)[base_path.size()] == '/'))
    path->erase(0, base_path.size());
  if (path->empty()) *path = "/";
  if (path->size() > 1 && path->ends_with('/')) path->pop_back();
  request.path = std::move(*path);
  if (question != std::string_view::npos)
    if (auto read = read_query(target.substr(question + 1), request); !read)
      return std::unexpected(read.error());
  return request;
}

std::string_view find_cookie(const Request& request, std::string_view name) {
  std::string_view rest = request.header("Cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const auto part = trimmed(rest.substr(0, end));
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=')
      return part.substr(name.size() + 1);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

net::ServerReply answer_json(std::string json, int status) {
  net::ServerReply reply;
  reply.response.status = status;
  reply.response.headers = {{"Content-Type", "application/json; charset=utf-8"},
                            {"Cache-Control", "no-store"}};
  reply.response.body = std::move(json);
  return reply;
}

net::ServerReply answer_error(int status, std::string_view text) {
  net::JsonWriter json;
  json.begin_object().key("error").begin_object().field("text", text).end_object().end_object();
  return answer_json(json.take(), status);
}

net::ServerReply answer_error(const Error& error) {
  if (error.code == kNotFound) return answer_error(kNotFound, error.text);
  switch (error.kind) {
    case ErrorKind::invalid_input:
      return answer_error(422, error.text);
    case ErrorKind::conflict:
      return answer_error(409, error.text);
    case ErrorKind::busy:
    case ErrorKind::configuration:
    case ErrorKind::storage:
      return answer_error(503, error.text);
    case ErrorKind::unreachable:
    case ErrorKind::rejected:
    case ErrorKind::malformed:
    case ErrorKind::rate_limited:
      return answer_error(502, error.text);
  }
  return answer_error(500, error.text);
}

}  // namespace bb::dashboard
