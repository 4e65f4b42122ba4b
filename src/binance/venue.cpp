#include "binance/venue_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "base/async.h"
#include "base/plant.h"
#include "binance/ban_file.h"
#include "binance/call.h"
#include "binance/fate.h"
#include "binance/order_socket.h"
#include "binance/server_time.h"
#include "binance/wire.h"

namespace bb::binance {

namespace {

constexpr int kTimeSamples = 5;
constexpr Seconds kMeasureAgainAfter{5};  // after a failed measurement
constexpr Minutes kFreshEnough{5};        // for prepare()
constexpr Seconds kConnectAtMost{5};      // for connections that orders can do without

net::BaseUrl base_url_of(const Settings& settings) {
  auto parsed = net::parse_base_url(settings.base_url);
  if (!parsed) throw std::invalid_argument("[binance] base_url: " + parsed.error().text);
  return *parsed;
}

Task<void> connect(std::shared_ptr<OrderSocket> socket, SteadyTime deadline) {
  (void)co_await socket->connect(deadline);  // it says in the log what failed
}

net::HttpClientOptions client_options(const Settings& settings) {
  net::HttpClientOptions options;
  options.max_connections = static_cast<std::size_t>(settings.http_pool_maxsize);
  options.connect_timeout =
      std::min(options.connect_timeout, Micros(Seconds(settings.timeout_sec)));
  return options;
}

}  // namespace

/// While this lives the clock is being measured, and others wait for the result.
struct Venue::Measuring {
  explicit Measuring(State& the_state) : state(the_state) { state.measuring = true; }
  ~Measuring() {
    state.measuring = false;
    state.measured.notify();
  }
  Measuring(const Measuring&) = delete;
  Measuring& operator=(const Measuring&) = delete;
  State& state;
};

Venue::State::State(net::Dialer& the_dialer, Clock& the_clock, const Log& the_log,
                    const Settings& settings, VenueOptions options)
    : dialer(the_dialer),
      clock(the_clock),
      log(the_log),
      url(base_url_of(settings)),
      environment(environment_of(settings.base_url)),
      timeout(Seconds(settings.timeout_sec)),
      retry_count(static_cast<int>(settings.retry_count)),
      retry_delay(settings.retry_delay_sec.raw() / (Decimal::kScale / 1'000'000)),
      http(the_dialer, the_clock, url.endpoint, client_options(settings)),
      time(the_clock),
      ban_file(std::move(options.ban_file)) {
  const auto until = ban_file.load(clock.utc_now());
  if (!until) return;
  banned_until = clock.after(*until - clock.utc_now());
  log.warn("exchange ban remembered", {{"until", *until}});
}

Venue::Venue(net::Dialer& dialer, Clock& clock, const Log& log, const Settings& settings,
             VenueOptions options)
    : state_(std::make_unique<State>(dialer, clock, log, settings, std::move(options))) {}
Venue::~Venue() = default;

TimePoint Venue::exchange_now() const { return state_->time.now(); }
const std::string& Venue::environment() const { return state_->environment; }
Clock& Venue::clock() const { return state_->clock; }
const Log& Venue::log() const { return state_->log; }
net::Dialer& Venue::dialer() const { return state_->dialer; }
const RateLimits& Venue::limits() const { return state_->limits; }

VenueHealth Venue::health() const {
  auto& s = *state_;
  VenueHealth health{s.time.error_bound(), s.budget.used(exchange_now()), s.budget.limit(), {}};
  if (s.banned())
    health.banned_until =
        exchange_now() + std::chrono::ceil<Millis>(s.banned_until - s.clock.steady_now());
  return health;
}

void Venue::adopt_limits(const RateLimits& limits) {
  state_->limits = limits;
  if (limits.weight_per_minute > 0) state_->budget.set_limit(limits.weight_per_minute);
}

Task<Status> Venue::prepare(std::size_t parallel_requests) {
  auto& s = *state_;
  if (s.banned()) co_return fail(ErrorKind::rate_limited, s.ban_text());
  const auto deadline = s.clock.after(s.timeout);
  if (s.time.unusable() || s.time.age() > kFreshEnough) {
    const auto measured = co_await measure_clock(s.clock.after(kMeasureAtMost));
    if (!measured) co_return measured;
  }
  std::erase_if(s.sockets, [](const auto& each) { return each.expired(); });
  TaskGroup beside(co_await boost::asio::this_coro::executor);
  for (const auto& each : s.sockets)
    if (auto socket = each.lock())
      beside.spawn(connect(std::move(socket), std::min(deadline, s.clock.after(kConnectAtMost))));
  auto warmed = co_await s.http.prewarm(parallel_requests, deadline);
  co_await beside.join();
  co_return warmed;
}

void Venue::keep_warm(std::weak_ptr<OrderSocket> socket) {
  state_->sockets.push_back(std::move(socket));
}

Task<Result<Answer>> Venue::query(Call call) {
  auto& s = *state_;
  auto deadline = s.clock.after(s.timeout);
  auto delay = s.retry_delay;
  bool clock_was_wrong = false;
  for (int attempt = 1;;) {
    const auto waited = co_await admit_query(call);
    if (!waited) co_return std::unexpected(waited.error());
    deadline += *waited;  // what the exchange's limits cost is not the network's fault
    Reply reply = co_await send_once(call, deadline);
    const Fate fate = fate_of(reply.evidence);
    if (fate == Fate::good) co_return Answer{std::move(*reply.document), reply.asked_at};
    if (fate == Fate::clock && !clock_was_wrong) {
      clock_was_wrong = true;
      continue;  // admission measures the clock first
    }
    const bool worth_it = fate == Fate::again || fate == Fate::pause;
    if (!worth_it || attempt >= s.retry_count) co_return error_of(call, reply, fate);
    ++attempt;
    if (fate == Fate::pause) continue;  // admission waits
    if (s.clock.after(delay) >= deadline) co_return error_of(call, reply, fate);
    s.log.warn("exchange query repeated",
               {{"path", call.path}, {"attempt", attempt}, {"why", reply.text}});
    co_await sleep_for(s.clock, delay);
    delay *= 2;
  }
}

Task<Reply> Venue::command(Call call) {
  auto& s = *state_;
  Reply nothing_sent;
  if (auto obstacle = co_await admit_command(call)) {
    nothing_sent.text = std::move(*obstacle);
    co_return nothing_sent;
  }
  if (call.pool != nullptr) call.pool->count(exchange_now());
  Reply reply = co_await send_once(call, s.clock.after(s.timeout));
  reply.evidence.code = canonical_code(reply.evidence.code);
  co_return reply;
}

Task<Reply> Venue::send_once(const Call& call, SteadyTime deadline) {
  auto& s = *state_;
  Reply reply;
  std::string signature;
  reply.asked_at = exchange_now();
  const TimePoint first_stamp =
      reply.asked_at - std::chrono::ceil<Millis>(s.clock.after(s.timeout) - deadline);
  // A connection that takes long to open must not make the stamp old.
  const net::HttpClient::RequestBuilder build = [&] {
    reply.asked_at = exchange_now();
    // The plant: the stamp of the first attempt; the time-out began with it.
    const bool is_stale = planted("stale_stamp_on_retry");
    auto request = build_request(call, s.url.prefix, is_stale ? first_stamp : reply.asked_at);
    signature = std::move(request.signature);
    return std::move(request.http);
  };
  const auto began = s.clock.steady_now();
  s.budget.start(call.weight);
  net::HttpFailure unsent;
  std::expected<net::HttpResponse, net::HttpFailure> response = std::unexpected(unsent);
  if (call.socket != nullptr && co_await call.socket->is_ready()) {
    const auto id = call.socket->next_id();
    reply.asked_at = exchange_now();
    const auto frame = socket_request(call, id, reply.asked_at, signature);
    if (frame) response = co_await call.socket->send(id, *frame, deadline);
  }
  // The other way is open to what has not left by the first one.
  if (!response && response.error().stage == net::HttpFailure::Stage::not_sent)
    response = co_await s.http.send(
        std::string(net::str(call.method)) + " " + s.url.prefix + call.path, build, deadline);
  const auto now = exchange_now();
  const bool sent = response || response.error().stage == net::HttpFailure::Stage::sent;
  const auto used = response ? header_number(*response, "X-MBX-USED-WEIGHT-1M") : std::nullopt;
  if (sent)
    s.budget.finish(call.weight, used, reply.asked_at, now);
  else
    s.budget.abandon(call.weight);

  if (response) {
    read_response(reply, *response);
    if (call.pool != nullptr)
      call.pool->report(header_number(*response, "X-MBX-ORDER-COUNT-10S"),
                        header_number(*response, "X-MBX-ORDER-COUNT-1M"), reply.asked_at, now);
    s.note_refusal_of_rate(call, reply, *response);
    if (reply.evidence.code == -1021 || reply.evidence.code == -5028) s.time.distrust();
  } else {
    reply.evidence.stage = sent ? Stage::no_answer : Stage::not_sent;
    reply.text = response.error().text;
  }
  reply.text =
      call.signer == nullptr
          ? printable(reply.text, {})
          : printable(reply.text, {call.signer->api_secret.reveal(), call.signer->api_key.reveal(),
                                   signature, net::percent_encode(signature)});
  s.log.debug("exchange answered", {{"method", net::str(call.method)},
                                    {"path", call.path},
                                    {"status", reply.evidence.http_status},
                                    {"code", reply.evidence.code},
                                    {"ms", (s.clock.steady_now() - began).count() / 1000},
                                    {"weight", s.budget.used(now)}});
  co_return reply;
}

Task<Status> Venue::measure_clock(SteadyTime deadline) {
  auto& s = *state_;
  if (s.measuring) {
    co_await s.measured.wait();
    if (s.time.unusable()) co_return fail(ErrorKind::unreachable, "exchange time is not known");
    co_return Status();
  }
  if (s.banned() || s.pause_left() > Micros(0))
    co_return fail(ErrorKind::rate_limited, "the exchange takes no questions for its time now");
  if (s.clock.steady_now() < s.measure_not_before)
    co_return fail(ErrorKind::unreachable, "exchange time could not be measured a moment ago");
  const Measuring measuring(s);
  std::vector<TimeSample> samples;
  Status status;
  Call call;
  call.path = "/fapi/v1/time";
  for (int i = 0; i < kTimeSamples; ++i) {
    const auto sent = s.clock.steady_now();
    const Reply reply = co_await send_once(call, deadline);
    const auto received = s.clock.steady_now();
    const auto fate = fate_of(reply.evidence);
    if (fate != Fate::good) {
      status = error_of(call, reply, fate);
      break;
    }
    const auto server = read_answer(*reply.document, call.path, [](net::JsonView root) {
      return from_ms(root.at("serverTime").integer());
    });
    if (!server) {
      status = std::unexpected(server.error());
      break;
    }
    samples.push_back({sent, received, *server});
  }
  if (!samples.empty() && !s.time.adopt(samples)) {
    status = fail(ErrorKind::malformed,
                  "the exchange's clock seems to have jumped to " + iso_millis(samples[0].server));
    s.measure_not_before = s.clock.after(kMeasureAgainAfter);
    s.log.error("exchange time rejected",
                {{"server", samples[0].server}, {"expected", s.time.now()}});
  } else if (!samples.empty()) {
    status = Status();
    s.log.info("exchange time measured", {{"ahead_ms", (s.time.now() - s.clock.utc_now()).count()},
                                          {"error_max_us", s.time.error_bound()->count()}});
  } else {
    s.measure_not_before = s.clock.after(kMeasureAgainAfter);
    s.log.warn("exchange time not measured", {{"why", status.error().text}});
  }
  co_return status;
}

}  // namespace bb::binance
