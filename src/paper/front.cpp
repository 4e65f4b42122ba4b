#include "paper/front.h"

#include <fmt/format.h>

namespace bb::paper {

using net::ServerReply;

namespace {

std::string client_id_of(const ParamReader& params) {
  for (const auto* name : {"newClientOrderId", "clientAlgoId", "origClientOrderId"})
    if (const auto id = params.find(name)) return std::string(*id);
  return {};
}

Reply no_such_path(std::string_view path, net::Method method) {
  Reply reply;
  reply.status = 404;
  reply.body =
      error_body(-5000, fmt::format("Path {}, Method {} is invalid", path, net::str(method)));
  return reply;
}

Reply unavailable(int status, std::string_view text) {
  Reply reply = refuse(-1000, std::string(text));
  reply.status = status;
  return reply;
}

/// Figures beyond every market: this request fails, the exchange goes on.
Reply beyond_all_figures() {
  return unavailable(500, "An unknown error occured while processing the request.");
}

// Orders alone can fill at once.
bool may_fill(net::Method method, std::string_view path) {
  const bool places = method == net::Method::post || method == net::Method::put;
  return places && (path == "/fapi/v1/order" || path == "/fapi/v1/order/test" ||
                    path == "/fapi/v1/batchOrders");
}

Reply as_reply(const Limits::Refusal& refusal) {
  Reply reply = refuse(refusal.rejection);
  reply.status = refusal.status;
  reply.retry_after_s = refusal.retry_after_s;
  return reply;
}

}  // namespace

/// A request taken apart; the views point into it, so it stays where it is.
struct Front::Incoming {
  explicit Incoming(net::HttpRequest&& received)
      : request(std::move(received)),
        path(std::string_view(request.target).substr(0, request.target.find('?'))),
        query(path.size() < request.target.size()
                  ? std::string_view(request.target).substr(path.size() + 1)
                  : std::string_view()),
        params(query, request.body) {}

  net::HttpRequest request;
  std::string_view path;
  std::string_view query;
  ParamReader params;
  ApiContext* context = nullptr;  // of the WebSocket API

  /// The query as the signature covers it.
  std::string_view signed_query() const { return context ? context->signed_text : query; }
  /// Changes what the exchange keeps. A listen key is of this process.
  bool acts() const { return request.method != net::Method::get && !path.ends_with("listenKey"); }
};

std::int64_t Front::journal_size() const {
  const auto& exchange = parts_.venue.exchange();
  return static_cast<std::int64_t>(exchange.journal_begin() + exchange.journal().size());
}

/// What is decided on arrival: nothing when the request may act.
std::optional<Reply> Front::admit(Incoming& in, const Route* route, TimePoint at,
                                  Auth::Caller& caller) {
  auto& venue = parts_.venue;
  const int weight = route ? route->weight_for(in.params) : 1;
  const Pool pool = route ? route->pool : Pool::weight;
  if (auto refusal = venue.limits().charge(in.request.peer, pool, weight, at))
    return as_reply(*refusal);
  if (!route || (route->is_audit && !parts_.options.expose_journal))
    return no_such_path(in.path, in.request.method);
  const bool acts = in.request.method != net::Method::get;
  const TimePoint front_time = at + venue.skew();
  auto checked =
      in.context && in.context->session && route->security == Security::signed_
          ? parts_.auth.resume(*in.context->session, acts, in.params, front_time,
                               parts_.timeline.wall())
          : parts_.auth.check(route->security,
                              {.api_key = net::find_header(in.request.headers, "X-MBX-APIKEY"),
                               .address = in.request.peer,
                               .query = in.signed_query(),
                               .body = in.request.body,
                               .acts = acts},
                              in.params, front_time, parts_.timeline.wall());
  if (!checked) return refuse(checked.error());
  caller = *checked;
  if (in.context) in.context->caller = caller;
  if (route->counts_as_order)
    if (auto refusal = venue.limits().charge_orders(caller.account, route->orders_in_10s,
                                                    route->orders_in_1m, at))
      return as_reply(*refusal);
  // Nothing is done that a restart would not know of.
  if (keeper_ != nullptr && keeper_->is_failing() && in.acts())
    return unavailable(503, "Service Unavailable.");
  return std::nullopt;
}

Reply Front::act(Incoming& in, const Route& route, const Auth::Caller& caller,
                 const FaultVerdict& verdict) {
  auto& venue = parts_.venue;
  try {
    parts_.advance();
  } catch (const DecimalOverflow&) {
    return beyond_all_figures();
  }
  const TimePoint at = venue.exchange().now();
  if (suspended_ && may_fill(route.method, route.path))
    return unavailable(503, "Service Unavailable.");
  if (route.checks_in_engine && !caller.window.holds(at + venue.skew(), parts_.timeline.wall()))
    return refuse(-5028, "Timestamp for this request is outside of the ME recvWindow.");
  if (verdict.hide > Millis(0))
    venue.lags().hide(caller.account, client_id_of(in.params), at, at + verdict.hide);
  const std::int64_t made_ids = venue.made_ids();
  Call call{venue,
            in.params,
            caller.account,
            at,
            verdict.stale,
            caller.key,
            net::find_header(in.request.headers, "Host"),
            verdict.ending != nullptr &&
                verdict.ending->effect == FaultRule::Effect::act_then_acknowledge};
  Reply reply;
  try {
    reply = route.handler(call);
  } catch (const DecimalOverflow&) {
    reply = beyond_all_figures();
  }
  // What was refused has done nothing.
  if (keeper_ != nullptr && in.acts() && reply.status == 200)
    keeper_->add({at, caller.account, in.request.method, in.request.target, in.request.body,
                  made_ids, journal_size()});
  venue.lags().read_journal(parts_.faults.needs_history());
  return reply;
}

Reply Front::answer_of(const FaultRule& rule, const Incoming& in) const {
  if (rule.is_ban) {
    const TimePoint now = parts_.now();
    return as_reply(ban_refusal(in.request.peer, now + Seconds(rule.retry_after_s), now));
  }
  Reply reply;
  reply.status = rule.status;
  reply.body = rule.raw_body ? *rule.raw_body : error_body(rule.code, rule.text);
  if (rule.raw_body) reply.content_type = "text/html";
  reply.retry_after_s = rule.retry_after_s;
  return reply;
}

ServerReply Front::finish(Incoming& in, const Route* route, TimePoint arrived, Reply reply,
                          int account, ServerReply::Delivery delivery) {
  const bool is_dropped = delivery == ServerReply::Delivery::dropped;
  if (parts_.options.request_log_limit > 0) {
    if (log_.size() >= parts_.options.request_log_limit) log_.pop_front();
    log_.push_back({arrived, in.request.method, std::string(in.path), client_id_of(in.params),
                    is_dropped ? 0 : reply.status});
  }
  ServerReply out;
  out.delivery = delivery;
  out.response.status = reply.status;
  out.response.body = std::move(reply.body);
  auto& headers = out.response.headers;
  headers.reserve(4);
  headers.emplace_back("Content-Type", reply.content_type);
  auto& limits = parts_.venue.limits();
  const Pool pool = route ? route->pool : Pool::weight;
  headers.emplace_back(pool == Pool::wallet ? "X-SAPI-USED-IP-WEIGHT-1M" : "X-MBX-USED-WEIGHT-1M",
                       std::to_string(limits.used_weight(in.request.peer, pool)));
  if (reply.is_accepted_order) {
    const auto counts = limits.order_counts(account);
    headers.emplace_back("X-MBX-ORDER-COUNT-10S", std::to_string(counts.in_10s));
    headers.emplace_back("X-MBX-ORDER-COUNT-1M", std::to_string(counts.in_1m));
  }
  if (reply.retry_after_s > 0)
    headers.emplace_back("Retry-After", std::to_string(reply.retry_after_s));
  return out;
}

Task<ServerReply> Front::answer(net::HttpRequest request, ApiContext* context) {
  using Effect = FaultRule::Effect;
  using Delivery = ServerReply::Delivery;
  Incoming in(std::move(request));
  in.context = context;
  const TimePoint arrived = parts_.now();
  const Route* route = context ? context->route : find_route(in.request.method, in.path);
  const FaultVerdict verdict = parts_.faults.judge(in.request.method, in.path, in.params);
  const auto& ending = verdict.ending;
  Auth::Caller caller;
  auto refused = admit(in, route, arrived, caller);

  const Latencies::Delay route_delay = parts_.latencies.draw(in.request.method, in.path);
  const Micros before = parts_.options.delay_before + verdict.before + route_delay.before;
  if (before > Micros(0)) co_await sleep_for(parts_.clock, before);
  Delivery delivery = Delivery::whole;
  Reply reply;
  if (ending && ending->effect == Effect::drop) {
    delivery = Delivery::dropped;
  } else if (ending && ending->effect == Effect::refuse) {
    reply = answer_of(*ending, in);
  } else {
    reply = refused ? std::move(*refused) : act(in, *route, caller, verdict);
    if (ending && ending->effect == Effect::act_twice && !refused)
      (void)act(in, *route, caller, verdict);
    if (ending && ending->effect == Effect::act_then_drop) delivery = Delivery::dropped;
    if (ending && ending->effect == Effect::act_then_truncate) delivery = Delivery::truncated;
    if (ending && ending->effect == Effect::act_then_error && !refused)
      reply = answer_of(*ending, in);
  }
  if (keeper_ != nullptr && in.acts() && !refused) {
    const bool is_saved = co_await keeper_->saved();
    // It is done, but a restart might not know of it: nobody can say how it ends.
    if (!is_saved)
      reply = unavailable(503, "Unknown error, please check your request or try again later.");
  }
  const Micros after = parts_.options.delay_after + verdict.after + route_delay.after;
  if (after > Micros(0)) co_await sleep_for(parts_.clock, after);
  co_return finish(in, route, arrived, std::move(reply), caller.account, delivery);
}

Status Front::replay(const Act& act_kept) {
  Incoming in(net::HttpRequest{act_kept.method, act_kept.target, {}, act_kept.body});
  const Route* route = find_route(act_kept.method, in.path);
  if (route == nullptr || act_kept.account >= parts_.venue.exchange().account_count())
    return fail(ErrorKind::configuration, "there is no such request or account any more");
  parts_.venue.set_made_ids(act_kept.made_ids);
  const Auth::Caller caller{act_kept.account, nullptr, {act_kept.time, Millis(5000)}};
  const Reply reply = act(in, *route, caller, {});
  if (reply.status != 200) return fail(ErrorKind::configuration, reply.body);
  return {};
}

}  // namespace bb::paper
