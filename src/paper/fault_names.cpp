#include "paper/fault_names.h"

#include <algorithm>
#include <vector>

namespace bb::paper {

namespace {

using Effect = FaultRule::Effect;

constexpr const char* kHtml =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad "
    "Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
constexpr const char* kForbidden =
    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">\n<HTML><HEAD><TITLE>ERROR: "
    "The request could not be satisfied</TITLE></HEAD><BODY><H1>403 ERROR</H1></BODY></HTML>\n";

FaultRule effect(Effect what) {
  FaultRule rule;
  rule.effect = what;
  return rule;
}

FaultRule error(Effect what, int status, int code, const char* text) {
  FaultRule rule = effect(what);
  rule.status = status;
  rule.code = code;
  rule.text = text;
  return rule;
}

FaultRule raw(int status, const char* body) {
  FaultRule rule = effect(Effect::refuse);
  rule.status = status;
  rule.raw_body = body;
  return rule;
}

FaultRule limit(int status, const char* text, int retry_after_s) {
  FaultRule rule = error(Effect::refuse, status, -1003, text);
  rule.retry_after_s = retry_after_s;
  return rule;
}

FaultRule throttled() {
  FaultRule rule = error(Effect::refuse, 503, -1008,
                         "Request throttled by system-level protection. Reduce-only/close-position "
                         "orders are exempt. Please try again.");
  rule.method = net::Method::post;
  rule.path_prefix = "/fapi/v1/";
  rule.param = "side";
  rule.spares_reductions = true;
  return rule;
}

// Texts: reference §7 and §21.
std::vector<NamedFault> make_table() {
  using enum FaultPlace;
  constexpr const char* kUnknown = "Unknown error, please check your request or try again later.";
  return {
      {"request_lost", "dropped before it acts", request, effect(Effect::drop)},
      {"answer_lost", "acts, then the connection closes", request, effect(Effect::act_then_drop)},
      {"body_truncated", "acts, then half of the answer", request,
       effect(Effect::act_then_truncate)},
      {"request_duplicated", "acts twice, answers once", request, effect(Effect::act_twice)},
      {"acknowledged", "acts; an order is answered NEW, without its fill", request,
       effect(Effect::act_then_acknowledge)},
      {"unknown_error_executed", "503, executed", request,
       error(Effect::act_then_error, 503, -1000, kUnknown)},
      {"unknown_error", "503 with the same words, not executed", request,
       error(Effect::refuse, 503, -1000, kUnknown)},
      {"service_unavailable", "503, not executed", request,
       error(Effect::refuse, 503, -1000, "Service Unavailable.")},
      {"internal_error", "503 -1001, not executed", request,
       error(Effect::refuse, 503, -1001,
             "Internal error; unable to process your request. Please try again.")},
      {"unexpected_response", "-1006, executed", request,
       error(Effect::act_then_error, 400, -1006,
             "An unexpected response was received from the message bus. Execution status "
             "unknown.")},
      {"backend_timeout", "408 -1007, executed", request,
       error(Effect::act_then_error, 408, -1007,
             "Timeout waiting for response from backend server. Send status unknown; execution "
             "status unknown.")},
      {"throttled", "503 -1008 for orders that do not reduce", request, throttled()},
      {"server_error_500", "500 with an empty body, not executed", request, raw(500, "")},
      {"bad_gateway_502", "502 with HTML, not executed", request, raw(502, kHtml)},
      {"gateway_timeout_504", "504 with an empty body, executed", request,
       [] {
         FaultRule rule = raw(504, "");
         rule.effect = Effect::act_then_error;
         return rule;
       }()},
      {"html_200", "200 with HTML in place of JSON, executed", request,
       [] {
         FaultRule rule = raw(200, kHtml);
         rule.effect = Effect::act_then_error;
         return rule;
       }()},
      {"firewall_403", "403 with the firewall's HTML", request, raw(403, kForbidden)},
      {"too_many_requests", "429 with Retry-After", request,
       limit(429, "Too many requests; current limit is 2400 requests per minute.", 5)},
      {"ip_banned", "418 with the time at which the ban ends, and Retry-After", request,
       [] {
         FaultRule rule = limit(418, "", 120);
         rule.is_ban = true;
         return rule;
       }()},
      {"key_revoked", "401 -2015", request,
       error(Effect::refuse, 401, -2015, "Invalid API-key, IP, or permissions for action.")},
      {"cancel_ghost", "cancels answer -2011 although the order lives", request,
       [] {
         FaultRule rule = error(Effect::refuse, 400, -2011, "Unknown order sent.");
         rule.method = net::Method::del;
         return rule;
       }()},
      {"order_ghost", "queries of single orders answer -2013 for `ms`", request,
       effect(Effect::hide_orders), true},
      {"positions_stale", "positions are answered as of `ms` ago", request,
       effect(Effect::stale_positions), true},
      {"slow", "acts and answers `ms` later", request, effect(Effect::delay), true},
      {"position_late",
       "closePosition orders see a fresh position `ms` late (-4509)",
       position_lag,
       {},
       true},
      {"algo_stuck_triggering",
       "the next `count` conditional orders that trigger stay TRIGGERING, without a child",
       engine,
       {}},
      {"stream_silence", "streams stay connected and say nothing", stream, {}},
      {"stream_gap", "the next `count` events are lost", stream, {}},
      {"stream_duplicate", "the next `count` events come twice", stream, {}},
      {"stream_truncate", "of the next `count` events only the first half is told", stream, {}},
      {"stream_reorder", "the next `count` pairs of events come swapped", stream, {}},
      {"stream_late", "events come `ms` late, in order", stream, {}, true},
      {"stream_disconnect", "every stream is cut without a word", stream, {}},
      {"listen_key_expired", "the listen keys of `account` expire now", listen_key, {}},
  };
}

}  // namespace

std::span<const NamedFault> named_faults() {
  static const std::vector<NamedFault> table = make_table();
  return table;
}

const NamedFault* find_fault(std::string_view name) {
  const auto table = named_faults();
  const auto found = std::ranges::find(table, name, &NamedFault::name);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace bb::paper
