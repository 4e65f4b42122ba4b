#include "paper/server.h"

#include <fmt/format.h>

#include "paper/routes.h"
#include "paper/streams.h"
#include "paper/ws_api.h"

namespace bb::paper {

namespace {

using net::ServerReply;

constexpr int kHandshakeWeight = 5;  // of the WebSocket API

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
  ApiContext* context = nullptr;  // of the WebSocket API

  /// The query as the signature covers it.
  std::string_view signed_query() const { return context ? context->signed_text : query; }
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

/// Figures beyond every market: this request fails, the exchange goes on.
Reply beyond_all_figures() {
  Reply reply = refuse(-1000, "An unknown error occured while processing the request.");
  reply.status = 500;
  return reply;
}

Reply as_reply(const FaultRule& rule) {
  Reply reply;
  reply.status = rule.status;
  reply.body = rule.raw_body ? *rule.raw_body : error_body(rule.code, rule.text);
  if (rule.raw_body) reply.content_type = "text/html";
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
  using Perform = std::function<Task<ServerReply>(net::HttpRequest, ApiContext&)>;
  State(Clock& c, const sim::Market& market, ServerOptions o, Perform perform)
      : clock(c),
        options(std::move(o)),
        auth(options.accounts),
        faults(options.faults),
        timeline(clock, options.timeline),
        venue(market, options, options.start != TimePoint{} ? options.start : timeline.utc_now()),
        streams({.venue = venue,
                 .clock = clock,
                 .exchange_time = timeline,
                 .now = [this] { return now(); },
                 .advance =
                     [this] {
                       try {
                         advance();
                       } catch (const DecimalOverflow&) {
                         // Told to the request that comes next.
                       }
                     }}),
        ws_api(
            {.clock = clock,
             .exchange_time = timeline,
             .now = [this] { return now(); },
             .limits = options.limits,
             .perform = std::move(perform),
             .order_counts = [this](int account) { return venue.limits().order_counts(account); },
             .charge_handshake =
                 [this](const net::HttpRequest& request) {
                   return venue.limits().charge(request.peer, Pool::weight, kHandshakeWeight,
                                                now());
                 },
             .is_ed25519 = [this](const std::string& key) { return auth.is_ed25519(key); }}) {}

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
  Latencies latencies;
  Timeline timeline;
  Venue venue;
  Streams streams;
  WsApi ws_api;
  Keeper* keeper = nullptr;
  std::optional<TimePoint> replay_at;
  net::HttpHandler handler;
  std::deque<RequestRecord> log;
};

TimePoint Server::State::now() const {
  if (replay_at) return std::max(*replay_at, venue.exchange().now());
  return std::max(timeline.utc_now(), venue.exchange().now());
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
  const bool acts = in.request.method != net::Method::get;
  auto checked =
      in.context && in.context->session && route->security == Security::signed_
          ? auth.resume(*in.context->session, acts, in.params, at + venue.skew(), timeline.wall())
          : auth.check(route->security,
                       {.api_key = net::find_header(in.request.headers, "X-MBX-APIKEY"),
                        .address = in.request.peer,
                        .query = in.signed_query(),
                        .body = in.request.body,
                        .acts = acts},
                       in.params, at + venue.skew(), timeline.wall());
  if (!checked) return refuse(checked.error());
  caller = *checked;
  if (in.context) in.context->caller = caller;
  if (route->counts_as_order)
    if (auto refusal = venue.limits().charge_orders(caller.account, route->orders_in_10s,
                                                    route->orders_in_1m, at))
      return as_reply(*refusal);
  return std::nullopt;
}

Reply Server::State::act(Incoming& in, const Route& route, const Auth::Caller& caller,
                         const FaultVerdict& verdict) {
  try {
    advance();
  } catch (const DecimalOverflow&) {
    return beyond_all_figures();
  }
  const TimePoint at = venue.exchange().now();
  if (route.checks_in_engine && !caller.window.holds(at + venue.skew(), timeline.wall()))
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
  // A listen key is of this process; what was refused has done nothing.
  const bool is_kept = in.request.method != net::Method::get && reply.status == 200 &&
                       !in.path.ends_with("listenKey");
  if (keeper != nullptr && is_kept)
    keeper->add({at, caller.account, in.request.method, in.request.target, in.request.body,
                 made_ids,
                 static_cast<std::int64_t>(venue.exchange().journal_begin() +
                                           venue.exchange().journal().size())});
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
    : state_(std::make_unique<State>(clock, market, std::move(options),
                                     [this](net::HttpRequest request, ApiContext& context) {
                                       return answer(std::move(request), &context);
                                     })) {
  state_->handler = [this](net::HttpRequest request) { return handle(std::move(request)); };
}

Server::~Server() = default;

Task<ServerReply> Server::handle(net::HttpRequest request) {
  if (auto socket = state_->streams.accept(request)) co_return std::move(*socket);
  if (auto socket = state_->ws_api.accept(request)) co_return std::move(*socket);
  co_return co_await answer(std::move(request), nullptr);
}

Task<ServerReply> Server::answer(net::HttpRequest request, ApiContext* context) {
  using Effect = FaultRule::Effect;
  using Delivery = ServerReply::Delivery;
  State& s = *state_;
  Incoming in(std::move(request));
  in.context = context;
  const TimePoint arrived = s.now();
  const Route* route = context ? context->route : find_route(in.request.method, in.path);
  const FaultVerdict verdict = s.faults.judge(in.request.method, in.path, in.params);
  Auth::Caller caller;
  auto refused = s.admit(in, route, arrived, caller);

  const Latencies::Delay route_delay = s.latencies.draw(in.request.method, in.path);
  const Micros before = s.options.delay_before + verdict.before + route_delay.before;
  if (before > Micros(0)) co_await sleep_for(s.clock, before);
  Delivery delivery = Delivery::whole;
  Reply reply;
  if (verdict.ending && verdict.ending->effect == Effect::drop) {
    delivery = Delivery::dropped;
  } else if (verdict.ending && verdict.ending->effect == Effect::refuse) {
    reply = as_reply(*verdict.ending);
  } else {
    reply = refused ? std::move(*refused) : s.act(in, *route, caller, verdict);
    if (verdict.ending && verdict.ending->effect == Effect::act_twice && !refused)
      (void)s.act(in, *route, caller, verdict);
    if (verdict.ending && verdict.ending->effect == Effect::act_then_drop)
      delivery = Delivery::dropped;
    if (verdict.ending && verdict.ending->effect == Effect::act_then_truncate)
      delivery = Delivery::truncated;
    if (verdict.ending && verdict.ending->effect == Effect::act_then_error && !refused)
      reply = as_reply(*verdict.ending);
  }
  if (s.keeper != nullptr && in.request.method != net::Method::get) {
    const bool is_saved = co_await s.keeper->saved();
    // It is done, but a restart might not know of it: nobody can say how it ends.
    if (!is_saved)
      reply = refuse(-1000, "Unknown error, please check your request or try again later.");
    if (!is_saved) reply.status = 503;
  }
  const Micros after = s.options.delay_after + verdict.after + route_delay.after;
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

Latencies& Server::latencies() { return state_->latencies; }

Lags& Server::lags() { return state_->venue.lags(); }

void Server::set_delays(Micros before, Micros after) {
  state_->options.delay_before = before;
  state_->options.delay_after = after;
}

void Server::set_skew(Millis by) { state_->venue.set_skew(by); }

Timeline& Server::timeline() { return state_->timeline; }

void Server::shift_clock(Millis by) { state_->timeline.shift(by); }

void Server::begin_replay(TimePoint at) { state_->replay_at = at; }

void Server::end_replay() { state_->replay_at.reset(); }

Status Server::replay(const Act& act) {
  State& s = *state_;
  Incoming in(net::HttpRequest{act.method, act.target, {}, act.body});
  const Route* route = find_route(act.method, in.path);
  if (route == nullptr || act.account >= s.venue.exchange().account_count())
    return fail(ErrorKind::configuration, "there is no such request or account any more");
  s.venue.set_made_ids(act.made_ids);
  const Auth::Caller caller{act.account, nullptr, {act.time, Millis(5000)}};
  const Reply reply = s.act(in, *route, caller, {});
  if (reply.status != 200) return fail(ErrorKind::configuration, reply.body);
  return {};
}

void Server::keep_in(Keeper& keeper) { state_->keeper = &keeper; }

void Server::keep_deed(std::string target, std::string body) {
  State& s = *state_;
  if (s.keeper == nullptr) return;
  const auto& exchange = s.venue.exchange();
  s.keeper->add({exchange.now(), -1, net::Method::post, std::move(target), std::move(body),
                 s.venue.made_ids(),
                 static_cast<std::int64_t>(exchange.journal_begin() + exchange.journal().size())});
}

Task<bool> Server::saved() {
  if (state_->keeper == nullptr) co_return true;
  co_return co_await state_->keeper->saved();
}

const std::deque<RequestRecord>& Server::request_log() const { return state_->log; }

void Server::set_stream_faults(const StreamFaults& faults) { state_->streams.set_faults(faults); }

StreamFaults Server::stream_faults() const { return state_->streams.faults(); }

void Server::expire_listen_key(int account) { state_->venue.listen_keys().expire(account); }

void Server::disconnect_streams() { state_->streams.disconnect_all(); }

}  // namespace bb::paper
