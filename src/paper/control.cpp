#include "paper/control.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "net/crypto.h"
#include "paper/control_acts.h"

namespace bb::paper {

namespace {

using enum net::Method;

struct ControlRoute {
  net::Method method;
  std::string_view path;
  ControlReply (*act)(const ControlCall& call);
  bool is_deed = false;  // changes the exchange's state
};

constexpr std::string_view kClock = "/control/clock";

constexpr std::array kRoutes = {
    ControlRoute{get, "/control/state", show_state},
    ControlRoute{get, "/control/faults", list_faults},
    ControlRoute{post, "/control/price", set_price, true},
    ControlRoute{post, "/control/balance", set_balance, true},
    ControlRoute{post, "/control/position", set_position, true},
    ControlRoute{post, "/control/latency", set_latency},
    ControlRoute{post, "/control/switch", set_switch, true},
    ControlRoute{post, "/control/key", set_key},
    ControlRoute{post, "/control/faults", add_fault},
    ControlRoute{post, "/control/faults/clear", clear_faults},
};

net::ServerReply to_server_reply(ControlReply reply) {
  net::ServerReply out;
  out.response.status = reply.status;
  out.response.body = std::move(reply.body);
  out.response.headers.emplace_back("Content-Type", "application/json");
  if (reply.status == 401) out.response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return out;
}

// Hashes have one length: the comparison says nothing about the token's.
bool is_token(std::string_view given, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!given.starts_with(kScheme)) return false;
  return net::equal_constant_time(net::sha256_hex(given.substr(kScheme.size())),
                                  net::sha256_hex(token));
}

// A deed happens at one instant, however fast exchange time runs, so that it can be done again.
class Instant {
 public:
  explicit Instant(Server& server) : server_(server) { server_.begin_replay(server_.now()); }
  ~Instant() { server_.end_replay(); }
  Instant(const Instant&) = delete;
  Instant& operator=(const Instant&) = delete;

 private:
  Server& server_;
};

ControlReply do_deed(ControlParts& parts, const ControlRoute& route, const net::JsonView& body) {
  if (!parts.server.can_keep()) return disk_refuses();
  const Instant instant(parts.server);
  ControlReply reply = route.act({parts, body});
  if (reply.status == 200) parts.server.keep_deed(std::string(route.path), body.raw());
  return reply;
}

Task<ControlReply> dispatch(ControlParts& parts, net::Method method, std::string_view path,
                            net::JsonView body) {
  if (path == kClock) {
    if (method != post) co_return control_error(405, fmt::format("{} is only for POST", path));
    auto reply = co_await set_clock({parts, body});
    co_return reply;
  }
  bool is_known = false;
  for (const auto& route : kRoutes) {
    if (route.path != path) continue;
    if (route.method == method) {
      ControlReply reply = route.is_deed ? do_deed(parts, route, body) : route.act({parts, body});
      if (reply.status != 200) co_return reply;
      const bool is_saved = co_await parts.server.saved();
      co_return is_saved ? reply
                         : control_error(500, "done, but it could not be written to the disk");
    }
    is_known = true;
  }
  if (is_known)
    co_return control_error(405, fmt::format("{} is not for {}", path, net::str(method)));
  std::string known(kClock);
  for (const auto& route : kRoutes)
    known += fmt::format(", {}", route.path);
  co_return control_error(404, fmt::format("there is no {}; there are {}", path, known));
}

}  // namespace

ControlReply control_error(int status, std::string_view sentence) {
  net::JsonWriter json;
  json.begin_object().field("error", sentence).end_object();
  return {status, json.take()};
}

ControlReply control_done() { return {200, R"({"done":true})"}; }

int ControlCall::account() const {
  if (!body.has("account")) return 0;
  const auto named = body.at("account");
  const auto& accounts = parts.accounts;
  for (std::size_t i = 0; i < accounts.size(); ++i)
    if (named.is_string() ? accounts[i].alias == named.text()
                          : named.integer() == static_cast<std::int64_t>(i))
      return static_cast<int>(i);
  throw net::JsonError(fmt::format("there is no account {}", named.raw()));
}

std::string ControlCall::text(std::string_view name, std::string_view otherwise) const {
  return std::string(body.has(name) ? body.at(name).text() : otherwise);
}

Millis ControlCall::span(std::string_view name, Millis otherwise) const {
  if (!body.has(name)) return otherwise;
  const auto value = body.at(name).integer();
  if (value < 0 || value > Millis(Hours(24)).count())
    throw net::JsonError(fmt::format("{} is not between 0 and 86400000 milliseconds", name));
  return Millis(value);
}

ControlReply disk_refuses() {
  return control_error(
      500, "nothing was done: the exchange's file cannot be written, and this would be forgotten");
}

Status replay_deed(const Act& act, ControlParts& parts) {
  const auto bad = [](std::string text) { return fail(ErrorKind::configuration, std::move(text)); };
  const auto document = net::JsonDocument::parse(act.body);
  if (!document) return std::unexpected(document.error());
  const auto route = std::ranges::find_if(kRoutes, [&](const ControlRoute& known) {
    return known.method == act.method && known.path == act.target;
  });
  if (route == kRoutes.end()) return bad("there is no " + act.target + " any more");
  try {
    const ControlReply reply = route->act({parts, document->root()});
    if (reply.status == 200) return {};
    return bad(reply.body);
  } catch (const net::JsonError& error) {
    return bad(error.what());
  } catch (const DecimalOverflow&) {
    return bad("a number is larger than any the exchange knows");
  }
}

Control::Control(ControlParts parts, std::string token)
    : parts_(std::move(parts)), token_(std::move(token)) {
  BB_CHECK(!token_.empty(), "the control has a token");
  handler_ = [this](net::HttpRequest request) { return handle(std::move(request)); };
}

Task<net::ServerReply> Control::handle(net::HttpRequest request) {
  if (!is_token(net::find_header(request.headers, "Authorization"), token_))
    co_return to_server_reply(
        control_error(401, "this needs the control's token: 'Authorization: Bearer <token>'"));
  const std::string path = request.target.substr(0, request.target.find('?'));
  const auto document = net::JsonDocument::parse(request.body.empty() ? "{}" : request.body);
  if (!document || !document->root().is_object())
    co_return to_server_reply(
        control_error(400, document ? "the body is JSON, but not an object"
                                    : "the body is not JSON: " + document.error().text));
  std::string complaint;
  try {
    ControlReply reply = co_await dispatch(parts_, request.method, path, document->root());
    co_return to_server_reply(std::move(reply));
  } catch (const net::JsonError& error) {
    complaint = error.what();
  } catch (const DecimalOverflow&) {
    complaint = "a number is larger than any the exchange knows";
  }
  co_return to_server_reply(control_error(400, complaint));
}

}  // namespace bb::paper
