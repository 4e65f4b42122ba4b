#include "dashboard/impl/routes.h"

#include <array>

#include "dashboard/impl/api.h"
#include "dashboard/impl/page.h"
#include "net/gzip.h"
#include "store/latch.h"

namespace bb::dashboard {

namespace {

using net::Method;

constexpr std::array kRoutes{
    Route{Method::get, "/healthz", Access::open, get_health},
    Route{Method::get, "/api/v1/session", Access::open, get_session},
    Route{Method::post, "/api/v1/sign-in", Access::open, post_sign_in},
    Route{Method::post, "/api/v1/sign-out", Access::session, post_sign_out},
    Route{Method::get, "/api/v1/events", Access::look, get_events},
    Route{Method::get, "/api/v1/state", Access::look, get_state, Shared::live},
    Route{Method::get, "/api/v1/accounts", Access::look, get_accounts},
    Route{Method::get, "/api/v1/positions", Access::look, get_positions, Shared::live},
    Route{Method::get, "/api/v1/positions/{id}", Access::look, get_position, Shared::live},
    Route{Method::get, "/api/v1/candles", Access::look, get_candles},
    Route{Method::get, "/api/v1/equity", Access::look, get_equity, Shared::records},
    Route{Method::get, "/api/v1/runs", Access::look, get_runs, Shared::records},
    Route{Method::get, "/api/v1/runs/{id}", Access::look, get_run, Shared::records},
    Route{Method::get, "/api/v1/closed", Access::look, get_closed, Shared::records},
    Route{Method::get, "/api/v1/closed.csv", Access::look, get_closed_csv},
    Route{Method::get, "/api/v1/orders", Access::look, get_orders, Shared::records},
    Route{Method::get, "/api/v1/statistics", Access::look, get_statistics, Shared::records},
    Route{Method::get, "/api/v1/cashflows", Access::look, get_cashflows, Shared::records},
    Route{Method::get, "/api/v1/audit", Access::look, get_audit, Shared::records},
    Route{Method::get, "/api/v1/logs", Access::look, get_logs, Shared::records},
    Route{Method::post, "/api/v1/actions/prepare", Access::act, post_prepare},
    Route{Method::post, "/api/v1/actions/confirm", Access::act, post_confirm},
    Route{Method::post, "/api/v1/replay", Access::steer, post_replay},
    Route{Method::get, "/api/dashboard", Access::look, get_dashboard},
    Route{Method::get, "/api/runtime/settings", Access::look, get_runtime_settings},
    Route{Method::post, "/api/runtime/settings/entry-catchup", Access::act, post_entry_catchup},
};

constexpr std::string_view kAnySegment = "{id}";

bool fits(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with(kAnySegment)) return pattern == path;
  pattern.remove_suffix(kAnySegment.size());
  return path.size() > pattern.size() && path.starts_with(pattern) &&
         path.find('/', pattern.size()) == std::string_view::npos;
}

net::ServerReply wrong_method(Method allowed) {
  auto reply = answer_error(405, "this address is used with another method");
  reply.response.headers.emplace_back("Allow", std::string(net::str(allowed)));
  return reply;
}

bool has_token(const Site& site, const Request& request) {
  const auto* session = site.sessions.at(request.session);
  return session != nullptr && equal_secrets(request.header("X-CSRF-Token"), session->csrf);
}

/// Why this person may not use the address.
std::optional<net::ServerReply> refuse(const Site& site, const Request& request, Access access) {
  switch (access) {
    case Access::open:
      return std::nullopt;
    case Access::look:
      if (request.role == Role::nobody) return answer_error(401, "sign in first");
      return std::nullopt;
    case Access::steer:
      if (!site.options.replay) return answer_error(404, "nothing is replayed here");
      if (request.role == Role::nobody) return answer_error(401, "sign in first");
      return std::nullopt;
    case Access::session:
    case Access::act:
      if (!site.needs_sign_in())
        return answer_error(403,
                            "actions need a password: make one with `bubble-buster dashboard "
                            "--hash-password` and put it into [dashboard] password_hash");
      if (request.session.empty()) return answer_error(401, "sign in first");
      if (!has_token(site, request))
        return answer_error(403, "the token of this session is missing; load the page again");
      if (access == Access::act && request.role != Role::owner)
        return answer_error(403, "this sign-in may look, not act");
      return std::nullopt;
  }
  return answer_error(403, "no");
}

void identify(Site& site, Request& request) {
  request.session = site.sessions.find(find_cookie(request, kCookie));
  const auto* session = site.sessions.at(request.session);
  if (session != nullptr)
    request.role = session->role;
  else if (!site.needs_sign_in())
    request.role = Role::viewer;
}

// Without a password only this machine may look; somebody who forwards to it opens it to others.
bool is_forwarded(const Request& request) {
  return !request.header("X-Forwarded-For").empty() || !request.header("Forwarded").empty() ||
         !request.header("X-Real-IP").empty();
}

/// Everything that a shared answer is made from; nothing where the database cannot be read.
std::optional<std::string> version_of(Site& site, Shared shared) {
  auto reader = site.library.open();
  if (!reader) return std::nullopt;
  const auto records = (*reader)->data_version();
  if (!records) return std::nullopt;
  std::string version = std::to_string(*records);
  if (shared != Shared::live) return version;
  const auto latch = store::Latch(site.options.account.directory).read();
  return version + ' ' + std::to_string(site.news.version()) + (latch ? latch->who : "");
}

Task<net::ServerReply> answer_shared(Site& site, const Request& request, const Route& route) {
  if (route.shared == Shared::live) site.live.want();
  const auto version = version_of(site, route.shared);
  net::ServerReply reply;
  if (version) {
    if (const auto* known = site.answers.find(request.http.target, *version)) {
      reply.response = *known;
      co_return reply;
    }
  }
  reply = co_await route.handler(site, request);
  if (version && reply.response.status == 200)
    site.answers.keep(request.http.target, *version, reply.response);
  co_return reply;
}

Task<net::ServerReply> route(Site& site, Request request) {
  if (auto refusal = judge_origin(request, site.hosts))
    co_return answer_error(refusal->status, refusal->text);
  if (!site.needs_sign_in() && is_forwarded(request))
    co_return answer_error(403, "a proxy passes this on, and no password is set: set one first");
  identify(site, request);
  const Route* other = nullptr;
  for (const auto& each : kRoutes) {
    if (!fits(each.path, request.path)) continue;
    if (each.method != request.http.method) {
      other = &each;
      continue;
    }
    if (auto refusal = refuse(site, request, each.access)) co_return std::move(*refusal);
    const bool is_shared = each.shared != Shared::nothing && !site.options.replay;
    if (is_shared) co_return co_await answer_shared(site, request, each);
    co_return co_await each.handler(site, request);
  }
  if (other != nullptr) co_return wrong_method(other->method);
  const auto* file = find_page_file(request.path);
  if (file == nullptr) co_return answer_error(404, "there is nothing at this address");
  if (request.http.method != Method::get) co_return wrong_method(Method::get);
  co_return answer_file(*file, request);
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

Task<net::ServerReply> dispatch(Site& site, net::HttpRequest http) {
  const std::string target = http.target.substr(0, http.target.find('?'));
  const auto& settings = site.settings();
  auto request = read_request(std::move(http), settings.base_path, settings.behind_tls_proxy);
  net::ServerReply reply;
  if (!settings.base_path.empty() && target == settings.base_path) {
    // The page's own addresses are relative to its folder.
    reply.response = {308, {{"Location", settings.base_path + "/"}}, {}};
  } else if (request) {
    std::string failure;
    try {
      reply = co_await route(site, std::move(*request));
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (!failure.empty()) {
      site.log.error("dashboard request failed", {{"path", target}, {"why", failure}});
      reply = answer_error(500, "this failed inside the dashboard; its log says why");
    }
  } else {
    reply = answer_error(400, request.error().text);
  }
  add_security_fields(reply.response.headers, settings.behind_tls_proxy);
  co_return reply;
}

const PageFile* find_page_file(std::string_view path) {
  if (path == "/") path = "/index.html";
  for (const auto& file : page_files())
    if (file.path == path) return &file;
  return nullptr;
}

net::ServerReply answer_file(const PageFile& file, const Request& request) {
  net::ServerReply reply;
  auto& response = reply.response;
  response.headers = {
      {"Content-Type", std::string(file.type)},
      {"ETag", std::string(file.etag)},
      {"Cache-Control", file.is_immutable ? "public, max-age=31536000, immutable" : "no-cache"}};
  response.status = 200;
  if (request.header("If-None-Match").find(file.etag) != std::string_view::npos) {
    response.status = 304;
    return reply;
  }
  if (request.header("Accept-Encoding").find("gzip") != std::string_view::npos) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = file.gzipped;
    return reply;
  }
  constexpr std::size_t kUnpackedMax = 16u << 20;
  auto plain = net::gunzip(file.gzipped, kUnpackedMax);
  if (!plain) return answer_error(500, "a file of the page is damaged");
  response.body = std::move(*plain);
  return reply;
}

}  // namespace bb::dashboard
