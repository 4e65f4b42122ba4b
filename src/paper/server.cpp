#include "paper/server.h"

#include "paper/front.h"
#include "paper/streams.h"
#include "paper/ws_api.h"

namespace bb::paper {

using net::ServerReply;

namespace {

constexpr int kHandshakeWeight = 5;  // of the WebSocket API

}  // namespace

struct Server::State {
  State(Clock& c, const sim::Market& market, ServerOptions o);

  void advance();
  TimePoint now() const;

  Clock& clock;
  ServerOptions options;
  Auth auth;
  FaultPlan faults;
  Latencies latencies;
  Timeline timeline;
  Venue venue;
  Front front;
  Streams streams;
  WsApi ws_api;
  std::optional<TimePoint> replay_at;
  net::HttpHandler handler;
};

Server::State::State(Clock& c, const sim::Market& market, ServerOptions o)
    : clock(c),
      options(std::move(o)),
      auth(options.accounts),
      faults(options.faults),
      timeline(clock, options.timeline),
      venue(market, options, options.start != TimePoint{} ? options.start : timeline.utc_now()),
      front({.clock = clock,
             .options = options,
             .auth = auth,
             .faults = faults,
             .latencies = latencies,
             .timeline = timeline,
             .venue = venue,
             .now = [this] { return now(); },
             .advance = [this] { advance(); }}),
      streams({.venue = venue,
               .clock = clock,
               .exchange_time = timeline,
               .now = [this] { return now(); },
               .advance =
                   [this] {
                     try {
                       advance();
                       return true;
                     } catch (const DecimalOverflow&) {
                       return false;  // told to the request that comes next
                     }
                   }}),
      ws_api({.clock = clock,
              .exchange_time = timeline,
              .now = [this] { return now(); },
              .limits = options.limits,
              .perform =
                  [this](net::HttpRequest request, ApiContext& context) {
                    return front.answer(std::move(request), &context);
                  },
              .order_counts = [this](int account) { return venue.limits().order_counts(account); },
              .charge_handshake =
                  [this](const net::HttpRequest& request) {
                    return venue.limits().charge(request.peer, Pool::weight, kHandshakeWeight,
                                                 now());
                  },
              .note_flood =
                  [this](const std::string& address) { venue.limits().note_flood(address, now()); },
              .is_ed25519 = [this](const std::string& key) { return auth.is_ed25519(key); },
              .is_usable =
                  [this](const std::string& key, const std::string& address) {
                    return auth.identify(key, address, false, false).has_value();
                  }}) {}

TimePoint Server::State::now() const {
  if (replay_at) return std::max(*replay_at, venue.exchange().now());
  return std::max(timeline.utc_now(), venue.exchange().now());
}

void Server::State::advance() {
  venue.exchange().advance(now(), clock.steady_now().time_since_epoch());
  venue.lags().read_journal(faults.needs_history());
}

Server::Server(Clock& clock, const sim::Market& market, ServerOptions options)
    : state_(std::make_unique<State>(clock, market, std::move(options))) {
  state_->handler = [this](net::HttpRequest request) { return handle(std::move(request)); };
}

Server::~Server() = default;

Task<ServerReply> Server::handle(net::HttpRequest request) {
  if (auto socket = state_->streams.accept(request)) co_return std::move(*socket);
  if (auto socket = state_->ws_api.accept(request)) co_return std::move(*socket);
  co_return co_await state_->front.answer(std::move(request), nullptr);
}

const net::HttpHandler& Server::handler() const { return state_->handler; }

Task<void> Server::serve_stream(net::AnyStream stream, const Stop& stop) {
  return net::serve_http(std::move(stream), state_->clock, state_->handler, {}, stop);
}

void Server::advance() { state_->advance(); }

void Server::grow(const std::function<std::vector<Symbol>(TimePoint at)>& change) {
  State& s = *state_;
  auto& exchange = s.venue.exchange();
  const Micros precise = s.clock.steady_now().time_since_epoch();
  const TimePoint at = std::max(s.now(), exchange.now() + Millis(1));
  exchange.advance(at - Millis(1), precise);
  std::vector<Symbol> symbols;
  try {
    symbols = change(at);
  } catch (...) {
    // Some of it may stand in the market already.
    for (const auto& rules : s.venue.market().rules(at))
      symbols.push_back(rules.symbol);
    exchange.grow(symbols, at);
    throw;
  }
  exchange.grow(symbols, at);
  exchange.advance(at, precise);
  s.venue.lags().read_journal(s.faults.needs_history());
}

void Server::set_suspended(bool suspended) { state_->front.set_suspended(suspended); }

bool Server::suspended() const { return state_->front.suspended(); }

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

bool Server::set_key_revoked(std::string_view key, bool revoked) {
  return state_->auth.set_revoked(key, revoked);
}

void Server::begin_replay(TimePoint at) { state_->replay_at = at; }

void Server::end_replay() { state_->replay_at.reset(); }

Status Server::replay(const Act& act) { return state_->front.replay(act); }

std::int64_t Server::journal_size() const { return state_->front.journal_size(); }

void Server::keep_in(Keeper& keeper) { state_->front.keep_in(keeper); }

void Server::keep_deed(std::string target, std::string body) {
  State& s = *state_;
  if (s.front.keeper() == nullptr) return;
  s.front.keeper()->add({s.venue.exchange().now(), -1, net::Method::post, std::move(target),
                         std::move(body), s.venue.made_ids(), journal_size()});
}

bool Server::can_keep() const {
  const Keeper* keeper = state_->front.keeper();
  return keeper == nullptr || !keeper->is_failing();
}

Task<bool> Server::saved() {
  Keeper* keeper = state_->front.keeper();
  if (keeper == nullptr) co_return true;
  co_return co_await keeper->saved();
}

const std::deque<RequestRecord>& Server::request_log() const { return state_->front.log(); }

void Server::set_stream_faults(const StreamFaults& faults) { state_->streams.set_faults(faults); }

StreamFaults Server::stream_faults() const { return state_->streams.faults(); }

void Server::expire_listen_key(int account) { state_->venue.listen_keys().expire(account); }

void Server::disconnect_streams() { state_->streams.disconnect_all(); }

}  // namespace bb::paper
