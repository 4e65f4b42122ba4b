// Health, sign-in and out, the event stream.
#include <fmt/format.h>

#include "dashboard/impl/api.h"
#include "dashboard/impl/fields.h"
#include "dashboard/passwords.h"

namespace bb::dashboard {

namespace {

using net::JsonWriter;

Micros life_of(const Site& site) { return Hours(site.settings().session_hours); }

Result<std::string> password_of(const Request& request) {
  auto document = net::JsonDocument::parse(request.http.body);
  if (!document) return fail(ErrorKind::invalid_input, "the body is not JSON");
  try {
    return std::string(document->root().at("password").text());
  } catch (const net::JsonError& error) {
    return fail(ErrorKind::invalid_input, error.what());
  }
}

// Both are computed, whichever is right: the time says nothing.
Role role_of(const Settings& settings, const std::string& password) {
  const auto fits = [&](const Secret& hash) {
    return !hash.empty() && is_password(password, hash.reveal());
  };
  const bool is_owner = fits(settings.password_hash);
  const bool is_viewer = fits(settings.viewer_password_hash);
  if (is_owner) return Role::owner;
  return is_viewer ? Role::viewer : Role::nobody;
}

void write_session(JsonWriter& json, const Site& site, Role role, const SignedIn* session) {
  json.begin_object().field("role", str(role));
  json.field("signed_in", session != nullptr).field("needs_sign_in", site.needs_sign_in());
  json.field("may_act", role == Role::owner && session != nullptr);
  if (session != nullptr) json.field("csrf", session->csrf);
  json.field("version", BB_VERSION).field("account", site.options.account.name);
  json.end_object();
}

}  // namespace

Task<net::ServerReply> get_health(Site& site, const Request&) {
  const auto& news = site.news;
  const std::string problem = site.library.problem();
  const bool running = news.holder_answers();
  const bool ok = problem.empty() && (running || !site.options.service_enabled);
  JsonWriter json;
  json.begin_object().field("ok", ok).field("service_enabled", site.options.service_enabled);
  json.field("service_running", running);
  // Whoever may not look hears no paths.
  text_or_null(json, "service_error", running ? "" : "no service answers");
  text_or_null(json, "database_error", problem.empty() ? "" : "the database cannot be read");
  json.end_object();
  co_return answer_json(json.take(), ok ? 200 : 503);
}

Task<net::ServerReply> get_session(Site& site, const Request& request) {
  JsonWriter json;
  write_session(json, site, request.role, site.sessions.at(request.session));
  co_return answer_json(json.take());
}

Task<net::ServerReply> post_sign_in(Site& site, const Request& request) {
  if (!site.settings().has_password())
    co_return answer_error(409,
                           "no password is set; make one with `bubble-buster dashboard "
                           "--hash-password` and put it into [dashboard] password_hash");
  const auto password = password_of(request);
  if (!password) co_return answer_error(400, password.error().text);
  if (const auto wait = site.throttle.take(request.client); wait > Micros(0)) {
    const auto seconds = std::chrono::ceil<Seconds>(wait).count();
    auto reply = answer_error(429, fmt::format("too many tries; again in {} s", seconds));
    reply.response.headers.emplace_back("Retry-After", std::to_string(seconds));
    co_return reply;
  }
  const Role role = role_of(site.settings(), *password);
  if (role == Role::nobody) {
    site.throttle.failed(request.client);
    site.log.warn("sign-in refused", {{"from", request.client}});
    co_return answer_error(401, "that is not the password");
  }
  site.throttle.succeeded(request.client);
  site.log.info("signed in", {{"role", str(role)}, {"from", request.client}});
  // A session from before is not taken over.
  if (!request.session.empty()) site.sessions.close(request.session);
  const std::string token = site.sessions.open(role);
  JsonWriter json;
  write_session(json, site, role, site.sessions.at(site.sessions.find(token)));
  auto reply = answer_json(json.take());
  reply.response.headers.emplace_back("Set-Cookie", cookie_field(token, life_of(site)));
  co_return reply;
}

Task<net::ServerReply> post_sign_out(Site& site, const Request& request) {
  site.sessions.close(request.session);
  JsonWriter json;
  write_session(json, site, Role::nobody, nullptr);
  auto reply = answer_json(json.take());
  reply.response.headers.emplace_back("Set-Cookie", cookie_field({}, life_of(site)));
  reply.response.headers.emplace_back("Clear-Site-Data", "\"cache\"");
  co_return reply;
}

namespace {

/// A named coroutine: a lambda that is one must not capture.
Task<void> stream_news(Site* site, std::string session, net::HttpBodyWriter& writer) {
  // A sign-out elsewhere, or the end of the session's time, ends this too.
  auto may_hear = [site, session = std::move(session)] {
    return !site->needs_sign_in() || site->sessions.is_live(session);
  };
  co_await site->news.stream(writer, std::move(may_hear), *site->stop);
}

}  // namespace

Task<net::ServerReply> get_events(Site& site, const Request& request) {
  net::ServerReply reply;
  reply.response.status = 200;
  reply.response.headers = {{"Content-Type", "text/event-stream; charset=utf-8"},
                            {"Cache-Control", "no-store"},
                            {"X-Accel-Buffering", "no"}};
  reply.body = [site = &site, session = request.session](net::HttpBodyWriter& writer) {
    return stream_news(site, session, writer);
  };
  co_return reply;
}

}  // namespace bb::dashboard
