#include "paper/ws_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/async.h"
#include "net/json.h"
#include "paper/socket_life.h"
#include "paper/ws_api_request.h"

namespace bb::paper {

namespace {

using net::JsonWriter;
using net::ServerReply;
using net::WsConnection;
using net::WsEvent;

constexpr std::string_view kPath = "/ws-fapi/v1";
constexpr std::size_t kPingsPerSecond = 5;
constexpr std::size_t kInHandMax = 500;

constexpr net::WsOptions kSocketOptions{
    .max_message_bytes = 64u << 10, .ping_every = Minutes(3), .pong_within = Minutes(10)};

// A session's own methods act on nothing; they are weighed and, to log on, authenticated.
constexpr Route kLogOn{
    .path = "session.logon", .security = Security::signed_, .weight = 2, .handler = ping};
constexpr Route kSession{
    .path = "session.status", .security = Security::none, .weight = 2, .handler = ping};

/// A number of a header, -1 without it.
std::int64_t number_of(const net::HttpResponse& response, std::string_view name) {
  const auto text = net::find_header(response.headers, name);
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return text.empty() ? -1 : number;
}

void write_limit(JsonWriter& json, std::string_view type, std::string_view interval, int number,
                 std::int64_t limit, std::int64_t count) {
  json.begin_object()
      .field("rateLimitType", type)
      .field("interval", interval)
      .field("intervalNum", number)
      .field("limit", limit)
      .field("count", count)
      .end_object();
}

}  // namespace

struct WsApi::Request : ApiRequest {};

struct WsApi::Session {
  std::shared_ptr<WsConnection> socket;
  std::string peer{};  // the client's address
  bool shows_limits = true;
  TimePoint connected_since{};
  std::string api_key{};  // of the log-on
  Auth::Caller caller{};
  TimePoint authorized_since{};
  Pace pings{kPingsPerSecond};

  bool is_on() const { return !api_key.empty(); }
};

std::optional<ServerReply> WsApi::accept(const net::HttpRequest& request) {
  const std::string_view target = request.target;
  const auto path = target.substr(0, target.find('?'));
  if (path != kPath && path != "/ws-fapi/v1/") return std::nullopt;
  if (const auto refusal = parts_.charge_handshake(request)) {
    ServerReply refused;
    refused.response = {refusal->status,
                        {{"Retry-After", std::to_string(refusal->retry_after_s)}},
                        refuse(refusal->rejection).body};
    return refused;
  }
  const bool shows_limits = target.find("returnRateLimits=false") == std::string_view::npos;
  return net::accept_websocket(
      request, kSocketOptions,
      [this, shows_limits, peer = request.peer](std::shared_ptr<WsConnection> socket) {
        return serve(std::move(socket), peer, shows_limits);
      });
}

Task<void> WsApi::serve(std::shared_ptr<WsConnection> socket, std::string peer, bool shows_limits) {
  Session session{.socket = socket,
                  .peer = std::move(peer),
                  .shows_limits = shows_limits,
                  .connected_since = parts_.now()};
  SocketLife life(parts_.exchange_time, socket);
  TaskGroup in_hand(co_await boost::asio::this_coro::executor);
  while (auto event = co_await socket->receive()) {
    if (event->kind == WsEvent::Kind::ping || event->kind == WsEvent::Kind::pong) {
      if (!session.pings.take(parts_.clock.steady_now())) {
        parts_.note_flood(session.peer);
        socket->close(net::ws_code::kPolicy, "Too many pings");
      }
    } else if (in_hand.running() >= kInHandMax) {
      socket->close(net::ws_code::kPolicy, "Too many requests in flight");
    } else {
      in_hand.spawn(answer(session, std::move(event->data)));
    }
  }
  life.end();
  co_await in_hand.join();
}

Task<void> WsApi::answer(Session& session, std::string text) {
  auto parsed = parse_api_request(text);
  if (!parsed) {
    session.socket->send_text(
        R"({"id":null,"status":400,"error":{"code":-1000,"msg":"Invalid JSON request."}})");
    co_return;
  }
  const Request request{std::move(*parsed)};
  // As documented: the next request after the key was revoked ends the session, and this is all
  // that the client hears.
  const bool is_own = request.find("apiKey") != nullptr && request.find("signature") != nullptr;
  if (session.is_on() && !is_own && !parts_.is_usable(session.api_key, session.peer)) {
    session.api_key.clear();
    session.socket->send_text(R"({"id":null,"status":401,"error":{"code":-2015,)"
                              R"("msg":"Invalid API-key, IP, or permissions for action."}})");
    co_return;
  }
  if (request.method.starts_with("session.")) {
    co_await log_on(session, request);
  } else {
    co_await run(session, request);
  }
}

Task<void> WsApi::run(Session& session, const Request& request) {
  const auto endpoint = find_api_endpoint(request.method);
  const Route* route = endpoint ? find_route(endpoint->method, endpoint->path) : nullptr;
  if (route == nullptr) {
    reply(session, request, 400, "error", nullptr, nullptr,
          error_body(-1000, "Unknown method: " + request.method));
    co_return;
  }
  ApiContext context{.route = route, .signed_text = request.signed_text()};
  net::HttpRequest http;
  http.method = endpoint->method;
  http.peer = session.peer;
  http.target = std::string(endpoint->path) + "?" + request.query();
  const auto* key = request.find("apiKey");
  const bool is_own = key != nullptr && request.find("signature") != nullptr;
  if (!is_own && session.is_on()) context.session = session.caller;
  if (key == nullptr && session.is_on()) key = &session.api_key;
  if (key != nullptr) http.headers.emplace_back("X-MBX-APIKEY", *key);
  const auto done = co_await parts_.perform(std::move(http), context);
  // Whether it was executed, the client cannot know.
  if (done.delivery != ServerReply::Delivery::whole) co_return session.socket->drop("a fault");
  const bool is_good = done.response.status == 200;
  reply(session, request, done.response.status, is_good ? "result" : "error", &done, &context,
        done.response.body);
}

Task<void> WsApi::log_on(Session& session, const Request& request) {
  const bool is_logon = request.method == "session.logon";
  if (!is_logon && request.method != "session.status" && request.method != "session.logout") {
    reply(session, request, 400, "error", nullptr, nullptr,
          error_body(-1000, "Unknown method: " + request.method));
    co_return;
  }
  ApiContext context{.route = is_logon ? &kLogOn : &kSession, .signed_text = request.signed_text()};
  net::HttpRequest http;
  http.peer = session.peer;
  http.target = std::string(context.route->path) + "?" + request.query();
  const auto* key = request.find("apiKey");
  if (key != nullptr) http.headers.emplace_back("X-MBX-APIKEY", *key);
  const auto done = co_await parts_.perform(std::move(http), context);
  if (done.delivery != ServerReply::Delivery::whole) co_return session.socket->drop("a fault");
  if (done.response.status != 200)
    co_return reply(session, request, done.response.status, "error", &done, &context,
                    done.response.body);
  // An answer that a fault made says nothing of who asks.
  if (is_logon && context.caller.account < 0) co_return session.socket->drop("a fault");
  if (is_logon && !parts_.is_ed25519(*key))
    co_return reply(session, request, 400, "error", &done, &context,
                    error_body(-4056, "Invalid api key type."));
  if (is_logon) {
    session.api_key = *key;
    session.caller = context.caller;
    session.authorized_since = parts_.now();
  } else if (request.method == "session.logout") {
    session.api_key.clear();
  }
  report_session(session, request, done);
}

void WsApi::report_session(Session& session, const Request& request, const ServerReply& http) {
  JsonWriter json;
  json.begin_object();
  if (session.is_on()) {
    json.field("apiKey", session.api_key).field("authorizedSince", to_ms(session.authorized_since));
  } else {
    json.key("apiKey").null().key("authorizedSince").null();
  }
  json.field("connectedSince", to_ms(session.connected_since))
      .field("returnRateLimits", session.shows_limits)
      .field("serverTime", to_ms(parts_.now()))
      .end_object();
  reply(session, request, 200, "result", &http, nullptr, json.str());
}

void WsApi::reply(Session& session, const Request& request, int status, std::string_view member,
                  const ServerReply* http, const ApiContext* context, std::string_view body) {
  // What is not JSON (a gateway's page, an empty body) has no place in a frame.
  if (!body.starts_with('{') && !body.starts_with('[')) return session.socket->drop("a fault");
  JsonWriter json;
  json.begin_object().key("id").raw(request.id).field("status", status);
  const auto retry = http ? number_of(http->response, "Retry-After") : -1;
  if (retry >= 0 && (status == 429 || status == 418)) {
    const auto now = to_ms(parts_.now());
    json.key(member).raw(fmt::format(R"({},"data":{{"serverTime":{},"retryAfter":{}}}}})",
                                     body.substr(0, body.size() - 1), now, now + retry * 1000));
  } else {
    json.key(member).raw(body);
  }
  if (http != nullptr && request.shows_limits.value_or(session.shows_limits)) {
    // As recorded: an order weighs nothing, and its answer does not tell the weight.
    const bool is_order = context != nullptr && context->route->counts_as_order;
    json.key("rateLimits").begin_array();
    write_limit(json, "REQUEST_WEIGHT", "MINUTE", 1,
                is_order ? -1 : parts_.limits.weight_per_minute,
                is_order ? -1 : number_of(http->response, "X-MBX-USED-WEIGHT-1M"));
    if (is_order && context->caller.account >= 0) {
      const auto counts = parts_.order_counts(context->caller.account);
      write_limit(json, "ORDERS", "SECOND", 10, parts_.limits.orders_per_10s, counts.in_10s);
      write_limit(json, "ORDERS", "MINUTE", 1, parts_.limits.orders_per_minute, counts.in_1m);
    }
    json.end_array();
  }
  json.end_object();
  session.socket->send_text(json.str());
}

}  // namespace bb::paper
