#include "paper/server.h"

#include <fmt/format.h>

#include "paper/routes.h"

namespace bb::paper {

namespace {

using net::ServerReply;

/// A request taken apart; the views point into it, so it stays where it is.
struct Incoming {
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
};

std::string client_id_of(const ParamReader& params) {
  for (const auto* name : {"newClientOrderId", "clientAlgoId", "origClientOrderId"})
    if (const auto id = params.find(name)) return std::string(*id);
  return {};
}

Reply no_such_path(const Incoming& in) {
  Reply reply;
  reply.status = 404;
  reply.body = error_body(
      -5000, fmt::format("Path {}, Method {} is invalid", in.path, net::str(in.request.method)));
  return reply;
}

Reply as_reply(const FaultRule& rule) {
  Reply reply;
  reply.status = rule.status;
  reply.body = error_body(rule.code, rule.text);
  reply.retry_after_s = rule.retry_after_s;
  return reply;
}

Reply as_reply(const Limits::Refusal& refusal) {
  Reply reply = refuse(refusal.rejection);
  reply.status = refusal.status;
  reply.retry_after_s = refusal.retry_after_s;
  return reply;
}

}  // namespace

struct Server::State {
  State(Clock& c, const sim::Market& market, ServerOptions o)
      : clock(c),
        options(std::move(o)),
        auth(options.accounts),
        faults(options.faults),
        venue(market, options, clock.utc_now() + options.clock_offset) {}

  void advance();
  std::optional<Reply> admit(Incoming& in, const Route* route, TimePoint now, Auth::Caller& caller);
  Reply act(Incoming& in, const Route& route, const Auth::Caller& caller,
            const FaultVerdict& verdict);
  ServerReply finish(Incoming& in, const Route* route, TimePoint arrived, Reply reply, int account,
                     ServerReply::Delivery delivery);
  TimePoint now() const;

  Clock& clock;
  ServerOptions options;
  Auth auth;
  FaultPlan faults;
  Venue venue;
  net::HttpHandler handler;
  std::deque<RequestRecord> log;
};

TimePoint Server::State::now() const {
  return std::max(clock.utc_now() + options.clock_offset, venue.exchange().now());
}

void Server::State::advance() {
  venue.exchange().advance(now(), clock.steady_now().time_since_epoch());
  venue.lags().read_journal(faults.needs_history());
}

/// What is decided on arrival: nothing when the request may act.
std::optional<Reply> Server::State::admit(Incoming& in, const Route* route, TimePoint at,
                                          Auth::Caller& caller) {
  const int weight = route ? route->weight_for(in.params) : 1;
  const Pool pool = route ? route->pool : Pool::weight;
  if (auto refusal = venue.limits().charge(in.request.peer, pool, weight, at))
    return as_reply(*refusal);
  if (!route || (route->is_audit && !options.expose_journal)) return no_such_path(in);
  auto checked = auth.check(route->security,
                            {.api_key = net::find_header(in.request.headers, "X-MBX-APIKEY"),
                             .address = in.request.peer,
                             .query = in.query,
                             .body = in.request.body,
                             .acts = in.request.method != net::Method::get},
                            in.params, at);
  if (!checked) return refuse(checked.error());
  caller = *checked;
  if (route->counts_as_order)
    if (auto refusal = venue.limits().charge_orders(caller.account, route->orders_in_10s,
                                                    route->orders_in_1m, at))
      return as_reply(*refusal);
  return std::nullopt;
}

Reply Server::State::act(Incoming& in, const Route& route, const Auth::Caller& caller,
                         const FaultVerdict& verdict) {
  advance();
  const TimePoint at = venue.exchange().now();
  if (route.checks_in_engine && !caller.window.holds(at))
    return refuse(-5028, "Timestamp for this request is outside of the ME recvWindow.");
  if (verdict.hide > Millis(0))
    venue.lags().hide(caller.account, client_id_of(in.params), at, at + verdict.hide);
  Call call{venue,
            in.params,
            caller.account,
            at,
            verdict.stale,
            caller.key,
            net::find_header(in.request.headers, "Host")};
  Reply reply;
  try {
    reply = route.handler(call);
  } catch (const DecimalOverflow&) {
    // Figures beyond every market: this request fails, the exchange goes on.
    reply = refuse(-1000, "An unknown error occured while processing the request.");
    reply.status = 500;
  }
  venue.lags().read_journal(faults.needs_history());
  return reply;
}

ServerReply Server::State::finish(Incoming& in, const Route* route, TimePoint arrived, Reply reply,
                                  int account, ServerReply::Delivery delivery) {
  const bool is_dropped = delivery == ServerReply::Delivery::dropped;
  if (options.request_log_limit > 0) {
    if (log.size() >= options.request_log_limit) log.pop_front();
    log.push_back({arrived, in.request.method, std::string(in.path), client_id_of(in.params),
                   is_dropped ? 0 : reply.status});
  }
  ServerReply out;
  out.delivery = delivery;
  out.response.status = reply.status;
  out.response.body = std::move(reply.body);
  auto& headers = out.response.headers;
  headers.reserve(4);
  headers.emplace_back("Content-Type", reply.content_type);
  const Pool pool = route ? route->pool : Pool::weight;
  headers.emplace_back(pool == Pool::wallet ? "X-SAPI-USED-IP-WEIGHT-1M" : "X-MBX-USED-WEIGHT-1M",
                       std::to_string(venue.limits().used_weight(in.request.peer, pool)));
  if (reply.is_accepted_order) {
    const auto counts = venue.limits().order_counts(account);
    headers.emplace_back("X-MBX-ORDER-COUNT-10S", std::to_string(counts.in_10s));
    headers.emplace_back("X-MBX-ORDER-COUNT-1M", std::to_string(counts.in_1m));
  }
  if (reply.retry_after_s > 0)
    headers.emplace_back("Retry-After", std::to_string(reply.retry_after_s));
  return out;
}

Server::Server(Clock& clock, const sim::Market& market, ServerOptions options)
    : state_(std::make_unique<State>(clock, market, std::move(options))) {
  state_->handler = [this](net::HttpRequest request) { return handle(std::move(request)); };
}

Server::~Server() = default;

Task<ServerReply> Server::handle(net::HttpRequest request) {
  using Effect = FaultRule::Effect;
  using Delivery = ServerReply::Delivery;
  State& s = *state_;
  Incoming in(std::move(request));
  const TimePoint arrived = s.now();
  const Route* route = find_route(in.request.method, in.path);
  const FaultVerdict verdict = s.faults.judge(in.request.method, in.path, in.params);
  Auth::Caller caller;
  auto refused = s.admit(in, route, arrived, caller);

  const Micros before = s.options.delay_before + verdict.before;
  if (before > Micros(0)) co_await sleep_for(s.clock, before);
  Delivery delivery = Delivery::whole;
  Reply reply;
  if (verdict.ending && verdict.ending->effect == Effect::drop) {
    delivery = Delivery::dropped;
  } else if (verdict.ending && verdict.ending->effect == Effect::refuse) {
    reply = as_reply(*verdict.ending);
  } else {
    reply = refused ? std::move(*refused) : s.act(in, *route, caller, verdict);
    if (verdict.ending && verdict.ending->effect == Effect::act_then_drop)
      delivery = Delivery::dropped;
    if (verdict.ending && verdict.ending->effect == Effect::act_then_truncate)
      delivery = Delivery::truncated;
    if (verdict.ending && verdict.ending->effect == Effect::act_then_error)
      reply = as_reply(*verdict.ending);
  }
  const Micros after = s.options.delay_after + verdict.after;
  if (after > Micros(0)) co_await sleep_for(s.clock, after);
  co_return s.finish(in, route, arrived, std::move(reply), caller.account, delivery);
}

const net::HttpHandler& Server::handler() const { return state_->handler; }

Task<void> Server::serve_stream(net::AnyStream stream, const Stop& stop) {
  return net::serve_http(std::move(stream), state_->clock, state_->handler, {}, stop);
}

void Server::advance() { state_->advance(); }

TimePoint Server::now() const { return state_->now(); }

sim::Exchange& Server::exchange() { return state_->venue.exchange(); }

FaultPlan& Server::faults() { return state_->faults; }

void Server::set_delays(Micros before, Micros after) {
  state_->options.delay_before = before;
  state_->options.delay_after = after;
}

void Server::shift_clock(Millis by) { state_->options.clock_offset += by; }

const std::deque<RequestRecord>& Server::request_log() const { return state_->log; }

}  // namespace bb::paper
